package corpora

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/parquet-go/parquet-go"
)

var awkward = &Dataset{
	Heads: []string{"label"},
	Examples: []Example{
		{ID: "1", Text: "plain", Labels: []string{"positive"}},
		{ID: "2", Text: "a, \"quoted\" text", Labels: []string{"Sci-Tech"}},
		{ID: "3", Text: "", Labels: []string{"negative"}},
		{ID: "4", Text: "unlabelled <b> & \u2028 好 \U0001F600", Labels: []string{""}},
		{ID: "5", Text: "one\ttwo\nthree\r\nfour", Labels: []string{"positive"}},
		{ID: "6", Text: " space around ", Labels: []string{"negative"}},
	},
}

// What is written is read again; formats without quoting lose tabs and line ends
// and say so.
func TestWriteRead(t *testing.T) {
	flat := slicesMap(awkward.Examples, func(e Example) Example {
		e.Text = strings.NewReplacer("\t", " ", "\n", " ", "\r", " ").Replace(e.Text)
		return e
	})
	tests := []struct {
		file    string
		format  Format
		ids     bool
		want    []Example
		changed int
	}{
		{"a.tsv", "", true, flat, 1},
		{"a.tsv.zst", "", true, flat, 1},
		{"a.csv", "", true, awkward.Examples, 0},
		{"a.csv.gz", "", false, awkward.Examples, 0},
		{"a.jsonl", "", true, awkward.Examples, 0},
		{"a.parquet", "", true, awkward.Examples, 0},
		{"corpus", "", false, awkward.Examples, 0},
		{"a.out", JSONL, true, awkward.Examples, 0},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), tt.file)
			w, err := WriteFile(path, tt.format, WriterOptions{Heads: awkward.Heads, IDs: tt.ids}, awkward.All())
			if err != nil {
				t.Fatal(err)
			}
			if w.Written() != awkward.Len() || w.Changed() != tt.changed {
				t.Errorf("%d written, %d changed, want %d, %d", w.Written(), w.Changed(), awkward.Len(), tt.changed)
			}
			d, rep, err := ReadFiles(Options{}, path)
			if err != nil || rep.Refused != 0 {
				t.Fatal(err, rep.Errors)
			}
			less := func(a, b Example) bool { return a.Text < b.Text } // a directory is read in its own order
			opts := cmp.Options{cmpopts.SortSlices(less), cmpopts.IgnoreFields(Example{}, "Line")}
			if !tt.ids {
				opts = append(opts, cmpopts.IgnoreFields(Example{}, "ID", "Line"))
			}
			if diff := cmp.Diff(tt.want, d.Examples, opts); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func slicesMap[A, B any](s []A, f func(A) B) []B {
	out := make([]B, len(s))
	for i, v := range s {
		out[i] = f(v)
	}
	return out
}

