// Package rnntest is the test of a recurrent network with its states: outputs and
// gradients against a definition in float64, and the same bits whatever the
// workers, the workspace and the batch. Package nn/encodertest has the rest.
package rnntest

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/textlstm/textlstm/internal/rnn"
	"github.com/textlstm/textlstm/nn"
)

// A Kind is a kind of recurrent network.
type Kind struct {
	Cases []Case

	// Cell is the definition. It looks at these of a cell's weights.
	Cell    Cell
	Weights []string

	// OneState says that the state c is the output h.
	OneState bool
}

// A Case is one network.
type Case struct {
	Name   string
	Config rnn.Config
	New    func() *rnn.Stack
}

// Run runs the tests but for Gradients. The first case must have two layers in both directions,
// dropout between them and dropped weights; the last one no dropout.
func Run(t *testing.T, k Kind) {
	t.Run("workers", func(t *testing.T) { workers(t, k) })
	t.Run("workspace is reused", func(t *testing.T) { reuse(t, k) })
	t.Run("row counts", func(t *testing.T) { rowCounts(t, k) })
	t.Run("frozen", func(t *testing.T) { frozen(t, k) })
	t.Run("step norms", func(t *testing.T) { stepNorms(t, k) })
	t.Run("step norms are derivatives", func(t *testing.T) { stepNormsAreDerivatives(t, k) })
}

// workers wants the same bits from any number of workers.
func workers(t *testing.T, k Kind) {
	r := rand.New(rand.NewPCG(1, 2))
	lengths := make([]int, 37)
	for i := range lengths {
		lengths[i] = r.IntN(30)
	}
	counts := []int{1, 2, 3, 4, 7, 16}
	var want []float32
	for _, workers := range counts {
		p := newProblem(k, k.Cases[0], lengths, true, nn.Mode{Train: true, Seed: 9})
		p.workers = workers
		got := p.fast(t, new(rnn.Workspace)).all()
		if want == nil {
			want = got
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d workers give other bits than 1", workers)
		}
	}
	// With one sequence longer than all others, it is the work of one alone.
	for _, lengths := range [][]int{lengths, {90, 3, 2, 1, 1, 2, 3, 2}} {
		p := newProblem(k, k.Cases[0], lengths, true, nn.Mode{})
		for _, init := range []*rnn.State{nil, p.init} {
			want = nil
			for _, workers := range counts {
				out, err := p.m.Forward(&rnn.Workspace{Workers: workers}, nn.Batch{Layout: p.lay, X: p.x}, init, nn.Mode{})
				if err != nil {
					t.Fatal(err)
				}
				got := slices.Concat(out.Y, out.Final.H, out.Final.C)
				if want == nil {
					want = got
				}
				if !slices.Equal(got, want) {
					t.Errorf("inference on %d sequences: %d workers give other bits than 1", len(lengths), workers)
				}
			}
		}
	}
}

// reuse wants the bits of a new workspace from one that has served another
// network, other sizes, an initial state and a training before.
func reuse(t *testing.T, k Kind) {
	used := new(rnn.Workspace)
	for i, c := range k.Cases {
		for _, mode := range []nn.Mode{{Train: true, Seed: 4}, {}} {
			for _, init := range []bool{i%2 == 0, i%2 == 1} {
				p := newProblem(k, c, [][]int{{6, 2, 9}, {1, 0, 3}}[i%2], init, mode)
				in := nn.Batch{Layout: p.lay, X: p.x}
				want, err := p.m.Forward(new(rnn.Workspace), in, p.init, mode)
				if err != nil {
					t.Fatal(err)
				}
				got, err := p.m.Forward(used, in, p.init, mode)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(got.Y, want.Y) || !slices.Equal(got.Final.H, want.Final.H) || !slices.Equal(got.Final.C, want.Final.C) {
					t.Errorf("%s, %+v, initial state %t: other bits", c.Name, mode, init)
				}
				if !mode.Train {
					continue
				}
				for _, final := range []*rnn.State{p.rFinal, nil} {
					p.rFinal = final
					backward := func(ws *rnn.Workspace) []float32 {
						all := p.fast(t, ws).all()
						if _, _, err := p.m.Backward(ws, p.rY, p.rFinal); !errors.Is(err, rnn.ErrNoTape) {
							t.Errorf("a second Backward of one Forward: %v, want ErrNoTape", err)
						}
						return all
					}
					if !slices.Equal(backward(used), backward(new(rnn.Workspace))) {
						t.Errorf("%s, initial state %t, gradient of the final state %t: other gradients", c.Name, init, final != nil)
					}
				}
			}
		}
	}
}

