package lstm

import "math"

// An oracle is the package's equations in float64, in order, one sequence at a
// time: the definition that the fast path is held against.
type oracle struct {
	cfg    Config
	w      map[string][]float64   // by parameter name
	inMask [][][][]float64        // [L][b][t][in], nil for none
	wMask  map[string]([]float64) // by parameter name, nil for none
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// run returns y [T][D*H] of sequence b with input x [T][I], and its final
// states [L*D][H]. h0 and c0 are [L*D][H], or nil for zeros.
func (o *oracle) run(b int, x, h0, c0 [][]float64) (y, hN, cN [][]float64) {
	H, D := o.cfg.HiddenSize, o.cfg.NumDirections()
	for l := range o.cfg.NumLayers() {
		in := make([][]float64, len(x))
		for t := range x {
			in[t] = append([]float64(nil), x[t]...)
			for j := range in[t] {
				if o.inMask != nil {
					in[t][j] *= o.inMask[l][b][t][j]
				}
			}
		}
		y = make([][]float64, len(x))
		for t := range y {
			y[t] = make([]float64, D*H)
		}
		for d := range D {
			suffix := "_l" + string(rune('0'+l))
			reverse := o.cfg.Direction == Reverse || d == 1
			if reverse {
				suffix += "_reverse"
			}
			wih, whh, bias := o.w["weight_ih"+suffix], o.w["weight_hh"+suffix], o.w["bias"+suffix]
			peep := o.w["weight_peephole"+suffix]
			mask := o.wMask["weight_hh"+suffix]
			h, c := make([]float64, H), make([]float64, H)
			if h0 != nil {
				copy(h, h0[l*D+d])
				copy(c, c0[l*D+d])
			}
			for k := range x {
				t := k
				if reverse {
					t = len(x) - 1 - k
				}
				pre := append([]float64(nil), bias...)
				for r := range pre {
					for j, v := range in[t] {
						pre[r] += wih[r*len(in[t])+j] * v
					}
					for j, v := range h {
						u := whh[r*H+j]
						if mask != nil {
							u *= mask[r*H+j]
						}
						pre[r] += u * v
					}
				}
				next := make([]float64, H)
				for j := range H {
					var pi, pf, po float64
					if peep != nil {
						pi, pf, po = peep[j], peep[H+j], peep[2*H+j]
					}
					i := sigmoid(pre[j] + pi*c[j])
					f := sigmoid(pre[H+j] + pf*c[j])
					g := math.Tanh(pre[2*H+j])
					c[j] = f*c[j] + i*g
					next[j] = sigmoid(pre[3*H+j]+po*c[j]) * math.Tanh(c[j])
				}
				h = next
				copy(y[t][d*H:], h)
			}
			hN, cN = append(hN, h), append(cN, c)
		}
		x = y
	}
	return y, hN, cN
}
