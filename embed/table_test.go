package embed

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/textlstm/textlstm/vocab"
)

func mustNew(t testing.TB, rows, dim int) *Table {
	t.Helper()
	tab, err := New(rows, dim)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// random returns a table with values drawn from seed.
func random(t testing.TB, rows, dim int, seed uint64) *Table {
	tab := mustNew(t, rows, dim)
	tab.Init(rand.New(rand.NewPCG(seed, 0)))
	return tab
}

func TestNew(t *testing.T) {
	for _, size := range [][2]int{{0, 5}, {-1, 5}, {5, 0}, {5, -1}, {math.MaxInt32, math.MaxInt32}} {
		if _, err := New(size[0], size[1]); err == nil {
			t.Errorf("New(%d, %d) succeeds", size[0], size[1])
		}
	}
	tab := mustNew(t, 3, 2)
	p := tab.Params()
	if len(p) != 1 || p[0].Name != "embedding.weight" || !p[0].Sparse || p[0].Decay || !slices.Equal(p[0].Shape, []int{3, 2}) {
		t.Errorf("Params = %+v", p)
	}
}

func TestInit(t *testing.T) {
	tab := mustNew(t, 1000, 50)
	version := tab.Weight.Version
	tab.Init(rand.New(rand.NewPCG(1, 2)))
	if tab.Weight.Version == version {
		t.Error("the change was not recorded")
	}
	for i, x := range tab.Row(vocab.Pad) {
		if x != 0 {
			t.Fatalf("padding has value %g at %d", x, i)
		}
	}
	var sum, squares float64
	values := tab.Weight.Data[50:]
	for _, x := range values {
		sum += float64(x)
		squares += float64(x) * float64(x)
	}
	n := float64(len(values))
	// The standard errors are InitSD/sqrt(n) = 0.0004 and 0.0003.
	if mean, sd := sum/n, math.Sqrt(squares/n); math.Abs(mean) > 0.002 || math.Abs(sd-InitSD) > 0.002 {
		t.Errorf("mean %g, standard deviation %g, want 0 and %g", mean, sd, InitSD)
	}
	if again := random(t, 1000, 50, 7); !slices.Equal(again.Weight.Data, random(t, 1000, 50, 7).Weight.Data) {
		t.Error("one seed gives two tables")
	}
}

func TestGather(t *testing.T) {
	tab := random(t, 6, 3, 1)
	ids := []vocab.ID{5, 0, 2, 5}
	dst := make([]float32, len(ids)*3)
	for i := range dst {
		dst[i] = 99
	}
	tab.Gather(dst, ids)
	want := slices.Concat(tab.Row(5), []float32{0, 0, 0}, tab.Row(2), tab.Row(5))
	if diff := gocmp.Diff(want, dst); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	tab.Gather(nil, nil)
}

func TestAddGrad(t *testing.T) {
	tab := random(t, 6, 2, 1)
	ids := []vocab.ID{3, 0, 5, 3}
	dY := []float32{1, 2, 100, 100, 3, 4, 10, 20}
	tab.AddGrad(ids, dY) // no gradient is wanted: nothing happens
	if tab.Weight.Grad != nil || len(tab.Weight.Touched) > 0 {
		t.Fatal("a frozen table has a gradient")
	}
	tab.Weight.NeedGrad()
	for step := range 3 { // ZeroGrad between, so each step starts anew
		tab.AddGrad(ids, dY)
		want := []float32{0, 0, 0, 0, 0, 0, 11, 22, 0, 0, 3, 4}
		if diff := gocmp.Diff(want, tab.Weight.Grad); diff != "" {
			t.Errorf("step %d: gradient (-want +got):\n%s", step, diff)
		}
		if want := []int32{3, 5}; !slices.Equal(tab.Weight.Touched, want) {
			t.Errorf("step %d: touched %v, want %v", step, tab.Weight.Touched, want)
		}
		tab.Weight.ZeroGrad()
	}
}

// TestGradientIsAdjoint: <Gather(W), dY> = <W, AddGrad(dY)> for random values,
// which says that AddGrad is the gradient of Gather.
func TestGradientIsAdjoint(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	for range 50 {
		rows, dim, n := 2+rng.IntN(20), 1+rng.IntN(9), rng.IntN(30)
		tab := random(t, rows, dim, rng.Uint64())
		tab.Weight.NeedGrad()
		ids := make([]vocab.ID, n)
		for i := range ids {
			ids[i] = vocab.ID(rng.IntN(rows))
		}
		dY, y := make([]float32, n*dim), make([]float32, n*dim)
		for i := range dY {
			dY[i] = float32(rng.NormFloat64())
		}
		tab.Gather(y, ids)
		tab.AddGrad(ids, dY)
		var left, right float64
		for i := range y {
			left += float64(y[i]) * float64(dY[i])
		}
		for i, w := range tab.Weight.Data {
			right += float64(w) * float64(tab.Weight.Grad[i])
		}
		if math.Abs(left-right) > 1e-5 {
			t.Errorf("<Gather, dY> = %g, <W, AddGrad> = %g", left, right)
		}
	}
}

func TestPanics(t *testing.T) {
	tab := mustNew(t, 3, 2)
	tab.Weight.NeedGrad()
	for name, f := range map[string]func(){
		"row beyond the end":    func() { tab.Row(3) },
		"negative row":          func() { tab.Row(-1) },
		"gather: wrong length":  func() { tab.Gather(make([]float32, 3), []vocab.ID{1}) },
		"gather: no such row":   func() { tab.Gather(make([]float32, 2), []vocab.ID{3}) },
		"gradient: length":      func() { tab.AddGrad([]vocab.ID{1}, make([]float32, 1)) },
		"gradient: no such row": func() { tab.AddGrad([]vocab.ID{3}, make([]float32, 2)) },
		"nearest: dimension":    func() { tab.Nearest(make([]float32, 3), 1) },
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

// TestNearest compares with sorting all cosines in float64.
// Numbers whose products a float32 does not hold have a direction; those that are not
// finite have none.
func TestNearestOfHugeNumbers(t *testing.T) {
	tab := random(t, 6, 2, 1)
	inf := float32(math.Inf(1))
	for id, row := range [][]float32{2: {3e38, 3e38}, 3: {-3e38, -3e38}, 4: {inf, 1}, 5: {1e-40, 0}} {
		copy(tab.Row(vocab.ID(id)), row)
	}
	got := tab.Nearest([]float32{2e38, 2e38}, 9)
	if len(got) < 2 || got[0].ID != 2 || math.Abs(float64(got[0].Cosine)-1) > 1e-6 || got[len(got)-1].ID != 3 || math.Abs(float64(got[len(got)-1].Cosine)+1) > 1e-6 {
		t.Errorf("neighbours %v, want 2 first, as near as can be, and 3 last", got)
	}
	for _, n := range got {
		if n.ID == 4 {
			t.Errorf("a row that is not finite is a neighbour: %v", n)
		}
	}
	if got := tab.Nearest([]float32{inf, 0}, 9); got != nil {
		t.Errorf("neighbours of what is not finite: %v", got)
	}
	if got := tab.Analogy(2, 3, 4, 9); got != nil {
		t.Errorf("an analogy of what is not finite: %v", got)
	}
}

func TestNearest(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for range 100 {
		rows, dim := 2+rng.IntN(60), 1+rng.IntN(12)
		tab := random(t, rows, dim, rng.Uint64())
		if rows > 5 {
			clear(tab.Row(3))
			copy(tab.Row(5), tab.Row(4)) // a tie
		}
		q := slices.Clone(tab.Row(vocab.ID(1 + rng.IntN(rows-1))))
		except := []vocab.ID{vocab.ID(rng.IntN(rows)), 2}
		k := rng.IntN(rows + 3)

		var want []Neighbor
		for id := vocab.ID(2); int(id) < rows; id++ {
			var dot, a, b float64
			for i, x := range tab.Row(id) {
				dot += float64(x) * float64(q[i])
				a += float64(x) * float64(x)
				b += float64(q[i]) * float64(q[i])
			}
			if a > 0 && b > 0 && !slices.Contains(except, id) {
				want = append(want, Neighbor{id, float32(dot / math.Sqrt(a*b))})
			}
		}
		slices.SortStableFunc(want, func(a, b Neighbor) int {
			if math.Abs(float64(a.Cosine-b.Cosine)) < 1e-6 {
				return cmp.Compare(a.ID, b.ID)
			}
			return cmp.Compare(b.Cosine, a.Cosine)
		})
		want = want[:min(k, len(want))]
		got := tab.Nearest(q, k, except...)
		if len(got) != len(want) {
			t.Fatalf("%d neighbours, want %d", len(got), len(want))
		}
		for i := range got {
			if d := math.Abs(float64(got[i].Cosine - want[i].Cosine)); d > 1e-6 {
				t.Errorf("neighbour %d: %v, want %v", i, got[i], want[i])
			}
			if i > 0 && got[i].Cosine == got[i-1].Cosine && got[i].ID < got[i-1].ID {
				t.Errorf("equal cosines out of order: %v", got[i-1:i+1])
			}
		}
	}
	tab := random(t, 5, 2, 1)
	if got := tab.Nearest(make([]float32, 2), 3); got != nil {
		t.Errorf("neighbours of zero: %v", got)
	}
}

func TestAnalogy(t *testing.T) {
	// man, woman, king, queen in a plane of royalty and sex; boat is elsewhere.
	tab := mustNew(t, 7, 3)
	for id, v := range map[vocab.ID][]float32{2: {1, 0, 0}, 3: {1, 1, 0}, 4: {1, 0, 5}, 5: {1, 1, 5}, 6: {-3, 1, 1}} {
		copy(tab.Row(id), v)
	}
	got := tab.Analogy(2, 3, 4, 2)
	if len(got) != 2 || got[0].ID != 5 || got[1].ID != 6 {
		t.Errorf("man : woman = king : %v, want queen (5), then boat (6)", got)
	}
	if got := tab.Analogy(2, 0, 4, 2); got != nil {
		t.Errorf("analogy with a row of zeros: %v", got)
	}
}

// A table in eight bits answers as one of its values in float32.
func TestInt8(t *testing.T) {
	const rows, dim = 40, 7
	q, err := NewInt8(rows, dim)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 5))
	w := q.Weight.Int8
	for range rows {
		w.Scale = append(w.Scale, r.Float32())
		for range dim {
			w.Q = append(w.Q, int8(r.IntN(255)-127))
		}
	}
	f := mustNew(t, rows, dim)
	copy(f.Weight.Data, q.Weight.Values())
	ids := []vocab.ID{3, 0, 39, 3}
	got, want := make([]float32, len(ids)*dim), make([]float32, len(ids)*dim)
	q.Gather(got, ids)
	f.Gather(want, ids)
	if !slices.Equal(got, want) {
		t.Errorf("gathered %v, want %v", got, want)
	}
	for id := range vocab.ID(rows) {
		if !slices.Equal(q.Row(id), f.Row(id)) {
			t.Errorf("row %d is %v, want %v", id, q.Row(id), f.Row(id))
		}
	}
	if got, want := q.Nearest(f.Row(5), 9, 5), f.Nearest(f.Row(5), 9, 5); !slices.Equal(got, want) {
		t.Errorf("nearest: %v, want %v", got, want)
	}
	if got, want := q.Analogy(4, 5, 6, 3), f.Analogy(4, 5, 6, 3); !slices.Equal(got, want) {
		t.Errorf("analogy: %v, want %v", got, want)
	}
	if _, err := NewInt8(0, dim); err == nil {
		t.Error("a table of no rows is made")
	}
}

func BenchmarkNearest(b *testing.B) {
	tab := random(b, 50_000, 100, 1)
	q := tab.Row(17)
	for b.Loop() {
		tab.Nearest(q, 10)
	}
}
