package embed

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/klauspost/compress/zstd"
	"github.com/textlstm/textlstm/internal/testcorpora"
	"github.com/textlstm/textlstm/vocab"
)

// words returns the vocabulary of the given tokens, counted 10, 20, 30, ...
func words(t testing.TB, tokens ...string) *vocab.Vocabulary {
	t.Helper()
	counts := make([]int64, len(tokens))
	for i := range counts {
		counts[i] = int64(10 * (i + 1))
	}
	v, err := vocab.New(tokens, counts, 0)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// vectors returns the table's rows by word, without rows of zeros.
func vectors(v *vocab.Vocabulary, tab *Table) map[string][]float32 {
	m := make(map[string][]float32)
	for id := range vocab.ID(v.Len()) {
		if row := tab.Row(id); slices.ContainsFunc(row, func(x float32) bool { return x != 0 }) {
			m[v.Token(id)] = row
		}
	}
	return m
}

func testdata(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestReadsOtherTools compares with the vectors that gensim and fastText give
// for their files.
func TestReadsOtherTools(t *testing.T) {
	var golden map[string]map[string][]float32
	if err := json.Unmarshal(testdata(t, "vectors.json"), &golden); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		file   string
		golden string
		format Format
		tol    float64
		absent []string // words that the file cannot give
	}{
		{"w2v.txt", "w2v", Word2VecText, 0, []string{"unheard"}},
		{"w2v.bin", "w2v", Word2VecBin, 0, []string{"unheard"}},
		{"ft.vec", "ft", Word2VecText, 1e-5, []string{"unbelievably", "x", "é", "文字", "goodness"}},
		{"ft.bin", "ft", FastTextBin, 1e-7, nil},
		{"ft-nongram.bin", "nongram", FastTextBin, 0, []string{"unbelievably", "x"}},
		{"ft-sup.bin", "sup", FastTextBin, 1e-6, nil},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			want := golden[tt.golden]
			tokens := slices.Clone(tt.absent)
			for w := range want {
				if !slices.Contains(tokens, w) {
					tokens = append(tokens, w)
				}
			}
			slices.Sort(tokens)
			v := words(t, tokens...)
			for _, format := range []Format{Auto, tt.format} {
				tab, cov, err := Read(bytes.NewReader(testdata(t, tt.file)), v, nil, ReadOptions{Format: format})
				if err != nil {
					t.Fatal(err)
				}
				if cov.Format != tt.format || cov.Found != len(tokens)-len(tt.absent) || cov.Missing != len(tt.absent) {
					t.Errorf("coverage %+v", cov)
				}
				for _, w := range tokens {
					expect := want[w]
					if slices.Contains(tt.absent, w) {
						expect = make([]float32, tab.Dim())
					}
					if diff := cmp.Diff(expect, tab.Row(v.ID(w)), cmpopts.EquateApprox(0, tt.tol)); diff != "" {
						t.Errorf("%q (-want +got):\n%s", w, diff)
					}
				}
			}
		})
	}
}

