package evaluate_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/textlstm/textlstm/evaluate"
)

func mustNew(t *testing.T, p *evaluate.Predictions, o evaluate.Options) *evaluate.Evaluation {
	t.Helper()
	e, err := evaluate.New(p, o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// full asks for everything.
func full() evaluate.Options {
	return evaluate.Options{Resamples: 20, Seed: 1, Slices: true, Mistakes: 7, Coverage: true, Curves: true}
}

func TestErrorsGiveBothNumbers(t *testing.T) {
	ok := func() *evaluate.Predictions {
		return &evaluate.Predictions{Labels: []string{"a", "b"}, Gold: []int{0, 1}, Probs: []float64{0.5, 0.5, 0, 1}}
	}
	tests := []struct {
		name  string
		spoil func(*evaluate.Predictions)
		want  string
	}{
		{"no rows", func(p *evaluate.Predictions) { p.Gold = nil }, "no rows"},
		{"no labels", func(p *evaluate.Predictions) { p.Labels = nil }, "no labels"},
		{"label twice", func(p *evaluate.Predictions) { p.Labels[1] = "a" }, `labels 0 and 1 are both "a"`},
		{"no answers", func(p *evaluate.Predictions) { p.Probs = nil }, "neither"},
		{"probabilities missing", func(p *evaluate.Predictions) { p.Probs = p.Probs[:3] }, "3 probabilities, want 2 rows * 2 labels = 4"},
		{"answers missing", func(p *evaluate.Predictions) { p.Predicted = []int{1} }, "1 predicted labels for 2 gold labels"},
		{"rows missing", func(p *evaluate.Predictions) { p.Rows = make([]evaluate.Row, 3) }, "3 row descriptions for 2"},
		{"gold out of range", func(p *evaluate.Predictions) { p.Gold[1] = 2 }, "row 1: gold label 2, want 0 to 1"},
		{"answer out of range", func(p *evaluate.Predictions) { p.Predicted = []int{0, -1} }, "row 1: predicted label -1, want 0 to 1"},
		{"NaN", func(p *evaluate.Predictions) { p.Probs[2] = math.NaN() }, `row 1, label "a": probability NaN`},
		{"infinite", func(p *evaluate.Predictions) { p.Probs[3] = math.Inf(1) }, `row 1, label "b": probability +Inf`},
		{"negative", func(p *evaluate.Predictions) { p.Probs[0] = -0.5 }, "probability -0.5"},
		{"sum", func(p *evaluate.Predictions) { p.Probs[0] = 0.6 }, "row 0: probabilities sum to 1.1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := ok()
			tt.spoil(p)
			if _, err := evaluate.New(p, evaluate.Options{}); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v, want it to say %q", err, tt.want)
			}
		})
	}
	for _, o := range []evaluate.Options{{Level: 1}, {Level: -0.5}, {Resamples: -1}, {Level: math.NaN()}} {
		if _, err := evaluate.New(ok(), o); err == nil {
			t.Errorf("options %+v: no error", o)
		}
	}
}

func TestMultiLabelErrors(t *testing.T) {
	ok := evaluate.MultiPredictions{Labels: []string{"a", "b"}, Gold: make([]bool, 4), Probs: make([]float64, 4)}
	if _, err := evaluate.NewMulti(&ok, evaluate.Options{}); err != nil {
		t.Fatal(err)
	}
	for want, p := range map[string]evaluate.MultiPredictions{
		"no labels":                   {Gold: ok.Gold},
		"no rows":                     {Labels: ok.Labels},
		"3 gold decisions":            {Labels: ok.Labels, Gold: ok.Gold[:3], Probs: ok.Probs},
		"3 probabilities for 4":       {Labels: ok.Labels, Gold: ok.Gold, Probs: ok.Probs[:3]},
		"1 thresholds for 2 labels":   {Labels: ok.Labels, Gold: ok.Gold, Probs: ok.Probs, Thresholds: []float64{1}},
		"1 row descriptions for 2":    {Labels: ok.Labels, Gold: ok.Gold, Probs: ok.Probs, Rows: make([]evaluate.Row, 1)},
		`label "b": threshold is not`: {Labels: ok.Labels, Gold: ok.Gold, Probs: ok.Probs, Thresholds: []float64{1, math.NaN()}},
		"probability NaN":             {Labels: ok.Labels, Gold: ok.Gold, Probs: []float64{0, 0, 0, math.NaN()}},
		`are both "a"`:                {Labels: []string{"a", "a"}, Gold: ok.Gold, Probs: ok.Probs},
	} {
		if _, err := evaluate.NewMulti(&p, evaluate.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want it to say %q", err, want)
		}
	}
}

