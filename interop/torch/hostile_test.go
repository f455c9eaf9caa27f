package torch_test

import (
	"archive/zip"
	"bytes"
	"math/rand/v2"
	"testing"

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
	return mutate.Answer(t, n, "3 1 2")
}

func files(t testing.TB, names ...string) [][]byte { return mutate.Files(t, goldens+"/%s", names...) }

// damage changes the pickle, the instructions of which stay whole for the most part, or the
// entries around it.
func damage(r *rand.Rand, b []byte) []byte {
	entries := mutate.Unzip(b)
	change := func(*zip.FileHeader) {}
	e := &entries[r.IntN(len(entries))]
	switch r.IntN(6) {
	case 0:
		e.Content = mutate.Bytes(r, e.Content)
	case 1:
		e.Name = string(mutate.Bytes(r, []byte(e.Name)))
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
			entries[0].Content = pickled(r, entries[0].Content)
		}
	}
	return mutate.Zip(entries, change)
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
		f.Add(mutate.Unzip(b)[0].Content)
	}
	rest := mutate.Unzip(files(f, "lstm.pt")[0])[1:]
	f.Fuzz(func(t *testing.T, b []byte) {
		_ = read(t, mutate.Zip(append([]mutate.Entry{{Name: "lstm/data.pkl", Content: b}}, rest...), func(*zip.FileHeader) {}))
	})
}
