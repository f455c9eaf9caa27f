package onnx_test

import (
	"math/rand/v2"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/textlstm/textlstm/interop/internal/mutate"
	"github.com/textlstm/textlstm/interop/onnx"
)

// read reads a file as far as an answer, which must be a number.
func read(t testing.TB, b []byte) error {
	f, err := onnx.Decode(b)
	if err != nil {
		return err
	}
	n, err := f.Network(onnx.Options{})
	if err != nil {
		return err
	}
	return mutate.Answer(t, n, "3 1 2")
}

func files(t testing.TB, names ...string) [][]byte {
	return mutate.Files(t, "../testdata/%s.onnx", names...)
}

// A field is one of a protocol buffer: its tag, and what stands behind that.
type field struct {
	number  protowire.Number
	kind    protowire.Type
	content []byte // without the length, of bytes
}

func parse(b []byte) (out []field) {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return nil
		}
		size := protowire.ConsumeFieldValue(number, kind, b[n:])
		if size < 0 {
			return nil
		}
		f := field{number, kind, b[n : n+size]}
		if kind == protowire.BytesType {
			f.content, _ = protowire.ConsumeBytes(b[n:])
		}
		out = append(out, f)
		b = b[n+size:]
	}
	return out
}

func format(fields []field) (b []byte) {
	for _, f := range fields {
		b = protowire.AppendTag(b, f.number, f.kind)
		if f.kind == protowire.BytesType {
			b = protowire.AppendBytes(b, f.content)
		} else {
			b = append(b, f.content...)
		}
	}
	return b
}

// damage changes one field somewhere: the messages around it stay whole.
func damage(r *rand.Rand, b []byte) []byte { return damaged(r, b, 0) }

func damaged(r *rand.Rand, b []byte, depth int) []byte {
	fields := parse(b)
	if len(fields) == 0 {
		return mutate.Bytes(r, b)
	}
	i := r.IntN(len(fields))
	f := &fields[i]
	switch inner := f.kind == protowire.BytesType && len(f.content) > 0; {
	case inner && parse(f.content) != nil && (depth == 0 || r.IntN(5) > 0) && depth < 6:
		f.content = damaged(r, append([]byte(nil), f.content...), depth+1)
		return format(fields)
	case inner && r.IntN(3) == 0:
		f.content = mutate.Bytes(r, append([]byte(nil), f.content...))
		return format(fields)
	case f.kind == protowire.VarintType && r.IntN(2) == 0:
		f.content = protowire.AppendVarint(nil, mutate.Telling(r)>>r.IntN(8))
		return format(fields)
	}
	other := fields[r.IntN(len(fields))]
	switch r.IntN(5) {
	case 0:
		fields = append(fields[:i], fields[i+1:]...)
	case 1:
		fields[i] = other
	case 2:
		fields[i].content = other.content // such as another name
		fields[i].kind = other.kind
	case 3:
		fields[i].number = protowire.Number(1 + r.IntN(20))
	case 4:
		for range r.IntN(3000) {
			fields = append(fields, other)
		}
	}
	return format(fields)
}

func TestMutated(t *testing.T) {
	mutate.Test(t, files(t, "torch/lstm.legacy", "torch/bilstm-2-hidden.dynamo", "torch/packed.legacy", "torch/max.dynamo", "keras/keras-max.tf2onnx", "torch/lstm-slice.dynamo"),
		damage, func(b []byte) error { return read(t, b) })
}

func FuzzDecode(f *testing.F) {
	for _, b := range files(f, "torch/gru.legacy", "keras/keras-lstm.tf2onnx") {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) { _ = read(t, b) })
}
