package corpora

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

func gz(t testing.TB, s string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, s)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zst(t testing.TB, s string) string {
	t.Helper()
	e, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(e.EncodeAll([]byte(s), nil))
}

// "label\ttext\na\tone\nb\ttwo\n" as Python's bz2.compress packs it.
const bzipped = "\x42\x5a\x68\x39\x31\x41\x59\x26\x53\x59\x61\x0b\xd9\x57\x00\x00\x07\x41\x80\x00\x30\x32\x05\x84\xc0\x20\x00\x22\x9a\x1e\x69\x10\x80\x69\xa6\x8e\x2f\x47\x05\x4e\x00\x8b\xbc\xad\x37\xf1\x77\x24\x53\x85\x09\x06\x10\xbd\x95\x70"

func TestCompressed(t *testing.T) {
	const table = "label\ttext\na\tone\nb\ttwo\n"
	want := []row{{"a", "one"}, {"b", "two"}}
	for _, tt := range []struct{ name, file, content string }{
		{"gzip", "a.tsv.gz", gz(t, table)},
		{"gzip of several members", "a.tsv.gz", gz(t, table[:15]) + gz(t, table[15:])},
		{"zstd", "a.tsv.zst", zst(t, table)},
		{"also without its extension", "a.tsv", zst(t, table)},
		{"bzip2", "a.tsv.bz2", bzipped},
		{"plain in spite of the name", "a.tsv.gz", table},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rows, _, _, err := readString(t, tt.file, tt.content, Options{})
			if diff := cmp.Diff(want, rows); diff != "" || err != nil {
				t.Errorf("%v, rows (-want +got):\n%s", err, diff)
			}
		})
	}
}

// A damaged file is never taken for a short one: C8.
func TestDamagedCompression(t *testing.T) {
	var table strings.Builder
	table.WriteString("label\ttext\n")
	for i := range 5000 {
		fmt.Fprintf(&table, "a\ttext number %d %d\n", i, i*i)
	}
	for name, whole := range map[string]string{"a.tsv.gz": gz(t, table.String()), "a.tsv.zst": zst(t, table.String())} {
		for _, cut := range []int{3, 20, len(whole) / 2, len(whole) - 5, len(whole) - 1} {
			rows, _, _, err := readString(t, name, whole[:cut], Options{})
			if err == nil {
				t.Errorf("%s cut at %d of %d: %d rows and no error", name, cut, len(whole), len(rows))
			}
		}
		flipped := []byte(whole)
		flipped[len(whole)/2] ^= 0x10
		if rows, _, _, err := readString(t, name, string(flipped), Options{}); err == nil {
			t.Errorf("%s with a bit flipped: %d rows and no error", name, len(rows))
		}
	}
}

// endless is a stream of one letter.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// spaces returns n bytes that pack well.
func spaces(n int) string { return strings.Repeat("a b ", n/4) }

