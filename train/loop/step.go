package loop

import (
	"errors"
	"fmt"
	"math"

	"github.com/textlstm/textlstm/nn"
)

// A DivergedError reports a number that is not finite: the loss, or an element
// of a gradient or a weight.
type DivergedError struct {
	Epoch, Step int     // from 1
	Name        string  // "loss", "encoder.weight_ih_l0" or "gradient of encoder.weight_ih_l0"
	Value       float64 // NaN or an infinity
	Halvings    int     // of the rate before
}

func (e *DivergedError) Error() string {
	again := ""
	if e.Halvings > 0 {
		again = fmt.Sprintf(" although the rate was halved %d times", e.Halvings)
	}
	return fmt.Sprintf("diverged in epoch %d, step %d%s: %s is %v; lower the learning rate", e.Epoch, e.Step, again, e.Name, e.Value)
}

func (l *Loop) diverged(name string, value float64) *DivergedError {
	return &DivergedError{Epoch: l.Epoch + 1, Step: l.Step + 1, Name: name, Value: value, Halvings: l.Halvings}
}

func (l *Loop) retries() int {
	if l.Retries == 0 {
		return 3
	}
	return max(l.Retries, 0)
}

// rollBack turns an epoch that diverged into one that has not begun, at half the
// learning rate and without moments of the optimiser. Other errors, and divergence after
// too many such attempts, it returns.
func (l *Loop) rollBack(err error) error {
	var diverged *DivergedError
	if !errors.As(err, &diverged) || l.Halvings >= l.retries() {
		return err
	}
	halvings := l.Halvings + 1
	good, err := l.kept()
	if err != nil {
		return fmt.Errorf("%w; and the start of the epoch is lost: %w", diverged, err)
	}
	if err := l.restore(good); err != nil {
		return err
	}
	l.Halvings = halvings
	l.warn(diverged)
	return nil
}

// smoothing is the weight of a batch in the running mean of the losses.
const smoothing = 0.02

// step trains on one batch.
func (l *Loop) step(b Batch) error {
	params := l.learning(l.Epoch)
	nn.ZeroGrad(l.Params)
	loss, err := b.Learn(l.Step)
	switch {
	case err != nil:
		return l.place(err)
	case math.IsNaN(loss) || math.IsInf(loss, 0):
		return l.diverged("loss", loss)
	}
	l.ahead = true
	norm, err := l.engine.Step(params, l.ClipNorm, float32(l.RateAt(l.Position)))
	if err != nil {
		return l.place(err)
	}
	if l.Step == 0 {
		l.Loss = loss
	}
	l.Loss += smoothing * (loss - l.Loss)
	l.Sum += loss
	l.Norm, l.WorstNorm = norm, max(l.WorstNorm, norm)
	if l.ClipNorm > 0 && norm > l.ClipNorm {
		l.Clipped++
	}
	texts, tokens := b.Size()
	l.Texts += texts
	l.Tokens += int64(tokens)
	l.Batch++
	l.Step++
	return nil
}

// checkFinite reports a weight that is not a finite number.
func (l *Loop) checkFinite(params []*nn.Param) error {
	for _, p := range params {
		if err := CheckFinite(p.Name, p.Data); err != nil {
			return l.place(err)
		}
	}
	return nil
}
