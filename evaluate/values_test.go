package evaluate

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// The metrics are those of testdata/values.json, made by testdata/gen_values.py.
func TestValuesAgainstSklearn(t *testing.T) {
	data, err := os.ReadFile("testdata/values.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			Name            string
			Gold, Predicted []float64
			Figures         map[string]Score
		}
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.Cases) < 12 {
		t.Fatalf("%d cases, want 12", len(golden.Cases))
	}
	for _, c := range golden.Cases {
		e, err := NewValues(&ValuePredictions{Gold: c.Gold, Predicted: c.Predicted}, Options{})
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		want := map[string]float64{}
		for name, v := range c.Figures {
			want[name] = float64(v)
		}
		if diff := cmp.Diff(want, figuresOf(t, &e.Scores), cmpopts.EquateNaNs(), cmpopts.EquateApprox(1e-9, 1e-12)); diff != "" {
			t.Errorf("%s (-scikit-learn +got):\n%s", c.Name, diff)
		}
	}
}

// figuresOf are the metrics of s by their names.
func figuresOf(t *testing.T, s *Scores) map[string]float64 {
	t.Helper()
	figures := map[string]float64{}
	for _, name := range s.Names() {
		v, err := s.Get(name)
		if err != nil {
			t.Fatal(err)
		}
		figures[name] = v
	}
	return figures
}

func someValues(n int) *ValuePredictions {
	r := rand.New(rand.NewPCG(3, 3))
	p := &ValuePredictions{Head: "stars"}
	for range n {
		gold := float64(1 + r.IntN(5))
		p.Add(gold, gold+r.NormFloat64()*0.7, Row{Tokens: r.IntN(60)})
	}
	return p
}

// A resample's metrics are those of its rows written out, ties and all.
func TestValuesOfResample(t *testing.T) {
	p := someValues(40)
	s := newValueScorer(p)
	x := s.scratch()
	for r := range 20 {
		draw(x.weight, 1, r)
		s.set(x)
		drawn := &ValuePredictions{}
		for i, w := range x.weight {
			for range w {
				drawn.Add(p.Gold[i], p.Predicted[i], Row{})
			}
		}
		whole := newValueScorer(drawn)
		want := whole.scratch()
		whole.set(want)
		if diff := cmp.Diff(figuresOf(t, &want.scores), figuresOf(t, &x.scores), cmpopts.EquateNaNs(), cmpopts.EquateApprox(1e-9, 1e-12)); diff != "" {
			t.Fatalf("resample %d (-rows written out +weights):\n%s", r, diff)
		}
	}
}

func TestValuesEvaluation(t *testing.T) {
	p := someValues(200)
	e, err := NewValues(p, Options{Resamples: 200, Slices: true, Mistakes: 3, Curves: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range ValueNames() {
		v, _ := e.Get(name)
		if in := e.Intervals[name]; !(float64(in.Low) < v && v < float64(in.High)) {
			t.Errorf("%s: %v, interval %v", name, v, in)
		}
	}
	if len(e.Intervals) != len(ValueNames()) {
		t.Errorf("intervals of %d figures, want those of %q", len(e.Intervals), ValueNames())
	}
	if e.Baseline.R2 != 0 || e.Baseline.RMSE <= e.RMSE || e.Baseline.Pearson.Defined() {
		t.Errorf("baseline %+v beside %+v", *e.Baseline, *e.ValueScores)
	}
	if e.Accuracy.Defined() || !LowerIsBetter("rmse") || LowerIsBetter("r2") {
		t.Error("accuracy is defined, or rmse and r2 are the wrong way round")
	}
	if len(e.Slices) < 2 || e.Slices[0].ValueScores == nil || len(e.Points) != 200 || len(e.Mistakes) != 3 {
		t.Errorf("%d slices, %d points, %d mistakes", len(e.Slices), len(e.Points), len(e.Mistakes))
	}
	for i, m := range e.Mistakes {
		if want := math.Abs(p.Predicted[m.Index] - p.Gold[m.Index]); float64(m.Loss) != want || i > 0 && m.Loss > e.Mistakes[i-1].Loss {
			t.Errorf("mistake %d: %+v, want an error of %v and falling ones", i, m, want)
		}
	}
	data, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var read Evaluation
	if err := json.Unmarshal(data, &read); err != nil {
		t.Fatal(err)
	}
	if read.Accuracy.Defined() {
		t.Errorf("read an accuracy of %v", read.Accuracy)
	}
	if diff := cmp.Diff(figuresOf(t, &e.Scores), figuresOf(t, &read.Scores), cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("JSON (-written +read):\n%s", diff)
	}
}

func TestValuesErrors(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		p    ValuePredictions
		o    Options
		want string
	}{
		{ValuePredictions{}, Options{}, "no rows"},
		{ValuePredictions{Gold: []float64{1}}, Options{}, "0 predicted numbers for 1"},
		{ValuePredictions{Gold: []float64{1}, Predicted: []float64{nan}}, Options{}, "row 0: gold 1, predicted NaN"},
		{ValuePredictions{Gold: []float64{1}, Predicted: []float64{1}, Rows: make([]Row, 2)}, Options{}, "2 row descriptions"},
		{ValuePredictions{Gold: []float64{1}, Predicted: []float64{1}}, Options{Abstain: 0.5}, "no probability to abstain"},
		{ValuePredictions{Gold: []float64{1}, Predicted: []float64{1}}, Options{Precision: 0.5}, "no probability to abstain"},
		{ValuePredictions{Gold: []float64{1}, Predicted: []float64{1}}, Options{Level: 2}, "level 2"},
	} {
		if _, err := NewValues(&c.p, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want %q", c.p, err, c.want)
		}
	}
}
