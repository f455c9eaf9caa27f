// Package gradflow measures how a gradient flows back through the steps of an
// LSTM: whether what happened long before the end can still be learned from, or
// whether the gradient vanishes, or explodes, on the way (Hochreiter 1991;
// Bengio, Simard & Frasconi 1994; Pascanu, Mikolov & Bengio 2013).
//
// The loss is a fixed direction of the last hidden state of the top layer, of
// length 1: so the norm of dL/dh at the last step of that layer is 1, nothing
// else gives to it, and its norm k steps before says what is left of it after
// k steps. A [Curve] has those norms for one direction of one layer.
//
// Clipping multiplies the gradient of all weights, and so what each step gives
// to it, by one factor. It bounds an explosion; against vanishing it does
// nothing.
//
// Everything is deterministic: the same options give the same curves.
package gradflow

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
)

// A Curve is the gradient by step in one direction of one layer.
type Curve struct {
	Name    string `json:"name"`
	Layer   int    `json:"layer"` // 0 is the first
	Reverse bool   `json:"reverse,omitempty"`

	// Norms[k] is the norm of dL/dh of the step k steps before the last one
	// that is read, as the root mean square over the sequences that have it.
	Norms []float64 `json:"norms"`

	// Factor is the geometric mean change of the norm from a step to the one
	// before it: 0.9 means that a tenth is lost at every step. It is taken from
	// the largest norm to the last, or to where no float32 is left.
	Factor float64 `json:"factor"`

	// Weights is the norm of the gradient of all weights of the LSTM. Scale is
	// what clipping multiplies it by: 1 if it is within the limit. Both are 0
	// for Pooled.
	Weights float64 `json:"weights,omitempty"`
	Scale   float64 `json:"scale,omitempty"`
}

// Left is the norm k steps before the end, or at the first step of the longest
// sequence if it has fewer, as a share of the norm at the end. If that is 0, as it
// may be where a maximum is pooled, it is a share of the largest norm.
func (c *Curve) Left(k int) float64 {
	if len(c.Norms) == 0 {
		return 0
	}
	whole := c.Norms[0]
	if whole == 0 {
		whole = slices.Max(c.Norms)
	}
	if whole == 0 {
		return 0
	}
	return c.Norms[min(k, len(c.Norms)-1)] / whole
}

// Reach is the last k with Left(k) >= share: the number of steps after which
// that much is left.
func (c *Curve) Reach(share float64) int {
	for k := len(c.Norms) - 1; k >= 0; k-- {
		if c.Left(k) >= share {
			return k
		}
	}
	return 0
}

// Options say what Fresh makes. The zero value is an LSTM as package classify
// starts it, and one without forget bias.
type Options struct {
	Seed uint64

	// Forget lists the forget gates' biases to try; nil means 0 and 1.
	Forget []float64
	// Gain lists the factors of the recurrent weights to try; nil means 1.
	Gain []float64
	// Clip is the largest norm of the gradient of all weights; 0 means 1.
	Clip float64
}

// Fresh returns the curves of LSTMs as they are before training, one for each
// forget bias and gain, on sequences of inputs [T][I], which must not be empty.
func Fresh(cfg lstm.Config, sequences [][]float32, o Options) ([]Curve, error) {
	if o.Forget == nil {
		o.Forget = []float64{0, 1}
	}
	if o.Gain == nil {
		o.Gain = []float64{1}
	}
	cfg.InputDropout, cfg.Dropout, cfg.WeightDrop = 0, 0, 0
	var curves []Curve
	for _, gain := range o.Gain {
		for _, forget := range o.Forget {
			m, err := lstm.New(cfg)
			if err != nil {
				return nil, err
			}
			m.InitForget(seed.Rand(o.Seed, "init"), float32(forget))
			for _, p := range m.Params() {
				if strings.HasPrefix(p.Name, "weight_hh") {
					for i := range p.Data {
						p.Data[i] *= float32(gain)
					}
					p.Changed()
				}
			}
			name := fmt.Sprintf("forget bias %g", forget)
			if gain != 1 {
				name += fmt.Sprintf(", Whh × %g", gain)
			}
			more, err := measure(name, m, sequences, o)
			if err != nil {
				return nil, err
			}
			curves = append(curves, more...)
		}
	}
	return curves, nil
}

