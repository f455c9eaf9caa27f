package train_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train"
)

// rated are n texts of good and bad words, with the head price, which is 1,000 plus 200
// for each good word less 200 for each bad one, and the head sentiment.
func rated(n int, seed uint64) *corpora.Dataset {
	r := rand.New(rand.NewPCG(seed, 5))
	d := &corpora.Dataset{Heads: []string{"price", "sentiment"}}
	for i := range n {
		var text []string
		sum := 0
		for range 1 + r.IntN(6) {
			k := r.IntN(2)
			words := [][]string{bad, good}[k]
			text = append(text, fillers[r.IntN(len(fillers))], words[r.IntN(len(words))])
			sum += 2*k - 1
		}
		labels := []string{fmt.Sprint(1000 + 200*sum), "negative"}
		if sum > 0 {
			labels[1] = "positive"
		}
		d.Examples = append(d.Examples, corpora.Example{ID: fmt.Sprint(i), Text: strings.Join(text, " "), Labels: labels})
	}
	return d
}

func priced(c train.Config, kind nn.LossKind) train.Config {
	c.Epochs = 12
	c.Model.Heads = []classify.Head{{Name: "price", Loss: nn.Loss{Kind: kind}}}
	return c
}

// r2 is the share of the variance of the prices of d that m explains.
func r2(t *testing.T, m *classify.Model, d *corpora.Dataset) float64 {
	t.Helper()
	p, err := score.Dataset(context.Background(), m, d, "price")
	if err != nil {
		t.Fatal(err)
	}
	e, err := p[0].Evaluate(evaluate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return float64(e.R2)
}

func TestRegressionLearns(t *testing.T) {
	d, dev, test := rated(400, 1), rated(80, 2), rated(200, 3)
	for _, c := range []struct {
		name   string
		config train.Config
		dev    *corpora.Dataset
		least  float64
	}{
		{"squared", priced(small(), nn.SquaredError), dev, 0.9},
		{"absolute", priced(small(), nn.AbsoluteError), dev, 0.9},
		{"joint", priced(joint(), nn.SquaredError), dev, 0.9},
		{"joint, no dev", priced(joint(), nn.SquaredError), nil, 0.85},
		{"wide", func() train.Config {
			c := priced(joint(), nn.SquaredError)
			c.Model.NoDeep = true
			return c
		}(), dev, 0.8},
		{"adversarial", func() train.Config {
			c := priced(small(), nn.SquaredError)
			c.Adversarial = train.Adversarial{Weight: 0.5, VAT: 0.5, Epsilon: 0.1}
			return c
		}(), dev, 0.8},
		{"refit", func() train.Config {
			c := priced(joint(), nn.SquaredError)
			c.Refit = true
			return c
		}(), dev, 0.9},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := fit(t, train.Trainer{Config: c.config}, d, c.dev)
			if got := r2(t, r.Model, test); !(got > c.least) {
				t.Errorf("R² = %.3f, want more than %v", got, c.least)
			}
			if r.Config.Metric != "rmse" {
				t.Errorf("the metric is %s, want rmse", r.Config.Metric)
			}
			if h := r.Model.Heads()[0]; math.Abs(h.Mean-1000) > 100 || h.Scale < 300 || h.Scale > 600 || h.Labels != nil {
				t.Errorf("mean %v, scale %v, labels %q: want those of the prices", h.Mean, h.Scale, h.Labels)
			}
			m, err := classify.Decode(modelBytes(t, r.Model))
			if err != nil {
				t.Fatal(err)
			}
			const text = "the film was good and quite lovely"
			if diff := cmp.Diff(r.Model.Predict(text), m.Predict(text)); diff != "" {
				t.Errorf("read again (-trained +read):\n%s", diff)
			}
			p := m.Predict(text)
			if v := p.Value("price"); v != p.Scores[0].Value || v < 1100 || p.Label("price") != "" || p.Labels("") != nil || p.Prob("", "x") != 0 {
				t.Errorf("value %v, label %q", v, p.Label("price"))
			}
		})
	}
}

// The unit of the numbers decides nothing: the model of prices a thousand times as high
// answers with a thousand times as much.
func TestRegressionUnit(t *testing.T) {
	d := rated(100, 1)
	high := &corpora.Dataset{Heads: d.Heads, Examples: slices.Clone(d.Examples)}
	for i := range high.Examples {
		e := &high.Examples[i]
		e.Labels = []string{e.Labels[0] + "000", e.Labels[1]}
		if e.Labels[0] == "0000" {
			e.Labels[0] = "0"
		}
	}
	a := fit(t, train.Trainer{Config: priced(small(), nn.SquaredError)}, d, nil).Model.Predict("a good film").Value("")
	b := fit(t, train.Trainer{Config: priced(small(), nn.SquaredError)}, high, nil).Model.Predict("a good film").Value("")
	if math.Abs(float64(b/a)-1000) > 5 {
		t.Errorf("%v and %v", a, b)
	}
}

