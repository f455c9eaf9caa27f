package classify

import "github.com/textlstm/textlstm/nn"

// WordGradient returns what BackwardWords returns and leaves the gradients of
// the parameters as they are, which takes two thirds of its time.
func (n *Network) WordGradient(ws *Workspace, dLogits [][]float32) ([]float32, error) {
	grads := make([][]float32, len(n.params))
	for i, p := range n.params {
		grads[i], p.Grad = p.Grad, nil
	}
	defer func() {
		for i, p := range n.params {
			p.Grad = grads[i]
		}
	}()
	return n.backwardVectors(ws, dLogits, nn.Want{})
}

// Vectors returns the word vectors x [Rows][D] of ws's last training Forward, the
// dropout of words applied, valid until the next. They must not be changed.
func (ws *Workspace) Vectors() []float32 { return ws.x }

// EachToken calls f for each of these vectors' rows with the text that it belongs to,
// text by text.
func (ws *Workspace) EachToken(f func(row, text int)) {
	ws.eachRow(func(row, text, _ int) { f(row, text) })
}

// ForwardVectors is ws's last training Forward over again, with the same dropout
// masks, at word vectors x [Rows][D] in place of Vectors. It may be repeated, and
// Backward and WordGradient go with it. The encoder drops values of x.
func (n *Network) ForwardVectors(ws *Workspace, x []float32) ([][]float32, error) {
	return n.forwardVectors(ws, nn.Batch{Layout: &ws.layout, X: x})
}
