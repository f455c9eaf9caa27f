package train

import (
	"context"
	"io"
	"math"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/evaluate"
)

// mostLost is the share of the dev metric that eight bits may cost.
const mostLost = 0.002

// Quantized compares a model with itself in eight bits.
type Quantized struct {
	Kept   bool           // the model of eight bits is the one that is kept
	Metric string         // on the dev texts
	Before evaluate.Score // with 32 bits
	After  evaluate.Score // with eight
	Full   int64          // bytes of the model file with 32 bits
	Small  int64          // with eight
}

// quantize returns m, or m in eight bits if that costs nothing on the dev texts, its score
// there, and what it has found but for the sizes.
func (f *fit) quantize(ctx context.Context, m *classify.Model) (*classify.Model, *DevScore, *Quantized, error) {
	small, err := m.Quantize()
	if err != nil {
		return nil, nil, nil, err
	}
	before, err := f.score(ctx, m, f.epochs())
	if err != nil {
		return nil, nil, nil, err
	}
	after, err := f.score(ctx, small, f.epochs())
	if err != nil {
		return nil, nil, nil, err
	}
	q := &Quantized{Metric: f.cfg.Metric, Before: before.Score, After: after.Score}
	if q.Kept = f.cfg.keeps(before.Score, after.Score); q.Kept {
		return small, after, q, nil
	}
	return m, before, q, nil
}

// keeps says whether the metric is after as good as before, but for mostLost. NaN is not.
func (c Config) keeps(before, after evaluate.Score) bool {
	lost := float64(before - after)
	if evaluate.LowerIsBetter(c.Metric) {
		lost = -lost
	}
	return lost <= mostLost*math.Abs(float64(before))
}

// choose notes the sizes of m, a finished model, and returns what is kept of it.
func (q *Quantized) choose(m *classify.Model) (*classify.Model, error) {
	small, err := m.Quantize()
	if err != nil {
		return nil, err
	}
	if q.Full, err = m.WriteTo(io.Discard); err != nil {
		return nil, err
	}
	if q.Small, err = small.WriteTo(io.Discard); err != nil {
		return nil, err
	}
	if q.Kept {
		return small, nil
	}
	return m, nil
}
