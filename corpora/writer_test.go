package corpora

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
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

// A damaged Parquet file gives rows or an error, never a panic.
func TestParquetDamaged(t *testing.T) {
	var b bytes.Buffer
	w, err := NewWriter(&b, Parquet, WriterOptions{Separator: ","})
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		w.Write(Example{Text: "some text", Labels: []string{"a,b"}})
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	whole := b.Bytes()
	for cut := 4; cut < len(whole); cut += 7 {
		if rows, _, _, err := readString(t, "a.parquet", string(whole[:cut]), Options{}); err == nil {
			t.Fatalf("cut at %d of %d: %d rows and no error", cut, len(whole), len(rows))
		}
	}
	for i := range whole {
		damaged := bytes.Clone(whole)
		damaged[i] ^= 1 << (i % 8)
		readString(t, "a.parquet", string(damaged), Options{})
	}
	// A footer that claims a list of 2^31 elements.
	lying := append([]byte("PAR1"), 0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07, 0)
	lying = binary.LittleEndian.AppendUint32(lying, uint32(len(lying)-4))
	lying = append(lying, "PAR1"...)
	if _, _, _, err := readString(t, "a.parquet", string(lying), Options{}); !errors.Is(err, ErrSyntax) {
		t.Errorf("a lying footer: %v, want ErrSyntax", err)
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
			readString(t, file, string(damaged), o)
		}
	}
}
