package vec

import (
	"math"
	"math/rand/v2"
	"testing"
)

// cell is one row of the LSTM cell in float64, the equations in order.
type cell struct{ i, f, g, o, c, h float64 }

func sigmoid64(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func newCell(i, f, g, o, prev float64, p [3]float64) cell {
	var s cell
	s.i, s.f = sigmoid64(i+p[0]*prev), sigmoid64(f+p[1]*prev)
	s.g = math.Tanh(g)
	s.c = s.f*prev + s.i*s.g
	s.o = sigmoid64(o + p[2]*s.c)
	s.h = s.o * math.Tanh(s.c)
	return s
}

// cellData is a batch for the cell, its results guarded.
type cellData struct {
	n, H, ldPre, ldH  int
	pre, c, h, dH, dC []float32
	all               [][]float32
	cPrev, peep       []float32
}

func newCellData(rng *rand.Rand, n, H int, prev, peep bool) *cellData {
	d := &cellData{n: n, H: H, ldPre: 4*H + rng.IntN(3), ldH: H + rng.IntN(3)}
	wrap := func(size int) []float32 {
		all, part := guarded(normals(rng, size), rng.IntN(16))
		d.all = append(d.all, all)
		return part
	}
	d.pre, d.c, d.h = wrap(span(n, 4*H, d.ldPre)), wrap(n*H), wrap(span(n, H, d.ldH))
	d.dH, d.dC = wrap(span(n, H, d.ldH)), wrap(n*H)
	if prev {
		d.cPrev = normals(rng, n*H)
	}
	if peep {
		d.peep = normals(rng, 3*H)
	}
	return d
}

func (d *cellData) clone() *cellData {
	e := *d
	e.all = nil
	for _, x := range []*[]float32{&e.pre, &e.c, &e.h, &e.dH, &e.dC} {
		all, part := guarded(*x, 5)
		e.all = append(e.all, all)
		*x = part
	}
	return &e
}

func (d *cellData) prev(r, j int) float64 {
	if d.cPrev == nil {
		return 0
	}
	return float64(d.cPrev[r*d.H+j])
}

func (d *cellData) peeps(j int) (p [3]float64) {
	if d.peep != nil {
		for k := range p {
			p[k] = float64(d.peep[k*d.H+j])
		}
	}
	return p
}

// eachCell runs a test on the shapes that matter, with and without previous state and
// peepholes.
func eachCell(t *testing.T, test func(t *testing.T, d *cellData)) {
	rng := rand.New(rand.NewPCG(1, 2))
	for H := 1; H <= 70; H++ {
		for mode := range 4 {
			test(t, newCellData(rng, 1+H%3, H, mode&1 != 0, mode&2 != 0))
		}
	}
	test(t, newCellData(rng, 2, 300, true, true))
}

func (d *cellData) guards(t *testing.T) {
	t.Helper()
	for i, part := range [][]float32{d.pre, d.c, d.h, d.dH, d.dC} {
		checkGuards(t, "cell", d.H, d.all[i], part)
	}
}

func near(got float32, want float64) bool {
	return math.Abs(float64(got)-want) <= 2e-6*(1+math.Abs(want))
}

func TestCellForward(t *testing.T) {
	everyLevel(t, func(t *testing.T) {
		eachCell(t, func(t *testing.T, d *cellData) {
			pre := append([]float32(nil), d.pre...)
			CellForward(d.n, d.H, d.pre, d.ldPre, d.cPrev, d.c, d.h, d.ldH, d.peep)
			d.guards(t)
			for r := range d.n {
				for j := range d.H {
					at := func(x []float32, gate int) float32 { return x[r*d.ldPre+gate*d.H+j] }
					w := newCell(float64(at(pre, 0)), float64(at(pre, 1)), float64(at(pre, 2)), float64(at(pre, 3)), d.prev(r, j), d.peeps(j))
					for k, c := range []struct {
						got  float32
						want float64
					}{{at(d.pre, 0), w.i}, {at(d.pre, 1), w.f}, {at(d.pre, 2), w.g}, {at(d.pre, 3), w.o}, {d.c[r*d.H+j], w.c}, {d.h[r*d.ldH+j], w.h}} {
						if !near(c.got, c.want) {
							t.Fatalf("n=%d H=%d prev=%v peep=%v: row %d unit %d: %s = %v, want %v", d.n, d.H, d.cPrev != nil, d.peep != nil, r, j, []string{"i", "f", "g", "o", "c", "h"}[k], c.got, c.want)
						}
					}
				}
			}
		})
	})
}

func TestCellBackward(t *testing.T) {
	everyLevel(t, func(t *testing.T) {
		eachCell(t, func(t *testing.T, d *cellData) {
			CellForward(d.n, d.H, d.pre, d.ldPre, d.cPrev, d.c, d.h, d.ldH, d.peep)
			g, dC := append([]float32(nil), d.pre...), append([]float32(nil), d.dC...)
			CellBackward(d.n, d.H, d.pre, d.ldPre, d.cPrev, d.c, d.dH, d.ldH, d.dC, d.peep)
			d.guards(t)
			for r := range d.n {
				for j := range d.H {
					at := func(x []float32, gate int) float64 { return float64(x[r*d.ldPre+gate*d.H+j]) }
					i, f, z, o := at(g, 0), at(g, 1), at(g, 2), at(g, 3)
					p, prev, dh := d.peeps(j), d.prev(r, j), float64(d.dH[r*d.ldH+j])
					tc := math.Tanh(float64(d.c[r*d.H+j]))
					do := dh * tc * o * (1 - o)
					dc := float64(dC[r*d.H+j]) + dh*o*(1-tc*tc) + do*p[2]
					di, df, dz := dc*z*i*(1-i), dc*prev*f*(1-f), dc*i*(1-z*z)
					want := []float64{di, df, dz, do, dc*f + di*p[0] + df*p[1]}
					for k, w := range want {
						got := d.dC[r*d.H+j]
						if k < 4 {
							got = float32(at(d.pre, k))
						}
						if !near(got, w) {
							t.Fatalf("n=%d H=%d prev=%v peep=%v: row %d unit %d: d%s = %v, want %v", d.n, d.H, d.cPrev != nil, d.peep != nil, r, j, []string{"i", "f", "g", "o", "cPrev"}[k], got, w)
						}
					}
				}
			}
		})
	})
}

// TestCellBackwardIsGradient compares CellBackward with central differences of the
// float64 cell.
func TestCellBackwardIsGradient(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	const step = 1e-5
	d := newCellData(rng, 1, 9, true, true)
	pre := append([]float32(nil), d.pre...)
	dC := append([]float32(nil), d.dC...)
	CellForward(1, d.H, d.pre, d.ldPre, d.cPrev, d.c, d.h, d.ldH, d.peep)
	CellBackward(1, d.H, d.pre, d.ldPre, d.cPrev, d.c, d.dH, d.ldH, d.dC, d.peep)
	for j := range d.H {
		in := [5]float64{d.prev(0, j)}
		for k := range 4 {
			in[k+1] = float64(pre[k*d.H+j])
		}
		loss := func(in [5]float64) float64 { // its gradients in h and c are dH and dC
			s := newCell(in[1], in[2], in[3], in[4], in[0], d.peeps(j))
			return s.h*float64(d.dH[j]) + s.c*float64(dC[j])
		}
		for k := range in {
			up, down := in, in
			up[k] += step
			down[k] -= step
			want := (loss(up) - loss(down)) / (2 * step)
			got := d.dC[j]
			if k > 0 {
				got = d.pre[(k-1)*d.H+j]
			}
			if math.Abs(float64(got)-want) > 1e-5 {
				t.Errorf("unit %d: gradient of input %d is %v, want %v", j, k, got, want)
			}
		}
	}
}

// TestCellAgrees: the two assembly levels agree in every bit.
func TestCellAgrees(t *testing.T) {
	names := assembly()
	if len(names) < 2 {
		t.Skip("needs two assembly levels")
	}
	eachCell(t, func(t *testing.T, d *cellData) {
		var runs []*cellData
		for _, level := range names {
			setLevel(t, level)
			e := d.clone()
			CellForward(e.n, e.H, e.pre, e.ldPre, e.cPrev, e.c, e.h, e.ldH, e.peep)
			CellBackward(e.n, e.H, e.pre, e.ldPre, e.cPrev, e.c, e.dH, e.ldH, e.dC, e.peep)
			runs = append(runs, e)
		}
		for s, x := range [][]float32{runs[0].pre, runs[0].c, runs[0].h, runs[0].dC} {
			y := [][]float32{runs[1].pre, runs[1].c, runs[1].h, runs[1].dC}[s]
			for i := range x {
				if !equal(x[i], y[i]) {
					t.Fatalf("H=%d: result %d [%d]: %v and %v", d.H, s, i, x[i], y[i])
				}
			}
		}
	})
}
