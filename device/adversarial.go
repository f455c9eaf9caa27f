package device

import "github.com/textlstm/textlstm/train"

var _ train.Words = (*engine)(nil)

// Vectors is train.Words'.
func (e *engine) Vectors() ([]float32, error) { return e.ofPlaces(e.spread) }

// ofPlaces reads vectors of places.
func (e *engine) ofPlaces(a *array) ([]float32, error) {
	x := make([]float32, e.batch.Layout.Rows()*e.cfg.Model.Embed)
	if len(x) > 0 {
		read(e, x, a)
	}
	return x, e.err
}

// EachToken is train.Words'.
func (e *engine) EachToken(f func(row, text int)) { e.ws.EachToken(f) }

// ForwardVectors is train.Words'.
func (e *engine) ForwardVectors(x []float32) ([][]float32, error) {
	write(e, e.spread, x)
	return e.forward()
}

// BackwardWords is train.Words'.
func (e *engine) BackwardWords(dLogits [][]float32) ([]float32, error) {
	e.backward(dLogits, true)
	return e.ofPlaces(e.dY[0])
}

// WordGradient is train.Words'.
func (e *engine) WordGradient(dLogits [][]float32) ([]float32, error) {
	e.backward(dLogits, false)
	return e.ofPlaces(e.dY[0])
}
