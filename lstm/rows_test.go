package lstm

import (
	"slices"
	"testing"

	"github.com/textlstm/textlstm/nn"
)

// TestManyRows wants of a batch with more rows than are multiplied at a time the
// gradients of its sequences, one by one, and the same gradient of the input
// whether or not those of the weights are wanted.
func TestManyRows(t *testing.T) {
	cfg := Config{InputSize: 5, HiddenSize: 40, Layers: 2, Direction: Bidirectional}
	lengths := slices.Repeat([]int{100}, 12)
	p := newProblem(t, cfg, lengths, false, Mode{Train: true})
	p.rFinal = nil
	ws := new(Workspace)
	_, dX, _ := p.fast(t, ws)
	dX = slices.Clone(dX)
	var want [][]float64
	for _, q := range p.m.Params() {
		want = append(want, make([]float64, len(q.Grad)))
	}
	all := make([][]float32, len(want))
	for i, q := range p.m.Params() {
		all[i] = slices.Clone(q.Grad)
	}
	p.byDefinition(t, ws, dX)
	for _, workers := range []int{1, 3} {
		p.workers = workers
		if _, only, _ := p.fast(t, &Workspace{InputOnly: true}); !slices.Equal(only, dX) {
			t.Errorf("%d workers: the gradient of the input alone has other bits", workers)
		}
	}
	W, I := cfg.OutputSize(), cfg.InputSize
	for b := range lengths {
		one := &problem{m: p.m, lay: new(nn.Layout), mode: p.mode, workers: 1}
		one.lay.Reset(lengths[b : b+1])
		for s := range lengths[b] {
			row := p.lay.Row(s, b)
			one.x = append(one.x, p.x[row*I:(row+1)*I]...)
			one.rY = append(one.rY, p.rY[row*W:(row+1)*W]...)
		}
		one.fast(t, new(Workspace))
		for i, q := range p.m.Params() {
			for j, g := range q.Grad {
				want[i][j] += float64(g)
			}
		}
	}
	for i, q := range p.m.Params() {
		if d := far(all[i], want[i]); d > 1e-4 {
			t.Errorf("%s: the gradient is off by %g relative", q.Name, d)
		}
	}
}

// TestRowCounts wants the gradients that the definition gives also where the
// rows fill the last block of a product, or are one too few or too many for it.
func TestRowCounts(t *testing.T) {
	for _, H := range []int{3, 40} {
		for _, rows := range []int{0, 1, 127, 128, 129, 512, 513} {
			cfg := Config{InputSize: 5, HiddenSize: H, Direction: Bidirectional}
			p := newProblem(t, cfg, append(slices.Repeat([]int{1}, rows), 0), true, Mode{Train: true})
			for _, inputOnly := range []bool{false, true} {
				ws := &Workspace{InputOnly: inputOnly}
				_, dX, _ := p.fast(t, ws)
				p.byDefinition(t, ws, dX)
			}
		}
	}
}

// byDefinition takes the gradients of the pre-activations that a Backward left
// in ws as they are and holds the others, unless they were not wanted, against
//
//	dWih = Σ dPre xᵀ, dWhh = Σ dPre h_{t-1}ᵀ, db = Σ dPre, over all rows
//	dx_t = Σ dPre_t·Wih, over the directions of the first layer
func (p *problem) byDefinition(t *testing.T, ws *Workspace, dX []float32) {
	t.Helper()
	const tolerance = 1e-4
	input := make([]float64, len(dX))
	for l, layer := range p.m.cells {
		tape := &ws.layers[l]
		for d, c := range layer {
			G, H, in := 4*c.hidden, c.hidden, c.in
			ih, hh, bias := make([]float64, G*in), make([]float64, G*H), make([]float64, G)
			for b := range p.sequences {
				for s := range p.lay.Length(b) {
					row := p.lay.Row(s, b)
					before := s - 1
					if c.reverse {
						before = s + 1
					}
					var h []float32
					if before >= 0 && before < p.lay.Length(b) {
						h = tape.y[p.lay.Row(before, b)*ws.dirs*H+d*H:][:H]
					} else if p.init != nil {
						h = p.init.H[((l*ws.dirs+d)*p.sequences+b)*H:][:H]
					}
					for g, v := range widen(tape.dirs[d].gates[row*G:][:G]) {
						bias[g] += v
						for j, x := range tape.x[row*in:][:in] {
							ih[g*in+j] += v * float64(x)
							if l == 0 {
								input[row*in+j] += v * float64(c.wih.Data[g*in+j])
							}
						}
						for j, h := range h {
							hh[g*H+j] += v * float64(h)
						}
					}
				}
			}
			if ws.InputOnly {
				continue
			}
			for _, q := range []struct {
				param *nn.Param
				want  []float64
			}{{c.wih, ih}, {c.whh, hh}, {c.bias, bias}} {
				if off := far(q.param.Grad, q.want); !(off <= tolerance) {
					t.Errorf("%d rows: the gradient of %s is off by %g relative, want at most %g", p.lay.Rows(), q.param.Name, off, tolerance)
				}
			}
		}
	}
	if off := far(dX, input); !(off <= tolerance) {
		t.Errorf("%d rows, input only %t: dX is off by %g relative, want at most %g", p.lay.Rows(), ws.InputOnly, off, tolerance)
	}
}
