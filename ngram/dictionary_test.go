package ngram_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/ngram"
)

// hashes returns n distinct features.
func hashes(n int, seed uint64) []ngram.Hash {
	r := rand.New(rand.NewPCG(seed, 1))
	h := make([]ngram.Hash, n)
	for i := range h {
		h[i] = ngram.Hash(r.Uint64())
	}
	return h
}

// build counts each of the features as a text of its own.
func build(features []ngram.Hash, bits, minCount int) *ngram.Dictionary {
	c := ngram.NewCounter(minCount, len(features))
	for i := range features {
		c.Add(1, features[i:i+1])
	}
	return c.Dictionary(bits)
}

func TestDictionaryFindsWhatItHas(t *testing.T) {
	const bits = 12
	for _, tt := range []struct{ share, lost float64 }{{0.1, 0}, {0.5, 0.01}, {0.8, 0.08}} {
		share := tt.share
		features := hashes(int(share*(1<<bits)), 5)
		d := build(features, bits, 1)
		rows := map[int32]bool{}
		lost := 0
		for _, h := range features {
			row, ok := d.Row(h)
			if !ok {
				lost++
				continue
			}
			if row < 0 || int(row) >= d.Rows() {
				t.Fatalf("row %d of %d is out of range", row, d.Rows())
			}
			rows[row] = true
		}
		// A feature is dropped only where the window of 8 slots is full.
		if lost > int(tt.lost*float64(len(features))) {
			t.Errorf("%.0f%% full: %d of %d features are lost", 100*share, lost, len(features))
		}
		if d.Rows() != len(rows) {
			t.Errorf("Rows() = %d, %d distinct rows were found", d.Rows(), len(rows))
		}
		if same := len(features) - lost - len(rows); same > 3 {
			t.Errorf("%.0f%% full: %d features share a row", 100*share, same)
		}
	}
}

// A dictionary has a row for each feature, and so many slots that none is lost.
func TestDictionaryFollowsTheFeatures(t *testing.T) {
	for _, tt := range []struct{ features, least, most int }{
		{0, 16, 16}, {1, 16, 16}, {7, 16, 32}, {8, 32, 64}, {1000, 2048, 8192}, {20_000, 1 << 16, 1 << 18}, {40_000, 1 << 17, 1 << 18},
	} {
		d := build(hashes(tt.features, 7), 18, 1)
		if got := len(d.Tags()); got < tt.least || got > tt.most {
			t.Errorf("%d features: %d slots, want %d to %d", tt.features, got, tt.least, tt.most)
		}
		taken := 0
		for _, tag := range d.Tags() {
			if tag != 0 {
				taken++
			}
		}
		same := tt.features - d.Rows() // of two with one tag
		if d.Rows() != taken || same < 0 || same > 3 {
			t.Errorf("%d features: %d rows, %d slots are taken", tt.features, d.Rows(), taken)
		}
	}
	if d := build(hashes(80_000, 7), 16, 1); len(d.Tags()) != 1<<16 || d.Rows() > 7<<16/8 || d.Rows() < 50_000 {
		t.Errorf("80,000 features in %d slots, %d rows, want 65,536 and at most 57,344", len(d.Tags()), d.Rows())
	}
}

// A table with a row for each slot becomes one with a row for each feature.
func TestPack(t *testing.T) {
	d := build(hashes(100, 3), 8, 1)
	full := &ngram.Linear{Labels: 3, Weights: make([]float32, 3*len(d.Tags())), Bias: make([]float32, 3)}
	var want []float32
	for slot, tag := range d.Tags() {
		for c := range 3 {
			full.Weights[3*slot+c] = float32(3*slot + c)
			if tag != 0 {
				want = append(want, float32(3*slot+c))
			}
		}
	}
	halves := &ngram.Linear{Labels: 2, Half: make([]uint16, len(d.Tags())), Bias: make([]float32, 1)}
	copy(halves.Half, d.Tags())
	full.Pack(d)
	halves.Pack(d)
	if !slices.Equal(full.Weights, want) {
		t.Errorf("%d weights are not those of the %d features", len(full.Weights), d.Rows())
	}
	if len(halves.Half) != d.Rows() || slices.Contains(halves.Half, 0) {
		t.Errorf("%d weights of %d features, or some of empty slots", len(halves.Half), d.Rows())
	}
}

