package vec

// CellForward is the element-wise part of one LSTM step for n rows of H units. Row r
// of pre, at pre[r*ldPre:], holds the pre-activations i, f, g, o of H elements each;
// they are overwritten by the activated gates. With r and the unit left out:
//
//	i, f = sigmoid(i + p_i*cPrev), sigmoid(f + p_f*cPrev)
//	g = tanh(g)
//	c = f*cPrev + i*g
//	o = sigmoid(o + p_o*c)
//	h = o * tanh(c)
//
// cPrev and c are [n][H] without gaps; rows of h are ldH apart. A nil cPrev stands for
// zeros. peep is p_i, p_f, p_o of H elements each, or nil for a cell without
// peepholes (Gers & Schmidhuber 2000). c may be cPrev.
func CellForward(n, H int, pre []float32, ldPre int, cPrev, c, h []float32, ldH int, peep []float32) {
	if n <= 0 || H <= 0 {
		return
	}
	need("CellForward", "pre", len(pre), span(n, 4*H, ldPre))
	need("CellForward", "c", len(c), n*H)
	need("CellForward", "h", len(h), span(n, H, ldH))
	if cPrev != nil {
		need("CellForward", "cPrev", len(cPrev), n*H)
	}
	if peep != nil {
		need("CellForward", "peep", len(peep), 3*H)
	}
	for r := range n {
		cellForward(pre[r*ldPre:][:4*H], row(cPrev, r, H), c[r*H:][:H], h[r*ldH:][:H], peep)
	}
}

// CellBackward is the gradient of CellForward. gates [n][4H], rows ldGates apart,
// holds the activated gates that CellForward left and is overwritten by the gradients
// of the pre-activations. dH, rows ldH apart, is dL/dh; dC [n][H] comes in as the
// gradient of c that the later step left and goes out as the gradient of cPrev:
//
//	t = tanh(c)
//	do = dH * t * o*(1-o)
//	dc = dC + dH*o*(1-t*t) + do*p_o
//	di = dc * g * i*(1-i)
//	df = dc * cPrev * f*(1-f)
//	dg = dc * i * (1-g*g)
//	dC = dc*f + di*p_i + df*p_f
//
// cPrev, c and peep are those of CellForward. tanh(c) is computed again: that is
// cheaper than storing it.
func CellBackward(n, H int, gates []float32, ldGates int, cPrev, c, dH []float32, ldH int, dC []float32, peep []float32) {
	if n <= 0 || H <= 0 {
		return
	}
	need("CellBackward", "gates", len(gates), span(n, 4*H, ldGates))
	need("CellBackward", "c", len(c), n*H)
	need("CellBackward", "dH", len(dH), span(n, H, ldH))
	need("CellBackward", "dC", len(dC), n*H)
	if cPrev != nil {
		need("CellBackward", "cPrev", len(cPrev), n*H)
	}
	if peep != nil {
		need("CellBackward", "peep", len(peep), 3*H)
	}
	for r := range n {
		cellBackward(gates[r*ldGates:][:4*H], row(cPrev, r, H), c[r*H:][:H], dH[r*ldH:][:H], dC[r*H:][:H], peep)
	}
}

// row is row r of a matrix of the given width, or nil if there is no matrix.
func row(x []float32, r, width int) []float32 {
	if x == nil {
		return nil
	}
	return x[r*width:][:width]
}
