package nn

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/textlstm/textlstm/internal/par"
	"github.com/textlstm/textlstm/internal/vec"
)

// An OptimizerKind names an update rule.
type OptimizerKind string

// The update rules. The empty string is Adam.
const (
	Adam    OptimizerKind = "adam"    // Kingma & Ba 2015; with WeightDecay it is AdamW (Loshchilov & Hutter 2019)
	SGD     OptimizerKind = "sgd"     // with optional (Nesterov) momentum, as in PyTorch
	RMSprop OptimizerKind = "rmsprop" // Hinton's lecture 6e, as in PyTorch
)

// OptimizerConfig is the settings of an Optimizer; PyTorch's names and
// defaults.
type OptimizerConfig struct {
	// Kind is the update rule; "" means Adam.
	Kind OptimizerKind `json:"kind,omitempty"`

	// Beta1 and Beta2 in [0, 1) are Adam's; 0 means 0.9 and 0.999. For an Adam
	// without momentum set Beta1 to something tiny, such as 1e-9.
	Beta1 float64 `json:"beta1,omitempty"`
	Beta2 float64 `json:"beta2,omitempty"`

	// Alpha in [0, 1) is RMSprop's decay of the squares; 0 means 0.99.
	Alpha float64 `json:"alpha,omitempty"`

	// Eps, from 1e-20 to 1000, is added to the root of the squares by Adam and
	// RMSprop; 0 means 1e-8. A smaller one is less than the rounding of the squares.
	Eps float64 `json:"eps,omitempty"`

	// Momentum in [0, 1) is that of SGD and RMSprop; 0 means none. Nesterov
	// (SGD only) looks ahead.
	Momentum float64 `json:"momentum,omitempty"`
	Nesterov bool    `json:"nesterov,omitempty"`

	// WeightDecay >= 0 is decoupled under every rule: parameters with Decay
	// lose lr*WeightDecay*w beside the step that the gradient asks for. 0 means
	// none.
	WeightDecay float64 `json:"weight_decay,omitempty"`
}

// Resolved is c with its defaults filled in.
func (c OptimizerConfig) Resolved() OptimizerConfig {
	if c.Kind == "" {
		c.Kind = Adam
	}
	if r := rules[c.Kind]; r.defaults != nil {
		r.defaults(&c)
	}
	return c
}

// Moments is how many numbers an optimiser keeps for each weight.
func (c OptimizerConfig) Moments() int { return len(c.MomentNames()) }

// MomentNames names what an optimiser keeps of each weight, as PyTorch does. The state of
// a parameter has them before its own name, behind a dot.
func (c OptimizerConfig) MomentNames() []string {
	c = c.Resolved()
	if r, ok := rules[c.Kind]; ok {
		return r.new(c).moments()
	}
	return nil
}

// A rule is how one kind of optimiser moves weights. It has a file of its own, and
// a line in rules.
type rule interface {
	// moments names what the rule remembers of each weight, as PyTorch does.
	moments() []string

	// begin begins a step, from 1 on.
	begin(step int)

	// move moves weights w against their gradient g at a rate, and by rate*decay*w
	// towards zero. It updates the moments m, as many as it has names, all of w's
	// length.
	move(w, g []float32, m [][]float32, rate, decay float32)
}

// rules has the rule of every kind, and the defaults of its settings.
var rules = map[OptimizerKind]struct {
	new      func(OptimizerConfig) rule
	defaults func(*OptimizerConfig)
}{
	Adam:    {newAdam, adamDefaults},
	SGD:     {newSGD, nil},
	RMSprop: {newRMSprop, rmspropDefaults},
}

// OptimizerKinds lists the kinds of optimisers.
func OptimizerKinds() []OptimizerKind { return slices.Sorted(maps.Keys(rules)) }

func setDefault(v *float64, d float64) {
	if *v == 0 {
		*v = d
	}
}

// Validate reports everything that is wrong with c.
func (c OptimizerConfig) Validate() error {
	var errs []error
	if _, ok := rules[c.Kind]; !ok && c.Kind != "" {
		errs = append(errs, fmt.Errorf("nn: unknown optimizer %q, want one of %q", string(c.Kind), OptimizerKinds()))
	}
	for _, f := range []struct {
		name  string
		value float64
		max   float64
	}{
		{"Beta1", c.Beta1, 1}, {"Beta2", c.Beta2, 1}, {"Alpha", c.Alpha, 1}, {"Momentum", c.Momentum, 1},
		{"WeightDecay", c.WeightDecay, math.Inf(1)},
	} {
		if !(f.value >= 0 && f.value < f.max) {
			errs = append(errs, fmt.Errorf("nn: optimizer: %s is %v, want it in [0, %v)", f.name, f.value, f.max))
		}
	}
	if c.Eps != 0 && !(c.Eps >= 1e-20 && c.Eps <= 1000) {
		errs = append(errs, fmt.Errorf("nn: optimizer: Eps is %v, want it from 1e-20 to 1000", c.Eps))
	}
	if c.Nesterov && (c.Kind != SGD || c.Momentum == 0) {
		errs = append(errs, errors.New("nn: optimizer: Nesterov needs SGD with Momentum"))
	}
	return errors.Join(errs...)
}

