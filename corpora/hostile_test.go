package corpora

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// The limits of an expansion hold to the byte.
func TestExpanded(t *testing.T) {
	l := Limits{Ratio: 10, TotalBytes: 10 * ratioGrace}
	const packed = ratioGrace/10 + 1
	for out, ok := range map[int64]bool{
		0: true, ratioGrace: true, 10*packed + 9: true, 10*packed + 10: false, 10 * ratioGrace: false, 10*ratioGrace + 1: false,
	} {
		if err := l.expanded("it", packed, out); (err == nil) != ok || err != nil && !errors.Is(err, ErrTooLarge) {
			t.Errorf("%d bytes to %d: %v", packed, out, err)
		}
	}
	for out, ok := range map[int64]bool{ratioGrace: true, ratioGrace + 10: false} {
		if err := l.expanded("it", 0, out); (err == nil) != ok {
			t.Errorf("nothing to %d: %v", out, err)
		}
	}
	for out, ok := range map[int64]bool{10 * ratioGrace: true, 10*ratioGrace + 1: false} {
		if err := l.expanded("it", 10*ratioGrace, out); (err == nil) != ok {
			t.Errorf("to %d: %v", out, err)
		}
	}
}

// What only begins like a compressed stream is text, or an early end of one.
func TestBeginnings(t *testing.T) {
	lines := Options{Lines: true}
	if rows, _, _, err := readString(t, "a.txt", "BZhang is good\nbad\n", lines); err != nil || len(rows) != 2 {
		t.Errorf("a text that begins like bzip2: %d rows, %v", len(rows), err)
	}
	for _, head := range []string{"\x28\xb5", "\x28\xb5\x2f"} {
		if _, err := Decompress(strings.NewReader(head), Limits{}); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("% x: %v, want io.ErrUnexpectedEOF", head, err)
		}
	}
	packed := gz(t, strings.Repeat("some text ", 1000))
	r, err := Decompress(strings.NewReader(packed[:len(packed)-3]), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(r); !errors.Is(err, io.ErrUnexpectedEOF) || !strings.HasPrefix(err.Error(), "gzip: ") {
		t.Errorf("cut gzip: %v, want that gzip says io.ErrUnexpectedEOF", err)
	}
}