func TestBombs(t *testing.T) {
	bomb := spaces(8 << 20)
	for name, packed := range map[string]string{"a.txt.gz": gz(t, bomb), "a.txt.zst": zst(t, bomb)} {
		lines := Options{Format: Text, Lines: true}
		_, _, _, err := readString(t, name, packed, lines)
		if !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v, want ErrTooLarge", name, err)
		}
		lines.Limits = Limits{Ratio: 100_000}
		if rows, _, _, err := readString(t, name, packed, lines); err != nil || len(rows) != 1 {
			t.Errorf("%s, the ratio allowed: %d rows, %v", name, len(rows), err)
		}
		lines.Limits = Limits{Ratio: 100_000, TotalBytes: 8<<20 - 1}
		if _, _, _, err := readString(t, name, packed, lines); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s, a byte less allowed: %v, want ErrTooLarge", name, err)
		}
		lines.Limits = Limits{Ratio: 100_000, TotalBytes: 8 << 20}
		if _, _, _, err := readString(t, name, packed, lines); err != nil {
			t.Errorf("%s, all bytes allowed: %v", name, err)
		}
	}
	// A small file of spaces is no bomb.
	if rows, _, _, err := readString(t, "a.txt.gz", gz(t, spaces(4<<20)), Options{Format: Text}); err != nil || len(rows) != 1 {
		t.Errorf("4 MiB: %d rows, %v", len(rows), err)
	}
	// Rows of a few bytes take more memory than they have bytes.
	const short, n = "pos\tg\nneg\tb\n", 100_000
	if _, _, _, err := readString(t, "a.tsv.gz", gz(t, "label\ttext\n"+strings.Repeat(short, n)), Options{}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("short rows: %v, want ErrTooLarge", err)
	}
	zipped := writeTemp(t, "a.zip", makeZip(t, []archiveEntry{{name: "a.tsv", content: "label\ttext\n" + strings.Repeat(short, n)}}))
	if _, _, err := ReadFiles(Options{}, zipped); !errors.Is(err, ErrTooLarge) {
		t.Errorf("short rows in a zip: %v, want ErrTooLarge", err)
	}
	if rows, _, _, err := readString(t, "a.tsv", "label\ttext\n"+strings.Repeat(short, n), Options{}); err != nil || len(rows) != 2*n {
		t.Errorf("short rows, plain: %d, %v", len(rows), err)
	}
	var honest strings.Builder
	for i := range 2 * n {
		fmt.Fprintf(&honest, "pos\t%x\n", i*7919)
	}
	if rows, _, _, err := readString(t, "a.tsv.gz", gz(t, "label\ttext\n"+honest.String()), Options{}); err != nil || len(rows) != 2*n {
		t.Errorf("short rows, each its own: %d, %v", len(rows), err)
	}
	// One page of a Parquet table.
	if _, _, _, err := readString(t, "a.parquet", parquetTable(t, 1, spaces(parquetMemory+4)), Options{Limits: Limits{Ratio: 1 << 30, RecordBytes: 1 << 30}}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a page of Parquet: %v, want ErrTooLarge", err)
	}
	// More pages than such a table should have.
	if _, _, _, err := readString(t, "a.parquet", parquetTable(t, 20_000, spaces(1<<10)), Options{Limits: Limits{Ratio: 50}}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("pages of Parquet: %v, want ErrTooLarge", err)
	}
	if testing.Short() {
		return
	}
	if rows, _, _, err := readString(t, "a.parquet", parquetTable(t, 20_000, spaces(1<<10)), Options{Limits: Limits{Ratio: 100_000}}); err != nil || len(rows) != 20_000 {
		t.Errorf("pages of Parquet, allowed: %d rows, %v", len(rows), err)
	}
}

// A frame may ask for a window of 128 MiB from a pipe or in a large file; a small
// file may not.
func TestZstdWindow(t *testing.T) {
	frame := func(window byte) string { // one raw block
		const text = "label\ttext\na\tone\n"
		return "\x28\xb5\x2f\xfd\x00" + string([]byte{window, byte(len(text)<<3) | 1, 0, 0}) + text
	}
	const log8MiB, log128MiB = (23 - 10) << 3, (27 - 10) << 3
	for _, tt := range []struct {
		window     byte
		pipe, file bool
	}{{log8MiB, true, true}, {log8MiB + 1, true, false}, {log128MiB, true, false}, {log128MiB + 1, false, false}} {
		if tt.window == log128MiB && testing.Short() {
			continue // it takes what it asks for
		}
		_, _, _, err := readString(t, "a.tsv.zst", frame(tt.window), Options{})
		if (err == nil) != tt.pipe {
			t.Errorf("window %d from a pipe: %v", tt.window, err)
		}
		_, _, err = ReadFiles(Options{}, writeTemp(t, "a.tsv.zst", frame(tt.window)))
		if (err == nil) != tt.file {
			t.Errorf("window %d in a file: %v", tt.window, err)
		}
	}
}