// A DivergedError reports a gradient that is not a finite number.
type DivergedError struct {
	Name  string  // parameter
	Index int     // in its Data
	Value float32 // NaN or an infinity
}

func (e *DivergedError) Error() string {
	return fmt.Sprintf("nn: training diverged: gradient of %s is %v at element %d; lower the learning rate or clip the gradient", e.Name, e.Value, e.Index)
}

// An Optimizer moves parameters against their gradients.
//
// Parameters without a gradient (Grad nil) are left alone. A sparse parameter
// moves only in its Touched rows, and only their moments are updated, as in
// PyTorch's SparseAdam: a step costs what the batch's distinct words cost,
// not what the vocabulary does.
//
// An Optimizer belongs to one goroutine. Steps are deterministic.
type Optimizer struct {
	// Workers is the number of goroutines that share a Step; 0 means 1. It changes
	// no result, not by a bit.
	Workers int

	cfg   OptimizerConfig
	rule  rule
	steps int
	slots map[*Param]*slot
	order []*slot // in the order in which the parameters were first seen

	team  par.Team
	parts []part // of the params of a Step
}

// A part is lo…hi-1 of a parameter's extent, which one goroutine sees to.
type part struct {
	of     *Param
	lo, hi int
	rows   [][]float32 // of the moments, for rule.move
	err    error
}

// partSize is about how many values a part has.
const partSize = 1 << 13

// A slot is what an optimiser remembers about one parameter.
type slot struct {
	param   *Param
	moments []*Param // one for each of rule.moments
}

// NewOptimizer returns an optimiser that has taken no step.
func NewOptimizer(cfg OptimizerConfig) (*Optimizer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.Resolved()
	return &Optimizer{cfg: cfg, rule: rules[cfg.Kind].new(cfg), slots: make(map[*Param]*slot)}, nil
}

// Config is the configuration with its defaults filled in.
func (o *Optimizer) Config() OptimizerConfig { return o.cfg }

// Moments is how many numbers o keeps for each weight.
func (o *Optimizer) Moments() int { return len(o.rule.moments()) }

// Steps is the number of steps taken.
func (o *Optimizer) Steps() int { return o.steps }

// Step moves params by one step at learning rate lr times each parameter's
// LRScale. Gradients are left as they are: see ZeroGrad.
//
// If a gradient is not finite Step returns a *DivergedError and changes
// nothing.
func (o *Optimizer) Step(params []*Param, lr float32) error {
	o.cut(params)
	o.team.For(o.Workers, len(o.parts), func(i int) { o.parts[i].err = o.parts[i].checkFinite() })
	for i := range o.parts {
		if err := o.parts[i].err; err != nil {
			return err
		}
	}
	o.steps++
	o.rule.begin(o.steps)
	for _, p := range params {
		if p.Grad != nil {
			o.slot(p)
			p.Changed()
		}
	}
	o.team.For(o.Workers, len(o.parts), func(i int) { o.move(&o.parts[i], lr) })
	return nil
}

// cut cuts the gradients of params into parts.
func (o *Optimizer) cut(params []*Param) {
	parts, n := o.parts[:cap(o.parts)], 0
	for _, p := range params {
		if p.Grad == nil {
			continue
		}
		all, size := p.extent(), partSize
		if p.Sparse {
			size = max(partSize/max(p.RowLen(), 1), 1)
		}
		for lo := 0; lo < all; lo += size {
			if n == len(parts) {
				parts = append(parts, part{})
				parts = parts[:cap(parts)]
			}
			t := &parts[n]
			t.of, t.lo, t.hi = p, lo, min(lo+size, all)
			if t.rows == nil {
				t.rows = make([][]float32, o.Moments())
			}
			n++
		}
	}
	o.parts = parts[:n]
}

// move moves a part of the weights.
func (o *Optimizer) move(t *part, lr float32) {
	p, rate, decay := t.of, lr, float32(0)
	if p.LRScale != 0 {
		rate *= p.LRScale
	}
	if p.Decay {
		decay = float32(o.cfg.WeightDecay)
	}
	moments := o.slots[p].moments
	p.each(t.lo, t.hi, func(lo, hi int) {
		for i, m := range moments {
			t.rows[i] = m.Data[lo:hi]
		}
		o.rule.move(p.Data[lo:hi], p.Grad[lo:hi], t.rows, rate, decay)
	})
}