func TestDictionaryFalsePositives(t *testing.T) {
	const bits = 12
	d := build(hashes(7<<bits/8, 5), bits, 1)
	const tries = 200_000
	found := 0
	for _, h := range hashes(tries, 6) {
		if _, ok := d.Row(h); ok {
			found++
		}
	}
	bound := tries * 8.0 / 65535
	if float64(found) > 1.5*bound || found == 0 {
		t.Errorf("%d of %d features that are not there were found, want about %.0f at most", found, tries, bound)
	}
	if _, ok := ngram.NewDictionary(4).Row(1); ok {
		t.Error("an empty dictionary has a feature")
	}
}

func TestCounterKeepsTheMostFrequent(t *testing.T) {
	const bits = 6 // room for 56 features
	features := hashes(200, 8)
	var all []ngram.Hash
	for i, h := range features {
		for range 1 + i/10 {
			all = append(all, h)
		}
	}
	d := build(all, bits, 1)
	if d.Rows() > 56 || d.Rows() < 40 {
		t.Errorf("%d features in 64 slots, want at most 56", d.Rows())
	}
	lost := 0
	for _, h := range features[190:] {
		if _, ok := d.Row(h); !ok {
			lost++
		}
	}
	if lost > 0 {
		t.Errorf("%d of the 10 most frequent features are lost", lost)
	}
	rare := 0
	for _, h := range features[:100] {
		if _, ok := d.Row(h); ok {
			rare++
		}
	}
	if rare > 2 { // taken for others
		t.Errorf("%d of the 100 rarest features are kept", rare)
	}
}

func TestCounterCountsTexts(t *testing.T) {
	h := hashes(3, 9)
	d := build([]ngram.Hash{h[0], h[1], h[1], h[2], h[2], h[2]}, 4, 2)
	for i, want := range []bool{false, true, true} {
		if _, ok := d.Row(h[i]); ok != want {
			t.Errorf("feature of %d texts: kept %t, want %t", i+1, ok, want)
		}
	}
	if got := d.AppendRows([]int32{99}, h); len(got) != 3 || got[0] != 99 {
		t.Errorf("AppendRows = %v, want two rows behind the 99", got)
	}
	if d := build(nil, 4, 1); d.Rows() != 0 || len(d.Tags()) != 16 {
		t.Errorf("of nothing: %d features, %d slots, want 0, 16", d.Rows(), len(d.Tags()))
	}
}

func TestCounterIgnoresTheOrderOfTexts(t *testing.T) {
	all := slices.Concat(hashes(300, 1), hashes(200, 1), hashes(50, 1), hashes(300, 2))
	want := build(all, 8, 1).Tags()
	r := rand.New(rand.NewPCG(1, 2))
	for range 5 {
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		if diff := cmp.Diff(want, build(all, 8, 1).Tags()); diff != "" {
			t.Fatalf("another order, another dictionary:\n%s", diff)
		}
	}
}

func TestFromTags(t *testing.T) {
	features := hashes(100, 3)
	d := build(features, 7, 1)
	e, err := ngram.FromTags(slices.Clone(d.Tags()))
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Tags()) != len(d.Tags()) || e.Rows() != d.Rows() {
		t.Errorf("%d features in %d slots, want %d in %d", e.Rows(), len(e.Tags()), d.Rows(), len(d.Tags()))
	}
	for _, h := range append(features, hashes(100, 4)...) {
		a, okA := d.Row(h)
		b, okB := e.Row(h)
		if a != b || okA != okB {
			t.Fatalf("feature %x: row %d, %t, want %d, %t", h, b, okB, a, okA)
		}
	}
	for _, n := range []int{0, 1, 8, 15, 17, 24, 1<<10 - 1} {
		if _, err := ngram.FromTags(make([]uint16, n)); err == nil {
			t.Errorf("%d rows are no error", n)
		}
	}
	// A table without an empty row, as a damaged file could hold, ends every search.
	full, err := ngram.FromTags(slices.Repeat([]uint16{1}, 16))
	if err != nil {
		t.Fatal(err)
	}
	full.AppendRows(nil, hashes(1000, 10))
}
