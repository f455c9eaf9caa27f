package onnx_test

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/textlstm/textlstm/internal/golden"
	"github.com/textlstm/textlstm/internal/zoo"
	"github.com/textlstm/textlstm/interop"
	"github.com/textlstm/textlstm/interop/onnx"
	"github.com/textlstm/textlstm/nn"
)

const goldens = "../testdata/torch"

// What both exporters of PyTorch and that of Keras write answers as the network does there.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("../testdata/*/*.onnx")
	if err != nil || len(files) < 25 {
		t.Fatalf("%d files (%v)", len(files), err)
	}
	for _, file := range files {
		name, _, _ := strings.Cut(filepath.Base(file), ".")
		t.Run(filepath.Base(file), func(t *testing.T) {
			c := golden.Read(t, filepath.Join(filepath.Dir(file), name+".json"))
			f, err := onnx.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			var o onnx.Options
			if name == "one-unit" {
				o.Labels = []string{"no", "yes"}
			}
			n, err := f.Network(o)
			if err != nil {
				t.Fatal(err)
			}
			c.Check(t, n)
		})
	}
}

// The exports are those that ONNX Runtime has run, but for what the metadata say.
func TestVerified(t *testing.T) {
	exports := map[string][]byte{}
	for _, k := range zoo.Kinds() {
		m, err := zoo.Make(k, 1)
		if err != nil {
			t.Fatal(err)
		}
		b, err := onnx.Export(m)
		if err != nil {
			t.Fatal(err)
		}
		exports[k.Name] = format(slices.DeleteFunc(parse(b), func(f field) bool { return f.number == 14 }))
		checkExport(t, k.Name, b)
	}
	b, err := onnx.ExportNetwork(series(t))
	if err != nil {
		t.Fatal(err)
	}
	exports["series"] = b
	golden.Verified(t, "../testdata/verified-onnx.json", exports)
}

// series is a network that reads numbers.
func series(t *testing.T) *interop.Network {
	t.Helper()
	f, err := onnx.Open(goldens + "/series.legacy.onnx")
	if err != nil {
		t.Fatal(err)
	}
	n, err := f.Network(onnx.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// An attention without a bias, which means zeros, is written with zeros.
func TestExportWithoutBiases(t *testing.T) {
	n := series(t)
	width := n.Layers[len(n.Layers)-1].OutputSize()
	n.Pool = []nn.Pooling{nn.Attention}
	hidden := interop.Dense{Name: "hidden", Weight: interop.Matrix{Rows: 5, Cols: width, Data: make([]float32, 5*width)}}
	n.Attention = &interop.Attention{Hidden: hidden, Context: make([]float32, 5)}
	b, err := onnx.ExportNetwork(n)
	if err != nil {
		t.Fatal(err)
	}
	f, err := onnx.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(f.Tensors, func(v onnx.Tensor) bool { return strings.HasSuffix(v.Name, "pool.hidden.bias") })
	if i < 0 || f.Tensors[i].Shape[0] != 5 {
		t.Errorf("tensor %d of %+v", i, f.Tensors)
	}
}

// checkExport looks at what is around the graph of an export.
func checkExport(t *testing.T, name string, b []byte) {
	t.Helper()
	f, err := onnx.Decode(b)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var meta onnx.Metadata
	if err := json.Unmarshal([]byte(f.Meta["textlstm"]), &meta); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var inputs []string
	for _, v := range f.Inputs {
		inputs = append(inputs, v.Name)
	}
	for input, want := range map[string]bool{
		"ids": !meta.Config.NoDeep, "lengths": !meta.Config.NoDeep, "ngrams": meta.Config.HasWide(),
		"polarity": meta.Config.HasLexicon(), "subwords": meta.Config.HasSubword(),
	} {
		if slices.Contains(inputs, input) != want {
			t.Errorf("%s: inputs %v; %s is there: want %t", name, inputs, input, want)
		}
	}
	if len(f.Outputs) != 2*len(meta.Config.Heads) || f.Opset != 17 || meta.Vocab.Len() < 3 {
		t.Errorf("%s: %d outputs, opset %d, a vocabulary of %d", name, len(f.Outputs), f.Opset, meta.Vocab.Len())
	}
}

// change returns a file with the fields of its graph changed.
func change(b []byte, set func(graph []field) []field) []byte {
	fields := parse(b)
	for i, f := range fields {
		if f.number == 7 {
			fields[i].content = format(set(parse(f.content)))
		}
	}
	return format(fields)
}

// attribute returns the fields of a graph with an attribute more in the operators of a kind.
func attribute(graph []field, op, name string, value protowire.Number, content []byte, kind protowire.Type) []field {
	for i, f := range graph {
		node := parse(f.content)
		if f.number == 1 && slices.ContainsFunc(node, func(f field) bool { return f.number == 4 && string(f.content) == op }) {
			a := format([]field{{1, protowire.BytesType, []byte(name)}, {value, kind, content}})
			graph[i].content = format(append(node, field{5, protowire.BytesType, a}))
		}
	}
	return graph
}

// What cannot be represented is refused by name.
func TestRefusals(t *testing.T) {
	one := protowire.AppendVarint(nil, 1)
	for _, c := range []struct {
		file, want string
		change     func(graph []field) []field
	}{
		{"torch/lstm.legacy", "LSTM: activations [\"Relu\"]", func(g []field) []field {
			return attribute(g, "LSTM", "activations", 9, []byte("Relu"), protowire.BytesType)
		}},
		{"torch/lstm.legacy", "LSTM: layout", func(g []field) []field { return attribute(g, "LSTM", "layout", 3, one, protowire.VarintType) }},
		{"torch/lstm.legacy", "LSTM: clip", func(g []field) []field { return attribute(g, "LSTM", "clip", 3, one, protowire.VarintType) }},
		{"torch/gru.legacy", "linear_before_reset = 0", func(g []field) []field {
			return attribute(g, "GRU", "linear_before_reset", 3, []byte{0}, protowire.VarintType)
		}},
		{"torch/lstm.legacy", "transA", func(g []field) []field { return attribute(g, "Gemm", "transA", 3, one, protowire.VarintType) }},
		{"torch/lstm.legacy", "external_data=False", func(g []field) []field {
			for i, f := range g {
				if f.number == 5 {
					g[i].content = format(append(parse(f.content), field{14, protowire.VarintType, one}))
				}
			}
			return g
		}},
		{"torch/lstm.legacy", "is made nowhere before", func(g []field) []field {
			return slices.DeleteFunc(g, func(f field) bool { return f.number == 5 })
		}},
	} {
		f, err := onnx.Decode(change(files(t, c.file)[0], c.change))
		if err == nil {
			_, err = f.Network(onnx.Options{})
		}
		var refusal *interop.Error
		if err == nil || !strings.Contains(err.Error(), c.want) || !errors.Is(err, onnx.ErrFormat) && !errors.As(err, &refusal) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}
