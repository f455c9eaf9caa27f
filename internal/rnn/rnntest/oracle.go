package rnntest

import (
	"fmt"
	"math"

	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/nn"
)

// A Cell is the definition of a kind of cell in float64: the state after a step
// with input x [in] from state h, c [H]. W has the weights by the names that they
// have in a file, but for the suffix of layer and direction.
type Cell func(W map[string][]float64, x, h, c []float64) (nextH, nextC []float64)

// Sigmoid is 1/(1+exp(-x)).
func Sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// Row is the product of row r of w [n][len(x)] and x.
func Row(w []float64, r int, x []float64) (sum float64) {
	w = w[r*len(x):][:len(x)]
	for j, v := range x {
		sum += w[j] * v
	}
	return sum
}

// slow runs the cell's definition on v, in order, one sequence at a time: the
// outputs in the layout of Forward, and the loss.
func (p *problem) slow(v values) (y, hN, cN []float64, loss float64) {
	B, rows := p.lay.B(), p.lay.Rows()
	hN, cN = make([]float64, p.units()*B), make([]float64, p.units()*B)
	x, in := v.x, p.shape.Input
	p.eachCell(func(l, d int, layer nn.Layer, before int) {
		H, W := layer.Units, layer.NumDirections()*layer.Units
		if d == 0 {
			if l > 0 {
				x, in = merged(y, p.shape.Layer(l-1), rows), p.shape.Layer(l-1).Width()
			}
			x = append([]float64(nil), x...)
			for i, m := range p.inputMask(l, in) {
				x[i] *= float64(m)
			}
			y = make([]float64, rows*W)
		}
		weights, reverse := p.cellWeights(v.w, l, d)
		for b := range B {
			at := before*B + b*H
			h, c := make([]float64, H), make([]float64, H)
			if v.h0 != nil {
				copy(h, v.h0[at:at+H])
				copy(c, v.c0[at:at+H])
			}
			n := p.lay.Length(b)
			for k := range n {
				t := k
				if reverse {
					t = n - 1 - k
				}
				row := p.lay.Row(t, b)
				h, c = p.Cell(weights, x[row*in:(row+1)*in], h, c)
				copy(y[row*W+d*H:], h)
			}
			copy(hN[at:], h)
			copy(cN[at:], c)
		}
	})
	dot := func(a []float64, r []float32) {
		for i := range a {
			loss += a[i] * float64(r[i])
		}
	}
	dot(y, p.rY)
	dot(hN, p.rFinal.H)
	dot(cN, p.rFinal.C)
	return y, hN, cN, loss
}

// merged is what the layer above one reads of its rows y.
func merged(y []float64, layer nn.Layer, rows int) []float64 {
	if layer.Merge.Joins() {
		return y
	}
	H := layer.Units
	z := make([]float64, rows*H)
	for i := range z {
		f, b := y[i/H*2*H+i%H], y[i/H*2*H+H+i%H]
		switch layer.Merge {
		case nn.Product:
			z[i] = f * b
		case nn.Average:
			z[i] = (f + b) / 2
		default:
			z[i] = f + b
		}
	}
	return z
}

// inputMask is the dropout on the input of layer l, as a mask [Rows][in].
func (p *problem) inputMask(l, in int) []float32 {
	mask := ones(p.lay.Rows() * in)
	if !p.mode.Train {
		return mask
	}
	drop := nn.Dropout{P: p.cfg.Dropout, Seed: seed.For(p.mode.Seed, "input dropout", uint64(l))}
	if l == 0 {
		drop.P = p.cfg.InputDropout
	}
	if p.cfg.Locked {
		drop.Locked(mask, p.lay, in, nil, 0)
	} else {
		drop.Apply(mask, 0)
	}
	return mask
}

// cellWeights returns the weights of a cell under the names that they have
// without a suffix, the recurrent ones under their mask.
func (p *problem) cellWeights(w map[string][]float64, l, d int) (weights map[string][]float64, reverse bool) {
	suffix := fmt.Sprintf("_l%d", l)
	if reverse = p.shape.Layer(l).Direction == nn.Reverse || d == 1; reverse {
		suffix += "_reverse"
	}
	weights = map[string][]float64{}
	for _, name := range p.Weights {
		weights[name] = w[name+suffix]
	}
	if p.mode.Train && p.cfg.WeightDrop > 0 {
		hh := append([]float64(nil), weights["weight_hh"]...)
		mask := ones(len(hh))
		nn.Dropout{P: p.cfg.WeightDrop, Seed: seed.For(p.mode.Seed, "weight drop", uint64(l), uint64(d))}.Apply(mask, 0)
		for i, m := range mask {
			hh[i] *= float64(m)
		}
		weights["weight_hh"] = hh
	}
	return weights, reverse
}

func ones(n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = 1
	}
	return v
}
