package tensorfile

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
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