// Trained returns the curves of an LSTM as it is. It computes on a copy,
// without dropout, and in float32.
func Trained(name string, m *lstm.LSTM, sequences [][]float32, o Options) ([]Curve, error) {
	cfg := m.Config()
	cfg.InputDropout, cfg.Dropout, cfg.WeightDrop = 0, 0, 0
	c, err := lstm.New(cfg)
	if err != nil {
		return nil, err
	}
	for i, p := range c.Params() {
		copy(p.Data, m.Params()[i].Values())
		p.Changed()
	}
	return measure(name, c, sequences, o)
}

// Pooled returns the curves of a model's own score, which reaches every state by
// way of the pooling, not the last one alone. The score is that of the first
// head's predicted label less the mean of the others, or alone for a multi-label
// head or a number. Texts without tokens are left out; without a deep branch there are no
// curves.
func Pooled(name string, m *classify.Model, texts []classify.Encoded) ([]Curve, error) {
	tracer := m.NewTracer()
	if tracer == nil {
		return nil, nil
	}
	tracer.Norms = true
	answers, err := m.PredictEncoded(context.Background(), texts)
	if err != nil {
		return nil, err
	}
	head := &m.Heads()[0]
	cells := cellsOf(m.Config().EncoderShape())
	sums := make([][]float64, len(cells)) // of squares, by lag
	var counts []float64
	var ws classify.Workspace
	for i, text := range texts {
		direction := head.Direction(head.AnswerName(answers[i].Scores[0]), "")
		for c, top := 0, slices.Max(direction); c < len(direction); c++ {
			direction[c] /= top // a number's is in its own unit
		}
		traces, err := tracer.Trace(&ws, []classify.Point{{IDs: text.IDs, Unknown: text.Unknown, Scale: 1}}, 0, direction)
		if err != nil {
			return nil, err
		}
		n := len(text.IDs)
		for len(counts) < n {
			counts = append(counts, 0)
		}
		for lag := range n {
			counts[lag]++
		}
		for k, norms := range traces[0].Norms {
			for len(sums[k]) < n {
				sums[k] = append(sums[k], 0)
			}
			for t, v := range norms {
				lag := n - 1 - t
				if cells[k].reverse {
					lag = t
				}
				sums[k][lag] += v * v
			}
		}
	}
	if len(counts) == 0 {
		return nil, nil
	}
	var curves []Curve
	for _, cell := range fromTop(cells) {
		c := Curve{Name: name, Layer: cell.layer, Reverse: cell.reverse, Norms: sums[cell.index]}
		for lag := range c.Norms {
			c.Norms[lag] = math.Sqrt(c.Norms[lag] / counts[lag])
		}
		c.Factor = factor(c.Norms)
		curves = append(curves, c)
	}
	return curves, finite(curves)
}

// A cell is one layer of an encoder in one direction.
type cell struct {
	index            int // among all
	layer, direction int
	reverse          bool
	size, before     int // its units, and those of the cells before it
}

// cellsOf lists the cells of an encoder, layer by layer.
func cellsOf(s nn.Shape) (cells []cell) {
	before := 0
	for l, layer := range s.AllLayers() {
		for d := range layer.NumDirections() {
			cells = append(cells, cell{len(cells), l, d, d == 1 || layer.Direction == nn.Reverse, layer.Units, before})
			before += layer.Units
		}
	}
	return cells
}

// fromTop returns cells in the order of their layers from the last one down.
func fromTop(cells []cell) []cell {
	cells = slices.Clone(cells)
	slices.SortStableFunc(cells, func(a, b cell) int { return b.layer - a.layer })
	return cells
}