func TestText(t *testing.T) {
	v := words(t, "good", "bad", ". . .", "café", "2000", "a\u00a0b")
	tests := []struct {
		name, file string
		o          ReadOptions
		want       map[string][]float32
		cov        Coverage
	}{
		{"glove", "good 1 2\nthe 3 4\nbad -5e-1 .25\n", ReadOptions{},
			map[string][]float32{"good": {1, 2}, "bad": {-.5, .25}},
			Coverage{Format: GloVe, Rows: 3, Dim: 2, Found: 2, Missing: 4, FoundCount: 30, TotalCount: 210}},
		{"header", "2 2\ngood 1 2\nbad 3 4\n", ReadOptions{},
			map[string][]float32{"good": {1, 2}, "bad": {3, 4}},
			Coverage{Format: Word2VecText, Rows: 2, Dim: 2, Found: 2, Missing: 4, FoundCount: 30, TotalCount: 210}},
		{"mark, carriage returns, trailing spaces, tabs, blank line, no last newline", "\xef\xbb\xbfgood 1 2 \r\n\r\nbad\t3\t4", ReadOptions{},
			map[string][]float32{"good": {1, 2}, "bad": {3, 4}},
			Coverage{Format: GloVe, Rows: 2, Dim: 2, Found: 2, Missing: 4, FoundCount: 30, TotalCount: 210}},
		{"words with spaces", ". . . 1 2\ngood 3 4\nat name@domain.com 5 6\nthe 7 8\n", ReadOptions{},
			map[string][]float32{". . .": {1, 2}, "good": {3, 4}},
			Coverage{Format: GloVe, Rows: 4, Dim: 2, Found: 2, Missing: 4, FoundCount: 40, TotalCount: 210, Spaced: 2}},
		{"number as a word", "the 3 4\n2000 1 2\n", ReadOptions{},
			map[string][]float32{"2000": {1, 2}},
			Coverage{Format: GloVe, Rows: 2, Dim: 2, Found: 1, Missing: 5, FoundCount: 50, TotalCount: 210}},
		{"words beyond ASCII", "café 1 2\na\u00a0b 3 4\n中文 5 6\n\x85 7 8\n", ReadOptions{},
			map[string][]float32{"café": {1, 2}, "a\u00a0b": {3, 4}},
			Coverage{Format: GloVe, Rows: 4, Dim: 2, Found: 2, Missing: 4, FoundCount: 100, TotalCount: 210}},
		{"first duplicate counts", "good 1 2\ngood 3 4\nbad 5 6\ngood 7 8\n", ReadOptions{},
			map[string][]float32{"good": {1, 2}, "bad": {5, 6}},
			Coverage{Format: GloVe, Rows: 4, Dim: 2, Found: 2, Missing: 4, FoundCount: 30, TotalCount: 210, Duplicates: 2}},
		{"unknown words' own row", "good 1 2\n<unk> 3 4\n<pad> 5 6\n", ReadOptions{},
			map[string][]float32{"good": {1, 2}, "<unk>": {3, 4}},
			Coverage{Format: GloVe, Rows: 3, Dim: 2, Found: 1, Missing: 5, FoundCount: 10, TotalCount: 210}},
		{"no folding", "Good 1 2\nBAD 3 4\n", ReadOptions{},
			map[string][]float32{},
			Coverage{Format: GloVe, Rows: 2, Dim: 2, Missing: 6, TotalCount: 210}},
		{"folding: first variant, the word itself wins", "GOOD 9 9\nBad 3 4\nbaD 5 6\ngood 1 2\nGood 7 7\n", ReadOptions{Fold: strings.ToLower},
			map[string][]float32{"good": {1, 2}, "bad": {3, 4}},
			Coverage{Format: GloVe, Rows: 5, Dim: 2, Found: 2, Folded: 1, Missing: 4, FoundCount: 30, TotalCount: 210}},
		{"one line, no newline", "good 1 2", ReadOptions{},
			map[string][]float32{"good": {1, 2}},
			Coverage{Format: GloVe, Rows: 1, Dim: 2, Found: 1, Missing: 5, FoundCount: 10, TotalCount: 210}},
		{"dimension as asked", "good 1 2\n", ReadOptions{Dim: 2},
			map[string][]float32{"good": {1, 2}},
			Coverage{Format: GloVe, Rows: 1, Dim: 2, Found: 1, Missing: 5, FoundCount: 10, TotalCount: 210}},
		{"head of a file", "1000 2\ngood 1 2\n", ReadOptions{Partial: true},
			map[string][]float32{"good": {1, 2}},
			Coverage{Format: Word2VecText, Rows: 1, Dim: 2, Found: 1, Missing: 5, FoundCount: 10, TotalCount: 210}},
		{"format as told, looks like a header", "2000 300\n", ReadOptions{Format: GloVe},
			map[string][]float32{"2000": {300}},
			Coverage{Format: GloVe, Rows: 1, Dim: 1, Found: 1, Missing: 5, FoundCount: 50, TotalCount: 210}},
		{"limits just met", "good 1 2\nbad 3 4\n", ReadOptions{MaxRows: 2, MaxDim: 2, MaxBytes: 17},
			map[string][]float32{"good": {1, 2}, "bad": {3, 4}},
			Coverage{Format: GloVe, Rows: 2, Dim: 2, Found: 2, Missing: 4, FoundCount: 30, TotalCount: 210}},
		{"smallest number", "good 1e-60 -0\nbad 1e-45 1\n", ReadOptions{},
			map[string][]float32{"bad": {math.SmallestNonzeroFloat32, 1}},
			Coverage{Format: GloVe, Rows: 2, Dim: 2, Found: 2, Missing: 4, FoundCount: 30, TotalCount: 210}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(tt.file), iotest.OneByteReader(strings.NewReader(tt.file)), iotest.DataErrReader(strings.NewReader(tt.file))} {
				tab, cov, err := Read(r, v, nil, tt.o)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, vectors(v, tab)); diff != "" {
					t.Errorf("vectors (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(tt.cov, cov); diff != "" {
					t.Errorf("coverage (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestFoldGoesBothWays(t *testing.T) {
	v := words(t, "Paris", "paris", "RUN")
	tab, cov, err := Read(strings.NewReader("run 1\nparis 2\n"), v, nil, ReadOptions{Fold: strings.ToLower})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]float32{"Paris": {2}, "paris": {2}, "RUN": {1}}
	if diff := cmp.Diff(want, vectors(v, tab)); diff != "" || cov.Folded != 2 || cov.Found != 3 {
		t.Errorf("%+v, vectors (-want +got):\n%s", cov, diff)
	}
}

// binaryFile returns a word2vec file of the given header and rows.
func binaryFile(header string, newline string, rows ...any) []byte {
	b := []byte(header)
	for _, r := range rows {
		switch r := r.(type) {
		case string:
			b = append(b, r+" "...)
		case []float32:
			b, _ = binary.Append(b, binary.LittleEndian, r)
			b = append(b, newline...)
		}
	}
	return b
}

func TestBinary(t *testing.T) {
	v := words(t, "good", "bad", "café")
	for _, newline := range []string{"", "\n"} { // gensim, and the C program
		file := binaryFile("4 2\n", newline, "the", []float32{9, 9}, "good", []float32{1, 2}, "caf\xc3", []float32{8, 8}, "bad", []float32{3, 4})
		tab, cov, err := Read(bytes.NewReader(file), v, nil, ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		want := map[string][]float32{"good": {1, 2}, "bad": {3, 4}}
		if diff := cmp.Diff(want, vectors(v, tab)); diff != "" {
			t.Errorf("vectors (-want +got):\n%s", diff)
		}
		if cov.Format != Word2VecBin || cov.Rows != 4 || cov.Found != 2 {
			t.Errorf("coverage %+v", cov)
		}
	}
}

func TestReadErrors(t *testing.T) {
	v := words(t, "good", "bad")
	long := strings.Repeat("x", maxLine)
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	fast := string(testdata(t, "ft.bin"))
	// change replaces the 32-bit field n of the arguments.
	change := func(field int, x uint32) string {
		b := []byte(fast)
		binary.LittleEndian.PutUint32(b[4*field:], x)
		return string(b)
	}
	const dict = 4*14 + 8 // the dictionary begins here
	tests := []struct {
		name, file string
		o          ReadOptions
		want       error
		line       int // 0 for binary formats
	}{
		{"empty", "", ReadOptions{}, ErrFormat, 0},
		{"blank lines", "\n\n", ReadOptions{}, ErrFormat, 0},
		{"words alone", "good\nbad\n", ReadOptions{}, ErrFormat, 0},
		{"prose", "good bad ugly\ngood bad ugly\n", ReadOptions{}, ErrNumber, 1},
		{"gzip", "\x1f\x8b\x08\x00", ReadOptions{}, ErrFormat, 0},
		{"unknown format", "good 1\n", ReadOptions{Format: 99}, ErrFormat, 0},
		{"too few numbers", "good 1 2\nbad 3\nthe 1 2\n", ReadOptions{}, ErrRagged, 2},
		{"too few numbers of an unwanted word", "good 1 2\nbad 3 4\nugly 3\n", ReadOptions{}, ErrRagged, 3},
		{"too many numbers", "good 1 2\nthe 1 2\nbad 3 4 5\n", ReadOptions{}, ErrRagged, 3},
		{"too many spaces", "good 1 2\nthe 1 2\nbad 3  4\n", ReadOptions{}, ErrRagged, 3},
		{"word with a space under a header", "2 2\ngood 1 2\nbad bad 3 4\n", ReadOptions{}, ErrRagged, 3},
		{"not a number", "good 1 2\nbad 3 x\n", ReadOptions{}, ErrNumber, 2},
		{"no number", "good 1 2\nthe 1 2\nbad 3 . 4\n", ReadOptions{Dim: 3}, ErrRagged, 1},
		{"dot", "good 1 2\nbad 3 .\n", ReadOptions{}, ErrNumber, 2},
		{"hexadecimal", "good 1 2\nbad 3 0x1p-2\n", ReadOptions{}, ErrNumber, 2},
		{"underscore", "good 1 2\nbad 3 1_0\n", ReadOptions{}, ErrNumber, 2},
		{"nan", "good 1 2\nbad 3 nan\n", ReadOptions{}, ErrNotFinite, 2},
		{"NaN in the first row, unwanted", "the 1 NaN\nbad 3 4\n", ReadOptions{}, ErrNotFinite, 1},
		{"infinity", "good 1 2\nbad -Infinity 3\n", ReadOptions{}, ErrNotFinite, 2},
		{"beyond float32", "good 1 2\nbad 3 1e39\n", ReadOptions{}, ErrNotFinite, 2},
		{"beyond float64", "good 1 2\nbad 3 1e400\n", ReadOptions{}, ErrNotFinite, 2},
		{"wrong dimension", "good 1 2\n", ReadOptions{Dim: 3}, ErrRagged, 1},
		{"wrong dimension in header", "1 2\ngood 1 2\n", ReadOptions{Dim: 3}, ErrDim, 1},
		{"no header", "good 1 2\n", ReadOptions{Format: Word2VecText}, ErrFormat, 1},
		{"no header in nothing", "", ReadOptions{Format: Word2VecBin}, ErrFormat, 1},
		{"dimension 0", "1 0\ngood\n", ReadOptions{}, ErrFormat, 1},
		{"no rows", "0 2\n", ReadOptions{}, ErrFormat, 1},
		{"header says 4e9 rows", "4000000000 2\ngood 1 2\n", ReadOptions{}, ErrTooLarge, 1},
		{"header says 1e30 rows", "1000000000000000000000000000000 2\ngood 1 2\n", ReadOptions{}, ErrTooLarge, 1},
		{"header says dimension 1e9", "1 1000000000\ngood 1 2\n", ReadOptions{}, ErrTooLarge, 1},
		{"header says too few rows", "1 2\ngood 1 2\nbad 3 4\n", ReadOptions{}, ErrFormat, 3},
		{"header says too many rows", "3 2\ngood 1 2\nbad 3 4\n", ReadOptions{}, ErrTruncated, 3},
		{"line too long", "good 1 2\nbad 3 4\n" + long, ReadOptions{}, ErrTooLarge, 3},
		{"first line too long", long, ReadOptions{}, ErrFormat, 0},
		{"more rows than allowed", "good 1 2\nbad 3 4\n", ReadOptions{MaxRows: 1}, ErrTooLarge, 2},
		{"more numbers than allowed", "good 1 2\nbad 3 4\n", ReadOptions{MaxDim: 1}, ErrTooLarge, 0},
		{"more bytes than allowed", "good 1 2\nbad 3 4\n", ReadOptions{MaxBytes: 16}, ErrTooLarge, 0},

		{"binary without rows", "0 2\n", ReadOptions{Format: Word2VecBin}, ErrFormat, 0},
		{"binary cut in a word", string(binaryFile("2 2\n", "", "good", []float32{1, 2})) + "ba", ReadOptions{}, ErrTruncated, 0},
		{"binary cut in a vector", string(binaryFile("2 2\n", "", "good", []float32{1, 2}, "bad", []float32{1})), ReadOptions{}, ErrTruncated, 0},
		{"binary with NaN", string(binaryFile("1 2\n", "", "the", []float32{1, nan})), ReadOptions{}, ErrNotFinite, 0},
		{"binary with infinity", string(binaryFile("1 2\n", "", "the", []float32{inf, 0})), ReadOptions{}, ErrNotFinite, 0},
		{"binary with a long word", string(binaryFile("2 2\n", "", "good", []float32{1, 2}, long+long)), ReadOptions{}, ErrTooLarge, 0},
		{"binary with more rows", string(binaryFile("1 2\n", "\n", "good", []float32{1, 2}, "bad", []float32{3, 4})), ReadOptions{}, ErrFormat, 0},

		{"fastText quantized", string(testdata(t, "ft.ftz")), ReadOptions{}, ErrFormat, 0},
		{"fastText, wrong magic", "good 1 2\n" + fast, ReadOptions{Format: FastTextBin}, ErrFormat, 0},
		{"fastText, version 13", change(1, 13), ReadOptions{}, ErrFormat, 0},
		{"fastText, dimension 0", change(2, 0), ReadOptions{}, ErrFormat, 0},
		{"fastText, dimension 2^31-1", change(2, math.MaxInt32), ReadOptions{}, ErrTooLarge, 0},
		{"fastText, other dimension", change(2, 5), ReadOptions{}, ErrFormat, 0},
		{"fastText, negative bucket", change(10, 1<<31), ReadOptions{}, ErrFormat, 0},
		{"fastText, no bucket", change(10, 0), ReadOptions{}, ErrFormat, 0},
		{"fastText, other bucket", change(10, 51), ReadOptions{}, ErrFormat, 0},
		{"fastText, endless n-grams", change(12, math.MaxInt32), ReadOptions{}, ErrTooLarge, 0},
		{"fastText, no words", change(dict/4+1, 0), ReadOptions{}, ErrFormat, 0},
		{"fastText, words and labels do not add up", change(dict/4, 5), ReadOptions{}, ErrFormat, 0},
		{"fastText, pruned", change(dict/4+6, 0), ReadOptions{}, ErrFormat, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tab, _, err := Read(strings.NewReader(tt.file), v, nil, tt.o)
			var pe *ParseError
			if tab != nil || !errors.Is(err, tt.want) || !errors.As(err, &pe) {
				t.Fatalf("%v, want %v", err, tt.want)
			}
			if pe.Line != tt.line {
				t.Errorf("%v: line %d, want %d", err, pe.Line, tt.line)
			}
			if pe.Offset > int64(len(tt.file)) || len(err.Error()) > 300 {
				t.Errorf("offset %d of %d bytes, message of %d", pe.Offset, len(tt.file), len(err.Error()))
			}
		})
	}
}

func TestFastTextNotFinite(t *testing.T) {
	b := testdata(t, "ft.bin")
	v := words(t, "the", "good")
	// The output matrix, and the end of the file, hold 12 rows of 4 behind two
	// sizes and a flag; the last row of the input matrix is before.
	bad := 0
	for at := len(b) - (12*16 + 17) - 62*16; at < len(b)-(12*16+17); at += 4 {
		x := bytes.Clone(b)
		binary.LittleEndian.PutUint32(x[at:], math.Float32bits(float32(math.Inf(1))))
		tab, _, err := Read(bytes.NewReader(x), v, nil, ReadOptions{})
		if err != nil {
			if bad++; !errors.Is(err, ErrNotFinite) {
				t.Fatal(err)
			}
			continue
		}
		for _, y := range tab.Weight.Data {
			if math.IsInf(float64(y), 0) {
				t.Fatal("an infinity got into the table")
			}
		}
	}
	if bad == 0 {
		t.Error("no infinity was seen")
	}
}

// TestEveryTruncation: binary formats know their length, so that every cut is
// an error; of a text file every cut but at the end of a row, or within the
// last number of the file.
func TestEveryTruncation(t *testing.T) {
	v := words(t, "the", "good", "café")
	for _, name := range []string{"w2v.bin", "w2v.txt", "ft.bin", "ft.vec"} {
		b := testdata(t, name)
		end := len(b)
		switch name {
		case "ft.bin":
			end -= 12*16 + 17 // the output matrix is not read
		case "w2v.txt", "ft.vec":
			end = bytes.LastIndexByte(bytes.TrimRight(b, " \n"), ' ')
		}
		for n := range end {
			if _, _, err := Read(bytes.NewReader(b[:n]), v, nil, ReadOptions{}); err == nil {
				t.Errorf("%s cut at %d of %d is read", name, n, len(b))
			}
		}
	}
}

// TestReaderErrors fails the reader after each number of bytes.
func TestReaderErrors(t *testing.T) {
	v := words(t, "the", "good", "café")
	for _, name := range []string{"w2v.bin", "w2v.txt", "ft.bin"} {
		b := testdata(t, name)
		for _, format := range []Format{Auto, Word2VecText, Word2VecBin, FastTextBin} {
			for n := 0; n < len(b)-12*16-17; n += 3 {
				r := io.MultiReader(bytes.NewReader(b[:n]), iotest.ErrReader(io.ErrNoProgress))
				if _, _, err := Read(r, v, nil, ReadOptions{Format: format}); err == nil {
					t.Fatalf("%s, failing after %d bytes, is read", name, n)
				} else if format == Auto && !errors.Is(err, io.ErrNoProgress) {
					t.Fatalf("%s, failing after %d bytes: %v", name, n, err)
				}
			}
		}
	}
	// Beyond the first window the error comes in the middle of the rows.
	rows := strings.Repeat("the 1 2 3\n", maxLine/5)
	long := binaryFile(fmt.Sprintf("%d 2\n", maxLine/4), "")
	for range maxLine / 5 {
		long = append(long, "the \x01\x02\x03\x04\x05\x06\x07\x08"...)
	}
	for _, b := range []string{rows, string(long)} {
		r := io.MultiReader(strings.NewReader(b), iotest.ErrReader(io.ErrNoProgress))
		if _, _, err := Read(r, v, nil, ReadOptions{}); !errors.Is(err, io.ErrNoProgress) {
			t.Errorf("failing after %d bytes: %v", len(b), err)
		}
	}
}

func TestMissingRows(t *testing.T) {
	v, err := vocab.New([]string{"good", "bad", "ugly"}, nil, 200)
	if err != nil {
		t.Fatal(err)
	}
	file := "good 0.5 -0.5 0.5 -0.5\nbad 0.5 -0.5 -0.5 0.5\n"
	read := func(seed uint64) *Table {
		tab, _, err := Read(strings.NewReader(file), v, rand.New(rand.NewPCG(seed, 0)), ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return tab
	}
	tab := read(1)
	if !slices.Equal(tab.Weight.Data, read(1).Weight.Data) || slices.Equal(tab.Weight.Data, read(2).Weight.Data) {
		t.Error("rows must depend on the seed, and on nothing else")
	}
	if got := vectors(v, tab); len(got) != v.Len()-1 || got["<pad>"] != nil {
		t.Errorf("%d rows are not zero, want all %d but the padding's", len(got), v.Len())
	}
	var squares float64
	rest := tab.Weight.Data[4*4:]
	for _, x := range rest {
		squares += float64(x) * float64(x)
	}
	// 0.5 is the standard deviation of the values found; the error of an
	// estimate from 804 values is 0.012.
	if sd := math.Sqrt(squares / float64(len(rest))); math.Abs(sd-0.5) > 0.06 {
		t.Errorf("standard deviation of the rows drawn: %g, want 0.5", sd)
	}

	// Nothing found: InitSD.
	tab, cov, err := Read(strings.NewReader("other 1 2 3\n"), v, rand.New(rand.NewPCG(1, 0)), ReadOptions{})
	if err != nil || cov.Found != 0 || cov.Share() != 0 || cov.TokenShare() != 0 {
		t.Fatalf("%+v, %v", cov, err)
	}
	squares = 0
	for _, x := range tab.Weight.Data {
		squares += float64(x) * float64(x)
	}
	if sd := math.Sqrt(squares / float64(len(tab.Weight.Data)-3)); math.Abs(sd-InitSD) > 0.02 {
		t.Errorf("standard deviation with nothing found: %g, want %g", sd, InitSD)
	}
}

func TestTableTooLarge(t *testing.T) {
	v, err := vocab.New(nil, nil, 1<<26)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Read(strings.NewReader("good"+strings.Repeat(" 1", 20)), v, nil, ReadOptions{}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("table of 2^26 rows by 20: %v, want ErrTooLarge", err)
	}
}

func TestCoverageString(t *testing.T) {
	c := Coverage{Found: 3, Missing: 1, FoundCount: 90, TotalCount: 100, Folded: 1, Composed: 2}
	if got, want := c.String(), "3 of 4 words have a vector (75.0%), 90.0% of the tokens; 1 folded; 2 from n-grams"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if Word2VecBin.String() != "word2vec-binary" || Format(9).String() != "Format(9)" {
		t.Errorf("formats are called %v, %v", Word2VecBin, Format(9))
	}
}

// TestPublishedVectors reads real files, and asks them what everybody asks.
func TestPublishedVectors(t *testing.T) {
	dir := filepath.Join(testcorpora.Dir(t), "vectors")
	tests := []struct {
		file    string
		format  Format
		rows    int
		dim     int
		near    [2]string // a word and its nearest neighbour
		tokens  []string
		answers string // to "man is to king as woman is to ?"; "" without
	}{
		{"glove.6B.50d.12k.txt.zst", GloVe, 12691, 50, [2]string{"good", "better"}, nil, "queen"},
		{"googlenews-word2vec.300d.1k.txt.zst", Word2VecText, 1000, 300, [2]string{"week", "month"}, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			f, err := os.Open(filepath.Join(dir, tt.file))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			z, err := zstd.NewReader(f)
			if err != nil {
				t.Fatal(err)
			}
			defer z.Close()
			file, err := io.ReadAll(z)
			if err != nil {
				t.Fatal(err)
			}
			var tokens []string
			for line := range strings.Lines(string(file)) {
				if w, rest, _ := strings.Cut(line, " "); strings.Count(rest, " ") > 2 && !slices.Contains([]string{"<unk>", "<pad>"}, w) {
					tokens = append(tokens, w)
				}
			}
			slices.Sort(tokens)
			v := words(t, slices.Compact(tokens)...)
			tab, cov, err := Read(bytes.NewReader(file), v, nil, ReadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if cov.Format != tt.format || cov.Rows != tt.rows || cov.Dim != tt.dim || cov.Missing != 0 {
				t.Errorf("coverage %+v", cov)
			}
			word := v.ID(tt.near[0])
			near := tab.Nearest(tab.Row(word), 5, word)
			names := make([]string, len(near))
			for i, n := range near {
				names[i] = fmt.Sprintf("%s %.3f", v.Token(n.ID), n.Cosine)
			}
			if v.Token(near[0].ID) != tt.near[1] {
				t.Errorf("nearest to %s: %v, want %s", tt.near[0], names, tt.near[1])
			}
			t.Logf("nearest to %s: %v", tt.near[0], names)
			if tt.answers != "" {
				got := tab.Analogy(v.ID("man"), v.ID("king"), v.ID("woman"), 1)
				if v.Token(got[0].ID) != tt.answers {
					t.Errorf("man : king = woman : %s, want %s", v.Token(got[0].ID), tt.answers)
				}
			}
		})
	}
}

func BenchmarkReadGloVe(b *testing.B) {
	var file bytes.Buffer
	rng := rand.New(rand.NewPCG(1, 1))
	var tokens []string
	for i := range 20_000 {
		fmt.Fprintf(&file, "w%d", i)
		for range 100 {
			fmt.Fprintf(&file, " %.5f", rng.NormFloat64())
		}
		file.WriteByte('\n')
		if i%4 == 0 {
			tokens = append(tokens, fmt.Sprintf("w%d", i))
		}
	}
	v := words(b, tokens...)
	b.SetBytes(int64(file.Len()))
	for b.Loop() {
		if _, _, err := Read(bytes.NewReader(file.Bytes()), v, nil, ReadOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
