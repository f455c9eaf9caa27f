package hdf5_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/internal/hdf5"
)

func open(t testing.TB, b []byte) *hdf5.Group {
	t.Helper()
	f, err := hdf5.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	g, err := f.Root()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func golden(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func floats(t *testing.T, g *hdf5.Group, path string) []float32 {
	t.Helper()
	d, err := g.Dataset(path)
	if err != nil {
		t.Fatal(err)
	}
	v, err := d.Floats()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// What h5py has written is read.
func TestRead(t *testing.T) {
	g := open(t, golden(t, "plain.h5"))
	if diff := cmp.Diff([]string{"deep", "many"}, g.Names()); diff != "" {
		t.Error(diff)
	}
	many, err := g.Group("many")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(many.Names()); n != 40 {
		t.Errorf("%d members, want 40", n)
	}
	for i := range 40 {
		v := float32(i)
		if got := floats(t, many, fmt.Sprint(i)); !slices.Equal(got, []float32{v, v + 0.25, v + 0.5, v, v + 0.25, v + 0.5}) {
			t.Errorf("%d: %v", i, got)
		}
	}
	if got := floats(t, g, "deep/er/single"); !slices.Equal(got, []float32{2.5}) {
		t.Error(got)
	}
	if got := floats(t, g, "deep/er/double"); !slices.Equal(got, []float32{1.5, -2.25}) {
		t.Error(got)
	}
	if got := floats(t, g, "deep/er/empty"); len(got) != 0 {
		t.Error(got)
	}
	d, err := many.Dataset("7")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := d.Transposed(); err != nil || !slices.Equal(got, []float32{7, 7, 7.25, 7.25, 7.5, 7.5}) || d.Len() != 6 || d.Type() != "float32" {
		t.Error(got, err, d.Len(), d.Type())
	}
	for _, tt := range []struct {
		g    *hdf5.Group
		name string
		want []string
	}{
		{g, "config", []string{`{"a": "é"}`}}, {g, "fixed", []string{"sixteen bytes!"}}, {g, "numbers", nil}, {g, "nothing", nil},
		{many, "names", []string{"one", "two", ""}}, {many, "fixed_names", []string{"ab", "c"}},
	} {
		if got, err := tt.g.Texts(tt.name); err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, %v, want %q", tt.name, got, err, tt.want)
		}
	}
	if text, err := g.Text("config"); err != nil || text != `{"a": "é"}` {
		t.Error(text, err)
	}
	if g.Has("none") || !g.Has("many") {
		t.Error("Has")
	}
}

// What cannot be read is refused by name.
func TestRefusals(t *testing.T) {
	for _, tt := range []struct{ file, path, want string }{
		{"chunked.h5", "x", "/x: not a readable HDF5 file: it is in chunks"},
		{"compressed.h5", "x", "compressed or otherwise filtered"},
		{"latest.h5", "x", "superblock of version"},
		{"ordered.h5", "g/x", "track_order"},
		{"unwritten.h5", "x", "never written"},
		{"plain.h5", "deep/er/whole", "values of type int64"},
		{"plain.h5", "deep/er/half", "values of type float16"},
		{"plain.h5", "deep/er/big", "big-endian float32"},
		{"plain.h5", "deep/er/none", `no "none", there are big, double`},
		{"plain.h5", "deep/er", "not an array"},
		{"plain.h5", "deep/soft/1", `"soft" is a soft link`},
		{"plain.h5", "many/1/2", "/many/1: not a readable HDF5 file: not a group"},
	} {
		if err := readPath(golden(t, tt.file), tt.path); !errors.Is(err, hdf5.ErrFormat) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %s: %v, want %q", tt.file, tt.path, err, tt.want)
		}
	}
	for _, text := range []string{"", "hello", hdf5.Magic, "PK\x03\x04"} {
		if _, err := hdf5.Open(strings.NewReader(text), int64(len(text))); !errors.Is(err, hdf5.ErrFormat) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func readPath(b []byte, path string) error {
	f, err := hdf5.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return err
	}
	g, err := f.Root()
	if err != nil {
		return err
	}
	d, err := g.Dataset(path)
	if err != nil {
		return err
	}
	_, err = d.Floats()
	return err
}

// arrays are some to write: more than a node of names has room for, and names that sort
// before their length does.
func arrays() []hdf5.Array {
	var list []hdf5.Array
	for i := range 30 {
		list = append(list, hdf5.Array{Path: fmt.Sprintf("layers/vars/%d", i), Shape: []int{1, 2}, Data: []float32{float32(i), -1}})
	}
	return append(list, hdf5.Array{Path: "one", Data: []float32{3}}, hdf5.Array{Path: "none", Shape: []int{0}})
}

func TestWrite(t *testing.T) {
	list := arrays()
	b, err := hdf5.Encode(list)
	if err != nil {
		t.Fatal(err)
	}
	g := open(t, b)
	for _, a := range list {
		if got := floats(t, g, a.Path); !slices.Equal(got, a.Data) {
			t.Errorf("%s: %v, want %v", a.Path, got, a.Data)
		}
	}
	slices.Reverse(list)
	var again bytes.Buffer
	if err := hdf5.Write(&again, list); err != nil || !bytes.Equal(again.Bytes(), b) {
		t.Errorf("another order gives other bytes; error %v", err)
	}
	for _, bad := range []hdf5.Array{
		{Path: "one", Data: []float32{1}}, {Path: "one/two", Data: []float32{1}}, {Path: "layers", Data: []float32{1}},
		{Path: "", Data: []float32{1}}, {Path: "a//b", Data: []float32{1}}, {Path: "x", Shape: []int{2}, Data: []float32{1}},
	} {
		if _, err := hdf5.Encode(append(list, bad)); err == nil {
			t.Errorf("%q %v: no error", bad.Path, bad.Shape)
		}
	}
}

// A group has as many members as a node of names can count, and no more.
func TestMembers(t *testing.T) {
	var list []hdf5.Array
	for i := range 1 << 16 {
		list = append(list, hdf5.Array{Path: fmt.Sprint(i), Data: []float32{1}})
	}
	if _, err := hdf5.Encode(list); err == nil || !strings.Contains(err.Error(), "a group of 65536 members, want at most 65535") {
		t.Errorf("65,536 members: %v", err)
	}
	b, err := hdf5.Encode(list[1:])
	if err != nil {
		t.Fatal(err)
	}
	if n := len(open(t, b).Names()); n != 1<<16-1 {
		t.Errorf("%d members, want 65,535", n)
	}
}

// walk reads everything.
func walk(g *hdf5.Group, depth int) error {
	for _, attr := range []string{"config", "fixed", "names", "fixed_names", "numbers"} {
		if _, err := g.Texts(attr); err != nil {
			return err
		}
	}
	for _, name := range g.Names() {
		if d, err := g.Dataset(name); err == nil {
			if _, err := d.Floats(); err != nil {
				return err
			}
		} else if below, err := g.Group(name); err == nil && depth > 0 {
			if err := walk(below, depth-1); err != nil {
				return err
			}
		}
	}
	return nil
}

func read(b []byte) error {
	f, err := hdf5.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return err
	}
	g, err := f.Root()
	if err != nil {
		return err
	}
	return walk(g, 8)
}

// Any bytes give an error or an answer, soon.
func TestMutations(t *testing.T) {
	n := 20_000
	if testing.Short() {
		n = 2_000
	}
	written, err := hdf5.Encode(arrays())
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for _, whole := range [][]byte{golden(t, "plain.h5"), written} {
		failed, start := 0, time.Now()
		for range n {
			b := bytes.Clone(whole)
			hdf5.Mutate(b, r)
			if read(b[:len(b)-r.IntN(2)*r.IntN(len(b))]) != nil {
				failed++
			}
		}
		if failed < n/20 || failed == n {
			t.Errorf("%d of %d mutations are errors", failed, n)
		}
		if took := time.Since(start); took > time.Duration(n)*10*time.Millisecond {
			t.Errorf("%d mutations took %v", n, took)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"plain.h5", "chunked.h5", "latest.h5", "ordered.h5"} {
		f.Add(golden(f, name))
	}
	f.Fuzz(func(t *testing.T, b []byte) { _ = read(b) })
}

// Names that lie within each other, so that all of them have more bytes than the file, take
// no memory of their own.
func TestOverlappingNames(t *testing.T) {
	const members, long, size = 20_000, 20, 4000
	var list []hdf5.Array
	for i := range members {
		name := fmt.Sprintf("z%05d", i)
		if i < long {
			name = fmt.Sprintf("a%02d", i) + strings.Repeat(string(rune('b'+i)), size-3)
		}
		list = append(list, hdf5.Array{Path: name, Shape: []int{1}, Data: make([]float32, 1)})
	}
	b, err := hdf5.Encode(list)
	if err != nil {
		t.Fatal(err)
	}
	table := bytes.Index(b, []byte("SNOD"))
	for i := range members { // the empty name, then each at a multiple of 8
		at := 8 + (size+8)*(i*long/members) + i%(members/long)
		binary.LittleEndian.PutUint64(b[table+8+40*i:], uint64(at))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	g := open(t, b)
	runtime.ReadMemStats(&after)
	if n := len(g.Names()); n != members {
		t.Fatalf("%d names, want %d", n, members)
	}
	if made := after.TotalAlloc - before.TotalAlloc; made > uint64(4*len(b)) {
		t.Errorf("%d bytes of memory for a file of %d", made, len(b))
	}
}
