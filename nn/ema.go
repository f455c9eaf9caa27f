package nn

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/textlstm/textlstm/internal/vec"
)

// EMAConfig is the settings of an EMA.
type EMAConfig struct {
	// Decay in [0, 1) is the share of the old average that an update keeps; 0
	// means 0.999.
	Decay float64 `json:"decay,omitempty"`

	// BiasCorrect makes the average that of the weights seen, as if the weight
	// before the first update were none: Adam's correction, by 1 - Decay^n.
	// Otherwise the average starts from the weights given to NewEMA, and the
	// n-th update keeps min(Decay, (1+n)/(10+n)) of it, so that the start is
	// soon forgotten (TensorFlow's ExponentialMovingAverage).
	BiasCorrect bool `json:"bias_correct,omitempty"`
}

// Validate reports what is wrong with c.
func (c EMAConfig) Validate() error {
	if !(c.Decay >= 0 && c.Decay < 1) {
		return fmt.Errorf("nn: average: Decay is %v, want it in [0, 1)", c.Decay)
	}
	return nil
}

// An EMA keeps an exponential moving average of weights, which usually
// generalises better than the last weights (Polyak & Juditsky 1992).
//
// Call Update once per step, before the optimiser's Step. The average of a
// dense parameter costs one pass over it. That of a sparse parameter is
// brought up to date only in the rows about to change, those in Touched, since
// the average of a row that stands still is known in closed form; so the cost
// follows the batch's words, not the vocabulary.
//
// An EMA belongs to one goroutine.
type EMA struct {
	cfg     EMAConfig
	params  []*Param
	average []*Param    // one per parameter
	seen    []*Param    // of sparse parameters: [rows] the update that average stands at; nil of others
	live    [][]float32 // the weights while the averages are swapped in; nil otherwise
	updates int
}

// maxUpdates is how far the float32 counters of sparse rows are exact.
const maxUpdates = 1 << 24

// NewEMA starts averaging params at their present values.
func NewEMA(params []*Param, cfg EMAConfig) (*EMA, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	e := &EMA{cfg: cfg, params: params}
	for _, p := range params {
		a := like(p, "ema")
		copy(a.Data, p.Data)
		var seen *Param
		if p.Sparse {
			seen = NewParam("ema_seen."+p.Name, len(p.Data)/max(p.RowLen(), 1))
		}
		e.average = append(e.average, a)
		e.seen = append(e.seen, seen)
	}
	return e, nil
}

// Updates is the number of updates made.
func (e *EMA) Updates() int { return e.updates }

// Update takes the present weights into the averages. Rows of sparse
// parameters that are not in Touched must not change before the next Update.
// It panics while the averages are swapped in, and after 2^24 updates.
func (e *EMA) Update() {
	if e.live != nil {
		panic("nn: EMA updated while its averages are swapped in")
	}
	if e.updates == maxUpdates {
		panic("nn: EMA: too many updates")
	}
	e.updates++
	keep := e.keep(e.updates - 1)
	for i, p := range e.params {
		a := e.average[i].Data
		if !p.Sparse {
			mix(a, p.Data, keep)
			continue
		}
		w := p.RowLen()
		for _, r := range p.Touched {
			lo, hi := int(r)*w, (int(r)+1)*w
			mix(a[lo:hi], p.Data[lo:hi], e.keep(int(e.seen[i].Data[r])))
			e.seen[i].Data[r] = float32(e.updates)
		}
	}
}

// keep is the share that the average as of update from has in that of the latest one, if
// the weights stood still in between.
func (e *EMA) keep(from int) float32 { return e.cfg.Keep(from, e.updates) }

// Keep is the share that the average as of update from has in the average as of update
// to, if the weights stood still in between. Update 0 is the start.
func (c EMAConfig) Keep(from, to int) float32 {
	if c.BiasCorrect && from == 0 {
		return 0
	}
	return float32(math.Exp(c.logKept(to) - c.logKept(from)))
}

