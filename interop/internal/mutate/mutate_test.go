package mutate_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/textlstm/textlstm/interop/internal/mutate"
)

// Every file is damaged in both ways, however many there are.
func TestFilesAndDamage(t *testing.T) {
	for n := range 5 {
		var files [][]byte
		for i := range n + 1 {
			files = append(files, []byte{byte(i), 1, 2, 3})
		}
		damaged, all := map[byte]int{}, 0
		mutate.Test(t, files, func(r *rand.Rand, b []byte) []byte {
			damaged[b[0]]++
			all++
			return nil
		}, func(b []byte) error {
			if len(b) == 0 {
				return errors.New("no file")
			}
			return nil
		})
		for i := range files {
			if least := all / len(files); damaged[byte(i)] < least {
				t.Errorf("of %d files number %d is damaged %d times as its format has it, want %d", len(files), i, damaged[byte(i)], least)
			}
		}
	}
}