func TestHeadsOfBothKinds(t *testing.T) {
	d, dev, test := rated(400, 1), rated(80, 2), rated(200, 3)
	for i := range d.Examples { // some texts lack one or the other
		e := &d.Examples[i]
		if i%5 == 0 {
			e.Labels = []string{"", e.Labels[1]}
		} else if i%5 == 1 {
			e.Labels = []string{e.Labels[0], ""}
		}
	}
	c := priced(joint(), nn.SquaredError)
	c.Model.Heads = append(c.Model.Heads, classify.Head{Name: "sentiment"})
	teacher := fit(t, train.Trainer{Config: c}, d, dev)
	if got := r2(t, teacher.Model, test); !(got > 0.8) {
		t.Errorf("R² = %.3f, want more than 0.8", got)
	}
	if got := accuracy(teacher.Model, test, "sentiment"); got < 0.9 {
		t.Errorf("accuracy %.3f, want 0.9", got)
	}
	if teacher.Config.Metric != "macro_f1" {
		t.Errorf("metric %s", teacher.Config.Metric)
	}
	// A student learns the numbers from texts that have none.
	c = joint()
	c.Epochs = 12
	bare := &corpora.Dataset{Examples: slices.Clone(d.Examples)}
	for i := range bare.Examples {
		bare.Examples[i].Labels = nil
	}
	student := fit(t, train.Trainer{Config: c, Teacher: teacher.Model}, bare, nil)
	if got := r2(t, student.Model, test); !(got > 0.7) {
		t.Errorf("student: R² = %.3f, want more than 0.7", got)
	}
	answered, err := train.PseudoLabels(context.Background(), teacher.Model, test)
	if err != nil {
		t.Fatal(err)
	}
	if got := r2(t, teacher.Model, answered); got < 0.9999 {
		t.Errorf("agreement of a model with itself: R² = %v", got)
	}
}

// A streamed training standardises by all texts, not by the different numbers.
func TestRegressionStream(t *testing.T) {
	d, test := rated(400, 1), rated(200, 3)
	c := priced(small(), nn.SquaredError)
	r, err := (&train.Trainer{Config: c}).FitStream(context.Background(), streamOf(t, d), rated(80, 2))
	if err != nil {
		t.Fatal(err)
	}
	want := fit(t, train.Trainer{Config: priced(small(), nn.SquaredError)}, d, nil).Model.Heads()[0]
	if h := r.Model.Heads()[0]; math.Abs(h.Mean-want.Mean) > 1e-6 || math.Abs(h.Scale-want.Scale) > 1e-6 {
		t.Errorf("mean %v, scale %v, in memory %v, %v", h.Mean, h.Scale, want.Mean, want.Scale)
	}
	if got := r2(t, r.Model, test); !(got > 0.8) {
		t.Errorf("R² = %.3f, want more than 0.8", got)
	}
}

func TestRegressionErrors(t *testing.T) {
	d := rated(20, 1)
	d.Sources = []corpora.Source{{Name: "prices.tsv"}}
	d.Examples[3].Line, d.Examples[3].Labels = 5, []string{"cheap", ""}
	c := priced(small(), nn.SquaredError)
	_, err := (&train.Trainer{Config: c}).Fit(context.Background(), d, nil)
	if err == nil || !strings.Contains(err.Error(), `prices.tsv:5: label "cheap" is not a number`) {
		t.Errorf("error %v", err)
	}
	d.Examples[3].Labels = []string{"1e39", ""}
	_, err = (&train.Trainer{Config: c}).Fit(context.Background(), d, nil)
	if err == nil || !strings.Contains(err.Error(), `prices.tsv:5: label "1e39" is too large for 32 bits`) {
		t.Errorf("error %v", err)
	}
	for i := range d.Examples {
		d.Examples[i].Labels = []string{"", "x"}
	}
	if _, err := (&train.Trainer{Config: c}).Fit(context.Background(), d, nil); err == nil || !strings.Contains(err.Error(), "no text has a number") {
		t.Errorf("error %v", err)
	}
	c.Metric = "macro_f1"
	if _, err := (&train.Trainer{Config: c}).Fit(context.Background(), rated(20, 1), nil); err == nil || !strings.Contains(err.Error(), `"macro_f1" is of labels`) {
		t.Errorf("error %v", err)
	}
}

func TestRegressionIsDeterministic(t *testing.T) {
	d, dev := rated(100, 1), rated(40, 2)
	c := priced(joint(), nn.AbsoluteError)
	c.Epochs = 2
	a := modelBytes(t, fit(t, train.Trainer{Config: c, Workers: 1}, d, dev).Model)
	b := modelBytes(t, fit(t, train.Trainer{Config: c, Workers: 3}, d, dev).Model)
	if !bytes.Equal(a, b) {
		t.Error("the bytes depend on the number of workers")
	}
}