// measure runs m on the sequences and back from the last states.
func measure(name string, m *lstm.LSTM, sequences [][]float32, o Options) ([]Curve, error) {
	cfg := m.Config()
	B, I, cells := len(sequences), cfg.InputSize, cellsOf(cfg.Shape())
	lengths := make([]int, B)
	for b, x := range sequences {
		if len(x) == 0 || len(x)%I != 0 {
			return nil, fmt.Errorf("gradflow: sequence %d has %d numbers, want a multiple of %d above 0", b, len(x), I)
		}
		lengths[b] = len(x) / I
	}
	var layout nn.Layout
	layout.Reset(lengths)
	rows := make([]float32, layout.Rows()*I)
	for b, x := range sequences {
		for t := range lengths[b] {
			copy(rows[layout.Row(t, b)*I:], x[t*I:(t+1)*I])
		}
	}
	ws := lstm.Workspace{Norms: true}
	if _, err := m.Forward(&ws, lstm.Batch{Layout: &layout, X: rows}, nil, lstm.Mode{Train: true}); err != nil {
		return nil, err
	}
	end := m.NewState(B)
	for _, c := range cells {
		if c.layer < cfg.NumLayers()-1 {
			continue
		}
		u := direction(c.size, seed.Rand(o.Seed, "direction", uint64(c.direction)))
		for b := range B {
			copy(end.H[c.before*B+b*c.size:], u)
		}
	}
	if _, _, err := m.Backward(&ws, nil, end); err != nil {
		return nil, err
	}
	clip := o.Clip
	if clip == 0 {
		clip = 1
	}
	for _, p := range m.Params() {
		for i := range p.Grad {
			p.Grad[i] /= float32(B) // the mean loss of the sequences
		}
	}
	weights := nn.ClipNorm(m.Params(), 0)
	scale := 1.0
	if weights > clip {
		scale = clip / weights
	}
	var curves []Curve
	for _, cell := range fromTop(cells) {
		c := Curve{Name: name, Layer: cell.layer, Reverse: cell.reverse, Weights: weights, Scale: scale}
		c.Norms = byLag(&layout, ws.StepNorms(cell.layer, cell.direction), c.Reverse)
		c.Factor = factor(c.Norms)
		curves = append(curves, c)
	}
	return curves, finite(curves)
}

// finite reports a number that is not finite.
func finite(curves []Curve) error {
	for _, c := range curves {
		for _, v := range append([]float64{c.Weights, c.Scale, c.Factor}, c.Norms...) {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("gradflow: %s: a gradient of layer %d is %v: the weights of the encoder are too large", c.Name, c.Layer, v)
			}
		}
	}
	return nil
}

// direction is a random vector of length 1.
func direction(n int, r *rand.Rand) []float32 {
	u, sum := make([]float64, n), 0.0
	for i := range u {
		u[i] = r.NormFloat64()
		sum += u[i] * u[i]
	}
	out := make([]float32, n)
	for i := range u {
		out[i] = float32(u[i] / math.Sqrt(sum))
	}
	return out
}

// byLag is the root mean square of the norms of all sequences, by the number of
// steps read after.
func byLag(l *nn.Layout, norms []float64, reverse bool) []float64 {
	out, n := make([]float64, l.T()), make([]float64, l.T())
	for b := range l.B() {
		for t := range l.Length(b) {
			lag := l.Length(b) - 1 - t
			if reverse {
				lag = t
			}
			v := norms[l.Row(t, b)]
			out[lag] += v * v
			n[lag]++
		}
	}
	for k := range out {
		out[k] = math.Sqrt(out[k] / n[k])
	}
	return out
}

// factor is described at Curve.Factor.
func factor(norms []float64) float64 {
	const least = 1e-37 // below lie denormal numbers
	top := 0
	for k, v := range norms {
		if v > norms[top] {
			top = k
		}
	}
	last := len(norms) - 1
	for last > top && !(norms[last] > least) {
		last--
	}
	if top == last { // it grows to the first step: from the last one then
		top = 0
	}
	if last <= top || !(norms[top] > least) {
		return 1
	}
	return math.Pow(norms[last]/norms[top], 1/float64(last-top))
}

// Noise returns sequences of T inputs [T][I] from the normal distribution with
// mean 0 and the given standard deviation.
func Noise(sequences, T, I int, sd float64, seedValue uint64) [][]float32 {
	out := make([][]float32, sequences)
	for b := range out {
		r := seed.Rand(seedValue, "noise", uint64(b))
		out[b] = make([]float32, T*I)
		for i := range out[b] {
			out[b][i] = float32(sd * r.NormFloat64())
		}
	}
	return out
}
