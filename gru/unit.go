package gru

import "github.com/textlstm/textlstm/internal/vec"

// unit is the arithmetic of a cell. A row of gates is q, r, z, n of H elements
// each, where q = W_hn h + b_hn:
//
//	r, z = σ(r), σ(z)
//	n = tanh(n + r q)
//	h = n + z (hPrev - n)
type unit struct{}

// OneState says that the state is the output.
func (unit) OneState() bool { return true }

// Forward is the equations above.
func (unit) Forward(n, H int, pre []float32, ldPre int, hPrev, state, h []float32, ldH int) {
	for row := range n {
		gates := pre[row*ldPre:][:4*H]
		q, r, z, g := gates[:H], gates[H:2*H], gates[2*H:3*H], gates[3*H:]
		vec.Sigmoid(gates[H:3*H], gates[H:3*H])
		vec.MulAdd(g, r, q)
		vec.Tanh(g, g)
		next := state[row*H:][:H]
		if hPrev == nil {
			for j, v := range g {
				next[j] = v - z[j]*v
			}
		} else {
			for j, p := range hPrev[row*H:][:H] {
				next[j] = g[j] + z[j]*(p-g[j])
			}
		}
		copy(h[row*ldH:][:H], next)
	}
}

// Backward is the gradient of Forward:
//
//	dn = dh (1-z) (1-n²)
//	dz = dh (hPrev - n) z (1-z)
//	dr = dn q r (1-r)
//	dq = dn r
//	dhPrev = dh z, beside what comes by way of the gates
func (unit) Backward(n, H int, gates []float32, ldGates int, hPrev, _, dH, dPrev []float32) {
	for row := range n {
		g := gates[row*ldGates:][:4*H]
		q, r, z, c := g[:H], g[H:2*H], g[2*H:3*H], g[3*H:]
		dh, dp := dH[row*H:][:H], dPrev[row*H:][:H]
		var prev []float32
		if hPrev != nil {
			prev = hPrev[row*H:][:H]
		}
		for j, d := range dh {
			p := float32(0)
			if prev != nil {
				p = prev[j]
			}
			dn := d * (1 - z[j]) * (1 - c[j]*c[j])
			dz := d * (p - c[j]) * z[j] * (1 - z[j])
			dr := dn * q[j] * r[j] * (1 - r[j])
			dp[j] = d * z[j]
			q[j], r[j], z[j], c[j] = dn*r[j], dr, dz, dn
		}
	}
}
