package nn_test

import (
	"slices"
	"testing"

	"github.com/textlstm/textlstm/nn"
)

func TestParamTouch(t *testing.T) {
	p := param("e", nil, 4, 2)
	p.Sparse = true
	for range 3 {
		for _, r := range []int32{3, 1, 3, 1} {
			p.Touch(r)
			p.Grad[2*r] = 1
		}
		if !slices.Equal(p.Touched, []int32{3, 1}) {
			t.Fatalf("Touched = %v, want 3, 1", p.Touched)
		}
		p.ZeroGrad()
		if len(p.Touched) != 0 || slices.Contains(p.Grad, 1) {
			t.Fatalf("after ZeroGrad: Touched %v, Grad %v", p.Touched, p.Grad)
		}
	}
}

func TestNewParam(t *testing.T) {
	for _, tt := range []struct {
		shape       []int
		size, width int
	}{
		{[]int{3, 4}, 12, 4}, {[]int{5}, 5, 1}, {[]int{2, 3, 4}, 24, 12}, {nil, 1, 1}, {[]int{0, 4}, 0, 0},
	} {
		p := nn.NewParam("p", tt.shape...)
		if len(p.Data) != tt.size || p.RowLen() != tt.width || p.Grad != nil {
			t.Errorf("shape %v: %d values, rows of %d, gradient %v; want %d, %d, none", tt.shape, len(p.Data), p.RowLen(), p.Grad, tt.size, tt.width)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a negative dimension did not panic")
		}
	}()
	nn.NewParam("p", 2, -1)
}

func TestInt8(t *testing.T) {
	p := nn.NewInt8("w", 2, 3)
	p.Int8.Q, p.Int8.Scale = []int8{1, -2, 127, 0, 3, -127}, []float32{0.5, 0.1}
	if p.Data != nil || p.Len() != 6 || p.RowLen() != 3 || !slices.Equal(p.Shape, []int{2, 3}) {
		t.Errorf("%+v", p)
	}
	s := p.Int8.Scale[1]
	if want := []float32{0.5, -1, 63.5, 0, s * 3, s * -127}; !slices.Equal(p.Values(), want) {
		t.Errorf("values %v, want %v", p.Values(), want)
	}
	row := make([]float32, 3)
	if p.Int8.Row(row, 1); !slices.Equal(row, p.Values()[3:]) {
		t.Errorf("row 1 is %v, want %v", row, p.Values()[3:])
	}
	f := param("w", []float32{1, 2}, 2)
	if v := f.Values(); &v[0] != &f.Data[0] {
		t.Error("the values of a parameter in float32 are a copy")
	}
}