// TestOrderOfRowsDoesNotMatter permutes the rows.
func TestOrderOfRowsDoesNotMatter(t *testing.T) {
	p := randomPredictions(1, 500, 4)
	q := &evaluate.Predictions{Labels: p.Labels}
	for _, i := range rand.New(rand.NewPCG(2, 2)).Perm(p.Len()) {
		q.Gold = append(q.Gold, p.Gold[i])
		q.Probs = append(q.Probs, p.Probs[i*4:(i+1)*4]...)
	}
	a, b := mustNew(t, p, evaluate.Options{}), mustNew(t, q, evaluate.Options{})
	for _, name := range evaluate.Names() {
		x, _ := a.Get(name)
		y, _ := b.Get(name)
		if math.Abs(x-y) > 1e-12 {
			t.Errorf("%s: %v in one order, %v in another", name, x, y)
		}
	}
}

// TestJSONKeepsTheEvaluation writes and reads every field.
func TestJSONKeepsTheEvaluation(t *testing.T) {
	for _, p := range []*evaluate.Predictions{
		randomPredictions(1, 100, 3),
		{Head: "h", Labels: []string{"z \"<\n", "a"}, Gold: []int{0, 1, 0}, Predicted: []int{0, 0, 0}},
	} {
		want := mustNew(t, p, full())
		b, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got evaluate.Evaluation
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(*want, got, cmpopts.EquateNaNs(), cmp.Transformer("float", func(s evaluate.Score) float64 { return float64(s) })); d != "" {
			t.Errorf("-written +read:\n%s", d)
		}
	}
}

func TestJSONHasTheContractsFields(t *testing.T) {
	b, err := json.Marshal(mustNew(t, randomPredictions(1, 50, 3), evaluate.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]json.RawMessage
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"head", "n", "accuracy", "macro_f1", "log_loss", "ece", "mcc", "labels", "confusion", "per_label"} {
		if _, ok := got[name]; !ok {
			t.Errorf("no %q in %s", name, b)
		}
	}
}

