package unpack_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/textlstm/textlstm/internal/unpack"
)

// open opens a file, and reads it if it can be opened.
func open(file []byte) (text, kind string, err error) {
	r, kind, err := unpack.Open(file[:min(4, len(file))], bytes.NewReader(file), 1<<20)
	if err != nil {
		return "", kind, err
	}
	b, err := io.ReadAll(r)
	return string(b), kind, errors.Join(err, r.Close())
}

func TestOpen(t *testing.T) {
	const plain = "a,b\n1,2\n"
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	io.WriteString(z, plain)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	e, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	frame := e.EncodeAll([]byte(plain), nil)
	bzip2, err := base64.StdEncoding.DecodeString(bzipped)
	if err != nil {
		t.Fatal(err)
	}
	for kind, file := range map[string][]byte{"": []byte(plain), "gzip": packed.Bytes(), "zstd": frame, "bzip2": bzip2} {
		text, got, err := open(file)
		if text != plain || got != kind || err != nil {
			t.Errorf("%q: %q of kind %q, %v", kind, text, got, err)
		}
		if kind == "" {
			continue
		}
		for _, n := range []int{3, 5, len(file) - 1} {
			if _, _, err := open(file[:n]); !errors.Is(err, io.ErrUnexpectedEOF) && (n > 3 || kind != "bzip2") {
				t.Errorf("%d bytes of %s: %v", n, kind, err)
			}
		}
	}
	if text, kind, err := open(nil); text != "" || kind != "" || err != nil {
		t.Errorf("an empty file: %q, %q, %v", text, kind, err)
	}
	large, err := zstd.NewWriter(nil, zstd.WithWindowSize(4<<20))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := open(large.EncodeAll([]byte(strings.Repeat("0123456789abcdef", 1<<18)), nil)); !errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		t.Errorf("a window of 4 MiB: %v", err)
	}
}

const bzipped = "QlpoOTFBWSZTWb+HQH8AAANZAAAQAAQwADAAIAAwwAhpsogjJ4u5IpwoSF/DoD+A"
