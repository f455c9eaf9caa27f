package tensorfile

import (
	"bytes"
	"io"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/textlstm/textlstm/internal/fsx"
)

// bench16 returns a file of 16 MB.
func bench16(b *testing.B) []byte {
	rng := rand.New(rand.NewPCG(1, 1))
	v := make([]float32, 4_000_000)
	for i := range v {
		v[i] = rng.Float32()
	}
	return mustWrite(b, map[string]string{"config": "{}"},
		Float32("embedding.weight", v[:3_200_000], 32_000, 100), Float32("encoder", v[3_200_000:], 800, 1000))
}

func BenchmarkDecode16MB(b *testing.B) {
	file := bench16(b)
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		if _, err := Decode(file, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadFile16MB(b *testing.B) {
	file := bench16(b)
	path := filepath.Join(b.TempDir(), "m.safetensors")
	if err := fsx.WriteFile(fsx.OS{}, path, func(w io.Writer) error { _, err := w.Write(file); return err }); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		if _, err := ReadFile(fsx.OS{}, path, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWrite16MB(b *testing.B) {
	f, err := Decode(bench16(b), Limits{})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(16_000_000)
	for b.Loop() {
		var w bytes.Buffer
		w.Grow(17_000_000)
		if err := Write(&w, f.Meta, f.Tensors); err != nil {
			b.Fatal(err)
		}
	}
}
