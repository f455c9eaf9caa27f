package classify

import (
	"math"

	"github.com/textlstm/textlstm/internal/vec"
	"github.com/textlstm/textlstm/nn"
)

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

// Rows is the number of word vectors of the last Forward: of its tokens.
func (ws *Workspace) Rows() int { return ws.layout.Rows() }

// Perturbation returns, in dst's storage if that is large enough, the change r
// [Rows][D] to the word vectors of ws's last training Forward that raises a loss
// with the gradient g [Rows][D] most, to first order, among those of norm
// epsilon for each text as a whole (Miyato, Dai & Goodfellow 2017, equation 5).
//
// The paper measures the norm in word vectors that are normalised by the
// frequencies of the words to mean 0 and variance 1. The vectors here are not:
// the norm is that of r_j/s_j, with s_j the standard deviation of coordinate j
// over the tokens of the batch, which is a sample of the corpus by frequency.
// So
//
//	r = epsilon * S²g / ||S g||,  S = diag(s_1, ..., s_D).
//
// That is the paper's perturbation, since the encoder's input weights and bias
// stand for S and the means; only that the gradient does not pass through s. A
// text whose gradient is 0 keeps its vectors.
func (n *Network) Perturbation(ws *Workspace, dst, g []float32, epsilon float64) []float32 {
	D := n.cfg.Embed
	variance := ws.variances(D)
	norms := make([]float64, ws.texts) // ||S g||², then the factor
	ws.eachRow(func(row, text, _ int) {
		for j, v := range g[row*D : (row+1)*D] {
			norms[text] += float64(v) * float64(v) * variance[j]
		}
	})
	for b, sum := range norms {
		if sum > 0 {
			norms[b] = epsilon / math.Sqrt(sum)
		}
	}
	dst = grow(dst, len(ws.ids)*D)
	ws.eachRow(func(row, text, _ int) {
		for j, v := range g[row*D : (row+1)*D] {
			dst[row*D+j] = float32(norms[text] * variance[j] * float64(v))
		}
	})
	return dst
}

// variances returns the variance of each coordinate of the word vectors x.
func (ws *Workspace) variances(D int) []float64 {
	sums, squares := make([]float64, D), make([]float64, D)
	for at := 0; at < len(ws.x); at += D {
		for j, v := range ws.x[at : at+D] {
			sums[j] += float64(v)
			squares[j] += float64(v) * float64(v)
		}
	}
	N := float64(max(len(ws.x)/D, 1))
	for j, s := range sums {
		squares[j] = max(squares[j]/N-s/N*s/N, 0)
	}
	return squares
}

// ForwardNear is ws's last training Forward over again, with the same dropout
// masks, at word vectors to which r [Rows][D] is added. It may be repeated. The
// dropout of words comes before r, the encoder's of the values after it.
func (n *Network) ForwardNear(ws *Workspace, r []float32) ([][]float32, error) {
	ws.near = append(ws.near[:0], ws.x...)
	vec.Add(ws.near, r)
	return n.forwardVectors(ws, nn.Batch{Layout: &ws.layout, X: ws.near})
}