func FuzzReadEvaluation(f *testing.F) {
	f.Add([]byte(`{"head":"h","n":2,"accuracy":0.5,"log_loss":null,"per_label":{"a":{"precision":1},"b":{}}}`))
	f.Add([]byte(`{"per_label":[]}`))
	f.Add([]byte(`{"per_label":{"a":`))
	f.Add([]byte(`{"accuracy":"x"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var e evaluate.Evaluation
		if json.Unmarshal(data, &e) != nil {
			return
		}
		b, err := json.Marshal(e)
		if err != nil {
			t.Fatalf("read but cannot be written: %v", err)
		}
		var again evaluate.Evaluation
		if err := json.Unmarshal(b, &again); err != nil {
			t.Fatalf("written as %s but cannot be read: %v", b, err)
		}
	})
}

func TestRestrict(t *testing.T) {
	p := &evaluate.Predictions{
		Labels: []string{"neg", "neu", "pos"},
		Gold:   []int{0, 1, 2, 2},
		Probs: []float64{
			0.3, 0.6, 0.1,
			0, 1, 0,
			0.1, 0.5, 0.4,
			0, 1, 0,
		},
		Rows: []evaluate.Row{{ID: "a"}, {ID: "b"}, {ID: "c"}, {ID: "d"}},
	}
	got, err := p.Restrict("pos", "neg")
	if err != nil {
		t.Fatal(err)
	}
	want := &evaluate.Predictions{
		Labels: []string{"pos", "neg"},
		Gold:   []int{1, 0, 0},
		Probs:  []float64{0.25, 0.75, 0.8, 0.2, 0.5, 0.5},
		Rows:   []evaluate.Row{{ID: "a"}, {ID: "c"}, {ID: "d"}},
	}
	if d := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-12)); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if _, err := p.Restrict("neg", "positive"); err == nil || !strings.Contains(err.Error(), `no label "positive"`) {
		t.Errorf("unknown label: got error %v", err)
	}
	if _, err := p.Restrict("neg", "neg"); err == nil {
		t.Error("a label twice: no error")
	}
}

func TestSlicesCoverTheRows(t *testing.T) {
	p := randomPredictions(4, 400, 3)
	for i := range p.Rows {
		p.Rows[i].Language = []string{"en", "de", ""}[i%3]
	}
	e := mustNew(t, p, evaluate.Options{Slices: true})
	n, right := make(map[string]int), make(map[string]float64)
	for _, s := range e.Slices {
		n[s.By] += s.N
		right[s.By] += float64(s.Accuracy) * float64(s.N)
	}
	for _, by := range []string{"length", "unknown", "source", "language"} {
		if n[by] != p.Len() {
			t.Errorf("slices by %s have %d rows, want %d", by, n[by], p.Len())
		}
		if got, want := right[by]/400, float64(e.Accuracy); math.Abs(got-want) > 1e-12 {
			t.Errorf("slices by %s: accuracy %v together, want %v", by, got, want)
		}
	}
}

func TestSliceAveragesOverItsOwnLabels(t *testing.T) {
	p := &evaluate.Predictions{
		Labels:    []string{"a", "b", "c"},
		Gold:      []int{0, 1, 2, 0},
		Predicted: []int{0, 1, 2, 2},
		Rows:      []evaluate.Row{{Source: "x"}, {Source: "x"}, {Source: "y"}, {Source: "y"}},
	}
	e := mustNew(t, p, evaluate.Options{Slices: true})
	if len(e.Slices) != 2 {
		t.Fatalf("%d slices, want 2", len(e.Slices))
	}
	if got := e.Slices[0]; got.Value != "x" || got.MacroF1 != 1 {
		t.Errorf("slice x: %s, macro F1 %v, want 1", got.Value, got.MacroF1)
	}
}

func TestMistakesAreTheWorst(t *testing.T) {
	p := randomPredictions(6, 300, 3)
	e := mustNew(t, p, evaluate.Options{Mistakes: 10})
	if len(e.Mistakes) != 10 {
		t.Fatalf("%d mistakes, want 10", len(e.Mistakes))
	}
	kept := make(map[int]bool)
	for i, m := range e.Mistakes {
		kept[m.Index] = true
		if m.Gold[0] == m.Predicted[0] {
			t.Errorf("mistake %d is right", i)
		}
		if i > 0 && m.Loss > e.Mistakes[i-1].Loss {
			t.Errorf("mistake %d has loss %v, more than %v before it", i, m.Loss, e.Mistakes[i-1].Loss)
		}
	}
	all := mustNew(t, p, evaluate.Options{Mistakes: 1000}).Mistakes
	for _, m := range all {
		if !kept[m.Index] && m.Loss > e.Mistakes[9].Loss {
			t.Errorf("row %d has loss %v and was left out", m.Index, m.Loss)
		}
	}
	if got := float64(len(all)) / 300; math.Abs(got-(1-float64(e.Accuracy))) > 1e-12 {
		t.Errorf("%d mistakes of 300 at accuracy %v", len(all), e.Accuracy)
	}
}

func TestRiskCoverageAndThreshold(t *testing.T) {
	p := randomPredictions(7, 500, 3)
	e := mustNew(t, p, evaluate.Options{Coverage: true})
	if first := e.RiskCoverage[0]; first.Coverage != 1 || math.Abs(float64(first.Accuracy-e.Accuracy)) > 1e-12 {
		t.Errorf("first point %+v, want all rows at accuracy %v", first, e.Accuracy)
	}
	for _, want := range []float64{0, 0.8, 0.95, 1} {
		pt, ok, err := p.ThresholdFor(want)
		if err != nil {
			t.Fatal(err)
		}
		// By hand: every threshold that some row has.
		best := 0
		for i := range p.Gold {
			threshold := slices.Max(p.Probs[3*i : 3*i+3])
			n, right := 0, 0
			for j, g := range p.Gold {
				row := p.Probs[3*j : 3*j+3]
				if top := slices.Max(row); top >= threshold {
					n++
					if row[g] == top {
						right++
					}
				}
			}
			if float64(right) >= want*float64(n) {
				best = max(best, n)
			}
		}
		if ok != (best > 0) || pt.Answered != best {
			t.Errorf("threshold for %v: %d rows answered (%v), want %d", want, pt.Answered, ok, best)
		}
	}
	if _, ok, _ := (&evaluate.Predictions{Labels: []string{"a", "b"}, Gold: []int{0}, Probs: []float64{0, 1}}).ThresholdFor(0.5); ok {
		t.Error("a threshold that makes a wrong row right")
	}
}

func TestAbstention(t *testing.T) {
	p := randomPredictions(9, 400, 3)
	for _, point := range mustNew(t, p, evaluate.Options{Coverage: true}).RiskCoverage {
		got := mustNew(t, p, evaluate.Options{Abstain: point.Threshold}).Abstention
		if got == nil || *got != point {
			t.Errorf("abstaining below %v: %+v, want %+v", point.Threshold, got, point)
		}
	}
	none := mustNew(t, &evaluate.Predictions{Labels: []string{"a", "b"}, Gold: []int{0}, Probs: []float64{0.5, 0.5}}, evaluate.Options{Abstain: 1}).Abstention
	if none.Answered != 0 || none.Coverage != 0 || none.Accuracy.Defined() {
		t.Errorf("nothing answered: %+v", none)
	}
	if e := mustNew(t, p, evaluate.Options{}); e.Abstention != nil || e.AtPrecision != nil {
		t.Error("points that nobody asked for")
	}
	for _, o := range []evaluate.Options{{Abstain: 1.5}, {Abstain: math.NaN()}, {Precision: -1}} {
		if _, err := evaluate.New(p, o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
}

// A precision that is reached exactly is reached, also where its product with the number of
// rows is rounded up.
func TestThresholdAtTheVeryPrecision(t *testing.T) {
	p := &evaluate.MultiPredictions{Labels: []string{"a"}}
	for i := range 100 {
		p.Gold, p.Probs = append(p.Gold, i < 55), append(p.Probs, 0.5)
	}
	e, err := evaluate.NewMulti(p, evaluate.Options{Precision: 0.55})
	if err != nil {
		t.Fatal(err)
	}
	if got := e.AtPrecision[0]; got.Predicted != 100 || got.Precision != 0.55 {
		t.Errorf("%d rows at a precision of %v, want 100 at 0.55", got.Predicted, got.Precision)
	}
}

func TestThresholdsAtAPrecision(t *testing.T) {
	p := randomPredictions(10, 300, 3)
	multi := &evaluate.MultiPredictions{Labels: p.Labels, Probs: p.Probs}
	for _, g := range p.Gold {
		row := make([]bool, 3)
		row[g] = true
		multi.Gold = append(multi.Gold, row...)
	}
	for _, want := range []float64{0.3, 0.7, 0.9, 1} {
		points := mustNew(t, p, evaluate.Options{Precision: want}).AtPrecision
		e, err := evaluate.NewMulti(multi, evaluate.Options{Precision: want})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(points, e.AtPrecision, cmpopts.EquateNaNs()); d != "" {
			t.Errorf("one label per row against several (-one +several):\n%s", d)
		}
		for k, pt := range points {
			most, recall := 0, 0.0 // by hand: every threshold that some row has
			for i := range p.Gold {
				n, right, gold := 0, 0, 0
				for j, g := range p.Gold {
					hit := p.Probs[3*j+k] >= p.Probs[3*i+k]
					if hit {
						n++
					}
					if g == k {
						gold++
						if hit {
							right++
						}
					}
				}
				if float64(right)/float64(n) >= want && n > most {
					most, recall = n, float64(right)/float64(gold)
				}
			}
			if pt.Label != p.Labels[k] || pt.Predicted != most || math.Abs(float64(pt.Recall)-recall) > 1e-12 || pt.Threshold.Defined() != (most > 0) {
				t.Errorf("precision %v, label %d: %+v, want %d rows with recall %v", want, k, pt, most, recall)
			}
		}
	}
}

func TestBestThresholdsAreBest(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	p := &evaluate.MultiPredictions{Labels: []string{"a", "b", "never"}}
	for range 60 {
		row := make([]float32, 3)
		var gold []int
		for k := range row {
			row[k] = float32(r.IntN(10)) / 10
			if k < 2 && r.Float64() < float64(row[k]) {
				gold = append(gold, k)
			}
		}
		p.Add(gold, row, evaluate.Row{})
	}
	best, err := p.BestThresholds()
	if err != nil {
		t.Fatal(err)
	}
	f1 := func(thresholds []float64, k int) float64 {
		p.Thresholds = thresholds
		e, err := evaluate.NewMulti(p, evaluate.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return float64(e.PerLabel[k].F1)
	}
	for k := range 2 {
		got := f1(best, k)
		for i := range 60 {
			th := p.Probs[3*i+k]
			if other := f1([]float64{th, th, th}, k); other > got+1e-12 {
				t.Errorf("label %d: F1 %v at threshold %v, %v at the best %v", k, other, th, got, best[k])
			}
		}
	}
	p.Thresholds = best
	e, err := evaluate.NewMulti(p, full())
	if err != nil {
		t.Fatal(err)
	}
	if best[2] != 0.5 {
		t.Errorf("threshold %v of a label without gold rows, want 0.5", best[2])
	}
	if len(e.Mistakes) == 0 || len(e.Curves) != 3 || len(e.Intervals) == 0 {
		t.Errorf("%d mistakes, %d curves, %d intervals", len(e.Mistakes), len(e.Curves), len(e.Intervals))
	}
}

// Labels with fewer than ten gold rows have one threshold, the best for their
// decisions taken together.
func TestBestThresholdsOfRareLabels(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	p := &evaluate.MultiPredictions{Labels: []string{"a", "b", "c"}}
	for i := range 80 {
		var gold []int
		for k := range 3 {
			if i%20 == k {
				gold = append(gold, k)
			}
		}
		row := make([]float32, 3)
		for k := range row {
			row[k] = r.Float32() / 2
			if slices.Contains(gold, k) {
				row[k] += 0.1
			}
		}
		p.Add(gold, row, evaluate.Row{})
	}
	best, err := p.BestThresholds()
	if err != nil {
		t.Fatal(err)
	}
	if best[0] != best[1] || best[1] != best[2] {
		t.Fatalf("thresholds %v, want the same for all", best)
	}
	f1 := func(threshold float64) float64 {
		p.Thresholds = []float64{threshold, threshold, threshold}
		e, err := evaluate.NewMulti(p, evaluate.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return float64(e.MicroF1)
	}
	got := f1(best[0])
	for _, threshold := range p.Probs {
		if other := f1(threshold); other > got+1e-12 {
			t.Errorf("micro-F1 %v at threshold %v, %v at the best %v", other, threshold, got, best[0])
		}
	}
}

func TestCalibrationMakesTheLossNoWorse(t *testing.T) {
	for _, labels := range []int{2, 4} {
		p := randomPredictions(9, 2000, labels)
		for i, v := range p.Probs { // overconfident
			p.Probs[i] = v * v * v
		}
		for i := 0; i < len(p.Probs); i += labels {
			sum := 0.0
			for _, v := range p.Probs[i : i+labels] {
				sum += v
			}
			for k := range labels {
				p.Probs[i+k] /= sum
			}
		}
		before := mustNew(t, p, evaluate.Options{})
		for _, method := range []evaluate.Method{evaluate.Temperature, evaluate.Platt} {
			cal, err := evaluate.Calibrate(p, method)
			if err != nil {
				t.Fatal(err)
			}
			if err := cal.Validate(labels); err != nil {
				t.Fatal(err)
			}
			q := &evaluate.Predictions{Labels: p.Labels, Gold: p.Gold, Probs: slices.Clone(p.Probs)}
			for i := 0; i < len(q.Probs); i += labels {
				cal.Apply(q.Probs[i : i+labels])
			}
			after := mustNew(t, q, evaluate.Options{})
			if after.LogLoss >= before.LogLoss || after.ECE >= before.ECE {
				t.Errorf("%d labels, %s: log loss %.4f to %.4f, ECE %.4f to %.4f", labels, method, before.LogLoss, after.LogLoss, before.ECE, after.ECE)
			}
			if method == evaluate.Temperature && after.Accuracy != before.Accuracy {
				t.Errorf("temperature changed the accuracy from %v to %v", before.Accuracy, after.Accuracy)
			}
		}
	}
}

func TestCalibrationOfDegenerateRows(t *testing.T) {
	for name, p := range map[string]*evaluate.Predictions{
		"uniform":        {Labels: []string{"a", "b"}, Gold: []int{0, 1, 1}, Probs: []float64{0.5, 0.5, 0.5, 0.5, 0.5, 0.5}},
		"certain, right": {Labels: []string{"a", "b"}, Gold: []int{0, 1}, Probs: []float64{1, 0, 0, 1}},
		"certain, wrong": {Labels: []string{"a", "b"}, Gold: []int{1, 0}, Probs: []float64{1, 0, 0, 1}},
		"one row":        {Labels: []string{"a", "b"}, Gold: []int{1}, Probs: []float64{0.9, 0.1}},
		"one label":      {Labels: []string{"a"}, Gold: []int{0, 0}, Probs: []float64{1, 1}},
	} {
		for _, method := range []evaluate.Method{evaluate.Temperature, evaluate.Platt} {
			cal, err := evaluate.Calibrate(p, method)
			if err != nil {
				t.Errorf("%s, %s: %v", name, method, err)
				continue
			}
			if err := cal.Validate(len(p.Labels)); err != nil {
				t.Errorf("%s, %s: %v", name, method, err)
			}
			for i := 0; i < len(p.Probs); i += len(p.Labels) {
				row := slices.Clone(p.Probs[i : i+len(p.Labels)])
				cal.Apply(row)
				sum := 0.0
				for _, v := range row {
					sum += v
				}
				if math.Abs(sum-1) > 1e-9 {
					t.Errorf("%s, %s: probabilities %v", name, method, row)
				}
			}
		}
	}
}

func TestCompare(t *testing.T) {
	a := randomPredictions(10, 800, 3)
	same, err := evaluate.Compare(a, a, evaluate.CompareOptions{Resamples: 50})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range same.Differences {
		if d.Diff != 0 || d.Low != 0 || d.High != 0 || d.P != 1 {
			t.Errorf("a head against itself: %+v", d)
		}
	}
	if len(same.Wins)+len(same.Regressions) != 0 || same.McNemar.Exact != 1 {
		t.Errorf("a head against itself: %d wins, %d regressions, p %v", len(same.Wins), len(same.Regressions), same.McNemar.Exact)
	}

	b := &evaluate.Predictions{Head: "b", Labels: a.Labels, Gold: a.Gold, Probs: slices.Clone(a.Probs)}
	for i := range 60 { // the first rows become right
		copy(b.Probs[3*i:], []float64{0, 0, 0})
		b.Probs[3*i+b.Gold[i]] = 1
	}
	ab, err := evaluate.Compare(a, b, evaluate.CompareOptions{Resamples: 200, Changes: -1})
	if err != nil {
		t.Fatal(err)
	}
	if ab.BothRight+ab.OnlyA+ab.OnlyB+ab.BothWrong != 800 || len(ab.Wins) != ab.OnlyB || ab.OnlyA != 0 || ab.OnlyB == 0 {
		t.Errorf("counts %d %d %d %d, %d wins", ab.BothRight, ab.OnlyA, ab.OnlyB, ab.BothWrong, len(ab.Wins))
	}
	d, err := ab.Metric("accuracy")
	if err != nil {
		t.Fatal(err)
	}
	if want := float64(ab.OnlyB) / 800; math.Abs(float64(d.Diff)-want) > 1e-12 || d.Low <= 0 || d.P > 0.05 {
		t.Errorf("accuracy: %+v, want a difference of %v told from 0", d, want)
	}
	ba, err := evaluate.Compare(b, a, evaluate.CompareOptions{Resamples: 200})
	if err != nil {
		t.Fatal(err)
	}
	e, _ := ba.Metric("accuracy")
	if math.Abs(float64(e.Low+d.High)) > 1e-12 || math.Abs(float64(e.High+d.Low)) > 1e-12 || e.P != d.P {
		t.Errorf("the other way round: %+v, want the mirror of %+v", e, d)
	}

	b.Gold = slices.Clone(b.Gold)
	b.Gold[5] = (b.Gold[5] + 1) % 3
	if _, err := evaluate.Compare(a, b, evaluate.CompareOptions{}); err == nil || !strings.Contains(err.Error(), "row 5") {
		t.Errorf("other gold labels: got error %v", err)
	}
}

func TestCompareMulti(t *testing.T) {
	a := &evaluate.MultiPredictions{Labels: []string{"x", "y"}}
	b := &evaluate.MultiPredictions{Labels: a.Labels}
	for range 10 {
		a.Add([]int{0}, []float32{0.9, 0.8}, evaluate.Row{Text: "t"}) // y too many
		b.Add([]int{0}, []float32{0.9, 0.1}, evaluate.Row{})
	}
	c, err := evaluate.CompareMulti(a, b, evaluate.CompareOptions{Resamples: 20})
	if err != nil {
		t.Fatal(err)
	}
	want := evaluate.Change{Row: evaluate.Row{Text: "t"}, Gold: []string{"x"}, A: []string{"x", "y"}, B: []string{"x"}}
	if c.OnlyB != 10 || len(c.Wins) != 10 {
		t.Fatalf("%d wins, want 10", c.OnlyB)
	}
	if d := cmp.Diff(want, c.Wins[0]); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// A calibration answers finite numbers that sum to 1 whatever it is given, and says
// what is no number.
func TestCalibrationAtItsEdges(t *testing.T) {
	apply := func(c evaluate.Calibration, probs ...float64) []float64 {
		c.Apply(probs)
		return probs
	}
	near := func(what string, got []float64, want ...float64) {
		t.Helper()
		for k := range want {
			if !(math.Abs(got[k]-want[k]) <= 1e-12) {
				t.Errorf("%s: %v, want %v", what, got, want)
				return
			}
		}
	}
	// A probability of 0 counts as the smallest float32.
	x := math.Exp(math.Log(math.SmallestNonzeroFloat32) / 100)
	near("temperature of a 0", apply(evaluate.Calibration{Method: evaluate.Temperature, Temperature: 100}, 1, 0), 1/(1+x), x/(1+x))
	near("temperature of zeros", apply(evaluate.Calibration{Method: evaluate.Temperature, Temperature: 1}, 0, 0, 0, 0), 0.25, 0.25, 0.25, 0.25)
	near("a low temperature", apply(evaluate.Calibration{Method: evaluate.Temperature, Temperature: 1e-3}, 0.4, 0.3, 0.3), 1, 0, 0)
	low := []float64{-1e308, -1e308}
	near("no label is likely", apply(evaluate.Calibration{Method: evaluate.Platt, A: []float64{1, 1}, B: low}, 0.5, 0.5), 0.5, 0.5)
	near("of several labels none", apply(evaluate.Calibration{Method: evaluate.Platt, MultiLabel: true, A: []float64{1, 1}, B: low}, 0.5, 0.5), 0, 0)
	for _, c := range []evaluate.Calibration{
		{Method: evaluate.Platt, A: []float64{math.NaN()}, B: []float64{0}},
		{Method: evaluate.Platt, A: []float64{0}, B: []float64{math.NaN()}},
		{Method: evaluate.Platt, A: []float64{math.Inf(1)}, B: []float64{0}},
		{Method: evaluate.Platt, A: []float64{0}, B: []float64{math.Inf(-1)}},
		{Method: evaluate.Platt, A: []float64{math.Inf(1)}, B: []float64{math.Inf(-1)}},
		{Method: evaluate.Platt, A: []float64{1, 2}, B: []float64{1, 2}},
		{Method: evaluate.Platt, A: []float64{1}},
		{Method: evaluate.Temperature},
		{Method: evaluate.Temperature, Temperature: math.Inf(1)},
		{Method: evaluate.Temperature, Temperature: math.NaN()},
		{Method: "none"},
	} {
		if err := c.Validate(1); err == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
	if err := (&evaluate.Calibration{Method: evaluate.Platt, A: []float64{-1}, B: []float64{1}}).Validate(1); err != nil {
		t.Error(err)
	}
}
