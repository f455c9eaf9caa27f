package device

import (
	"errors"
	"fmt"
	"math"

	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train/loop"
)

// Load is loop.Engine's.
func (e *engine) Load(s loop.Weights) error {
	moments := map[string]*nn.Param{}
	for _, p := range s.Optimizer.State() {
		moments[p.Name] = p
	}
	averages := map[string]*nn.Param{}
	if s.EMA != nil {
		for _, p := range s.EMA.State() {
			averages[p.Name] = p
		}
		e.updates = s.EMA.Updates()
	}
	if len(s.Params) != len(e.weights) {
		return fmt.Errorf("device: %d parameters to train, the network has %d", len(s.Params), len(e.weights))
	}
	e.state, e.order, e.fresh = s, nil, true
	for _, w := range e.weights {
		write(e, w.w, w.p.Data)
		w.stepped = false
		for i, name := range e.cfg.Optimizer.MomentNames() {
			if from := moments[name+"."+w.p.Name]; from != nil {
				write(e, w.moments[i], from.Data)
				w.stepped = true
			} else {
				e.zero(w.moments[i], w.n)
			}
		}
		if s.EMA == nil {
			continue
		}
		write(e, w.average, averages["ema."+w.p.Name].Data)
		if w.p.Sparse {
			w.seen = append(w.seen[:0], averages["ema_seen."+w.p.Name].Data...)
		}
	}
	for _, p := range s.Optimizer.State() { // the order in which they were first stepped
		for _, w := range e.weights {
			if len(w.moments) > 0 && p.Name == e.cfg.Optimizer.MomentNames()[0]+"."+w.p.Name {
				e.order = append(e.order, w)
			}
		}
	}
	return e.err
}

// Sync is loop.Engine's.
func (e *engine) Sync() error {
	fetch := func(name string, like *nn.Param, a *array) *nn.Param {
		p := &nn.Param{Name: name, Shape: like.Shape, Data: make([]float32, len(like.Data))}
		read(e, p.Data, a)
		return p
	}
	for _, w := range e.weights {
		read(e, w.p.Data, w.w)
		w.p.Changed()
	}
	var moments []*nn.Param
	for _, w := range e.order {
		for i, name := range e.cfg.Optimizer.MomentNames() {
			moments = append(moments, fetch(name+"."+w.p.Name, w.p, w.moments[i]))
		}
	}
	var averages []*nn.Param
	if e.state.EMA != nil {
		for _, w := range e.weights {
			averages = append(averages, fetch("ema."+w.p.Name, w.p, w.average))
			if w.p.Sparse {
				averages = append(averages, &nn.Param{Name: "ema_seen." + w.p.Name, Shape: []int{len(w.seen)}, Data: w.seen})
			}
		}
	}
	if e.err != nil {
		return e.err
	}
	if err := e.state.Optimizer.LoadState(e.state.Params, e.state.Steps, moments); err != nil {
		return err
	}
	if e.state.EMA == nil {
		return nil
	}
	return e.state.EMA.LoadState(e.updates, averages)
}

// gradients is how many numbers the gradient of a weight has, and of a sparse one the array
// of its rows and their width.
func (w *weight) gradients() (n int, rows any, width int) {
	if !w.p.Sparse {
		return w.n, nil, 0
	}
	width = w.p.RowLen()
	return len(w.touched) * width, w.rows, width
}

// Step is loop.Engine's.
func (e *engine) Step(params []*nn.Param, limit float64, rate float32) (norm float64, err error) {
	var moving []*weight
	for _, p := range params {
		moving = append(moving, e.byName[p.Name])
	}
	norm, err = e.norm(moving)
	if err != nil {
		return norm, err
	}
	if e.state.EMA != nil {
		e.average()
	}
	e.state.Steps++
	e.fresh = true
	e.zero(e.bad, len(e.weights))
	for _, w := range moving {
		e.move(w, nn.ClipFactor(norm, limit), rate)
	}
	bad := make([]int32, len(e.weights))
	if read(e, bad, e.bad); e.err != nil {
		return norm, e.err
	}
	for _, w := range moving {
		if bad[w.at] != 0 {
			return norm, e.notFinite(w)
		}
	}
	return norm, nil
}

