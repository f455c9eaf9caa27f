package foreign_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/zoo"
	"github.com/textlstm/textlstm/interop/foreign"
	"github.com/textlstm/textlstm/nn"
)

// Every format is told apart by its content, and lists what is inside.
func TestOpen(t *testing.T) {
	for name, want := range map[string]string{
		"torch/lstm.pt": "PyTorch state_dict", "torch/lstm.safetensors": "safetensors",
		"../keras/testdata/keras2.h5": "Keras", "torch/lstm.legacy.onnx": "ONNX pytorch", "keras/keras-lstm.tf2onnx.onnx": "ONNX tf2onnx",
	} {
		f, err := foreign.Open("../testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if f.Format != want {
			t.Errorf("%s: format %q, want %q", name, f.Format, want)
		}
		if !slices.ContainsFunc(f.Entries, func(e foreign.Entry) bool { return e.Shape == "[13 6]" || e.Shape == "[12 4]" }) {
			t.Errorf("%s: no embedding among %v", name, f.Entries)
		}
		defer f.Close()
		n, err := f.Network(foreign.Options{Labels: []string{"a", "b", "c"}})
		if err != nil {
			t.Fatal(err)
		}
		m, err := n.Model(classify.Card{})
		if err != nil {
			t.Fatal(err)
		}
		if m.Pipeline().String() != "fields" || m.Heads()[0].Labels[2] != "c" {
			t.Errorf("%s: pipeline %s, labels %v", name, m.Pipeline(), m.Heads()[0].Labels)
		}
	}
	other := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(other, []byte("a text"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := foreign.Open(other); !errors.Is(err, foreign.ErrFormat) {
		t.Error(err)
	}
	if _, err := foreign.Open(t.TempDir()); !errors.Is(err, foreign.ErrFormat) {
		t.Error(err)
	}
	if _, err := foreign.Open(other + "y"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// Options reach the network.
func TestOptions(t *testing.T) {
	f, err := foreign.Open("../testdata/torch/bilstm-2-hidden.pt")
	if err != nil {
		t.Fatal(err)
	}
	n, err := f.Network(foreign.Options{
		Map: map[string]string{"encoder": "rnn"}, Tokens: []string{"<pad>", "<unk>", "Good"}, Pipeline: "words", Pool: []nn.Pooling{nn.Max},
		Activation: nn.Tanh, Loss: nn.BinaryCrossEntropy,
	})
	if err != nil {
		t.Fatal(err)
	}
	m, err := n.Model(classify.Card{})
	if err != nil {
		t.Fatal(err)
	}
	c := m.Config()
	if c.Pipeline != "words" || m.Vocab().Known() != 1 || c.Pool[0] != nn.Max || !c.Heads[0].MultiLabel() || c.Heads[0].HiddenLayers()[0].Activation != nn.Tanh {
		t.Errorf("%+v", c)
	}
}

// No format passes over an option.
func TestOptionsOfOtherFormats(t *testing.T) {
	logits, graph := "../keras/testdata/logits_of_ids.keras", "../testdata/torch/lstm.legacy.onnx"
	m, err := foreign.Import(logits, foreign.Options{Loss: nn.BinaryCrossEntropy}, classify.Card{})
	if err != nil || !m.Heads()[0].MultiLabel() {
		t.Errorf("a loss of the caller's: %v", err)
	}
	for _, path := range []string{logits, graph} {
		if _, err := foreign.Import(path, foreign.Options{Loss: "nonsense"}, classify.Card{}); err == nil {
			t.Errorf("%s: an unknown loss is no error", path)
		}
		for _, o := range []foreign.Options{{Map: map[string]string{"head": "fc"}}, {Pool: []nn.Pooling{nn.Max}}, {Activation: nn.Tanh}} {
			if _, err := foreign.Import(path, o, classify.Card{}); !errors.Is(err, foreign.ErrOptions) {
				t.Errorf("%s, %+v: %v", path, o, err)
			}
		}
	}
}

func TestExport(t *testing.T) {
	m, err := zoo.Make(zoo.Kinds()[0], 1)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for format, suffix := range map[string]string{"onnx": ".onnx", "pytorch": ".pt", "safetensors": ".safetensors", "keras": ".weights.h5"} {
		path := filepath.Join(dir, format+suffix)
		files, err := foreign.Export(m, format, path)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{path}
		if format != "onnx" {
			want = []string{path, filepath.Join(dir, format+".py")}
			slices.Sort(want)
		}
		if !slices.Equal(files, want) {
			t.Errorf("%s: files %v, want %v", format, files, want)
		}
		if format == "keras" { // whose model is in the script
			continue
		}
		if f, err := foreign.Open(path); err != nil || len(f.Entries) == 0 {
			t.Errorf("%s: %v", format, err)
		}
	}
	if _, err := foreign.Export(m, "onnx", filepath.Join(dir, "no", "x.onnx")); err == nil || errors.Is(err, foreign.ErrUsage) {
		t.Errorf("a folder that is not there: %v", err)
	}
	if _, err := foreign.Export(m, "pytorch", filepath.Join(dir, "x.py")); !errors.Is(err, foreign.ErrUsage) {
		t.Error("weights under the name of the module are no error")
	}
	if _, err := foreign.Export(m, "pickle", "x"); err == nil || !strings.Contains(err.Error(), "onnx, pytorch") {
		t.Error(err)
	}
}

func TestReadTokens(t *testing.T) {
	for content, want := range map[string][]string{
		"<pad>\n[x\r\nb\n":         {"<pad>", "[x", "b"},
		"\nb":                      {"", "b"},
		`["", "[UNK]", "b"]`:       {"", "[UNK]", "b"},
		`{"b": 1, "a": 0, "c": 2}`: {"a", "b", "c"},
		`{"b": 1, "a": 1}`:         nil,
		`{"b": 7}`:                 nil,
		"":                         nil,
	} {
		path := filepath.Join(t.TempDir(), "vocab")
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		got, err := foreign.ReadTokens(path)
		if !slices.Equal(got, want) || (err == nil) != (want != nil) {
			t.Errorf("%q: %q, %v, want %q", content, got, err, want)
		}
	}
}

func Example() {
	f, err := foreign.Open("../testdata/torch/gru.pt")
	if err != nil {
		panic(err)
	}
	fmt.Println(f.Format)
	for _, e := range f.Entries[:3] {
		fmt.Println(e.Name, e.Type, e.Shape)
	}
	// Output:
	// PyTorch state_dict
	// emb.weight BF16 [13 6]
	// rnn.weight_ih_l0 BF16 [21 6]
	// rnn.weight_hh_l0 BF16 [21 7]
}
