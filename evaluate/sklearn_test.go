package evaluate

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// golden is testdata/sklearn.json, made by testdata/gen_sklearn.py.
type golden struct {
	Single []struct {
		Name       string
		Labels     []string
		Gold       []int
		Probs      []float64
		Figures    map[string]Score
		PerLabel   []map[string]Score `json:"per_label"`
		Confusion  [][]int
		Normalized [][]float64
	}
	Multi []struct {
		Name       string
		Labels     []string
		Gold       []bool
		Probs      []float64
		Thresholds []float64
		Figures    map[string]Score
		PerLabel   []map[string]Score `json:"per_label"`
		Confusion  [][]int
	}
	Curves []struct {
		Name                        string
		Gold                        []int
		Score                       []float64
		FPR, TPR, Precision, Recall []float64
	}
	Platt []struct {
		Name  string
		Gold  []int
		Score []float64
		A, B  float64
	}
	Temperature []struct {
		Name      string
		Gold      []int
		Logits    []float64
		Labels    int
		Beta, NLL float64
	}
	McNemar []struct {
		B, C           int
		Exact, Chi2, P float64
	}
}

func readGolden(t *testing.T) golden {
	t.Helper()
	b, err := os.ReadFile("testdata/sklearn.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// near is agreement with scikit-learn: 1e-9, two undefined metrics being equal.
func near() cmp.Option {
	return cmp.Options{
		cmp.Transformer("float", func(s Score) float64 { return float64(s) }),
		cmpopts.EquateApprox(1e-9, 1e-9), cmpopts.EquateNaNs(),
	}
}

// checkFigures compares every metric that e has with want, so that a metric
// missing from want must be undefined.
func checkFigures(t *testing.T, e *Evaluation, want map[string]Score, perLabel []map[string]Score) {
	t.Helper()
	for _, name := range Names() {
		w, ok := want[name]
		if !ok {
			w = Score(math.NaN())
		}
		got, err := e.Get(name)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(w, Score(got), near()); d != "" {
			t.Errorf("%s (-scikit-learn +got):\n%s", name, d)
		}
	}
	for k, w := range perLabel {
		got := map[string]Score{"support": Score(e.PerLabel[k].Support)}
		for _, name := range LabelNames() {
			got[name] = Score(e.PerLabel[k].Get(name))
		}
		if d := cmp.Diff(w, got, near()); d != "" {
			t.Errorf("label %d (-scikit-learn +got):\n%s", k, d)
		}
	}
}

func TestFiguresAreScikitLearns(t *testing.T) {
	for _, c := range readGolden(t).Single {
		t.Run(c.Name, func(t *testing.T) {
			e, err := New(&Predictions{Labels: c.Labels, Gold: c.Gold, Probs: c.Probs}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			checkFigures(t, e, c.Figures, c.PerLabel)
			if d := cmp.Diff(c.Confusion, e.Confusion); d != "" {
				t.Errorf("confusion (-scikit-learn +got):\n%s", d)
			}
			if d := cmp.Diff(c.Normalized, e.NormalizedConfusion(), near()); d != "" {
				t.Errorf("normalised confusion (-scikit-learn +got):\n%s", d)
			}
		})
	}
}

func TestMultiLabelFiguresAreScikitLearns(t *testing.T) {
	for _, c := range readGolden(t).Multi {
		t.Run(c.Name, func(t *testing.T) {
			e, err := NewMulti(&MultiPredictions{Labels: c.Labels, Gold: c.Gold, Probs: c.Probs, Thresholds: c.Thresholds}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			checkFigures(t, e, c.Figures, c.PerLabel)
			if d := cmp.Diff(c.Confusion, e.Confusion); d != "" {
				t.Errorf("confusion (-scikit-learn +got):\n%s", d)
			}
		})
	}
}

func TestCurvesAreScikitLearns(t *testing.T) {
	for _, c := range readGolden(t).Curves {
		t.Run(c.Name, func(t *testing.T) {
			// Two labels, the second with the score: its curve is wanted.
			p := &Predictions{Labels: []string{"rest", "label"}, Gold: c.Gold}
			for _, s := range c.Score {
				p.Probs = append(p.Probs, 1-s, s)
			}
			e, err := New(p, Options{Curves: true})
			if err != nil {
				t.Fatal(err)
			}
			var fpr, tpr, precision, recall []float64
			for _, pt := range e.Curves[1].Points {
				fpr, tpr = append(fpr, pt.FalsePositiveRate), append(tpr, pt.Recall)
				precision, recall = append(precision, pt.Precision), append(recall, pt.Recall)
			}
			for name, pair := range map[string][2][]float64{
				"fpr": {c.FPR, fpr}, "tpr": {c.TPR, tpr}, "precision": {c.Precision, precision}, "recall": {c.Recall, recall},
			} {
				if d := cmp.Diff(pair[0], pair[1], near()); d != "" {
					t.Errorf("%s (-scikit-learn +got):\n%s", name, d)
				}
			}
		})
	}
}

func TestMcNemarIsSciPys(t *testing.T) {
	for _, c := range readGolden(t).McNemar {
		got := NewMcNemar(c.B, c.C)
		want := McNemar{Exact: c.Exact, Statistic: c.Chi2, P: c.P}
		if d := cmp.Diff(want, got, near()); d != "" {
			t.Errorf("%d against %d (-scipy +got):\n%s", c.B, c.C, d)
		}
	}
}

func TestTemperature(t *testing.T) {
	for _, c := range readGolden(t).Temperature {
		temperature, err := FitTemperature(c.Logits, c.Gold)
		if err != nil {
			t.Fatal(err)
		}
		if got := 1 / temperature; math.Abs(got-c.Beta) > 1e-6 { // what scipy's search without derivatives resolves
			t.Errorf("%s: 1/T = %.9f, scipy %.9f", c.Name, got, c.Beta)
		}
	}
}

func TestPlattIsScikitLearns(t *testing.T) {
	for _, c := range readGolden(t).Platt {
		positive := make([]bool, len(c.Gold))
		for i, g := range c.Gold {
			positive[i] = g == 1
		}
		a, b, err := FitPlatt(c.Score, positive)
		if err != nil {
			t.Fatal(err)
		}
		// scikit-learn writes the sigmoid 1/(1+exp(A*x+B)) and stops its own
		// search near 1e-5.
		if math.Abs(a+c.A) > 1e-4 || math.Abs(b+c.B) > 1e-4 {
			t.Errorf("%s: a, b = %.6f, %.6f, scikit-learn %.6f, %.6f", c.Name, a, b, -c.A, -c.B)
		}
	}
}