func TestWriteFastText(t *testing.T) {
	d := &Dataset{Heads: []string{"x"}, Separator: ",", Examples: []Example{
		{Text: "one\ntwo", Labels: []string{"a,b"}}, {Text: "__label__trap", Labels: []string{""}}, {Text: "three", Labels: []string{"c"}},
	}}
	path := filepath.Join(t.TempDir(), "a.ft")
	w, err := WriteFile(path, "", WriterOptions{Heads: d.Heads, Separator: ","}, d.All())
	if err != nil || w.Changed() != 2 {
		t.Fatal(err, w.Changed())
	}
	got, _ := os.ReadFile(path)
	want := "__label__a __label__b one two\nlabel trap\n__label__c three\n"
	if string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWriteSeveralLabels(t *testing.T) {
	d := &Dataset{Heads: []string{"topics", "lang"}, Separator: "|", Examples: []Example{
		{Text: "one", Labels: []string{"a|b", "en"}}, {Text: "two", Labels: []string{"", "en|de"}}, {Text: "three", Labels: []string{"c", ""}},
	}}
	o := Options{Heads: []Head{{"topics", "topics"}, {"lang", "lang"}}, Separator: "|"}
	for _, name := range []string{"a.parquet", "a.jsonl", "a.tsv", "a.csv"} {
		path := filepath.Join(t.TempDir(), name)
		if _, err := WriteFile(path, "", WriterOptions{Heads: d.Heads, Separator: "|"}, d.All()); err != nil {
			t.Fatal(err)
		}
		got, _, err := ReadFiles(o, path)
		if err != nil {
			t.Fatal(err)
		}
		want := slicesMap(d.Examples, func(e Example) Example {
			e.Labels = slicesMap(e.Labels, func(l string) string { return strings.ReplaceAll(l, "|", DefaultSeparator) })
			return e
		})
		if diff := cmp.Diff(want, got.Examples, cmpopts.IgnoreFields(Example{}, "ID", "Line")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff([][]string{{"a", "b", "c"}, {"de", "en"}}, got.Sources[0].Labels); diff != "" {
			t.Errorf("%s: labels of the source (-want +got):\n%s", name, diff)
		}
	}
}

func TestWriteErrors(t *testing.T) {
	one := func(label string) *Dataset {
		return &Dataset{Heads: []string{"label"}, Examples: []Example{{Text: "x", Labels: []string{label}}}}
	}
	dir := t.TempDir()
	for name, d := range map[string]*Dataset{"a.ft": one("two words"), "corpus": one("Sci/Tech"), "up": one(".."), "a.trees": one("a")} {
		if _, err := WriteFile(filepath.Join(dir, name), "", WriterOptions{}, d.All()); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := WriteFile(filepath.Join(dir, "a.tsv"), "", WriterOptions{Heads: []string{"text"}}, one("a").All()); err == nil {
		t.Error("a head called text: no error")
	}
	// A failed write leaves nothing, and an old file as it was.
	old := filepath.Join(dir, "old.tsv")
	os.WriteFile(old, []byte("old"), 0o666)
	failing := func(yield func(Example, error) bool) {
		yield(Example{Text: "x"}, nil)
		yield(Example{}, errors.New("broken"))
	}
	for _, name := range []string{"old.tsv", "new.tsv", "newdir"} {
		if _, err := WriteFile(filepath.Join(dir, name), "", WriterOptions{}, failing); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if b, _ := os.ReadFile(old); string(b) != "old" {
		t.Errorf("the old file holds %q", b)
	}
	if names, _ := os.ReadDir(dir); len(names) != 1 {
		t.Errorf("left behind: %v", names)
	}
}

// A damaged Parquet file gives all of its rows or an error, never some of them.
func TestParquetDamaged(t *testing.T) {
	var b bytes.Buffer
	w, err := NewWriter(&b, Parquet, WriterOptions{Separator: ","})
	if err != nil {
		t.Fatal(err)
	}
	var want []row
	for i := range 50 {
		w.Write(Example{Text: fmt.Sprint("text number ", i), Labels: []string{"a,b"}})
		want = append(want, row{"a,b", fmt.Sprint("text number ", i)})
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	whole := b.Bytes()
	if rows, _, _, err := readString(t, "a.parquet", string(whole), Options{}); err != nil || !slices.Equal(rows, want) {
		t.Fatalf("undamaged: %v, err = %v", rows, err)
	}
	silent := 0 // damaged and not refused, with other rows
	for cut := 4; cut < len(whole); cut += 7 {
		if rows, _, _, err := readString(t, "a.parquet", string(whole[:cut]), Options{}); err == nil {
			t.Fatalf("cut at %d of %d: %d rows and no error", cut, len(whole), len(rows))
		}
	}
	for i := range whole {
		damaged := bytes.Clone(whole)
		damaged[i] ^= 1 << (i % 8)
		rows, refused, _, err := readString(t, "a.parquet", string(damaged), Options{})
		if err == nil && len(rows)+len(refused) != 50 {
			t.Fatalf("byte %d: %d rows, %d refused and no error", i, len(rows), len(refused))
		}
		if err == nil && !slices.Equal(rows, want) {
			silent++
		}
	}
	if silent > len(whole)/20 {
		t.Errorf("%d of %d flipped bits change the rows and are not seen", silent, len(whole))
	}
	// A footer that claims a list of 2^31 elements.
	lying := append([]byte("PAR1"), 0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07, 0)
	lying = binary.LittleEndian.AppendUint32(lying, uint32(len(lying)-4))
	lying = append(lying, "PAR1"...)
	if _, _, _, err := readString(t, "a.parquet", string(lying), Options{}); !errors.Is(err, ErrSyntax) {
		t.Errorf("a lying footer: %v, want ErrSyntax", err)
	}
}

// A page of an honest table may be large, if the table is.
func TestParquetLargePages(t *testing.T) {
	if testing.Short() {
		t.Skip("writes and reads 60 MB")
	}
	type sample struct {
		Text  string `parquet:"text"`
		Label string `parquet:"label"`
	}
	rng := rand.New(rand.NewPCG(1, 2))
	rows := make([]sample, 40_000)
	for i := range rows {
		var text []byte
		for len(text) < 1500 {
			text = fmt.Appendf(text, "word%d ", rng.IntN(50_000))
		}
		rows[i] = sample{string(text), []string{"negative", "positive"}[i%2]}
	}
	for _, codec := range []parquet.WriterOption{parquet.Compression(&parquet.Snappy), parquet.Compression(&parquet.Zstd)} {
		var b bytes.Buffer
		w := parquet.NewGenericWriter[sample](&b, codec, parquet.PageBufferSize(1<<30))
		if _, err := w.Write(rows); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := Open(Options{}, writeTemp(t, "a.parquet", b.String()))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for ex, err := range r.All() {
			if err != nil || ex.Text != rows[n].Text || ex.Labels[0] != rows[n].Label {
				t.Fatalf("row %d: %v, %.50q", n, err, ex.Text)
			}
			n++
		}
		if n != len(rows) {
			t.Errorf("%d rows, want %d", n, len(rows))
		}
	}
}

// Texts of several columns, empty ones and long ones.
func TestParquetCells(t *testing.T) {
	type sample struct {
		Title string   `parquet:"title,optional,delta"`
		Body  string   `parquet:"body,delta"`
		Label string   `parquet:"label,optional"`
		Tags  []string `parquet:"tags"`
		ID    uint32   `parquet:"id"`
		W     float32  `parquet:"w"`
	}
	rows := []sample{{"", "", "a", nil, 1<<32 - 1, 1}, {"one", "", "b", []string{"x", "y"}, 2, 2}, {"", "two", "", []string{""}, 3, 0.5}, {"three", "four", "a", nil, 4, -1}, {"long", strings.Repeat("x", 96), "a", nil, 5, 1}}
	var b bytes.Buffer
	if err := parquet.Write(&b, rows); err != nil {
		t.Fatal(err)
	}
	r, err := New(&b, "a.parquet", Options{TextColumns: []string{"title", "body"}, WeightColumn: "w", Heads: []Head{{"label", "label"}, {"tags", "tags"}}, Limits: Limits{RecordBytes: 100}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for ex, err := range r.All() {
		got = append(got, fmt.Sprintf("%s %q %q %v %v", ex.ID, ex.Text, ex.Labels, ex.Weight, err))
	}
	want := []string{
		`4294967295 "" ["a" ""] 1 <nil>`,
		`2 "one" ["b" "x\x1fy"] 2 <nil>`,
		`3 "two" ["" "\x1f"] 0.5 <nil>`,
		` "" [] 0 a.parquet:4: weight "-1" is not a finite number above 0: bad syntax`,
		` "" [] 0 a.parquet:5: row too long: more than 100 bytes`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func FuzzParquet(f *testing.F) {
	for _, sep := range []string{"", ","} {
		var b bytes.Buffer
		w, err := NewWriter(&b, Parquet, WriterOptions{Separator: sep, IDs: true})
		if err != nil {
			f.Fatal(err)
		}
		for _, ex := range awkward.Examples {
			w.Write(ex)
		}
		w.Close()
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		b = append([]byte("PAR1"), b...)
		readString(t, "a.parquet", string(b), Options{})
		readString(t, "a.parquet", string(b[4:]), Options{})
	})
}

// Files as the datasets library of Hugging Face ships them: testdata/gen_parquet.py.
func TestParquetHuggingFace(t *testing.T) {
	for _, file := range []string{"snappy.parquet", "plain_v2_zstd.parquet"} {
		path := filepath.Join("testdata", file)
		o := Options{Heads: []Head{{"sentiment", "label"}, {"topics", "topics"}, {"stars", "stars"}}}
		r, err := Open(o, path)
		if err != nil {
			t.Fatal(err)
		}
		rows, refused, _, err := drain(t, r)
		if err != nil {
			t.Fatal(err)
		}
		want := []row{{"positive|film,food|4.5", "a film"}, {"negative|,|1", "a match"}, {"positive|sport|", ""}, {"||3", "一餐"}}
		if diff := cmp.Diff(want, rows); diff != "" {
			t.Errorf("%s: rows (-want +got):\n%s", file, diff)
		}
		if refused != nil {
			t.Errorf("%s: refused %q", file, refused)
		}
		for _, o := range []Options{{TextColumns: []string{"none"}}, {TextColumns: []string{"label"}}, {Heads: []Head{{"m", "meta"}}}} {
			if _, _, err := ReadFiles(o, path); !errors.Is(err, ErrColumns) {
				t.Errorf("%s, %+v: %v, want ErrColumns", file, o, err)
			}
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := range b {
			damaged := bytes.Clone(b)
			damaged[i] ^= 1 << (i % 8)
			rows, refused, _, err := readString(t, file, string(damaged), o)
			if err == nil && len(rows)+len(refused) != 4 {
				t.Fatalf("byte %d: %d rows, %d refused and no error", i, len(rows), len(refused))
			}
		}
	}
}
