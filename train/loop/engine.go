package loop

import (
	"errors"

	"github.com/textlstm/textlstm/nn"
)

// An Engine keeps the weights of a training where their gradients are found, on a GPU for
// instance, and moves them there. A Loop without one moves them on this processor. All
// calls come from the goroutine of Loop.Run.
type Engine interface {
	// Load copies weights with what goes with them. Before the next Load it writes to
	// them in Sync alone.
	Load(w Weights) error

	// Step moves params against the gradients of the last batch, at a rate: it scales the
	// gradients down to a joint norm of at most limit, where that is not 0, takes the
	// weights into the averages, moves them, and returns the norm before. A
	// gradient or a weight that is not finite is a *nn.DivergedError, or a
	// *DivergedError with Name and Value.
	Step(params []*nn.Param, limit float64, rate float32) (norm float64, err error)

	// Sync writes weights, moments and averages to where Load has read them.
	Sync() error
}

// Weights are what an Engine moves.
type Weights struct {
	Params    []*nn.Param
	Optimizer Optimizer // what it remembers
	Steps     int       // that it has taken
	EMA       *nn.EMA   // nil for none
}

// A Host is the engine of a Loop without one: it moves the weights where they are, on this
// processor, by the gradients that they have.
type Host struct{ Weights }

// Load is Engine's.
func (h *Host) Load(w Weights) error { h.Weights = w; return nil }

// Sync is Engine's.
func (h *Host) Sync() error { return nil }

// Step is Engine's.
func (h *Host) Step(params []*nn.Param, limit float64, rate float32) (norm float64, err error) {
	norm = nn.ClipNorm(params, limit)
	if h.EMA != nil {
		h.EMA.Update()
	}
	if err := h.Optimizer.Step(params, rate); err != nil {
		return norm, err
	}
	for _, p := range params {
		if !p.Sparse {
			if err := CheckFinite(p.Name, p.Data); err != nil {
				return norm, err
			}
			continue
		}
		w := p.RowLen()
		for _, r := range p.Touched {
			if err := CheckFinite(p.Name, p.Data[int(r)*w:(int(r)+1)*w]); err != nil {
				return norm, err
			}
		}
	}
	return norm, nil
}

// CheckFinite returns a *DivergedError for a value of a tensor that is not finite.
func CheckFinite(name string, values []float32) error {
	sum := float32(0)
	for _, v := range values {
		sum += v - v // 0, or NaN if v is not finite
	}
	if sum == 0 {
		return nil
	}
	for _, v := range values {
		if v-v != 0 {
			return &DivergedError{Name: name, Value: float64(v)}
		}
	}
	return nil
}

// load hands the engine what it is to move from here.
func (l *Loop) load() error {
	l.ahead = false
	return l.engine.Load(Weights{l.Params, l.optimizer, l.Step - l.Fresh.Step, l.ema})
}

// sync fetches what the engine has moved.
func (l *Loop) sync() error {
	if !l.ahead {
		return nil
	}
	l.ahead = false
	return l.engine.Sync()
}

// place says where in the training an error about a number that is not finite arose.
func (l *Loop) place(err error) error {
	var diverged *DivergedError
	if errors.As(err, &diverged) {
		return l.diverged(diverged.Name, diverged.Value)
	}
	var gradient *nn.DivergedError
	if errors.As(err, &gradient) {
		return l.diverged("gradient of "+gradient.Name, float64(gradient.Value))
	}
	return err
}
