// Package gradcheck compares gradients with finite differences.
package gradcheck

import (
	"math"
	"testing"

	"github.com/textlstm/textlstm/nn"
)

// Step is how far Check moves a value to either side.
const Step = 1e-2

// samples is the number of values that Check tries per parameter, in short tests
// shortSamples.
const (
	samples      = 150
	shortSamples = 25
)

// Check compares the gradient that is in each parameter's Grad with the slope
// of loss, and reports every value where
//
//	|Grad - slope| > tol*(|Grad| + rms(Grad)) + noise.
//
// loss must be a function of the parameters' Data alone (same masks, same
// batch); it may overwrite Grad. The slope is the five-point difference with
// points at Step and 2*Step on either side, whose own error is of the order of
// Step^4; noise is the rounding of a float32 loss seen through it. At a kink
// (ReLU, max) the difference means nothing: choose values away from one.
// Inputs can be checked by wrapping them in a Param. Large parameters are
// tried at evenly spread values. Data is left as it was.
//
// With tol = 1e-2 a wrong sign, factor or term is found; float32 arithmetic
// seldom allows much less than 1e-3.
func Check(t testing.TB, params []*nn.Param, loss func() float64, tol float64) {
	t.Helper()
	grads := make([][]float32, len(params))
	for i, p := range params {
		if len(p.Grad) != len(p.Data) {
			t.Fatalf("%s: %d gradients for %d values", p.Name, len(p.Grad), len(p.Data))
		}
		grads[i] = append([]float32(nil), p.Grad...)
	}
	most := samples
	if testing.Short() {
		most = shortSamples
	}
	level := max(1, math.Abs(loss()))
	noise := 8 * 0x1p-24 * level / Step
	for i, p := range params {
		sum := 0.0
		for _, g := range grads[i] {
			sum += float64(g) * float64(g)
		}
		rms := math.Sqrt(sum / float64(max(len(p.Data), 1)))
		stride := max(1, len(p.Data)/most)
		for j := 0; j < len(p.Data); j += stride {
			got, want := float64(grads[i][j]), slope(p, j, loss)
			if d := math.Abs(got - want); !(d <= tol*(math.Abs(got)+rms)+noise) {
				t.Errorf("%s[%d]: gradient %.6g, finite difference %.6g, off by %.2g", p.Name, j, got, want, d)
			}
		}
	}
}

// slope is the derivative of loss by p.Data[j].
func slope(p *nn.Param, j int, loss func() float64) float64 {
	old := p.Data[j]
	defer func() {
		p.Data[j] = old
		p.Changed()
	}()
	sum, reach := 0.0, 0.0
	for _, pt := range []struct{ at, weight float64 }{{-2, 1}, {-1, -8}, {1, 8}, {2, -1}} {
		p.Data[j] = old + float32(pt.at*Step)
		p.Changed()
		sum += pt.weight * loss()
		// What was added, after rounding, rather than Step.
		reach += pt.weight * (float64(p.Data[j]) - float64(old))
	}
	return sum / reach
}
