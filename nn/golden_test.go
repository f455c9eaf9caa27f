package nn_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/textlstm/textlstm/nn"
)

// The answers of PyTorch, made by testdata/gen_torch.py.
type goldens struct {
	Torch string
	Dense struct {
		N, In, Out                                 int
		Weight, Bias, X, Y, DY, DX, DWeight, DBias []float32
	}
	Losses struct {
		B, C   int
		Logits []float32
		Cases  []struct {
			Name    string
			Config  nn.Loss
			Targets nn.Targets
			Loss    float64
			DLogits []float32
		}
	}
	Pool struct {
		Size, Hidden             int
		Lengths, Groups          []int
		Kinds                    []nn.Pooling
		Rows, DRows              [][]float32
		Weight, Bias, Context    []float32
		Pooled, DPooled          []float32
		DWeight, DBias, DContext []float32
	}
	Optimizers struct {
		Shape   []int
		LR      float32
		Start   []float32
		Grads   [][]float32
		Touched [][]int32
		Cases   []struct {
			Name   string
			Config nn.OptimizerConfig
			Sparse bool
			Path   [][]float32
		}
	}
	Schedules struct {
		Total int
		Cases []struct {
			Name     string
			Schedule nn.Schedule
			Path     []float64
		}
	}
}

func readGoldens(t *testing.T) *goldens {
	t.Helper()
	data, err := os.ReadFile("testdata/torch.json")
	if err != nil {
		t.Fatal(err)
	}
	var g goldens
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	return &g
}

// near reports where got is off want by more than tol times the greatest
// absolute value in want (or 1, if that is less).
func near(t *testing.T, name string, got, want []float32, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", name, len(got), len(want))
	}
	scale := 1.0
	for _, v := range want {
		scale = max(scale, math.Abs(float64(v)))
	}
	for i := range want {
		if d := math.Abs(float64(got[i]) - float64(want[i])); !(d <= tol*scale) {
			t.Errorf("%s[%d] = %v, want %v", name, i, got[i], want[i])
		}
	}
}

func param(name string, data []float32, shape ...int) *nn.Param {
	p := nn.NewParam(name, shape...)
	copy(p.Data, data)
	p.NeedGrad()
	return p
}

func TestDenseMatchesPyTorch(t *testing.T) {
	g := readGoldens(t).Dense
	for _, workers := range []int{0, 3} {
		d := nn.NewDense("", g.In, g.Out)
		d.Workers = workers
		copy(d.Weight.Data, g.Weight)
		copy(d.Bias.Data, g.Bias)
		d.Weight.NeedGrad()
		d.Bias.NeedGrad()
		y, dx := make([]float32, g.N*g.Out), make([]float32, g.N*g.In)
		d.Forward(y, g.X, g.N)
		d.Backward(dx, g.DY, g.X, g.N)
		near(t, "y", y, g.Y, 1e-6)
		near(t, "dx", dx, g.DX, 1e-6)
		near(t, "dweight", d.Weight.Grad, g.DWeight, 1e-6)
		near(t, "dbias", d.Bias.Grad, g.DBias, 1e-6)

		d.Backward(nil, g.DY, g.X, g.N)
		double := make([]float32, len(g.DWeight))
		for i, v := range g.DWeight {
			double[i] = 2 * v
		}
		near(t, "dweight after two backward passes", d.Weight.Grad, double, 1e-6)
	}
}

func TestLossMatchesPyTorch(t *testing.T) {
	g := readGoldens(t).Losses
	for _, c := range g.Cases {
		t.Run(c.Name, func(t *testing.T) {
			if err := c.Config.Validate(g.C); err != nil {
				t.Fatal(err)
			}
			d := make([]float32, g.B*g.C)
			loss := c.Config.Eval(d, g.Logits, g.B, g.C, &c.Targets, 0)
			if math.Abs(loss-c.Loss) > 1e-6*max(1, c.Loss) {
				t.Errorf("loss = %v, want %v", loss, c.Loss)
			}
			near(t, "dlogits", d, c.DLogits, 1e-6)
			if only := c.Config.Eval(nil, g.Logits, g.B, g.C, &c.Targets, 0); only != loss {
				t.Errorf("loss without gradient = %v, with it %v", only, loss)
			}
		})
	}
}

func TestPoolMatchesPyTorch(t *testing.T) {
	g := readGoldens(t).Pool
	p, err := nn.NewPool("", nn.PoolConfig{Size: g.Size, Hidden: g.Hidden, Kinds: g.Kinds, Bidirectional: true})
	if err != nil {
		t.Fatal(err)
	}
	for i, data := range [][]float32{g.Weight, g.Bias, g.Context} {
		copy(p.Params()[i].Data, data)
		p.Params()[i].NeedGrad()
	}
	var l nn.Layout
	l.Reset(g.Lengths)
	y, dy, want := make([]float32, l.Rows()*g.Size), make([]float32, l.Rows()*g.Size), make([]float32, l.Rows()*g.Size)
	for b, rows := range g.Rows {
		for s := range l.Length(b) {
			copy(y[l.Row(s, b)*g.Size:], rows[s*g.Size:(s+1)*g.Size])
			copy(want[l.Row(s, b)*g.Size:], g.DRows[b][s*g.Size:(s+1)*g.Size])
		}
	}
	var ws nn.PoolWorkspace
	pooled := make([]float32, len(g.Pooled))
	p.Forward(pooled, y, &l, g.Groups, &ws)
	near(t, "pooled", pooled, g.Pooled, 1e-6)
	p.Backward(dy, g.DPooled, y, &l, g.Groups, &ws)
	near(t, "dy", dy, want, 1e-6)
	near(t, "dweight", p.Hidden.Weight.Grad, g.DWeight, 1e-6)
	near(t, "dbias", p.Hidden.Bias.Grad, g.DBias, 1e-6)
	near(t, "dcontext", p.Context.Grad, g.DContext, 1e-6)
}

func TestOptimizerMatchesPyTorch(t *testing.T) {
	g := readGoldens(t).Optimizers
	for _, c := range g.Cases {
		t.Run(c.Name, func(t *testing.T) {
			opt, err := nn.NewOptimizer(c.Config)
			if err != nil {
				t.Fatal(err)
			}
			w := param("w", g.Start, g.Shape...)
			w.Decay = true
			w.Sparse = c.Sparse
			params := []*nn.Param{w}
			for step, grad := range g.Grads {
				if !c.Sparse {
					copy(w.Grad, grad)
				} else {
					nn.ZeroGrad(params)
					n := w.RowLen()
					for _, r := range g.Touched[step] {
						w.Touch(r)
						copy(w.Grad[int(r)*n:], grad[int(r)*n:(int(r)+1)*n])
					}
				}
				if err := opt.Step(params, g.LR); err != nil {
					t.Fatal(err)
				}
				near(t, "w", w.Data, c.Path[step], 2e-6)
			}
		})
	}
}

func TestScheduleMatchesPyTorch(t *testing.T) {
	g := readGoldens(t).Schedules
	for _, c := range g.Cases {
		t.Run(c.Name, func(t *testing.T) {
			if err := c.Schedule.Validate(); err != nil {
				t.Fatal(err)
			}
			for step, want := range c.Path {
				if got := c.Schedule.LR(step, g.Total); math.Abs(got-want) > 1e-9 {
					t.Errorf("rate of step %d = %v, want %v", step, got, want)
				}
			}
		})
	}
}