// parquetTable returns n rows of a text.
func parquetTable(t *testing.T, n int, text string) string {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWriter(&b, Parquet, WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for range n {
		if err := w.Write(Example{Text: text, Labels: []string{"a"}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What is in an archive is judged with the archive, compressed twice or not, and
// the files of a directory together.
func TestArchiveBombs(t *testing.T) {
	document := func(pack func(testing.TB, string) string) []archiveEntry {
		var entries []archiveEntry
		for i := range 8 {
			entries = append(entries, archiveEntry{name: fmt.Sprintf("pos/%d.txt", i), content: pack(t, spaces(1<<20))})
		}
		return entries
	}
	plain := func(_ testing.TB, s string) string { return s }
	table := []archiveEntry{}
	for i := range 8 {
		table = append(table, archiveEntry{name: fmt.Sprintf("%d.tsv.gz", i), content: gz(t, "label\ttext\n"+strings.Repeat("a\t"+spaces(1<<10)+"\n", 1<<10))})
	}
	dir := t.TempDir()
	os.Mkdir(filepath.Join(dir, "pos"), 0o777)
	for _, e := range document(gz) {
		os.WriteFile(filepath.Join(dir, e.name), []byte(e.content), 0o666)
	}
	for name, path := range map[string]string{
		"gzip in zip":    writeTemp(t, "a.zip", makeZip(t, document(gz))),
		"zstd in zip":    writeTemp(t, "a.zip", makeZip(t, document(zst))),
		"zip":            writeTemp(t, "a.zip", makeZip(t, document(plain))),
		"tables in zip":  writeTemp(t, "a.zip", makeZip(t, table)),
		"zstd in tar":    writeTemp(t, "a.tar", makeTar(t, document(zst))),
		"tar.gz":         writeTemp(t, "a.tar.gz", gz(t, makeTar(t, document(plain)))),
		"gzip in tar.gz": writeTemp(t, "a.tar.gz", gz(t, makeTar(t, document(gz)))),
		"directory":      dir,
	} {
		if d, _, err := ReadFiles(Options{}, path); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %d rows, %v, want ErrTooLarge", name, d.Len(), err)
		}
		if testing.Short() && name != "zstd in zip" && name != "tables in zip" {
			continue
		}
		d, _, err := ReadFiles(Options{Limits: Limits{Ratio: 1 << 20}}, path)
		if err != nil || d.Len() < 8 {
			t.Errorf("%s, the ratio allowed: %d rows, %v", name, d.Len(), err)
		}
		if name == "zip" || name == "tar.gz" || testing.Short() {
			continue // what is in it is in the row above
		}
		if _, _, err := ReadFiles(Options{Limits: Limits{Ratio: 1 << 20, TotalBytes: 6 << 20}}, path); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s, 6 MiB allowed in all: %v, want ErrTooLarge", name, err)
		}
	}
	// Names take memory too.
	var many []archiveEntry
	for i := range 13_000 {
		many = append(many, archiveEntry{name: fmt.Sprintf("pos/%d.txt", i)})
	}
	if _, _, err := ReadFiles(Options{}, writeTemp(t, "a.tar.gz", gz(t, makeTar(t, many)))); !errors.Is(err, ErrTooLarge) {
		t.Errorf("13,000 names in little: %v, want ErrTooLarge", err)
	}
	if _, _, err := ReadFiles(Options{}, writeTemp(t, "a.tar", makeTar(t, many))); err != nil {
		t.Errorf("13,000 names in much: %v", err)
	}
}

// An endless line is refused in bounded memory, and what follows is read: C3.
func TestEndlessLine(t *testing.T) {
	src := io.MultiReader(strings.NewReader("label\ttext\na\tone\nb\t"), io.LimitReader(endless{}, 50<<20), strings.NewReader("\nc\tthree\n"))
	r, err := New(src, "a.tsv", Options{Limits: Limits{RecordBytes: 1 << 20}})
	if err != nil {
		t.Fatal(err)
	}
	rows, refused, _, err := drain(t, r)
	want := []row{{"a", "one"}, {"c", "three"}}
	if diff := cmp.Diff(want, rows); diff != "" || len(refused) != 1 || err != nil {
		t.Errorf("%v, %v, rows (-want +got):\n%s", refused, err, diff)
	}
}

type archiveEntry struct {
	name, content string
	kind          byte // of tar; 0 is a plain file
}

func makeTar(t testing.TB, entries []archiveEntry) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Typeflag: tar.TypeReg, Size: int64(len(e.content)), Mode: 0o644}
		if e.kind != 0 {
			h.Typeflag, h.Size, h.Linkname = e.kind, 0, e.content
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if e.kind == 0 {
			io.WriteString(w, e.content)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func makeZip(t testing.TB, entries []archiveEntry) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		f, err := w.Create(e.name)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(f, e.content)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func writeTemp(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

var aclImdb = []archiveEntry{
	{name: "aclImdb/README", content: "read me"},
	{name: "aclImdb/imdb.vocab", content: "the\n"},
	{name: "aclImdb/test/neg/0_2.txt", content: "awful"},
	{name: "aclImdb/test/pos/0_9.txt", content: "lovely"},
	{name: "aclImdb/train/labeledBow.feat", content: "1 2"},
	{name: "aclImdb/train/urls_pos.txt", content: "http"},
	{name: "aclImdb/train/neg/1_1.txt", content: "caf\xe9 of horrors"},
	{name: "aclImdb/train/pos/1_10.txt", content: "good"},
	{name: "aclImdb/train/unsup/5_0.txt", content: "unknown"},
	{name: "__MACOSX/aclImdb/train/pos/._1_10.txt", content: "\x00\x05"},
}

func TestLayouts(t *testing.T) {
	all := []row{{"negative", "awful"}, {"positive", "lovely"}, {"negative", "café of horrors"}, {"positive", "good"}, {"", "unknown"}}
	train := all[2:]
	tables := []archiveEntry{
		{name: "data/test.tsv", content: "label\ttext\na\tone\n"},
		{name: "data/train.csv", content: "text,label\ntwo,b\n"},
		{name: "data/more/z.jsonl", content: `{"text":"three","label":"c"}`},
		{name: "README.txt", content: "read me"},
	}
	tests := []struct {
		name    string
		entries []archiveEntry
		opts    Options
		rows    []row
		ignored int
	}{
		{"aclImdb", aclImdb, Options{}, all, 5},
		{"aclImdb, one part", aclImdb, Options{Part: "train"}, train, 7},
		{"aclImdb, labels ignored", aclImdb, Options{Part: "unsup", Unlabelled: true}, train[2:], 9},
		{"a part that is not there", aclImdb, Options{Part: "dev"}, nil, 0},
		{"labels at the top", []archiveEntry{{name: "neg/1.txt", content: "bad"}, {name: "pos/1.txt", content: "good"}}, Options{}, []row{{"negative", "bad"}, {"positive", "good"}}, 0},
		{"documents without labels", []archiveEntry{{name: "1.txt", content: "one"}, {name: "2.txt", content: ""}}, Options{}, []row{{"", "one"}, {"", ""}}, 0},
		{"tables", tables, Options{}, []row{{"c", "three"}, {"a", "one"}, {"b", "two"}}, 1},
		{"tables, one part", tables, Options{Part: "train"}, []row{{"b", "two"}}, 3},
		{"tables read as documents", tables[:2], Options{Format: Dir}, []row{{"data", "label\ttext\na\tone\n"}, {"data", "text,label\ntwo,b\n"}}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "corpus")
			for _, e := range tt.entries {
				path := filepath.Join(dir, e.name)
				os.MkdirAll(filepath.Dir(path), 0o777)
				if err := os.WriteFile(path, []byte(e.content), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			for _, path := range []string{
				dir,
				writeTemp(t, "a.tar", makeTar(t, tt.entries)),
				writeTemp(t, "a.tar.gz", gz(t, makeTar(t, tt.entries))),
				writeTemp(t, "a.tgz.zst", zst(t, makeTar(t, tt.entries))),
				writeTemp(t, "a.zip", makeZip(t, tt.entries)),
			} {
				r, err := Open(tt.opts, path)
				if err != nil {
					t.Fatal(err)
				}
				rows, _, rep, err := drain(t, r)
				if tt.rows == nil {
					if err == nil {
						t.Errorf("%s: no error", path)
					}
					continue
				}
				if err != nil {
					t.Errorf("%s: %v", path, err)
				}
				// A tar archive is read in its own order.
				if diff := cmp.Diff(sortRows(tt.rows), sortRows(rows)); diff != "" {
					t.Errorf("%s: rows (-want +got):\n%s", path, diff)
				}
				if rep.Ignored != tt.ignored {
					t.Errorf("%s: %d files ignored, want %d", path, rep.Ignored, tt.ignored)
				}
			}
		})
	}
}

func sortRows(rows []row) []string {
	out := map[string]bool{}
	for _, r := range rows {
		out[fmt.Sprint(r)] = true
	}
	return sortedKeys(out)
}

// C2: hostile archives.
func TestInsecureArchives(t *testing.T) {
	good := archiveEntry{name: "pos/1.txt", content: "good"}
	tests := []struct {
		name    string
		entries []archiveEntry
	}{
		{"parent", []archiveEntry{good, {name: "../x.txt", content: "x"}}},
		{"absolute", []archiveEntry{good, {name: "/etc/x.txt", content: "x"}}},
		{"parent within", []archiveEntry{good, {name: "a/../../x.txt", content: "x"}}},
		{"backslash", []archiveEntry{good, {name: `..\x.txt`, content: "x"}}},
		{"two of one name", []archiveEntry{good, good}},
		{"two of one name after cleaning", []archiveEntry{good, {name: "./pos//1.txt", content: "x"}}},
		{"symbolic link", []archiveEntry{good, {name: "pos/2.txt", content: "/etc/passwd", kind: tar.TypeSymlink}}},
		{"hard link", []archiveEntry{good, {name: "pos/2.txt", content: "pos/1.txt", kind: tar.TypeLink}}},
		{"device", []archiveEntry{good, {name: "pos/2.txt", kind: tar.TypeChar}}},
		{"fifo", []archiveEntry{good, {name: "pos/2.txt", kind: tar.TypeFifo}}},
		{"directory outside", []archiveEntry{good, {name: "../pos/", kind: tar.TypeDir}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := ReadFiles(Options{}, writeTemp(t, "a.tar", makeTar(t, tt.entries)))
			if !errors.Is(err, ErrInsecurePath) || !errors.Is(err, ErrData) {
				t.Errorf("tar: %v, want ErrInsecurePath", err)
			}
			if tt.entries[1].kind != 0 {
				return
			}
			_, _, err = ReadFiles(Options{}, writeTemp(t, "a.zip", makeZip(t, tt.entries)))
			if !errors.Is(err, ErrInsecurePath) {
				t.Errorf("zip: %v, want ErrInsecurePath", err)
			}
		})
	}
}

// A sparse file of a tar archive expands without being compressed, in all formats of PAX.
func TestSparseTar(t *testing.T) {
	const rows, size = "label,text\na,b\n", "8388608"
	for name, tt := range map[string]struct {
		records map[string]string // their keys have the vendor of GNU in the archive
		content string
	}{
		"0.1": {map[string]string{"VND.sparse.size": size, "VND.sparse.numblocks": "1", "VND.sparse.map": "0,15"}, rows},
		"1.0": {map[string]string{"VND.sparse.major": "1", "VND.sparse.minor": "0", "VND.sparse.realsize": size},
			"1\n0\n15\n" + strings.Repeat("\x00", 505) + rows},
	} {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		if err := w.WriteHeader(&tar.Header{Name: "a.csv", Mode: 0o644, Size: int64(len(tt.content)), PAXRecords: tt.records}); err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, tt.content)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		archive := strings.ReplaceAll(b.String(), "VND.sparse.", "GNU.sparse.")
		h, err := tar.NewReader(strings.NewReader(archive)).Next()
		if err != nil || h.Size != 8<<20 {
			t.Fatalf("%s: %d bytes of %d, %v", name, h.Size, len(archive), err)
		}
		_, _, err = ReadFiles(Options{}, writeTemp(t, "a.tar", archive))
		if !errors.Is(err, ErrInsecurePath) || !strings.Contains(err.Error(), "sparse") {
			t.Errorf("%s: %v, want ErrInsecurePath", name, err)
		}
	}
}

// Entries of a zip archive that are no documents: directories, which are passed
// over if they lie within it, and what is encrypted.
func TestZipEntries(t *testing.T) {
	good := archiveEntry{name: "pos/1.txt", content: "good"}
	d, rep, err := ReadFiles(Options{}, writeTemp(t, "a.zip", makeZip(t, []archiveEntry{{name: "pos/"}, good})))
	if err != nil || d.Len() != 1 || rep.Ignored != 0 {
		t.Errorf("a directory: %d rows, %v", d.Len(), err)
	}
	for _, name := range []string{"../pos/", "/pos/", "pos/../../x/"} {
		if _, _, err := ReadFiles(Options{}, writeTemp(t, "a.zip", makeZip(t, []archiveEntry{{name: name}, good}))); !errors.Is(err, ErrInsecurePath) {
			t.Errorf("directory %q: %v, want ErrInsecurePath", name, err)
		}
	}
	encrypted := []byte(makeZip(t, []archiveEntry{good}))
	for header, flags := range map[string]int{"PK\x03\x04": 6, "PK\x01\x02": 8} {
		encrypted[bytes.Index(encrypted, []byte(header))+flags] |= 1
	}
	if _, _, err := ReadFiles(Options{}, writeTemp(t, "a.zip", string(encrypted))); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "encrypted") {
		t.Errorf("encrypted: %v, want ErrFormat", err)
	}
}

// What a long line made large is given back.
func TestLongLineIsGivenBack(t *testing.T) {
	l := newLineReader(strings.NewReader(strings.Repeat("x", 4<<20)+"\n"+strings.Repeat("short\n", 2_000_000)), 8<<20)
	if line, err := l.next(); len(line) != 4<<20 || err != nil {
		t.Fatalf("%d bytes, %v", len(line), err)
	}
	if len(l.buf) <= maxIdle {
		t.Fatalf("a buffer of %d bytes holds the line", len(l.buf))
	}
	for i := range 2_000_000 {
		if line, err := l.next(); string(line) != "short" || err != nil {
			t.Fatalf("line %d: %q, %v", i, line, err)
		}
	}
	if len(l.buf) > maxIdle {
		t.Errorf("%d bytes are kept", len(l.buf))
	}
	// Nor is it larger than the longest record needs.
	l = newLineReader(endless{}, 8<<20)
	if _, err := l.next(); err != ErrTooLong || len(l.buf) > 8<<20+2*lineBuffer {
		t.Errorf("%v in a buffer of %d bytes", err, len(l.buf))
	}
}

func TestArchiveLimits(t *testing.T) {
	var entries []archiveEntry
	for i := range 20 {
		entries = append(entries, archiveEntry{name: fmt.Sprintf("pos/%d.txt", i), content: strings.Repeat("good ", 1000)})
	}
	for _, l := range []Limits{{Entries: 19}, {TotalBytes: 10_000}} {
		for _, path := range []string{writeTemp(t, "a.tar.gz", gz(t, makeTar(t, entries))), writeTemp(t, "a.zip", makeZip(t, entries))} {
			if _, _, err := ReadFiles(Options{Limits: l}, path); !errors.Is(err, ErrTooLarge) {
				t.Errorf("%s, %+v: %v, want ErrTooLarge", filepath.Base(path), l, err)
			}
		}
	}
	whole := makeTar(t, entries)
	for _, cut := range []int{700, len(whole) / 2, len(whole) - 1024 - 1024} {
		d, _, err := ReadFiles(Options{}, writeTemp(t, "a.tar", whole[:cut]))
		if err == nil {
			t.Errorf("tar cut at %d: %d rows, no error", cut, d.Len())
		}
	}
	whole = makeZip(t, entries)
	if _, _, err := ReadFiles(Options{}, writeTemp(t, "a.zip", whole[:len(whole)-30])); !errors.Is(err, ErrData) {
		t.Errorf("zip cut: %v, want ErrData", err)
	}
	long := []archiveEntry{{name: "pos/" + strings.Repeat("a/", 2040) + "1.txt", content: "good"}}
	for _, name := range []string{"a.zip", "a.tar"} {
		read := func() error {
			whole := makeZip(t, long)
			if name == "a.tar" {
				whole = makeTar(t, long)
			}
			_, _, err := ReadFiles(Options{}, writeTemp(t, name, whole))
			return err
		}
		if err := read(); err != nil {
			t.Errorf("%s: a name of %d bytes: %v", name, len(long[0].name), err)
		}
		long[0].name = strings.Replace(long[0].name, "1.txt", "12345678.txt", 1) // 4,096 bytes
		if err := read(); err != nil {
			t.Errorf("%s: a name of %d bytes: %v", name, len(long[0].name), err)
		}
		long[0].name += "t"
		if err := read(); !errors.Is(err, ErrTooLarge) || len(err.Error()) > 300 {
			t.Errorf("%s: a name of %d bytes: %v, want ErrTooLarge", name, len(long[0].name), err)
		}
		long[0].name = "pos/" + strings.Repeat("a/", 2040) + "1.txt"
	}
	nested := []archiveEntry{{name: "a.tsv", content: makeTar(t, entries)}}
	if _, _, err := ReadFiles(Options{}, writeTemp(t, "a.zip", makeZip(t, nested))); !errors.Is(err, ErrFormat) {
		t.Errorf("an archive within an archive: %v, want ErrFormat", err)
	}
	if _, _, _, err := readString(t, "-", makeTar(t, entries), Options{}); !errors.Is(err, ErrFormat) {
		t.Errorf("an archive from a pipe: %v, want ErrFormat", err)
	}
	if _, _, _, err := readString(t, "-", makeZip(t, entries), Options{}); err != nil {
		t.Errorf("a zip from a pipe: %v", err)
	}
}

// Documents are named by their paths, so that those of one name in two
// directories or archives can be told apart.
func TestDocumentsHaveTheirPath(t *testing.T) {
	dir := t.TempDir()
	var paths, want []string
	for _, name := range []string{"a", "b"} {
		os.MkdirAll(filepath.Join(dir, name, "sub"), 0o777)
		os.WriteFile(filepath.Join(dir, name, "sub", "1.txt"), []byte("good"), 0o666)
		archive := filepath.Join(dir, name+".zip")
		os.WriteFile(archive, []byte(makeZip(t, []archiveEntry{{name: "1.txt", content: "good"}})), 0o666)
		paths = append(paths, filepath.Join(dir, name), archive)
		want = append(want, filepath.Join(dir, name)+"/sub/1.txt", archive+"!1.txt")
	}
	d, _, err := ReadFiles(Options{}, paths...)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range d.Examples {
		got = append(got, d.Examples[i].ID)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
}

// One bad document of a directory is refused, the others are read.
func TestDirectoryRefuses(t *testing.T) {
	dir := t.TempDir()
	os.Mkdir(filepath.Join(dir, "pos"), 0o777)
	for name, content := range map[string]string{"1.txt": "good", "2.txt": "\x89PNG\r\n\x1a\n", "3.txt": strings.Repeat("x", 200), "4.txt": "fine"} {
		os.WriteFile(filepath.Join(dir, "pos", name), []byte(content), 0o666)
	}
	r, err := Open(Options{Limits: Limits{RecordBytes: 100}}, dir)
	if err != nil {
		t.Fatal(err)
	}
	rows, refused, _, err := drain(t, r)
	if len(rows) != 2 || len(refused) != 2 || err != nil {
		t.Errorf("rows %v, refused %v, %v: want 2 and 2", rows, refused, err)
	}
}

func FuzzArchive(f *testing.F) {
	f.Add([]byte(makeTar(f, aclImdb[:4])))
	f.Add([]byte(gz(f, makeTar(f, aclImdb[:4]))))
	f.Add([]byte(makeZip(f, aclImdb[:4])))
	f.Add([]byte(makeTar(f, []archiveEntry{{name: "../x", content: "y"}, {name: "a", kind: tar.TypeSymlink, content: "b"}})))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := writeTemp(t, "a", string(b))
		r, err := Open(Options{Limits: Limits{RecordBytes: 1000, TotalBytes: 1 << 20, Entries: 100}}, path)
		if err != nil {
			t.Fatal(err)
		}
		drain(t, r)
	})
}
