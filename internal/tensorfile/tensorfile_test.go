package tensorfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/internal/fsx"
)

// sample returns tensors of every type that has a constructor.
func sample() (map[string]string, []Tensor) {
	meta := map[string]string{
		"config": `{"hidden":3,"label":"a \"b\" \\ c"}`,
		"note":   "tab\t newline\n control \x01\x1f é 中 😀 \u2028",
		"":       "",
	}
	return meta, []Tensor{
		Float32("encoder.weight_ih_l0", []float32{1, -2.5, 3e-38, math.MaxFloat32, 0, 6}, 2, 3),
		Float32("scalar", []float32{3.5}),
		Float32("empty", nil, 0, 7),
		Float16("half", []float32{1, -0.5, 65504}, 3),
		Float64("double", []float64{1e300, -5e-324}, 2),
		Int8("q", []int8{-128, 0, 127}, 3),
		Uint8("bytes", []uint8{0, 255}, 2),
		Int32("ids", []int32{-1, 1 << 30}, 2, 1),
		Int64("long", []int64{math.MinInt64}, 1),
		Uint64("odd \"name\"\n中", []uint64{math.MaxUint64}, 1),
	}
}

func mustWrite(t testing.TB, meta map[string]string, tensors ...Tensor) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, meta, tensors); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// readers are the ways to read a file; all must agree.
var readers = map[string]func([]byte, Limits) (*File, error){
	"decode":        Decode,
	"sized":         func(b []byte, l Limits) (*File, error) { return Read(bytes.NewReader(b), int64(len(b)), l) },
	"unsized":       func(b []byte, l Limits) (*File, error) { return Read(bytes.NewReader(b), -1, l) },
	"byte by byte":  func(b []byte, l Limits) (*File, error) { return Read(iotest.OneByteReader(bytes.NewReader(b)), -1, l) },
	"data and EOF":  func(b []byte, l Limits) (*File, error) { return Read(iotest.DataErrReader(bytes.NewReader(b)), -1, l) },
	"odd alignment": func(b []byte, l Limits) (*File, error) { return Decode(append(make([]byte, 1), b...)[1:], l) },
}

func TestRoundTrip(t *testing.T) {
	meta, tensors := sample()
	b := mustWrite(t, meta, tensors...)
	for name, read := range readers {
		t.Run(name, func(t *testing.T) {
			f, err := read(b, Limits{RequireChecksum: true})
			if err != nil {
				t.Fatal(err)
			}
			if !f.Checksummed {
				t.Error("Checksummed = false for a file of Write")
			}
			if diff := cmp.Diff(meta, f.Meta); diff != "" {
				t.Errorf("metadata (-want +got):\n%s", diff)
			}
			if len(f.Tensors) != len(tensors) {
				t.Errorf("%d tensors, want %d", len(f.Tensors), len(tensors))
			}
			for _, want := range tensors {
				got, ok := f.Lookup(want.Name)
				if !ok {
					t.Errorf("no tensor %q", want.Name)
					continue
				}
				if want.Shape == nil {
					want.Shape = []int{}
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("tensor %q (-want +got):\n%s", want.Name, diff)
				}
			}
			if again := mustWrite(t, f.Meta, f.Tensors...); !bytes.Equal(again, b) {
				t.Error("writing what was read gives other bytes")
			}
		})
	}
}

func TestWriteIgnoresOrder(t *testing.T) {
	meta, tensors := sample()
	want := mustWrite(t, meta, tensors...)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		rng.Shuffle(len(tensors), func(i, j int) { tensors[i], tensors[j] = tensors[j], tensors[i] })
		if got := mustWrite(t, meta, tensors...); !bytes.Equal(got, want) {
			t.Fatal("bytes depend on the order of the tensors")
		}
	}
}

