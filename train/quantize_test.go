package train_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/train"
)

// A model that eight bits do not make worse has eight bits, whoever trains it; its figures
// are those of eight bits, and a second training's model has them too.
func TestQuantize(t *testing.T) {
	d, dev := reviews(200, 1), reviews(60, 2)
	for name, change := range map[string]func(*train.Config){
		"once":    func(*train.Config) {},
		"twice":   func(c *train.Config) { c.Refit = true },
		"members": func(c *train.Config) { c.Model.Members = 2 },
		"n-grams": func(c *train.Config) { c.Model.NoDeep = true },
	} {
		t.Run(name, func(t *testing.T) {
			c := joint()
			c.Epochs, c.Quantize = 2, true
			change(&c)
			r := fit(t, train.Trainer{Config: c, Workers: 1}, d, dev)
			q := r.Quantized
			if q == nil || !q.Kept || !r.Model.Config().Int8 || q.Metric != "macro_f1" {
				t.Fatalf("%+v, eight bits: %t", q, r.Model.Config().Int8)
			}
			if q.After != r.Dev["joint"].Score || q.After < q.Before*0.998 {
				t.Errorf("%+v, the dev score is %v", q, r.Dev["joint"].Score)
			}
			file := modelBytes(t, r.Model)
			if int64(len(file)) != q.Small || q.Small >= q.Full {
				t.Errorf("a file of %d bytes, %+v", len(file), q)
			}
			if again := fit(t, train.Trainer{Config: c, Workers: 3}, d, dev); !bytes.Equal(modelBytes(t, again.Model), file) {
				t.Error("other workers, another model")
			}
		})
	}
	c := joint()
	c.Epochs, c.Quantize = 1, true
	if r := fit(t, train.Trainer{Config: c}, d, nil); r.Quantized != nil || r.Model.Config().Int8 {
		t.Error("eight bits without dev texts")
	}
}

func TestQuantizeKeeps(t *testing.T) {
	nan := evaluate.Score(math.NaN())
	for _, tt := range []struct {
		metric        string
		before, after evaluate.Score
		want          bool
	}{
		{"accuracy", 0.9, 0.9, true},
		{"accuracy", 0.9, 0.95, true},
		{"accuracy", 0.9, 0.8983, true},
		{"accuracy", 0.9, 0.898, false},
		{"log_loss", 0.5, 0.5009, true},
		{"log_loss", 0.5, 0.52, false},
		{"log_loss", 0.5, 0.4, true},
		{"x:macro_f1", 0.9, 0.5, false},
		{"rmse", 1000, 1001, true},
		{"rmse", 0.001, 0.0011, false},
		{"r2", -2, -2.001, true},
		{"r2", -2, -2.1, false},
		{"accuracy", 0, 0, true},
		{"accuracy", nan, nan, false},
		{"accuracy", 0.5, nan, false},
	} {
		if got := train.Keeps(train.Config{Metric: tt.metric}, tt.before, tt.after); got != tt.want {
			t.Errorf("%s from %v to %v: kept %t, want %t", tt.metric, tt.before, tt.after, got, tt.want)
		}
	}
}
