package parquet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var generous = Limits{Memory: 64 << 20, Total: 1 << 30}

// fixtures returns the files of testdata by name.
func fixtures(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/*.parquet")
	if err != nil || len(names) < 8 {
		t.Fatalf("%v, %v", names, err)
	}
	files := map[string][]byte{}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimSuffix(filepath.Base(name), ".parquet")] = b
	}
	return files
}

// readAll reads every column of a file as rows of values; a null is nil, a list
// has what it has.
func readAll(b []byte, l Limits) (map[string][]any, error) {
	f, err := Open(bytes.NewReader(b), int64(len(b)), l)
	if err != nil {
		return nil, err
	}
	var cursors []*Cursor
	for i, c := range f.Columns {
		if c.Leaf {
			cursors = append(cursors, f.Column(i))
		}
	}
	table := map[string][]any{}
	for {
		rows, err := f.NextGroup()
		if err == io.EOF {
			return table, nil
		}
		if err != nil {
			return table, err
		}
		for range rows {
			for _, c := range cursors {
				var cell any
				list := []any{}
				err := c.Row(func(v *Value) {
					var x any
					switch {
					case v.Null:
						return
					case c.Type == Boolean:
						x = v.Int != 0
					case c.Type == Int32, c.Type == Int64:
						x = json.Number(fmt.Sprint(v.Int))
					case c.Type == Float, c.Type == Double:
						x = v.Float
					default:
						x = string(v.Bytes)
					}
					cell, list = x, append(list, x)
				})
				if err != nil {
					return table, err
				}
				if c.List {
					cell = list
				}
				table[c.Name] = append(table[c.Name], cell)
			}
		}
	}
}

// What other writers write is read as it is: testdata/gen.py.
func TestOtherWriters(t *testing.T) {
	b, err := os.ReadFile("testdata/rows.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string][]any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&want); err != nil {
		t.Fatal(err)
	}
	for _, c := range []string{"f", "d"} {
		for i, v := range want[c] {
			want[c][i], _ = v.(json.Number).Float64()
		}
	}
	for i, v := range want["topics"] {
		if v == nil { // a list that is null has no values either
			want["topics"][i] = []any{}
		}
	}
	for name, b := range fixtures(t) {
		got, err := readAll(b, generous)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v, rows (-want +got):\n%s", name, err, diff)
		}
	}
}

func TestMetadata(t *testing.T) {
	b := fixtures(t)["snappy"]
	f, err := Open(bytes.NewReader(b), int64(len(b)), generous)
	if err != nil {
		t.Fatal(err)
	}
	if m := f.Metadata("ARROW:schema"); len(m) < 100 {
		t.Errorf("ARROW:schema is %q", m)
	}
	if m := f.Metadata("none"); m != nil {
		t.Errorf("none is %q", m)
	}
}
