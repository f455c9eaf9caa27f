package ngram_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/internal/half"
	"github.com/textlstm/textlstm/ngram"
)

// exact makes Fit stop at the solution and not near it.
func exact(o ngram.Options) ngram.Options {
	o.Passes, o.Tolerance = 20_000, 1e-6
	return o
}

// oneLabel is the Target of texts that have one label each, -1 for none.
func oneLabel(y []int) func(i, c int) float32 {
	return func(i, c int) float32 {
		switch y[i] {
		case -1:
			return float32(math.NaN())
		case c:
			return 1
		}
		return 0
	}
}

func fit(t *testing.T, d ngram.Data, rows int, o ngram.Options, seed uint64, workers int) *ngram.Linear {
	t.Helper()
	l, err := ngram.Fit(t.Context(), d, rows, o, seed, workers)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// near compares weights that two solvers have found.
func near(t *testing.T, name string, got, want []float32, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", name, len(got), len(want))
	}
	for i := range got {
		if d := math.Abs(float64(got[i] - want[i])); !(d <= tol) {
			t.Errorf("%s[%d] = %v, want %v", name, i, got[i], want[i])
		}
	}
}

// The models of testdata/sklearn.json were fitted by scikit-learn's LinearSVC:
// see gen_sklearn.py.
func TestFitAgainstScikitLearn(t *testing.T) {
	text, err := os.ReadFile("testdata/sklearn.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Rows    int
		Texts   [][]int32
		Weights []float32
		Cases   []struct {
			Name           string
			Labels         int
			Y              []int
			Weighted       bool
			C, Alpha, Beta float64
			W              [][]float32
			Bias           []float32
		}
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	for _, c := range golden.Cases {
		t.Run(c.Name, func(t *testing.T) {
			d := ngram.Data{Rows: golden.Texts, Labels: c.Labels, Target: oneLabel(c.Y)}
			if c.Weighted {
				d.Weights = golden.Weights
			}
			l := fit(t, d, golden.Rows, exact(ngram.Options{C: c.C, Alpha: c.Alpha, Beta: c.Beta}), 1, 2)
			near(t, "weight", l.Weights, slices.Concat(c.W...), 2e-5)
			near(t, "bias", l.Bias, c.Bias, 2e-5)
		})
	}
}

// The ratio of a feature is log((p/|p|)/(q/|q|)). Three texts of label 1 and two
// of label 0 over three features give, smoothed by 1,
//
//	p = (3, 1, 0) + 1, |p| = 7    q = (0, 1, 2) + 1, |q| = 6
//
// and log(4/7 / (1/6)), log(2/7 / (2/6)), log(1/7 / (3/6)). A cost near 0 leaves
// the machine in its linear part, where the weight of a feature is C times the
// sum of 2*y over its texts times the ratio; with beta = 1 that is multiplied
// by the ratio once more.
func TestNaiveBayesRatios(t *testing.T) {
	d := ngram.Data{
		Rows:   [][]int32{{0}, {0, 1}, {0}, {1, 2}, {2}},
		Labels: 2,
		Target: oneLabel([]int{1, 1, 1, 0, 0}),
	}
	const cost = 1e-4
	l := fit(t, d, 4, exact(ngram.Options{C: cost, Beta: 1}), 1, 1)
	ratios := []float64{math.Log(4.0 / 7 * 6), math.Log(2.0 / 7 * 3), math.Log(1.0 / 7 * 2)}
	sums := []float64{3, 0, -2} // of y over the feature's texts
	for r, ratio := range ratios {
		want := 2 * cost * sums[r] * ratio * ratio
		if got := float64(l.Weights[r]); math.Abs(got-want) > 0.01*math.Abs(want)+1e-6 {
			t.Errorf("weight of feature %d = %v, want %v", r, got, want)
		}
	}
	if l.Weights[3] != 0 {
		t.Errorf("the feature of no text has the weight %v", l.Weights[3])
	}
}

// randomData has texts of some of the rows, with labels that depend on them.
func randomData(n, rows, labels int) (texts [][]int32, y []int) {
	r := rand.New(rand.NewPCG(3, 4))
	for range n {
		label := r.IntN(labels)
		var text []int32
		for f := range rows {
			p := 0.2
			if f%labels == label {
				p = 0.4
			}
			if r.Float64() < p {
				text = append(text, int32(f))
			}
		}
		texts, y = append(texts, text), append(y, label)
	}
	return texts, y
}

func TestWeightIsRepetition(t *testing.T) {
	texts, y := randomData(40, 12, 3)
	weights := make([]float32, len(texts))
	var repeated [][]int32
	var yRepeated []int
	for i := range texts {
		weights[i] = float32(1 + i%3)
		if i%7 == 0 {
			weights[i] = 0
		}
		for range int(weights[i]) {
			repeated, yRepeated = append(repeated, texts[i]), append(yRepeated, y[i])
		}
	}
	a := fit(t, ngram.Data{Rows: texts, Labels: 3, Target: oneLabel(y), Weights: weights}, 12, exact(ngram.Options{}), 1, 1)
	b := fit(t, ngram.Data{Rows: repeated, Labels: 3, Target: oneLabel(yRepeated)}, 12, exact(ngram.Options{}), 1, 1)
	near(t, "weight", a.Weights, b.Weights, 1e-4)
	near(t, "bias", a.Bias, b.Bias, 1e-4)
}

// A text of hardly any weight counts for hardly anything, however little that is.
func TestSmallestWeight(t *testing.T) {
	for _, task := range []ngram.Task{ngram.Exclusive, ngram.Numbers} {
		d := ngram.Data{Rows: [][]int32{{0}, {1}, {0, 1}}, Labels: 2, Task: task, Target: oneLabel([]int{0, 1, 1})}
		want := d
		want.Rows = d.Rows[:2]
		d.Weights = []float32{1, 1, math.SmallestNonzeroFloat32}
		got := fit(t, d, 2, exact(ngram.Options{}), 1, 1)
		near(t, "weights", got.Weights, fit(t, want, 2, exact(ngram.Options{}), 1, 1).Weights, 1e-4)
	}
}

func TestUnknownLabelsAreLeftOut(t *testing.T) {
	texts, y := randomData(40, 12, 3)
	more := append(slices.Clone(texts), []int32{0, 1, 2}, []int32{3}, []int32{11})
	a := fit(t, ngram.Data{Rows: texts, Labels: 3, Target: oneLabel(y)}, 12, exact(ngram.Options{}), 1, 1)
	b := fit(t, ngram.Data{Rows: more, Labels: 3, Target: oneLabel(append(slices.Clone(y), -1, -1, -1))}, 12, exact(ngram.Options{}), 1, 1)
	near(t, "weight", a.Weights, b.Weights, 1e-4)
}

// A text that does not tell a label apart from the others, because its source
// does not know it, takes part in the machines of the labels that it tells apart.
func TestPartlyKnownLabels(t *testing.T) {
	texts, y := randomData(60, 12, 3)
	binary := func(i, c int) float32 {
		if i%2 == 0 && y[i] < 2 && c == 2 {
			return float32(math.NaN())
		}
		return oneLabel(y)(i, c)
	}
	all := fit(t, ngram.Data{Rows: texts, Labels: 3, Target: oneLabel(y)}, 12, exact(ngram.Options{}), 1, 1)
	part := fit(t, ngram.Data{Rows: texts, Labels: 3, Target: binary}, 12, exact(ngram.Options{}), 1, 1)
	same := func(c int) bool {
		for r := range 12 {
			if all.Weights[r*3+c] != part.Weights[r*3+c] {
				return false
			}
		}
		return true
	}
	if !same(0) || !same(1) || same(2) {
		t.Errorf("columns unchanged: %t %t %t, want true true false", same(0), same(1), same(2))
	}
}

func TestFitDependsOnSeedAlone(t *testing.T) {
	texts, y := randomData(50, 20, 5)
	d := ngram.Data{Rows: texts, Labels: 5, Target: oneLabel(y)}
	want := fit(t, d, 20, ngram.Options{}, 1, 1)
	for _, workers := range []int{2, 3, 4, 7, 16} {
		if diff := cmp.Diff(want, fit(t, d, 20, ngram.Options{}, 1, workers)); diff != "" {
			t.Errorf("%d workers (-one +many):\n%s", workers, diff)
		}
	}
	if cmp.Equal(want, fit(t, d, 20, ngram.Options{}, 2, 1)) {
		t.Error("another seed gives the same weights before the solution is reached")
	}
}

func TestTwoLabelsAreOpposites(t *testing.T) {
	texts, y := randomData(40, 12, 2)
	l := fit(t, ngram.Data{Rows: texts, Labels: 2, Target: oneLabel(y)}, 12, ngram.Options{}, 1, 1)
	if l.Columns() != 1 || len(l.Weights) != 12 {
		t.Fatalf("%d columns, %d weights, want 1, 12", l.Columns(), len(l.Weights))
	}
	for i, text := range texts {
		var s [2]float32
		l.Score(s[:], text)
		if s[0] != -s[1] {
			t.Fatalf("text %d scores %v", i, s)
		}
	}
	swapped := func(i, c int) float32 { return oneLabel(y)(i, 1-c) }
	m := fit(t, ngram.Data{Rows: texts, Labels: 2, Target: swapped}, 12, exact(ngram.Options{Beta: 1}), 1, 1)
	l = fit(t, ngram.Data{Rows: texts, Labels: 2, Target: oneLabel(y)}, 12, exact(ngram.Options{Beta: 1}), 1, 1)
	for i, text := range texts {
		var a, b [2]float32
		l.Score(a[:], text)
		m.Score(b[:], text)
		near(t, "score", a[:], []float32{b[1], b[0]}, 1e-4)
		if t.Failed() {
			t.Fatalf("text %d: the order of the labels matters", i)
		}
	}
}

// Two labels that do not exclude one another are two machines.
func TestTwoLabelsOfMultiLabel(t *testing.T) {
	texts := [][]int32{{0}, {0, 1}, {1}, {2}, {0, 1, 2}, {2, 1}, {0, 2}, {}}
	has := func(i, c int) float32 {
		if slices.Contains(texts[i], int32(c)) {
			return 1
		}
		return 0
	}
	for _, labels := range []int{1, 2} {
		l := fit(t, ngram.Data{Rows: texts, Labels: labels, Task: ngram.Independent, Target: has}, 3, exact(ngram.Options{C: 100, Beta: 1}), 1, 1)
		if l.Columns() != labels {
			t.Errorf("%d columns for %d labels", l.Columns(), labels)
		}
		for i, text := range texts {
			s := make([]float32, labels)
			l.Score(s, text)
			for c, v := range s {
				if (v > 0) != (has(i, c) > 0) {
					t.Errorf("text %v: score of label %d of %d is %v", text, c, labels, v)
				}
			}
		}
	}
}

func TestLabelsWithoutExamples(t *testing.T) {
	texts := [][]int32{{0}, {1}, {0}, {1}}
	y := []int{0, 1, 0, 1}
	l := fit(t, ngram.Data{Rows: texts, Labels: 4, Target: oneLabel(y)}, 2, ngram.Options{}, 1, 1)
	for i, text := range texts {
		var s [4]float32
		l.Score(s[:], text)
		if best := slices.Index(s[:], slices.Max(s[:])); best != y[i] {
			t.Errorf("text %d: label %d scores best of %v, want %d", i, best, s, y[i])
		}
		if s[2] != -1 || s[3] != -1 {
			t.Errorf("text %d: labels without examples score %v, %v, want -1", i, s[2], s[3])
		}
	}
	for _, tt := range []struct {
		name  string
		texts [][]int32
		y     []int
		want  float32
	}{
		{"no text at all", nil, nil, -1},
		{"every text has the label", [][]int32{{0}, {1}}, []int{1, 1}, 1},
		{"no text has the label", [][]int32{{0}, {1}}, []int{0, 0}, -1},
	} {
		l := fit(t, ngram.Data{Rows: tt.texts, Labels: 2, Target: oneLabel(tt.y)}, 2, ngram.Options{}, 1, 1)
		if l.Bias[0] != tt.want || l.Weights[0] != 0 || l.Weights[1] != 0 {
			t.Errorf("%s: bias %v, weights %v, want %v and none", tt.name, l.Bias, l.Weights, tt.want)
		}
	}
	// Texts without a single feature have a bias and nothing else.
	l = fit(t, ngram.Data{Rows: [][]int32{{}, {}, {}}, Labels: 2, Target: oneLabel([]int{1, 1, 0})}, 2, ngram.Options{}, 1, 1)
	if !(l.Bias[0] > 0) || l.Weights[0] != 0 {
		t.Errorf("texts without features: bias %v, weights %v", l.Bias, l.Weights)
	}
}

func TestFitCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	texts, y := randomData(20, 6, 3)
	_, err := ngram.Fit(ctx, ngram.Data{Rows: texts, Labels: 3, Target: oneLabel(y)}, 6, ngram.Options{}, 1, 2)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v, want context.Canceled", err)
	}
}