// rowCounts wants of a batch the outputs and the gradients of its sequences one
// by one, also where its rows are more than are multiplied at a time, fill the
// last block of a product, or are one too few or too many for it; and the same
// gradient of the input whether or not those of the weights are wanted.
func rowCounts(t *testing.T, k Kind) {
	c := k.Cases[len(k.Cases)-1]
	batches := [][]int{slices.Repeat([]int{100}, 12)}
	counts := []int{0, 1, 127, 128, 129, 512, 513}
	if testing.Short() {
		batches, counts = [][]int{slices.Repeat([]int{65}, 2)}, []int{0, 1, 129}
	}
	for _, rows := range counts {
		batches = append(batches, append(slices.Repeat([]int{1}, rows), 0))
	}
	for _, lengths := range batches {
		p := newProblem(k, c, lengths, true, nn.Mode{Train: true})
		all := p.fast(t, new(rnn.Workspace))
		for _, workers := range []int{1, 3} {
			p.workers = workers
			if only := p.fast(t, &rnn.Workspace{InputOnly: true}); !slices.Equal(only.dX, all.dX) || !slices.Equal(only.dInit.H, all.dInit.H) {
				t.Errorf("%d rows, %d workers: the gradient of the input alone has other bits", p.lay.Rows(), workers)
			}
		}
		var want [][]float64
		for _, g := range all.grads {
			want = append(want, make([]float64, len(g)))
		}
		ws := new(rnn.Workspace)
		for b := range lengths {
			one := p.alone(b)
			r := one.fast(t, ws)
			for i, g := range r.grads {
				for j, v := range g {
					want[i][j] += float64(v)
				}
			}
			p.eachRow(b, func(s, row int) {
				I, W := p.shape.Input, p.shape.OutputSize()
				if !slices.Equal(r.dX[s*I:(s+1)*I], all.dX[row*I:(row+1)*I]) || !slices.Equal(r.out.Y[s*W:(s+1)*W], all.out.Y[row*W:(row+1)*W]) {
					t.Fatalf("%d rows: step %d of sequence %d has other bits alone", p.lay.Rows(), s, b)
				}
			})
		}
		for i, q := range p.m.Params() {
			if d := Far(all.grads[i], want[i]); !(d <= 1e-4) {
				t.Errorf("%d rows: the gradient of %s is off by %g relative", p.lay.Rows(), q.Name, d)
			}
		}
	}
}

// eachRow calls f for each step of sequence b and its row.
func (p *problem) eachRow(b int, f func(step, row int)) {
	for s := range p.lay.Length(b) {
		f(s, p.lay.Row(s, b))
	}
}

// alone is the problem of sequence b alone.
func (p *problem) alone(b int) *problem {
	one := &problem{Kind: p.Kind, m: p.m, cfg: p.cfg, shape: p.shape, lay: new(nn.Layout), mode: p.mode, workers: 1}
	one.lay.Reset([]int{p.lay.Length(b)})
	I, W, B := p.shape.Input, p.shape.OutputSize(), p.lay.B()
	p.eachRow(b, func(_, row int) {
		one.x = append(one.x, p.x[row*I:(row+1)*I]...)
		one.rY = append(one.rY, p.rY[row*W:(row+1)*W]...)
	})
	state := func(s *rnn.State) *rnn.State {
		own := new(rnn.State)
		p.eachCell(func(_, _ int, layer nn.Layer, before int) {
			at := before*B + b*layer.Units
			own.H = append(own.H, s.H[at:at+layer.Units]...)
			own.C = append(own.C, s.C[at:at+layer.Units]...)
		})
		return own
	}
	one.init, one.rFinal = state(p.init), state(p.rFinal)
	return one
}
