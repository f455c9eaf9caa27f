package gradcheck_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/textlstm/textlstm/internal/gradcheck"
	"github.com/textlstm/textlstm/nn"
)

// A recorder counts what Check reports instead of failing.
type recorder struct {
	testing.TB
	errors int
}

func (r *recorder) Helper()               {}
func (r *recorder) Errorf(string, ...any) { r.errors++ }

func sine(p *nn.Param) float64 {
	sum := 0.0
	for _, v := range p.Data {
		sum += math.Sin(float64(v))
	}
	return sum
}

func TestCheck(t *testing.T) {
	p := nn.NewParam("p", 400)
	p.NeedGrad()
	for i := range p.Data {
		p.Data[i] = float32(i) / 50
	}
	before := append([]float32(nil), p.Data...)
	for _, tt := range []struct {
		name  string
		wrong func(v float64) float64
		good  bool
	}{
		{"right", func(v float64) float64 { return v }, true},
		{"wrong sign", func(v float64) float64 { return -v }, false},
		{"wrong factor", func(v float64) float64 { return 1.05 * v }, false},
		{"missing", func(v float64) float64 { return 0 }, false},
		{"not a number", func(v float64) float64 { return math.NaN() }, false},
	} {
		for i, v := range p.Data {
			p.Grad[i] = float32(tt.wrong(math.Cos(float64(v))))
		}
		r := &recorder{TB: t}
		gradcheck.Check(r, []*nn.Param{p}, func() float64 { return sine(p) }, 1e-2)
		if (r.errors == 0) != tt.good {
			t.Errorf("%s gradient: %d errors", tt.name, r.errors)
		}
	}
	for i, v := range p.Data {
		if v != before[i] {
			t.Fatalf("Data[%d] was left at %v, was %v", i, v, before[i])
		}
	}
	if p.Version == 0 {
		t.Error("Check did not say that it changed Data")
	}
}

func ExampleCheck() {
	t := &recorder{}
	w := nn.NewParam("w", 2)
	w.NeedGrad()
	copy(w.Data, []float32{1, 2})
	square := func() float64 { return float64(w.Data[0]*w.Data[0] + w.Data[1]*w.Data[1]) }

	copy(w.Grad, []float32{2, 4})
	gradcheck.Check(t, []*nn.Param{w}, square, 1e-3)
	fmt.Println(t.errors)

	copy(w.Grad, []float32{2, 2})
	gradcheck.Check(t, []*nn.Param{w}, square, 1e-3)
	fmt.Println(t.errors)
	// Output:
	// 0
	// 1
}