func TestWriteAligns(t *testing.T) {
	meta, tensors := sample()
	f, err := Decode(mustWrite(t, meta, tensors...), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	at := 0
	for _, x := range f.Tensors {
		if at%x.DType.Size() != 0 {
			t.Errorf("tensor %q of %v begins at byte %d", x.Name, x.DType, at)
		}
		at += len(x.Data)
	}
}

// TestGoldenBytes pins the format: a file written today is the one that the
// description in doc.go gives, and is read for ever.
func TestGoldenBytes(t *testing.T) {
	want, err := os.ReadFile(filepath.Join("testdata", "golden.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	got := mustWrite(t, map[string]string{"key": "a \"quoted\"\nvalue \x01 é"},
		Int8("q", []int8{-1, 1}, 2),
		Float32("weight", []float32{0, 8}, 1, 2),
		Float32("bias", []float32{1, 2, -0.5}, 3),
		Int64("step", []int64{-5}),
	)
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("bytes (-want +got):\n%s", diff)
	}
	if _, err := Decode(want, Limits{RequireChecksum: true}); err != nil {
		t.Error(err)
	}
}

func TestReadsReferenceImplementation(t *testing.T) {
	f, err := ReadFile(fsx.OS{}, filepath.Join("testdata", "python.safetensors"), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if f.Checksummed {
		t.Error("Checksummed = true for a file without checksums")
	}
	wantMeta := map[string]string{"format": "pt", "note": "quotes \" \\ tab\t control \x01 é 😀"}
	if diff := cmp.Diff(wantMeta, f.Meta); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
	equal := func(name string, got any, err error, want any) {
		t.Helper()
		if err != nil {
			t.Error(err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	w, err := f.Float32("embedding.weight", 4, 3)
	equal("embedding.weight", w, err, []float32{0, .125, .25, .375, .5, .625, .75, .875, 1, 1.125, 1.25, 1.375})
	h, err := f.Float32("half", 6)
	equal("half", h, err, []float32{0, 1, -2, 65504, 1.0 / (1 << 24), 0.33300781})
	d, err := f.Float64("double", 2)
	equal("double", d, err, []float64{1e300, -1e-300})
	l, err := f.Int64("tokens", 2)
	equal("tokens", l, err, []int64{-1, 1 << 40})
	i, err := f.Int32("ids", 5)
	equal("ids", i, err, []int32{0, 1, 2, 3, 4})
	q, err := f.Int8("q", 1, 2)
	equal("q", q, err, []int8{-128, 127})
	u, err := f.Uint8("bytes", 3)
	equal("bytes", u, err, []uint8{0, 255, 7})
	s, err := f.Float32("scalar")
	equal("scalar", s, err, []float32{3.5})
	e, err := f.Float32("empty", 0, 7)
	equal("empty", e, err, []float32{})
	o, err := f.Uint64("odd \"name\"\né中😀", 1)
	equal("odd name", o, err, []uint64{1})
	if m, ok := f.Lookup("mask"); !ok || m.DType != Bool || !bytes.Equal(m.Data, []byte{1, 0, 1}) {
		t.Errorf("mask = %v, %v", m, ok)
	}
	if _, err := Read(bytes.NewReader(nil), 0, Limits{RequireChecksum: true}); err == nil {
		t.Error("an empty file is read")
	}
	if _, err := ReadFile(fsx.OS{}, filepath.Join("testdata", "python.safetensors"), Limits{RequireChecksum: true}); !errors.Is(err, ErrChecksum) {
		t.Errorf("RequireChecksum: %v, want ErrChecksum", err)
	}
}

// TestReferenceImplementationReads runs Python's safetensors on a file of
// Write. Set TEXTLSTM_PYTHON to an interpreter that has it and numpy.
func TestReferenceImplementationReads(t *testing.T) {
	python := os.Getenv("TEXTLSTM_PYTHON")
	if python == "" {
		t.Skip("set TEXTLSTM_PYTHON to a Python with safetensors and numpy to run this test")
	}
	meta, tensors := sample()
	path := filepath.Join(t.TempDir(), "go.safetensors")
	err := fsx.WriteFile(fsx.OS{}, path, func(w io.Writer) error { return Write(w, meta, tensors) })
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(python, filepath.Join("testdata", "check.py"), path).Output()
	if err != nil {
		t.Fatalf("check.py: %v\n%s", err, err.(*exec.ExitError).Stderr)
	}
	var got struct {
		Meta    map[string]string
		Tensors map[string]struct {
			DType  string
			Shape  []int
			Values []float64
		}
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	delete(got.Meta, headerCRCKey)
	delete(got.Meta, tensorCRCKey)
	if diff := cmp.Diff(meta, got.Meta); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
	if len(got.Tensors) != len(tensors) {
		t.Errorf("%d tensors, want %d", len(got.Tensors), len(tensors))
	}
	w := got.Tensors["encoder.weight_ih_l0"]
	if diff := cmp.Diff([]float64{1, -2.5, float64(float32(3e-38)), math.MaxFloat32, 0, 6}, w.Values); diff != "" || w.DType != "float32" {
		t.Errorf("weight_ih_l0: %s (-want +got):\n%s", w.DType, diff)
	}
	if diff := cmp.Diff([]int{2, 3}, w.Shape); diff != "" {
		t.Errorf("shape (-want +got):\n%s", diff)
	}
	if h := got.Tensors["half"]; h.DType != "float16" || !cmp.Equal(h.Values, []float64{1, -.5, 65504}) {
		t.Errorf("half: %+v", h)
	}
}

func TestAccessorErrors(t *testing.T) {
	_, tensors := sample()
	f, err := Decode(mustWrite(t, nil, tensors...), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	const weight = "encoder.weight_ih_l0"
	get := func(name string, shape ...int) error { _, err := f.Float32(name, shape...); return err }
	tests := []struct {
		name string
		err  error
		want error
		text string
	}{
		{"any shape", get(weight), nil, ""},
		{"any rows", get(weight, -1, 3), nil, ""},
		{"missing", get("weight_ih_l0"), ErrMissing, `tensorfile: tensor "weight_ih_l0": no such tensor`},
		{"shape", get(weight, 2, 4), ErrShape, `tensorfile: tensor "encoder.weight_ih_l0": shape mismatch: it is [2 3], want [2 4]`},
		{"rank", get(weight, -1, 3, 1), ErrShape, `tensorfile: tensor "encoder.weight_ih_l0": shape mismatch: it is [2 3], want [any 3 1]`},
		{"type", get("q"), ErrDType, `tensorfile: tensor "q": unsupported element type: it is I8, want F32`},
		{"copy", f.CopyFloat32(make([]float32, 6), weight, 2, 3), nil, ""},
		{"copy of half", f.CopyFloat32(make([]float32, 3), "half", 3), nil, ""},
		{"copy, wrong length", f.CopyFloat32(make([]float32, 5), weight), ErrShape, `tensorfile: tensor "encoder.weight_ih_l0": shape mismatch: [2 3] has 6 elements, want 5`},
		{"copy, missing", f.CopyFloat32(nil, "x"), ErrMissing, ""},
		{"half, wrong type", func() error { _, err := f.Half(weight); return err }(), ErrDType, ""},
		{"int8, wrong type", func() error { _, err := f.Int8(weight); return err }(), ErrDType, ""},
	}
	for _, tt := range tests {
		if !errors.Is(tt.err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, tt.err, tt.want)
		}
		if tt.text != "" && tt.err.Error() != tt.text {
			t.Errorf("%s: got  %s\nwant %s", tt.name, tt.err, tt.text)
		}
	}
}

func TestCheckNames(t *testing.T) {
	f, err := Decode(mustWrite(t, nil, Float32("a", nil, 0), Float32("b", nil, 0)), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.CheckNames("b", "a"); err != nil {
		t.Errorf("all names: %v", err)
	}
	err = f.CheckNames("a", "c")
	if !errors.Is(err, ErrMissing) || !errors.Is(err, ErrExtra) ||
		!strings.Contains(err.Error(), `"c": no such`) || !strings.Contains(err.Error(), `"b": unexpected`) {
		t.Errorf("CheckNames = %v, want c missing and b extra", err)
	}
}

func TestDescribe(t *testing.T) {
	f := &File{Meta: map[string]string{
		"good": `{"version":3,"name":"x"}`, "zero": `{"version":0}`, "none": `{"name":"x"}`, "text": `{"version":"3"}`,
		"broken": `{"version":3`, "more": `{"version":3,"other":1}`, "type": `{"version":3,"name":1}`,
	}}
	type description struct {
		Version int    `json:"version"`
		Name    string `json:"name"`
	}
	var got description
	if err := f.Describe("good", 3, &got); err != nil || got != (description{3, "x"}) {
		t.Errorf("version 3 of 3: %v, %v", got, err)
	}
	for _, bad := range []struct{ key, want string }{
		{"absent", `without the metadata entry "absent"`}, {"zero", "format version 0"}, {"none", "format version 0"},
		{"text", "metadata text: json"}, {"broken", "metadata broken: "}, {"more", `metadata more: json: unknown field "other"`},
		{"type", "metadata type: json"},
	} {
		if err := f.Describe(bad.key, 3, &got); err == nil || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("%s: %v, want %s", bad.key, err, bad.want)
		}
	}
	if err := f.Describe("good", 2, &got); err == nil || !strings.Contains(err.Error(), "format version 3, this program reads 1 to 2") {
		t.Errorf("version 3 of 2: %v", err)
	}
}

// A description means one thing: every name once, spelled as it is meant.
func TestDescribeIsStrict(t *testing.T) {
	type inner struct {
		Size  int                `json:"size"`
		Plain []inner            `json:"plain,omitempty"`
		Rates map[string]float64 `json:"rates"`
		List  []int              `json:"list"`
	}
	type description struct {
		Version int       `json:"version"`
		Inner   *inner    `json:"inner"`
		Own     lowerCase `json:"own"`
		Untyped any       `json:"untyped"`
		NoTag   int
	}
	describe := func(text string) error {
		f := &File{Meta: map[string]string{"m": text}}
		return f.Describe("m", 1, new(description))
	}
	for _, good := range []string{
		`{"version":1}`,
		`{"version":1,"inner":{"size":1,"plain":[{"size":2},{"size":3}],"rates":{"Dev A":1,"dev a":2}},"own":{"a":1},"untyped":{"b":[{"c":null}]},"NoTag":4}`,
		` { "version" : 1 , "inner" : null } `,
		`{"version":1,"untyped":"\ud83d\ude00"}`,
		`{"version":1,"inner":{"plain":[{}` + strings.Repeat(",{}", maxMembers-1) + `],"list":[0` + strings.Repeat(",0", maxValues-1) + `]}}`,
		`{"version":1,"untyped":[0` + strings.Repeat(",0", maxValues) + `]}`,
	} {
		if err := describe(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, list := range []string{`"plain":[{}` + strings.Repeat(",{}", maxMembers), `"list":[0` + strings.Repeat(",0", maxValues)} {
		if err := describe(`{"version":1,"inner":{` + list + `]}}`); !errors.Is(err, ErrTooLarge) {
			t.Errorf("a long list: %v, want ErrTooLarge", err)
		}
	}
	// What costs its bytes in the text may be long: the series of a forecast, the spelling of many labels.
	pairs := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"%d":1`, i)
		}
		return b.String()[1:]
	}
	full := `{"size":1,"list":[1,2,3]}`
	for text, want := range map[string]error{
		`"plain":[` + full + strings.Repeat(","+full, 5000) + `]`: nil,
		`"rates":{` + pairs(5000) + `}`:                           nil,
		`"rates":{` + pairs(maxValues+1) + `}`:                    ErrTooLarge,
	} {
		if err := describe(`{"version":1,"inner":{` + text + `}}`); !errors.Is(err, want) {
			t.Errorf("%.80s: %v, want %v", text, err, want)
		}
	}
	deep := strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40)
	var many strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&many, `,"%d":1`, i)
	}
	for _, bad := range []struct{ text, want string }{
		{`{"version":1,"version":1}`, "duplicate name"},
		{`{"version":99,"VERSION":1}`, `unknown field "VERSION"`},
		{`{"Version":1}`, `unknown field "Version"`},
		{`{"ver\u017fion":1}`, "unknown field"},
		{`{"version":1,"inner":{"size":1,"size":2}}`, "duplicate name"},
		{`{"version":1,"inner":{"Size":1}}`, `unknown field "Size"`},
		{`{"version":1,"inner":{"plain":[{"size":1},{"si\u007ae":1,"size":2}]}}`, "duplicate name"},
		{`{"version":1,"inner":{"plain":[{"SIZE":1}]}}`, `unknown field "SIZE"`},
		{`{"version":1,"inner":{"rates":{"a":1,"a":2}}}`, "duplicate name"},
		{`{"version":1,"own":{"A":1}}`, `unknown field "A"`},
		{`{"version":1,"own":{"a":1,"a":1}}`, "duplicate name"},
		{`{"version":1,"untyped":{"a":{"b":1,"b":2}}}`, "duplicate name"},
		{`{"version":1,"untyped":"\ud800"}`, "bad escape"},
		{`{"version":1,"untyped":"\ud800\u0041"}`, "bad escape"},
		{`{"version":1,"untyped":"\udc00"}`, "bad escape"},
		{`{"version":1,"untyped":["\ud83d"]}`, "bad escape"},
		{"{\"version\":1,\"untyped\":\"\xff\"}", "not valid UTF-8"},
		{`{"version":1,"notag":1}`, "unknown field"},
		{`{"version":1,"untyped":` + deep + `}`, "in each other"},
		{`{"version":1,"untyped":{"` + strings.Repeat("a", 2000) + `":1}}`, "limit exceeded"},
		{`{"version":1,"untyped":{"a":1` + many.String() + `}}`, "limit exceeded"},
		{`{"version":1} {}`, "metadata m: "},
		{`{"version":1}]`, "metadata m: "},
	} {
		if err := describe(bad.text); err == nil || !strings.Contains(err.Error(), bad.want) || len(err.Error()) > 500 {
			t.Errorf("%.80s: %v, want %s", bad.text, err, bad.want)
		}
	}
}

// lowerCase decodes itself.
type lowerCase struct{}

func (*lowerCase) UnmarshalJSON([]byte) error { return nil }

func TestCheckNamesIsShort(t *testing.T) {
	var tensors []Tensor
	var want []string
	for i := range 30 {
		tensors = append(tensors, Uint8(fmt.Sprint("extra", i), nil, 0))
		want = append(want, fmt.Sprint("missing", i))
	}
	b := mustWrite(t, nil, tensors...)
	f, err := Decode(b, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	err = f.CheckNames(want...)
	if !errors.Is(err, ErrMissing) || !errors.Is(err, ErrExtra) || strings.Count(err.Error(), "\n") != 21 || strings.Count(err.Error(), "20 tensors more") != 2 {
		t.Errorf("%v", err)
	}
}

func TestWriteRefuses(t *testing.T) {
	one := []float32{1}
	many := make(map[string]string)
	for i := range maxMeta {
		many[strings.Repeat("k", i)] = ""
	}
	inf32, nan64 := float32(math.Inf(-1)), math.NaN()
	tests := []struct {
		name    string
		meta    map[string]string
		tensors []Tensor
		want    error
	}{
		{"reserved metadata", map[string]string{"crc32c.header": ""}, nil, ErrDuplicate},
		{"metadata not UTF-8", map[string]string{"k": "\xff"}, nil, ErrHeader},
		{"too much metadata", many, nil, ErrTooLarge},
		{"no name", nil, []Tensor{Float32("", one, 1)}, ErrHeader},
		{"metadata's name", nil, []Tensor{Float32("__metadata__", one, 1)}, ErrHeader},
		{"name not UTF-8", nil, []Tensor{Float32("\xff", one, 1)}, ErrHeader},
		{"name twice", nil, []Tensor{Float32("a", one, 1), Int8("a", []int8{1}, 1)}, ErrDuplicate},
		{"no type", nil, []Tensor{{Name: "a"}}, ErrDType},
		{"negative dimension", nil, []Tensor{Float32("a", one, -1, -1)}, ErrShape},
		{"shape too small", nil, []Tensor{Float32("a", one, 0)}, ErrShape},
		{"shape overflows", nil, []Tensor{Float32("a", one, 1<<30, 1<<30, 1<<30)}, ErrShape},
		{"infinite", nil, []Tensor{Float32("a", []float32{1, inf32}, 2)}, ErrNotFinite},
		{"NaN", nil, []Tensor{Float64("a", []float64{nan64}, 1)}, ErrNotFinite},
		{"half overflows", nil, []Tensor{Float16("a", []float32{65520}, 1)}, ErrNotFinite},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := Write(&b, tt.meta, tt.tensors); !errors.Is(err, tt.want) {
				t.Errorf("Write = %v, want %v", err, tt.want)
			}
			if b.Len() > 0 {
				t.Errorf("%d bytes were written before the error", b.Len())
			}
		})
	}
}

type failAfter int

func (n *failAfter) Write(p []byte) (int, error) {
	if *n--; *n < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(p), nil
}

func TestWriteError(t *testing.T) {
	meta, tensors := sample()
	for i := range len(tensors) + 1 {
		w := failAfter(i)
		if err := Write(&w, meta, tensors); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("write %d fails: %v", i, err)
		}
	}
}

func TestBfloat16(t *testing.T) {
	f, err := Decode(mustWrite(t, nil, Tensor{"b", BF16, []int{2}, []byte{0x80, 0x3f, 0x20, 0xc0}}), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := f.Float32("b", 2); err != nil || !cmp.Equal(got, []float32{1, -2.5}) {
		t.Errorf("got %v, %v, want [1 -2.5]", got, err)
	}
}

// TestByteOrder checks the paths for machines, or alignments, that cannot view
// memory in place against those that can.
func TestByteOrder(t *testing.T) {
	v := []float64{1, -2, math.Pi, math.Inf(1)}
	b := encode(v)
	if !bytes.Equal(b, bytesOf(v)) {
		t.Error("encode and bytesOf differ")
	}
	if got := decode[float64](b, len(v)); !cmp.Equal(got, v) {
		t.Errorf("decode = %v, want %v", got, v)
	}
	odd := append(make([]byte, 1), b...)[1:]
	if got := view[float64](odd); !cmp.Equal(got, v) {
		t.Errorf("unaligned view = %v, want %v", got, v)
	}
}

func TestDTypeString(t *testing.T) {
	for d := DType(0); d < U64+2; d++ {
		back, err := parseDType(d.String())
		if d.valid() != (err == nil) || d.valid() && (back != d || d.Size() == 0) || !d.valid() && d.Size() != 0 {
			t.Errorf("%v: parsed as %v, %v", d, back, err)
		}
	}
}

// The bits of half precision come back as they went in.
func TestHalfBits(t *testing.T) {
	want := []uint16{0, 1, 0x8000, 0x3c00, 0x7bff, 0xfbff}
	f, err := Decode(mustWrite(t, nil, Half("h", want, 2, 3)), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := f.Half("h", 2, 3); err != nil || !slices.Equal(got, want) {
		t.Errorf("%#04x, %v, want %#04x", got, err, want)
	}
}
