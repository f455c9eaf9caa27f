package torch_test

import (
	"archive/zip"
	"bytes"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/interop/internal/mutate"
	"github.com/textlstm/textlstm/interop/torch"
)

// read reads a file as far as an answer, which must be a number.
func read(t testing.TB, b []byte) error {
	f, err := torch.Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return err
	}
	n, err := f.Network(torch.Options{})
	if err != nil {
		return err
	}
	m, err := n.Model(classify.Card{})
	if err != nil {
		return err
	}
	s := m.Predict("3 1 2").Scores[0]
	if err := mutate.Finite(append(s.Probs, s.Value)); err != nil {
		t.Error(err)
	}
	return nil
}

func files(t testing.TB, names ...string) (out [][]byte) {
	for _, name := range names {
		b, err := os.ReadFile(goldens + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
	return out
}

// An entry is a file of an archive.
type entry struct {
	name    string
	content []byte
}

func unzip(b []byte) (out []entry) {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		panic(err)
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			panic(err)
		}
		c, err := io.ReadAll(r)
		if err != nil {
			panic(err)
		}
		out = append(out, entry{f.Name, c})
	}
	return out
}

// zipped stores entries with checksums that are right, and sizes that change may falsify.
func zipped(entries []entry, change func(h *zip.FileHeader)) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, CRC32: crc32.ChecksumIEEE(e.content), CompressedSize64: uint64(len(e.content)), UncompressedSize64: uint64(len(e.content))}
		change(h)
		if w, err := z.CreateRaw(h); err == nil {
			w.Write(e.content)
		}
	}
	z.Close()
	return b.Bytes()
}

// damage changes the pickle, the instructions of which stay whole for the most part, or the
// entries around it.
func damage(r *rand.Rand, b []byte) []byte {
	entries := unzip(b)
	change := func(*zip.FileHeader) {}
	e := &entries[r.IntN(len(entries))]
	switch r.IntN(6) {
	case 0:
		e.content = mutate.Bytes(r, e.content)
	case 1:
		e.name = string(mutate.Bytes(r, []byte(e.name)))
	case 2:
		change = func(h *zip.FileHeader) {
			if r.IntN(4) == 0 {
				h.UncompressedSize64 = mutate.Telling(r)
			}
			if r.IntN(8) == 0 {
				h.CompressedSize64, h.Method = mutate.Telling(r), uint16(r.IntN(2)*8)
			}
		}
	default:
		for range 1 + r.IntN(3) {
			entries[0].content = pickled(r, entries[0].content)
		}
	}
	return zipped(entries, change)
}

// pickled changes an instruction of a pickle.
func pickled(r *rand.Rand, b []byte) []byte {
	if len(b) < 8 {
		return b
	}
	at := 2 + r.IntN(len(b)-7)
	for k := 0; k < 200 && bytes.IndexByte([]byte("KMJXqhQRtu(})scb\x85\x86\x87"), b[at]) < 0; k++ {
		at = 2 + r.IntN(len(b)-7)
	}
	switch r.IntN(40) {
	case 39: // one of many, nested
		b = append(b[:at:at], append(bytes.Repeat([]byte{"(}])\x85"[r.IntN(5)]}, r.IntN(300_000)), b[at:]...)...)
	case 0, 1, 2, 3, 4, 5, 6, 7, 8, 9: // another instruction
		b[at] = "KMJX(}])tRQusaebN.qhrj0\x85\x86\x87\x88\x89\x8a\x93\x94\x95"[r.IntN(32)]
	case 10, 11, 12, 13, 14, 15, 16, 17, 18, 19: // another operand
		mutate.Number(r, b[at+1:])
	case 20, 21, 22, 23, 24, 25, 26, 27, 28, 29: // an instruction more
		more := []byte{"()}]N\x88tRQuab2"[r.IntN(13)]}
		b = append(b[:at:at], append(more, b[at:]...)...)
	default: // a run of instructions twice
		end := min(len(b), at+r.IntN(200))
		b = append(b[:end:end], b[at:]...)
	}
	return b
}

func TestMutatedArchives(t *testing.T) {
	mutate.Test(t, files(t, "lstm.pt", "bilstm.pt", "bigru-2.pt", "one-unit.pt"), damage, func(b []byte) error { return read(t, b) })
}

func TestMutatedSafetensors(t *testing.T) {
	mutate.Test(t, files(t, "lstm.safetensors", "bilstm-2-hidden.safetensors", "gru.safetensors"), func(r *rand.Rand, b []byte) []byte {
		head := 8 + int(b[0]) + int(b[1])<<8 // the header's length, little-endian
		at := 8 + r.IntN(head-8)
		for b[at] < '0' || b[at] > '9' {
			at = 8 + r.IntN(head-8)
		}
		b[at] = '0' + byte(r.IntN(10)) // a shape or an offset
		return b
	}, func(b []byte) error { return read(t, b) })
}

func FuzzRead(f *testing.F) {
	for _, b := range files(f, "lstm.pt", "gru.safetensors") {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) { _ = read(t, b) })
}

// FuzzPickle runs the pickle of an archive alone.
func FuzzPickle(f *testing.F) {
	for _, b := range files(f, "lstm.pt", "bilstm.pt") {
		f.Add(unzip(b)[0].content)
	}
	rest := unzip(files(f, "lstm.pt")[0])[1:]
	f.Fuzz(func(t *testing.T, b []byte) {
		_ = read(t, zipped(append([]entry{{"lstm/data.pkl", b}}, rest...), func(*zip.FileHeader) {}))
	})
}
