package tensorfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzRead: whatever the bytes, all readers agree, errors are *FormatError, and
// a file that is accepted can be written again and means the same.
func FuzzRead(f *testing.F) {
	meta, tensors := sample()
	var b bytes.Buffer
	if err := Write(&b, meta, tensors); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	for _, name := range []string{"python.safetensors", "golden.safetensors"} {
		seed, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
	}
	f.Add(raw(`{"a":`+one+`}`, 0, 0, 0, 0))
	f.Add(raw(`{"__metadata__":{"\ud83d\ude00":"\u00e9\n"}}`))
	f.Add(raw(entryOf("F32", "[4194305,4194305,211106198978564]", "[0,4]"), 0, 0, 0, 0))
	f.Add([]byte("\x80\x04\x95\x0a\x00\x00\x00\x00\x00\x00\x00}"))
	l := Limits{MaxBytes: 1 << 20, MaxTensors: 100}
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := Decode(b, l)
		other, err2 := Read(bytes.NewReader(b), -1, l)
		if (err == nil) != (err2 == nil) {
			t.Fatalf("Decode: %v, Read: %v", err, err2)
		}
		if err != nil {
			var fe *FormatError
			if !errors.As(err, &fe) || fe.Offset > int64(len(b)) || err.Error() == "" {
				t.Fatalf("error %#v for %d bytes", err, len(b))
			}
			return
		}
		var w, w2 bytes.Buffer
		errW, errW2 := Write(&w, file.Meta, file.Tensors), Write(&w2, other.Meta, other.Tensors)
		if (errW == nil) != (errW2 == nil) || !bytes.Equal(w.Bytes(), w2.Bytes()) {
			t.Fatalf("Decode and Read give different files: %v, %v", errW, errW2)
		}
		if errW != nil { // names that Write refuses: empty ones
			return
		}
		again, err := Decode(w.Bytes(), Limits{RequireChecksum: true})
		if err != nil {
			t.Fatalf("written again: %v", err)
		}
		if len(again.Tensors) != len(file.Tensors) || len(again.Meta) != len(file.Meta) {
			t.Fatal("written again, the file differs")
		}
		for _, want := range file.Tensors {
			got, ok := again.Lookup(want.Name)
			if !ok || got.DType != want.DType || !bytes.Equal(got.Data, want.Data) {
				t.Fatalf("tensor %q differs after writing", want.Name)
			}
		}
	})
}

// FuzzStructure reads files whose sums are right and whose JSON is whole, but for
// one field of one tensor and one value: an attacker computes the sums again. What
// is accepted has the shapes, sizes and finite values that it says.
func FuzzStructure(f *testing.F) {
	f.Add("F32", int64(2), int64(3), int64(0), int64(24), []byte{0, 0, 0x80, 0x3f}, "a")
	f.Add("F32", int64(1)<<31, int64(1)<<31, int64(0), int64(4), []byte{0, 0, 0xc0, 0x7f}, "")
	f.Add("F16", int64(-1), int64(0), int64(8), int64(4), []byte{0, 0x7c}, "__metadata__")
	f.Add("U8", int64(0), int64(0), int64(0), int64(0), []byte(nil), "a\x00\xff")
	f.Add("BF16", int64(4194305), int64(4194305), int64(-4), int64(1)<<62, []byte{1}, "é")
	f.Fuzz(func(t *testing.T, dtype string, rows, cols, begin, end int64, data []byte, name string) {
		quoted := func(v any) string {
			b, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			return string(b)
		}
		digits := formatCRC(crc32.Checksum(data, castagnoli()))
		header := func(own string) []byte {
			return raw(fmt.Sprintf(`{"__metadata__":{"crc32c.header":%q,"crc32c.tensors":%q,"k":%s},%s:{"dtype":%s,"shape":[%d,%d],"data_offsets":[%d,%d]}}`,
				own, digits, quoted(name), quoted(name), quoted(dtype), rows, cols, begin, end))
		}
		head := header("00000000")
		at := bytes.Index(head, []byte(`"00000000"`)) + 1
		b := append(header(formatCRC(headerCRC(head, at))), data...)
		before := allocated()
		file, err := Decode(b, Limits{RequireChecksum: true})
		if grown := allocated() - before; grown > uint64(2*len(b)+16<<20) {
			t.Fatalf("%d bytes for %d", grown, len(b))
		}
		if err != nil {
			if _, ok := errors.AsType[*FormatError](err); !ok || errors.Is(err, ErrChecksum) || len(err.Error()) > 2000 {
				t.Fatalf("%v", err)
			}
			return
		}
		x := file.Tensors[0]
		if n, ok := byteSize(x.DType, x.Shape); !ok || n != int64(len(x.Data)) || n != int64(len(data)) || begin != 0 || end != n || int64(x.Shape[0]) != rows || checkFinite(x, 0) != nil {
			t.Fatalf("%v %v of %d bytes is accepted", x.DType, x.Shape, len(x.Data))
		}
	})
}

// FuzzDescribe: a description that is accepted says the same to every reader: its
// names are spelled as they are meant and stand once, so that decoding it, in
// whatever case, and encoding it again loses nothing.
func FuzzDescribe(f *testing.F) {
	for _, s := range []string{`{"version":1,"name":"x","inner":{"size":1},"rates":{"A":1,"a":2}}`, `{"version":1,"VERSION":1}`, `{"version":1,"inner":{"size":1,"size":2}}`, `{"version":1,"name":"\ud83d"}`, `{"version":1,"name":"\ud83d\ude00"}`} {
		f.Add(s)
	}
	type description struct {
		Version int            `json:"version"`
		Name    *string        `json:"name,omitempty"`
		Inner   map[string]any `json:"inner,omitempty"`
		Rates   map[string]any `json:"rates,omitempty"`
	}
	f.Fuzz(func(t *testing.T, text string) {
		var d description
		if (&File{Meta: map[string]string{"m": text}}).Describe("m", 1, &d) != nil {
			return
		}
		var exact map[string]any // Go's maps tell the case of names, its structs do not
		if err := json.Unmarshal([]byte(text), &exact); err != nil {
			t.Fatal(err)
		}
		for name := range exact {
			if name != "version" && name != "name" && name != "inner" && name != "rates" {
				t.Fatalf("%q is accepted", name)
			}
		}
		if exact["version"] != 1.0 || d.Name != nil && exact["name"] != *d.Name || len(d.Rates) > strings.Count(text, ":") {
			t.Fatalf("%q is read as %+v", text, d)
		}
		written := strings.Contains(text, "\ufffd") || strings.Contains(strings.ToLower(text), `\ufffd`)
		if d.Name != nil && strings.Contains(*d.Name, "\ufffd") && !written {
			t.Fatalf("half a surrogate pair in %q is read as %q", text, *d.Name)
		}
	})
}