// Zip archives that lie: entries that overlap, that are encrypted, directories outside.
func TestLyingZips(t *testing.T) {
	const plain = zip.Store
	for name, tt := range map[string]struct {
		entries []zip.FileHeader
		want    error
	}{
		"good":            {[]zip.FileHeader{{Name: "pos/a.txt", Method: plain, CompressedSize64: 4, UncompressedSize64: 4, CRC32: crc32.ChecksumIEEE([]byte("good"))}}, nil},
		"overlap":         {[]zip.FileHeader{{Name: "pos/a.txt", Method: plain, CompressedSize64: 200}, {Name: "pos/b.txt", Method: plain, CompressedSize64: 200}}, ErrTooLarge},
		"larger than all": {[]zip.FileHeader{{Name: "pos/a.txt", Method: plain, CompressedSize64: 1000}}, ErrTooLarge},
		"sizes that wrap": {[]zip.FileHeader{{Name: "pos/a.txt", Method: plain, CompressedSize64: 4}, {Name: "pos/b.txt", Method: plain, CompressedSize64: 1<<64 - 3}}, ErrTooLarge},
		"encrypted":       {[]zip.FileHeader{{Name: "pos/a.txt", Method: plain, Flags: 1, CompressedSize64: 4}}, ErrFormat},
		"outside":         {[]zip.FileHeader{{Name: "../up/"}, {Name: "pos/a.txt", Method: plain, CompressedSize64: 4, UncompressedSize64: 4}}, ErrInsecurePath},
	} {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		for _, h := range tt.entries {
			f, err := w.CreateRaw(&h)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(h.Name, "/") {
				io.WriteString(f, "good")
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		_, _, err := ReadFiles(Options{}, writeTemp(t, "a.zip", b.String()))
		if tt.want == nil && err != nil || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

// What is not said has the values that SECURITY.md promises.
func TestDefaultLimits(t *testing.T) {
	want := Limits{RecordBytes: 16 << 20, TotalBytes: 64 << 30, Ratio: 200, Entries: 1_000_000, Memory: 256 << 20, Labels: 65_536}
	if got := (Limits{}).withDefaults(); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	want = Limits{1, 2, 3, 4, 5, 6, 7}
	if got := want.withDefaults(); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// An archive or a table that must be held in memory is held up to a limit, byte for byte.
func TestHeld(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	document := make([]byte, 700_000) // more than two blocks, and as large compressed
	for i := range document {
		document[i] = 'a' + byte(r.IntN(26))
	}
	for name, file := range map[string]string{
		"zip":     makeZip(t, []archiveEntry{{name: "pos/1.txt", content: string(document)}}),
		"parquet": parquetTable(t, 3, string(document)),
	} {
		for _, pack := range []func(testing.TB, string) string{gz, zst, nil} {
			packed, name := file, name
			if pack != nil {
				packed, name = pack(t, file), name+" in something"
			}
			rows, _, _, err := readString(t, Stdin, packed, Options{Limits: Limits{Memory: int64(len(file))}})
			if err != nil || len(rows) == 0 || rows[0].Text != string(document) {
				t.Errorf("%s: %d rows, err = %v", name, len(rows), err)
			}
			_, _, _, err = readString(t, Stdin, packed, Options{Limits: Limits{Memory: int64(len(file)) - 1}})
			if !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), "held in memory") {
				t.Errorf("%s with a byte too many: %v, want ErrTooLarge", name, err)
			}
		}
	}
}

// A small file does not become large in two steps, each of which is allowed: a table or an
// archive that is compressed once more counts as what it has on the disk.
func TestChains(t *testing.T) {
	tables := []archiveEntry{}
	for i := range 10 {
		tables = append(tables, archiveEntry{name: fmt.Sprint(i, ".parquet"), content: parquetTable(t, 4000, spaces(1<<10))})
	}
	documents := []archiveEntry{}
	for i := range 100 {
		documents = append(documents, archiveEntry{name: fmt.Sprintf("pos/%d.txt", i), content: spaces(1 << 17)})
	}
	held := append([]byte("PK\x03\x04"), bytes.Repeat([]byte("0123456789abcdef"), 40<<16)...) // 40 MiB
	for name, path := range map[string]string{
		"parquet.gz":             writeTemp(t, "a.parquet.gz", gz(t, parquetTable(t, 40_000, spaces(1<<10)))),
		"tables in a zip":        writeTemp(t, "a.zip", makeZip(t, tables)),
		"documents in a zip.gz":  writeTemp(t, "a.zip.gz", gz(t, makeZip(t, documents))),
		"what is no zip, packed": writeTemp(t, "b.zip.gz", gz(t, string(held))),
	} {
		l := Limits{}
		if strings.HasPrefix(name, "what") {
			l.Ratio = 1 << 20
		}
		if d, _, err := ReadFiles(Options{Limits: l}, path); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v rows, err = %v, want ErrTooLarge", name, d.Len(), err)
		}
	}
}

// A table has no more columns than any honest one.
func TestTooManyColumns(t *testing.T) {
	for n, bad := range map[int]bool{maxColumns: false, maxColumns + 1: true} {
		table := "text,label" + strings.Repeat(",c", n-2) + "\ngood,pos" + strings.Repeat(",", n-2) + "\n"
		if rows, _, _, err := readString(t, "a.csv", table, Options{}); errors.Is(err, ErrTooLarge) != bad || len(rows) == 0 != bad {
			t.Errorf("%d columns: %d rows, err = %v", n, len(rows), err)
		}
	}
}
