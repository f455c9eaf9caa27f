package nn

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLayoutDocumentedExample(t *testing.T) {
	var l Layout
	l.Reset([]int{2, 3, 0, 3})
	if l.B() != 4 || l.T() != 3 || l.Rows() != 8 {
		t.Fatalf("B, T, Rows = %d, %d, %d, want 4, 3, 8", l.B(), l.T(), l.Rows())
	}
	if diff := cmp.Diff([]int{1, 3, 0, 2}, l.Order()); diff != "" {
		t.Errorf("Order (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{2, 0, 3, 1}, l.Rank()); diff != "" {
		t.Errorf("Rank (-want +got):\n%s", diff)
	}
	var active, offset []int
	for t := range l.T() + 1 {
		active = append(active, l.Active(t))
		offset = append(offset, l.Offset(t))
	}
	if diff := cmp.Diff([]int{3, 3, 2, 0}, active); diff != "" {
		t.Errorf("Active (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{0, 3, 6, 8}, offset); diff != "" {
		t.Errorf("Offset (-want +got):\n%s", diff)
	}
}

func TestLayoutEmpty(t *testing.T) {
	var l Layout
	for range 2 {
		if l.B() != 0 || l.T() != 0 || l.Rows() != 0 {
			t.Errorf("B, T, Rows = %d, %d, %d, want zeros", l.B(), l.T(), l.Rows())
		}
		l.Reset(nil)
	}
	l.Reset([]int{0, 0})
	if l.B() != 2 || l.T() != 0 || l.Rows() != 0 || l.Active(0) != 0 {
		t.Errorf("two empty sequences: B, T, Rows, Active(0) = %d, %d, %d, %d, want 2, 0, 0, 0", l.B(), l.T(), l.Rows(), l.Active(0))
	}
}

func TestLayoutProperties(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var l Layout
	for range 200 {
		lengths := make([]int, rng.IntN(12))
		for b := range lengths {
			lengths[b] = rng.IntN(9)
		}
		l.Reset(lengths)

		seen := make([]bool, l.Rows())
		total := 0
		for b, n := range lengths {
			total += n
			if l.Length(b) != n {
				t.Fatalf("Length(%d) = %d, want %d", b, l.Length(b), n)
			}
			if l.Order()[l.Rank()[b]] != b {
				t.Fatalf("Rank is not the inverse of Order: %v, %v", l.Rank(), l.Order())
			}
			for step := range n {
				r := l.Row(step, b)
				if r < l.Offset(step) || r >= l.Offset(step)+l.Active(step) {
					t.Fatalf("Row(%d, %d) = %d outside its step [%d, %d)", step, b, r, l.Offset(step), l.Offset(step)+l.Active(step))
				}
				if seen[r] {
					t.Fatalf("row %d is used twice", r)
				}
				seen[r] = true
			}
		}
		if total != l.Rows() || slices.Contains(seen, false) {
			t.Fatalf("rows %v of %d used, want all of %d", seen, l.Rows(), total)
		}
		for i := 1; i < l.B(); i++ {
			a, b := l.Order()[i-1], l.Order()[i]
			if lengths[a] < lengths[b] || lengths[a] == lengths[b] && a > b {
				t.Fatalf("Order %v of lengths %v is not stable by descending length", l.Order(), lengths)
			}
		}
	}
}

func TestPackUnpack(t *testing.T) {
	const I = 3
	var l Layout
	lengths := []int{2, 0, 4, 1, 4}
	l.Reset(lengths)
	T, B := l.T()+1, l.B() // one step of padding for every sequence
	padded := make([]float32, T*B*I)
	want := make([]float32, len(padded))
	for i := range padded {
		padded[i] = float32(i + 1)
		if t, b := i/I/B, i/I%B; t < lengths[b] {
			want[i] = padded[i]
		}
	}
	packed := make([]float32, l.Rows()*I)
	l.Pack(packed, padded, T, I)
	for b, n := range lengths {
		for step := range n {
			r := l.Row(step, b)
			from := (step*B + b) * I
			if !slices.Equal(packed[r*I:(r+1)*I], padded[from:from+I]) {
				t.Errorf("row %d is not step %d of sequence %d", r, step, b)
			}
		}
	}
	got := make([]float32, len(padded))
	for i := range got {
		got[i] = -1
	}
	l.Unpack(got, packed, T, I)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Unpack(Pack(x)) (-want +got):\n%s", diff)
	}
}

func TestLayoutPanics(t *testing.T) {
	var l Layout
	l.Reset([]int{2, 0})
	for name, f := range map[string]func(){
		"negative length":     func() { new(Layout).Reset([]int{1, -1}) },
		"step past the end":   func() { l.Row(2, 0) },
		"step before zero":    func() { l.Row(-1, 0) },
		"too few padded":      func() { l.Pack(make([]float32, 2), make([]float32, 3), 2, 1) },
		"fewer steps than T":  func() { l.Pack(make([]float32, 2), make([]float32, 4), 1, 1) },
		"too few packed rows": func() { l.Unpack(make([]float32, 4), make([]float32, 1), 2, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f()
		})
	}
}

func TestLayoutResetDoesNotAllocate(t *testing.T) {
	var l Layout
	l.Reset([]int{40, 3, 20, 7})
	short := []int{3, 10, 2}
	if n := testing.AllocsPerRun(10, func() { l.Reset(short) }); n != 0 {
		t.Errorf("%v allocations per Reset, want 0", n)
	}
}

func BenchmarkLayoutReset(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	lengths := make([]int, 256)
	for i := range lengths {
		lengths[i] = 1 + rng.IntN(400)
	}
	var l Layout
	for b.Loop() {
		l.Reset(lengths)
	}
}
