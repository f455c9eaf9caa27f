package corpora

import (
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSpool(t *testing.T) {
	dir := t.TempDir()
	s, err := NewSpool(dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	const n = 5000
	want := map[string]Example{}
	for i := range n {
		ex := Example{ID: fmt.Sprint(i), Text: strings.Repeat("text ", i%50), Labels: []string{fmt.Sprint(i % 3), ""}, Source: int32(i % 2), Weight: float32(i), Line: i + 1}
		if i == 100 {
			ex.Text = strings.Repeat("long", 100_000)
		}
		want[ex.ID] = ex
		if err := s.Add(ex); err != nil {
			t.Fatal(err)
		}
	}
	order := func(epoch uint64) (ids []string) {
		got := map[string]Example{}
		for ex, err := range s.Shuffled(epoch) {
			if err != nil {
				t.Fatal(err)
			}
			got[ex.ID] = ex
			ids = append(ids, ex.ID)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("epoch %d (-want +got):\n%s", epoch, diff)
		}
		return ids
	}
	first, again, other := order(1), order(1), order(2)
	if !cmp.Equal(first, again) {
		t.Error("one epoch has two orders")
	}
	if cmp.Equal(first, other) {
		t.Error("two epochs have one order")
	}
	// Sorted input must come out mixed: the mean place of the first half of the
	// input is that of all, within four standard deviations.
	sum := 0.0
	for place, id := range first {
		var i int
		fmt.Sscan(id, &i)
		if i < n/2 {
			sum += float64(place)
		}
	}
	mean := sum / (n / 2)
	if sd := n / math.Sqrt(12*n/2); math.Abs(mean-n/2) > 4*sd {
		t.Errorf("the first half of the input has the mean place %.0f of %d", mean, n)
	}
	for range s.Shuffled(3) {
		break // ends early
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if names, _ := os.ReadDir(dir); len(names) != 0 {
		t.Errorf("left behind: %v", names)
	}
	if s.Add(Example{}) == nil {
		t.Error("Add after Close: no error")
	}
}

// A corpus of 1 GB is read, spooled and shuffled within 200 MB: the promise of
// Reader and Spool. TEXTLSTM_LONG=1 runs it.
func TestStreamingMemory(t *testing.T) {
	if os.Getenv("TEXTLSTM_LONG") == "" {
		t.Skip("streams 1 GB: set TEXTLSTM_LONG=1 to run this test")
	}
	r, err := New(io.LimitReader(&generated{}, 1<<30), "a.tsv", Options{Limits: Limits{BadRecords: -1}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSpool(t.TempDir(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var peak uint64
	sample := func(i int) {
		if i%100_000 == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapSys-m.HeapReleased)
		}
	}
	n := 0
	for ex, err := range r.All() {
		if err != nil {
			if Refused(err) {
				continue // the row that the limit of the stream cut
			}
			t.Fatal(err)
		}
		if err := s.Add(ex); err != nil {
			t.Fatal(err)
		}
		n++
		sample(n)
	}
	m := 0
	for _, err := range s.Shuffled(0) {
		if err != nil {
			t.Fatal(err)
		}
		m++
		sample(m)
	}
	t.Logf("%d rows, peak %d MiB", n, peak>>20)
	if m != n || peak > 200<<20 {
		t.Errorf("%d rows of %d, peak %d MiB, want at most 200", m, n, peak>>20)
	}
}

// generated is an endless TSV file.
type generated struct {
	line []byte
	n    int
}

func (g *generated) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if len(g.line) == 0 {
			g.line = []byte("label\ttext\n")
			if g.n > 0 {
				g.line = fmt.Appendf(nil, "l%d\ta text of some length, the number %d of its kind, and a little more to make it a review\n", g.n%3, g.n)
			}
			g.n++
		}
		c := copy(p[n:], g.line)
		g.line = g.line[c:]
		n += c
	}
	return n, nil
}

func BenchmarkSpool(b *testing.B) {
	text := strings.Repeat("some words of text ", 20)
	b.SetBytes(int64(len(text)))
	s, err := NewSpool(b.TempDir(), 1)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for b.Loop() {
		if err := s.Add(Example{ID: "1", Text: text, Labels: []string{"a"}}); err != nil {
			b.Fatal(err)
		}
	}
}
