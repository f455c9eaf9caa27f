package zipdir_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/textlstm/textlstm/internal/zipdir"
)

// archive has n empty entries whose names have so many bytes.
func archive(t *testing.T, n, name int) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := range n {
		if _, err := w.CreateRaw(&zip.FileHeader{Name: fmt.Sprintf("%0*d", name, i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestOpen(t *testing.T) {
	for _, n := range []int{0, 1, 3000, 70_000} { // what has more than 65,535 is written in another way
		b := archive(t, n, 6)
		z, err := zipdir.Open(bytes.NewReader(b), int64(len(b)), n)
		if err != nil || len(z.File) != n {
			t.Fatalf("%d entries: %v", n, err)
		}
	}
	b := archive(t, 3000, 6)
	var many *zipdir.TooManyError
	if _, err := zipdir.Open(bytes.NewReader(b), int64(len(b)), 2800); !errors.As(err, &many) || many.Most != 2800 {
		t.Errorf("3000 entries of at most 2800: %v", err)
	}
}

// The content of entries is not counted.
func TestContent(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.CreateHeader(&zip.FileHeader{Name: "a"})
	if err != nil {
		t.Fatal(err)
	}
	content := bytes.Repeat([]byte("PK\x01\x02"), 1000)
	f.Write(content)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	z, err := zipdir.Open(bytes.NewReader(b.Bytes()), int64(b.Len()), 1)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	r, err := z.Open("a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := got.ReadFrom(r); err != nil || !bytes.Equal(got.Bytes(), content) {
		t.Errorf("%d bytes, %v", got.Len(), err)
	}
}

// An archive may say that it has a few entries, modulo 65,536, and a directory that is as
// large as the archive: no memory is taken for what it may not have.
func TestLies(t *testing.T) {
	header := make([]byte, 47)
	copy(header, "PK\x01\x02")
	header[28], header[46] = 1, 'a'
	const n = 20*65536 + 1
	b := bytes.Repeat(header, n)
	end := binary.LittleEndian.AppendUint32([]byte("PK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00"), uint32(len(b)))
	b = append(append(b, end...), 0, 0, 0, 0, 0, 0)
	for _, most := range []int{1 << 16, 1 << 30} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := zipdir.Open(bytes.NewReader(b), int64(len(b)), most)
		runtime.ReadMemStats(&after)
		var many *zipdir.TooManyError
		if !errors.As(err, &many) || many.Most > len(b)/76 {
			t.Fatalf("%d entries of at most %d: %v", n, most, err)
		}
		if made := after.TotalAlloc - before.TotalAlloc; made > uint64(400*many.Most) {
			t.Errorf("%d bytes of memory for at most %d entries", made, many.Most)
		}
	}
}
