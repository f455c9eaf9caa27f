package embed

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
)

// check reads b as each target does: whatever the bytes, there is a *ParseError
// or a table of finite numbers with nothing in the row of padding, and memory
// and time follow the input.
func check(t *testing.T, b []byte, format Format) {
	v := words(t, "good", "the", "</s>", "café")
	for _, fold := range []func(string) string{nil, strings.ToLower} {
		tab, cov, err := Read(bytes.NewReader(b), v, nil, ReadOptions{Format: format, MaxDim: 64, Fold: fold})
		if err != nil {
			var pe *ParseError
			if tab != nil || !errors.As(err, &pe) || pe.Offset > int64(len(b)) {
				t.Fatalf("error %#v for %d bytes", err, len(b))
			}
			continue
		}
		if cov.Found+cov.Missing != v.Known() || cov.Rows > len(b) || cov.Dim != tab.Dim() || tab.Rows() != v.Len() {
			t.Fatalf("coverage %+v for %d bytes", cov, len(b))
		}
		for i, x := range tab.Weight.Data {
			if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) && format != FastTextBin || i < tab.Dim() && x != 0 {
				t.Fatalf("value %d is %g", i, x)
			}
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add([]byte("good 1 2\nthe 3 4\n. . . 5 6\n"))
	f.Add([]byte("2 2\ngood 1 2\nthe -3e-1 .4 \r\n"))
	f.Add([]byte("\xef\xbb\xbf</s>\t1\nGOOD 1e39\n"))
	f.Add([]byte("good nan\n"))
	f.Add([]byte("4000000000 300\ngood 1\n"))
	f.Add(testdata(f, "w2v.txt"))
	f.Add(testdata(f, "ft.vec"))
	f.Fuzz(func(t *testing.T, b []byte) {
		check(t, b, Auto)
		check(t, b, GloVe)
		check(t, b, Word2VecText)
	})
}

func FuzzBinary(f *testing.F) {
	f.Add(testdata(f, "w2v.bin"))
	f.Add(binaryFile("2 2\n", "\n", "good", []float32{1, 2}, "the", []float32{3, 4}))
	f.Add(binaryFile("1 1\n", "", "good", []float32{float32(math.Inf(1))}))
	f.Add([]byte("3000000 300\ngood "))
	f.Fuzz(func(t *testing.T, b []byte) { check(t, b, Word2VecBin) })
}

func FuzzFastText(f *testing.F) {
	for _, name := range []string{"ft.bin", "ft-nongram.bin", "ft.ftz"} {
		f.Add(testdata(f, name))
	}
	f.Add(testdata(f, "ft.bin")[:200])
	f.Fuzz(func(t *testing.T, b []byte) { check(t, b, FastTextBin) })
}
