package hostile

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// Damage changes single bytes of the file at path or cuts it short, 300 times, and checks
// that load refuses each with an error that wraps format and names the file.
func Damage(t *testing.T, path string, format error, load func(path string) error) {
	t.Helper()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 0))
	for range 300 {
		b := bytes.Clone(whole)
		if r.IntN(4) == 0 {
			b = b[:r.IntN(len(b))]
		} else {
			b[r.IntN(len(b))] ^= byte(1 + r.IntN(255))
		}
		if err := os.WriteFile(path, b, 0o666); err != nil {
			t.Fatal(err)
		}
		if err := load(path); !errors.Is(err, format) || !strings.Contains(err.Error(), path) {
			t.Fatalf("a damaged file: %v, want an error that wraps %q and names %s", err, format, path)
		}
	}
}
