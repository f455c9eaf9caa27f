package vec

// adamArgs holds the scalars of Adam in the order in which the assembly reads them.
type adamArgs struct {
	lr, b1, b1c, b2, b2c, eps, decay, c1, c2 float32
}

// Adam is one step of Adam with decoupled weight decay (Kingma & Ba 2015, Loshchilov &
// Hutter 2019) on the weights w with the gradient g and the moments m and v:
//
//	for i := range w {
//		m[i] = b1*m[i] + (1-b1)*g[i]
//		v[i] = b2*v[i] + (1-b2)*(g[i]*g[i])
//		w[i] -= lr * (m[i]*c1/(sqrt(v[i]*c2)+eps) + decay*w[i])
//	}
//
// c1 = 1/(1-b1^t) and c2 = 1/(1-b2^t) correct the bias at step t = 1, 2, ... Exact.
// The lengths must be equal.
func Adam(w, g, m, v []float32, lr, b1, b2, eps, decay, c1, c2 float32) {
	same("Adam", "g", len(g), len(w))
	same("Adam", "m", len(m), len(w))
	same("Adam", "v", len(v), len(w))
	k := adamArgs{lr, b1, 1 - b1, b2, 1 - b2, eps, decay, c1, c2}
	for len(w) > 0 {
		n := min(len(w), block)
		adam(w[:n], g[:n], m[:n], v[:n], &k)
		w, g, m, v = w[n:], g[n:], m[n:], v[n:]
	}
}