// norm returns that of the gradients of some weights. One that is not finite is a
// *nn.DivergedError.
func (e *engine) norm(weights []*weight) (float64, error) {
	const block = 1024
	first := make([]int, len(weights)+1)
	for i, w := range weights {
		n, _, _ := w.gradients()
		first[i+1] = first[i] + (n+block-1)/block
	}
	e.room(e.sums, first[len(weights)])
	for i, w := range weights {
		n, _, _ := w.gradients()
		e.launch("squares", (n+block-1)/block, 1, items, 0, n, w.g, e.sums, first[i])
	}
	sums := make([]float32, first[len(weights)])
	if read(e, sums, e.sums); e.err != nil {
		return 0, e.err
	}
	total := 0.0
	for i, w := range weights {
		sum := 0.0
		for _, s := range sums[first[i]:first[i+1]] {
			sum += float64(s)
		}
		if math.IsNaN(sum) || math.IsInf(sum, 0) { // or only too large for the sum of a block
			var err error
			if sum, err = e.exactly(w); err != nil {
				return math.NaN(), err
			}
		}
		total += sum
	}
	return math.Sqrt(total), nil
}

// exactly is the sum of the squares of a gradient, in float64.
func (e *engine) exactly(w *weight) (sum float64, err error) {
	n, _, _ := w.gradients()
	g := make([]float32, n)
	if read(e, g, w.g); e.err != nil {
		return 0, e.err
	}
	for i, v := range g {
		if v-v != 0 {
			if w.p.Sparse {
				width := w.p.RowLen()
				i = int(w.touched[i/width])*width + i%width
			}
			return 0, &nn.DivergedError{Name: w.p.Name, Index: i, Value: v}
		}
		sum += float64(v) * float64(v)
	}
	return sum, nil
}

// notFinite finds the number in a weight that is not.
func (e *engine) notFinite(w *weight) error {
	x := make([]float32, w.n)
	read(e, x, w.w)
	if err := loop.CheckFinite(w.p.Name, x); err != nil {
		return err
	}
	return errors.Join(e.err, fmt.Errorf("device: %s was not finite, and is", w.p.Name))
}

// average takes the weights into their averages, as nn.EMA does.
func (e *engine) average() {
	e.updates++
	for _, w := range e.weights {
		if !w.p.Sparse {
			e.each("averaged", w.n, w.average, w.w, e.cfg.EMA.Keep(e.updates-1, e.updates), nil, nil, 0)
			continue
		}
		keeps := make([]float32, len(w.touched))
		for u, id := range w.touched {
			if id >= 0 {
				keeps[u] = e.cfg.EMA.Keep(int(w.seen[id]), e.updates)
				w.seen[id] = float32(e.updates)
			}
		}
		if len(keeps) > 0 {
			write(e, w.keeps, keeps)
			n, rows, width := w.gradients()
			e.each("averaged", n, w.average, w.w, float32(0), rows, w.keeps, width)
		}
	}
}

// move moves a weight.
func (e *engine) move(w *weight, scale, rate float32) {
	if !w.stepped {
		w.stepped = true
		e.order = append(e.order, w)
	}
	decay := float32(0)
	if w.p.LRScale != 0 {
		rate *= w.p.LRScale
	}
	if w.p.Decay {
		decay = float32(e.cfg.Optimizer.WeightDecay)
	}
	n, rows, width := w.gradients()
	args := []any{w.w, w.g, scale, rows, width, rate, decay, e.bad, w.at}
	moment := func(i int) any {
		if i < len(w.moments) {
			return w.moments[i]
		}
		return nil
	}
	o := e.cfg.Optimizer
	switch o.Kind {
	case nn.Adam:
		correct := func(beta float64) float32 {
			return float32(1 / (1 - math.Pow(float64(float32(beta)), float64(e.state.Steps))))
		}
		e.each("moveAdam", n, append(args, moment(0), moment(1), float32(o.Beta1), float32(o.Beta2), float32(o.Eps), correct(o.Beta1), correct(o.Beta2))...)
	case nn.SGD:
		e.each("moveSGD", n, append(args, moment(0), float32(o.Momentum), o.Nesterov)...)
	case nn.RMSprop:
		e.each("moveRMSprop", n, append(args, moment(0), moment(1), float32(o.Alpha), float32(o.Eps), float32(o.Momentum))...)
	}
}
