package corpora

import (
	"archive/zip"
	"bytes"
	"errors"
	"hash/crc32"
	"io"
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
