package nn_test

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/nn"
)

func ones(n int) []float32 { return slices.Repeat([]float32{1}, n) }

// The masks of a seed are a promise: a resumed training must find them again.
func TestDropoutMasksStay(t *testing.T) {
	x := ones(8)
	nn.Dropout{P: 0.5, Seed: 1}.Apply(x, 0)
	// SplitMix64 seeded with 1 begins 0x910a2dec89025cc1, 0xbeeb8da1658eec67;
	// quarters are taken from the low end and dropped below 0x8000.
	if diff := cmp.Diff([]float32{0, 2, 0, 2, 2, 0, 2, 2}, x); diff != "" {
		t.Errorf("seed 1 (-want +got):\n%s", diff)
	}
}

func TestDropoutRate(t *testing.T) {
	const n = 1 << 16
	for _, p := range []float64{0.1, 0.5, 0.9} {
		x := ones(n)
		nn.Dropout{P: p, Seed: 3}.Apply(x, 0)
		zeros, sum := 0, 0.0
		for _, v := range x {
			if v == 0 {
				zeros++
			}
			sum += float64(v)
		}
		// Five standard deviations.
		if d := math.Abs(float64(zeros)/n - p); d > 5*math.Sqrt(p*(1-p)/n) {
			t.Errorf("P=%v drops %v", p, float64(zeros)/n)
		}
		if d := math.Abs(sum/n - 1); d > 5*math.Sqrt(p/(1-p)/n) {
			t.Errorf("P=%v: mean %v, want 1", p, sum/n)
		}
	}
}

func TestDropoutByPieces(t *testing.T) {
	d := nn.Dropout{P: 0.3, Seed: 5}
	want := ones(100)
	d.Apply(want, 7)
	for _, size := range []int{1, 2, 3, 5, 64} {
		got := ones(100)
		for lo := 0; lo < len(got); lo += size {
			d.Apply(got[lo:min(lo+size, len(got))], 7+lo)
		}
		if !slices.Equal(got, want) {
			t.Errorf("pieces of %d give another mask", size)
		}
	}
	other := ones(100)
	nn.Dropout{P: 0.3, Seed: 6}.Apply(other, 7)
	if slices.Equal(other, want) {
		t.Error("two seeds give the same mask")
	}
}

func TestDropoutLocked(t *testing.T) {
	const D = 50
	lengths := []int{3, 0, 6, 1}
	var l nn.Layout
	l.Reset(lengths)
	d := nn.Dropout{P: 0.5, Seed: 8}
	mask := func(x []float32, b, s int) []float32 { return x[l.Row(s, b)*D : (l.Row(s, b)+1)*D] }

	x := ones(l.Rows() * D)
	d.Locked(x, &l, D, nil, 10)
	for b, n := range lengths {
		for s := range n {
			if !slices.Equal(mask(x, b, s), mask(x, b, 0)) {
				t.Errorf("sequence %d: step %d has another mask than step 0", b, s)
			}
		}
	}
	if slices.Equal(mask(x, 0, 0), mask(x, 2, 0)) {
		t.Error("two sequences have the same mask")
	}
	// Sequence 2 alone, known to be the batch's number 12, draws its own mask.
	var alone nn.Layout
	alone.Reset([]int{6})
	y := ones(6 * D)
	d.Locked(y, &alone, D, nil, 12)
	if !slices.Equal(y[:D], mask(x, 2, 0)) {
		t.Error("a sequence's mask depends on its batch")
	}

	z := ones(l.Rows() * D)
	d.Locked(z, &l, D, []int{4, 4, 4, 5}, 0)
	if !slices.Equal(mask(z, 0, 0), mask(z, 2, 3)) || slices.Equal(mask(z, 0, 0), mask(z, 3, 0)) {
		t.Error("the chunks of a text do not share its mask alone")
	}
}

func TestDropoutTypes(t *testing.T) {
	const D = 3
	d := nn.Dropout{P: 0.4, Seed: 2}
	ids := make([]int32, 200)
	for i := range ids {
		ids[i] = int32(i % 50)
	}
	x := ones(len(ids) * D)
	d.Types(x, D, ids)
	dropped := 0
	for r := range ids {
		row := x[r*D : (r+1)*D]
		if !slices.Equal(row, x[r%50*D:(r%50+1)*D]) {
			t.Errorf("two rows of word %d differ", ids[r])
		}
		if row[0] == 0 && r < 50 {
			dropped++
		}
		if row[0] != row[1] || row[0] != row[2] {
			t.Errorf("row %v was not dropped as one", row)
		}
	}
	if dropped < 8 || dropped > 32 { // 20 expected, sd 3.5
		t.Errorf("%d of 50 words dropped, want about 20", dropped)
	}
}

func TestDropoutZero(t *testing.T) {
	var l nn.Layout
	l.Reset([]int{2})
	x := ones(4)
	var d nn.Dropout
	d.Apply(x, 0)
	d.Locked(x, &l, 2, nil, 0)
	d.Types(x, 2, []int32{0, 1})
	if !slices.Equal(x, ones(4)) {
		t.Errorf("zero Dropout gives %v", x)
	}
	for _, p := range []float64{-0.1, 1, math.NaN()} {
		if (nn.Dropout{P: p}).Validate() == nil {
			t.Errorf("P=%v was accepted", p)
		}
	}
	if err := (nn.Dropout{P: 0.5}).Validate(); err != nil {
		t.Error(err)
	}
}