func TestOptions(t *testing.T) {
	o := ngram.Options{}.Resolve()
	if want := (ngram.Options{C: 1, Beta: 0.25, Alpha: 1, Passes: 30, Tolerance: 0.1}); o != want {
		t.Errorf("defaults are %+v, want %+v", o, want)
	}
	if o.Resolve() != o {
		t.Error("Resolve changes what is resolved")
	}
	if err := o.Validate(); err != nil {
		t.Error(err)
	}
	for _, bad := range []ngram.Options{{C: -1}, {C: math.NaN()}, {Beta: 1.5}, {Alpha: -1}, {Passes: -2}, {Tolerance: -0.5}} {
		_, err := ngram.Fit(t.Context(), ngram.Data{Labels: 2}, 1, bad, 1, 1)
		if err == nil || !strings.HasPrefix(err.Error(), "ngram: ") {
			t.Errorf("%+v: err = %v", bad, err)
		}
	}
}

// Weights in half precision score as their values in float32.
func TestHalf(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for _, labels := range []int{2, 3} {
		h := &ngram.Linear{Labels: labels}
		f := &ngram.Linear{Labels: labels}
		for range 64 * f.Columns() {
			f.Weights = append(f.Weights, float32(r.IntN(2001)-1000)/512)
		}
		for range f.Columns() {
			f.Bias = append(f.Bias, r.Float32())
		}
		h.Bias = f.Bias
		for _, w := range f.Weights {
			h.Half = append(h.Half, half.From(w))
		}
		rows := []int32{0, 63, 17, 17, 4}
		want, got := make([]float32, labels), make([]float32, labels)
		f.Score(want, rows)
		h.Score(got, rows)
		if !slices.Equal(got, want) {
			t.Errorf("%d labels: scores %v, want %v", labels, got, want)
		}
		if h.NumWeights() != f.NumWeights() || !slices.Equal(h.AppendRow(nil, 17), f.AppendRow(nil, 17)) || len(f.AppendRow(nil, 17)) != f.Columns() {
			t.Errorf("%d labels: %d weights, row %v, want %d, %v", labels, h.NumWeights(), h.AppendRow(nil, 17), f.NumWeights(), f.AppendRow(nil, 17))
		}
	}
}

// What a row adds to all labels that exclude one another makes no difference.
func TestVariance(t *testing.T) {
	for _, c := range []struct {
		labels int
		task   ngram.Task
		want   float64
	}{{3, ngram.Exclusive, 2}, {3, ngram.Independent, 14}, {2, ngram.Exclusive, 1}, {1, ngram.Numbers, 1}} {
		l := ngram.Linear{Labels: c.labels, Task: c.task, Weights: []float32{1, 2, 3}}
		if got := l.Variance(0); got != c.want {
			t.Errorf("%d labels, task %q: %v, want %v", c.labels, c.task, got, c.want)
		}
	}
}
