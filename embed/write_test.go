package embed

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/textlstm/textlstm/vocab"
)

// What is written comes back, bit for bit.
func TestWriteText(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	v, err := vocab.New([]string{"good", "café", "12", "two words", "-", "a\tb", "日本", "</s>", "\"", "non\u00a0breaking"}, nil, 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, dim := range []int{1, 2, 7} {
		tab, err := New(v.Len(), dim)
		if err != nil {
			t.Fatal(err)
		}
		tab.Init(rng)
		copy(tab.Row(v.ID("12")), []float32{math.MaxFloat32, math.SmallestNonzeroFloat32, -1e-7})
		var b bytes.Buffer
		if err := tab.WriteText(&b, v); err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("8 %d\ngood ", dim); !bytes.HasPrefix(b.Bytes(), []byte(want)) {
			t.Errorf("begins %.20q, want %q", b.Bytes(), want)
		}
		back, c, err := Read(&b, v, nil, ReadOptions{})
		if err != nil {
			t.Fatalf("dim %d: %v", dim, err)
		}
		if c.Format != Word2VecText || c.Rows != 8 || c.Found != 8 || c.Missing != 2 {
			t.Errorf("dim %d: %+v", dim, c)
		}
		for id, token := range v.All() {
			want := tab.Row(id)
			if token == "two words" || token == "a\tb" {
				want = make([]float32, dim)
			}
			if !slices.Equal(back.Row(id), want) {
				t.Errorf("dim %d: %q comes back as %v, want %v", dim, token, back.Row(id), want)
			}
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.ErrUnsupported }

func TestWriteTextErrors(t *testing.T) {
	v := words(t, "good", "bad")
	tab, err := New(v.Len(), 3)
	if err != nil {
		t.Fatal(err)
	}
	if err := tab.WriteText(brokenWriter{}, v); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a writer that fails: %v", err)
	}
	if err := tab.WriteText(new(bytes.Buffer), words(t, "good")); err == nil {
		t.Error("a vocabulary of another size is no error")
	}
	for _, x := range []float64{math.NaN(), math.Inf(-1)} {
		tab.Row(v.ID("bad"))[1] = float32(x)
		if err := tab.WriteText(new(bytes.Buffer), v); !errors.Is(err, ErrNotFinite) {
			t.Errorf("%v: %v, want ErrNotFinite", x, err)
		}
	}
}

// The dimension alone is that which Read finds.
func TestReadDim(t *testing.T) {
	for _, name := range []string{"w2v.txt", "w2v.bin", "ft.vec", "ft.bin"} {
		b := testdata(t, name)
		tab, _, err := Read(bytes.NewReader(b), words(t, "good"), nil, ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if dim, err := ReadDim(bytes.NewReader(b), ReadOptions{}); err != nil || dim != tab.Dim() {
			t.Errorf("%s: %d, %v, want %d", name, dim, err, tab.Dim())
		}
	}
	if dim, err := ReadDim(bytes.NewReader([]byte(". . . 5 6\ngood 1 2\nthe 3 4\n")), ReadOptions{}); err != nil || dim != 2 {
		t.Errorf("GloVe: %d, %v, want 2", dim, err)
	}
	for _, b := range []string{"", "good\n", "2 2\n"} {
		var pe *ParseError
		if dim, err := ReadDim(bytes.NewReader([]byte(b)), ReadOptions{}); !errors.As(err, &pe) {
			t.Errorf("%q: %d, %v, want a ParseError", b, dim, err)
		}
	}
}
