package columns_test

import (
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/textlstm/textlstm/internal/columns"
)

func TestFirstTwo(t *testing.T) {
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for first, second := range columns.FirstTwo("test", z.EncodeAll([]byte("a b\tc\td\ne\n"), nil)) {
		got = append(got, first, second)
	}
	if len(got) != 4 || got[0] != "a b" || got[1] != "c" || got[2] != "e" || got[3] != "" {
		t.Errorf("columns %q", got)
	}
	defer func() {
		if recover() == nil {
			t.Error("no panic for a broken file")
		}
	}()
	columns.FirstTwo("test", []byte("not zstd"))
}
