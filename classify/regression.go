package classify

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/nn"
)

// regression is the kind of a head that answers with a number.
type regression struct{}

func (regression) losses() []nn.LossKind {
	return []nn.LossKind{nn.SquaredError, nn.AbsoluteError}
}

func (regression) traits() traits { return traits{whole: true, wide: ngram.Numbers, about: "a number"} }

func (regression) check(h *Head) error {
	if len(h.Labels) > 0 || len(h.Lexicon) > 0 || len(h.Thresholds) > 0 {
		return fmt.Errorf(": loss %s answers with a number: leave labels, lexicon and thresholds out", h.Loss.Kind)
	}
	if !(math.Abs(h.Mean) <= math.MaxFloat32 && h.Scale >= 0 && h.Scale <= math.MaxFloat32) {
		return fmt.Errorf(": mean = %v, scale = %v, want finite numbers of 32 bits, the scale not negative", h.Mean, h.Scale)
	}
	return nil
}

func (regression) width(*Head) int { return 1 }

func (regression) answer(h *Head, scores []float32) Score {
	v := h.Mean + float64(orOne(h.Scale))*float64(scores[0])
	return Score{Value: float32(min(max(v, -math.MaxFloat32), math.MaxFloat32))}
}

func (regression) checkAnswer(h *Head, s Score) error {
	if v := float64(s.Value); len(s.Probs) > 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return fmt.Errorf("head %s: number %v and %d probabilities, want a finite number alone", h.Name, s.Value, len(s.Probs))
	}
	return nil
}

func (regression) name(_ *Head, s Score) string {
	return strconv.FormatFloat(float64(s.Value), 'g', -1, 32)
}

func (k regression) labels(h *Head, s Score) []string { return []string{k.name(h, s)} }

// Value returns the number that the head of that name answers with, "" being the
// model's first; 0 if there is no such head, or if it answers with labels.
func (p Prediction) Value(head string) float32 {
	h := p.head(head)
	if h < 0 {
		return 0
	}
	return p.Scores[h].Value
}

// ParseValue reads the label of a text as the number that a head is to answer
// with, which must be finite as a float32.
func (h *Head) ParseValue(label string) (float32, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(label), 32)
	if errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Errorf("label %q is too large for 32 bits, in which head %s answers", label, h.Name)
	}
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("label %q is not a number, which head %s answers with", label, h.Name)
	}
	return float32(v), nil
}

func (regression) reader(h *Head, t *nn.Targets) func([]string) error {
	return func(labels []string) error {
		v := float32(math.NaN())
		if len(labels) > 0 {
			read, err := h.ParseValue(labels[0])
			if err != nil {
				return err
			}
			v = float32((float64(read) - h.Mean) / cmp.Or(h.Scale, 1))
		}
		t.Values = append(t.Values, v)
		return nil
	}
}

func (regression) addAnswer(_ *Head, t *nn.Targets, scores []float32) {
	t.Values = append(t.Values, scores[0])
}

// standardize sets Mean and Scale to the mean and the standard deviation of the numbers,
// by the corrected two-pass algorithm (Chan, Golub & LeVeque 1983, equation 1.7).
func (regression) standardize(h *Head, read func(*Head) (nn.Targets, error), weights []float32) error {
	if h.Scale != 0 {
		return nil
	}
	raw := *h
	raw.Mean, raw.Scale = 0, 1
	t, err := read(&raw)
	if err != nil {
		return err
	}
	each := func(f func(v, w float64)) {
		for i, v := range t.Values {
			if v == v {
				w := float32(1)
				if weights != nil {
					w = weights[i]
				}
				f(float64(v), float64(w))
			}
		}
	}
	total, sum := 0.0, 0.0
	each(func(v, w float64) { sum += w * v; total += w })
	if total == 0 {
		return fmt.Errorf("head %s: no text has a number", h.Name)
	}
	mean, squares, rest := sum/total, 0.0, 0.0
	each(func(v, w float64) {
		d := v - mean
		squares += w * d * d
		rest += w * d
	})
	h.Mean, h.Scale = mean, math.Sqrt((squares-rest*rest/total)/total)
	if h.Scale == 0 {
		h.Scale = 1 // all the same
	}
	return nil
}

// direction has the unit of the number.
func (regression) direction(h *Head, _, _ string) []float32 { return []float32{orOne(h.Scale)} }