// logKept is the logarithm of the product of the shares kept by updates 1..n
// (2..n under BiasCorrect, where the first keeps nothing), in closed form so
// that no history is needed.
func (c EMAConfig) logKept(n int) float64 {
	d := cmp.Or(c.Decay, 0.999)
	if c.BiasCorrect {
		// Update k keeps d(1-d^(k-1))/(1-d^k): the product telescopes.
		return float64(n-1)*math.Log(d) + math.Log((1-d)/(1-math.Pow(d, float64(n))))
	}
	// Update k keeps (1+k)/(10+k) while that is below d, which it is for k
	// below k = (10d-1)/(1-d). Their product up to m is
	// 2*3*...*10 / ((m+2)(m+3)...(m+10)).
	m := n
	if last := math.Ceil((10*d-1)/(1-d)) - 1; float64(m) > last {
		m = int(max(last, 0))
	}
	warm := 1.0
	for i := 2; i <= 10; i++ {
		warm *= float64(i) / float64(m+i)
	}
	return math.Log(warm) + float64(n-m)*math.Log(d)
}

// mix is a = keep*a + (1-keep)*w.
func mix(a, w []float32, keep float32) {
	if keep == 0 {
		copy(a, w) // even if a was not finite
		return
	}
	vec.Scale(keep, a)
	vec.Axpy(1-keep, w, a)
}

// Swap puts the averages into the parameters; the next Swap puts the weights
// back. Evaluate in between. It costs a pass over all parameters and, while
// the averages are in, their memory once more.
func (e *EMA) Swap() {
	if e.live == nil {
		live := make([][]float32, len(e.params))
		for i, p := range e.params {
			live[i] = e.Average(i)
			swap(p, live[i])
		}
		e.live = live
		return
	}
	for i, p := range e.params {
		swap(p, e.live[i])
	}
	e.live = nil
}

// swap exchanges p's values with those of x.
func swap(p *Param, x []float32) {
	for i, v := range x {
		p.Data[i], x[i] = v, p.Data[i]
	}
	p.Changed()
}

// Average is a copy of the average of the i-th parameter at the last Update.
func (e *EMA) Average(i int) []float32 {
	a := slices.Clone(e.average[i].Data)
	p, w := e.params[i], e.params[i].RowLen()
	data := p.Data
	if e.live != nil {
		data = e.live[i]
	}
	if p.Sparse {
		for r, s := range e.seen[i].Data {
			if int(s) < e.updates {
				mix(a[r*w:(r+1)*w], data[r*w:(r+1)*w], e.keep(int(s)))
			}
		}
	}
	return a
}

// State lists the averages ("ema.<name>") and the counters of sparse rows
// ("ema_seen.<name>") for a checkpoint; with Updates and the weights it is all
// that a resumed EMA needs. The parameters are e's own: copy them before the
// next Update.
func (e *EMA) State() []*Param {
	var state []*Param
	for i := range e.params {
		state = append(state, e.average[i])
		if e.seen[i] != nil {
			state = append(state, e.seen[i])
		}
	}
	return state
}

// LoadState makes e go on from a checkpoint: updates is what Updates was,
// state what State listed. On an error e is unchanged.
func (e *EMA) LoadState(updates int, state []*Param) error {
	if updates < 0 || updates > maxUpdates {
		return fmt.Errorf("nn: average: %d updates", updates)
	}
	if e.live != nil {
		return errors.New("nn: average: state loaded while the averages are swapped in")
	}
	saved, err := byName("average", state)
	if err != nil {
		return err
	}
	mine := e.State()
	if len(mine) != len(state) {
		return fmt.Errorf("nn: average: %d tensors, want %d", len(state), len(mine))
	}
	for _, p := range mine {
		if err := p.check("average", saved[p.Name]); err != nil {
			return err
		}
	}
	for i := range e.seen {
		if e.seen[i] == nil {
			continue
		}
		for r, s := range saved[e.seen[i].Name].Data {
			if !(s >= 0 && s <= float32(updates)) || s != float32(int(s)) {
				return fmt.Errorf("nn: average: %s[%d] is %v, want a whole number in [0, %d]", e.seen[i].Name, r, s, updates)
			}
		}
	}
	for _, p := range mine {
		copy(p.Data, saved[p.Name].Data)
	}
	e.updates = updates
	return nil
}