// slot returns what o remembers about p, zeros at first.
func (o *Optimizer) slot(p *Param) *slot {
	s := o.slots[p]
	if s == nil {
		s = &slot{param: p}
		for _, name := range o.rule.moments() {
			s.moments = append(s.moments, like(p, name))
		}
		o.slots[p] = s
		o.order = append(o.order, s)
	}
	return s
}

// State lists the moments that o keeps, for a checkpoint: parameters in the
// order in which they were first stepped, named like PyTorch's state, for
// example "exp_avg.encoder.weight_ih_l0". With Steps it is all that a resumed
// optimiser needs. The parameters are o's own: copy them before the next Step.
func (o *Optimizer) State() []*Param {
	var state []*Param
	for _, s := range o.order {
		state = append(state, s.moments...)
	}
	return state
}

// LoadState makes o go on from a checkpoint: the moments of params are copied
// from state, where State once listed them, and steps is what Steps was. A
// parameter none of whose moments is there had not been stepped. On an error o
// is unchanged.
func (o *Optimizer) LoadState(params []*Param, steps int, state []*Param) error {
	if steps < 0 {
		return fmt.Errorf("nn: optimizer state: %d steps", steps)
	}
	saved, err := byName("optimizer state", state)
	if err != nil {
		return err
	}
	owner := make(map[string]*Param)
	for _, p := range params {
		for _, moment := range o.rule.moments() {
			owner[join(moment, p.Name)] = p
		}
	}
	// Slots are made in the saved order, so that a resumed run writes the same
	// checkpoints as one that was never interrupted.
	loaded := Optimizer{cfg: o.cfg, rule: o.rule, steps: steps, slots: make(map[*Param]*slot)}
	for _, from := range state {
		p := owner[from.Name]
		if p == nil {
			return fmt.Errorf("nn: optimizer state: %s belongs to no parameter of this %s", from.Name, o.cfg.Kind)
		}
		if loaded.slots[p] != nil {
			continue
		}
		for _, m := range loaded.slot(p).moments {
			if err := m.check("optimizer state", saved[m.Name]); err != nil {
				return err
			}
			copy(m.Data, saved[m.Name].Data)
		}
	}
	o.steps, o.slots, o.order = loaded.steps, loaded.slots, loaded.order
	return nil
}

// ZeroGrad clears the gradients of params, of sparse ones only where touched.
func ZeroGrad(params []*Param) {
	for _, p := range params {
		if p.Grad != nil {
			p.ZeroGrad()
		}
	}
}

// like is a zeroed parameter of p's shape called prefix.p.Name.
func like(p *Param, prefix string) *Param {
	return &Param{Name: join(prefix, p.Name), Shape: p.Shape, Data: values(len(p.Data))}
}

// byName indexes params by their names.
func byName(what string, params []*Param) (map[string]*Param, error) {
	m := make(map[string]*Param, len(params))
	for _, p := range params {
		if m[p.Name] != nil {
			return nil, fmt.Errorf("nn: %s: %s is there twice", what, p.Name)
		}
		m[p.Name] = p
	}
	return m, nil
}

// check reports what is wrong with from as a source of p's values.
func (p *Param) check(what string, from *Param) error {
	if from == nil {
		return fmt.Errorf("nn: %s: %s is missing", what, p.Name)
	}
	if len(from.Data) != len(p.Data) {
		return fmt.Errorf("nn: %s: %s has %d values, want %d", what, p.Name, len(from.Data), len(p.Data))
	}
	return nil
}

// forRows calls f on the ranges of p's values whose gradient may be non-zero:
// the touched rows of a sparse parameter, everything otherwise.
func forRows(p *Param, f func(lo, hi int)) { p.each(0, p.extent(), f) }

// extent is how much of p a step moves: its touched rows if it is sparse, its values otherwise.
func (p *Param) extent() int {
	if p.Sparse {
		return len(p.Touched)
	}
	return len(p.Grad)
}

// each calls f on the ranges of values of lo…hi-1 of p's extent.
func (p *Param) each(lo, hi int, f func(lo, hi int)) {
	if !p.Sparse {
		if lo < hi {
			f(lo, hi)
		}
		return
	}
	w := p.RowLen()
	for _, r := range p.Touched[lo:hi] {
		f(int(r)*w, (int(r)+1)*w)
	}
}

// checkFinite returns a *DivergedError if the part's gradient is not finite.
func (t *part) checkFinite() error {
	var err error
	t.of.each(t.lo, t.hi, func(lo, hi int) {
		g := t.of.Grad[lo:hi]
		sum := vec.SumSq(g)
		if err != nil || !math.IsNaN(sum) && !math.IsInf(sum, 0) {
			return
		}
		for i, v := range g {
			if v-v != 0 { // NaN or an infinity
				err = &DivergedError{Name: t.of.Name, Index: lo + i, Value: v}
				return
			}
		}
	})
	return err
}
