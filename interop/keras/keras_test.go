package keras_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/interop"
	"github.com/textlstm/textlstm/interop/keras"
	"github.com/textlstm/textlstm/nn"
)

const limit = 1e-5 // of a difference from Keras

// answers are what Keras answers; testdata/gen.py makes and describes them.
type answers struct {
	Texts   []string               `json:"texts"`
	Windows [][][]float32          `json:"windows"`
	Outputs map[string][][]float64 `json:"outputs"`
}

func readJSON(t testing.TB, name string, into any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func network(t testing.TB, file string, o keras.Options) *interop.Network {
	t.Helper()
	n, err := load(filepath.Join("testdata", file), o)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func load(path string, o keras.Options) (*interop.Network, error) {
	f, err := keras.Open(path, "")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Network(o)
}

// far is the largest difference of numbers; those that Keras does not give (the mean of no
// words) are left out, but ours must be finite.
func far(t *testing.T, got []float32, want []float64) (worst float64) {
	t.Helper()
	for i, g := range got {
		if g != g || math.IsInf(float64(g), 0) {
			t.Fatalf("value %d is %v", i, g)
		}
		if want != nil {
			worst = max(worst, math.Abs(float64(g)-want[i]))
		}
	}
	return worst
}

// answer is what a head says, in Keras's form: one unit gives the probability of the second label.
func answer(s classify.Score, width int) []float32 {
	switch {
	case s.Probs == nil:
		return []float32{s.Value}
	case width == 1:
		return s.Probs[1:]
	}
	return s.Probs
}

// A classifier answers as Keras does, from the texts on.
func TestTexts(t *testing.T) {
	for _, name := range []string{
		"text_sequential", "padding_is_read", "two_heads", "gru_widths", "products", "maximum_under_mask", "characters",
		"backwards", "nested", "number_of_text", "logits_of_ids", "keras2", "keras2.h5", "padded_in_front",
	} {
		t.Run(name, func(t *testing.T) {
			file := name + ".keras"
			if base, legacy := strings.CutSuffix(name, ".h5"); legacy {
				file, name = name, base
			}
			var g answers
			readJSON(t, name+".json", &g)
			var o keras.Options
			if words, err := os.ReadFile("testdata/" + name + ".txt"); err == nil {
				o.Vocabulary = strings.Split(strings.TrimSuffix(string(words), "\n"), "\n")
				o.Pipeline = "fields:ascii|lower:ascii|depunct|max:8:tail|pad:8:head"
			}
			m, err := network(t, file, o).Model(classify.Card{})
			if err != nil {
				t.Fatal(err)
			}
			for h, head := range m.Heads() {
				worst := 0.0
				for i, text := range g.Texts {
					want := g.Outputs[head.Name][i]
					width := max(len(want), len(g.Outputs[head.Name][len(g.Texts)-1]))
					got := answer(m.Predict(text).Scores[h], width)
					worst = max(worst, far(t, got, want))
				}
				if !(worst <= limit) {
					t.Errorf("head %s is off by %.2g, want at most %g", head.Name, worst, limit)
				}
			}
		})
	}
}

// batchOf lays out windows [n][T][I].
func batchOf(windows [][][]float32) nn.Batch {
	lay, lengths := new(nn.Layout), make([]int, len(windows))
	for b, w := range windows {
		lengths[b] = len(w)
	}
	lay.Reset(lengths)
	in := nn.Batch{Layout: lay}
	I := len(windows[0][0])
	in.X = make([]float32, lay.Rows()*I)
	for b, w := range windows {
		for s, x := range w {
			copy(in.X[lay.Row(s, b)*I:], x)
		}
	}
	return in
}

func forward(t *testing.T, s *interop.Sequential, windows [][][]float32) []float32 {
	t.Helper()
	y, err := s.Forward(new(interop.Pass), batchOf(windows), nn.Mode{})
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(y)
}

// A network of numbers answers as Keras does, from each kind of file.
func TestSeries(t *testing.T) {
	for file, name := range map[string]string{
		"forecaster.keras": "forecaster", "forecaster.h5": "forecaster", "series.keras": "series",
	} {
		t.Run(file, func(t *testing.T) {
			var g answers
			readJSON(t, name+".json", &g)
			s, err := network(t, file, keras.Options{}).Sequential()
			if err != nil {
				t.Fatal(err)
			}
			if worst := far(t, forward(t, s, g.Windows), slices.Concat(g.Outputs["label"]...)); !(worst <= limit) {
				t.Errorf("off by %.2g, want at most %g", worst, limit)
			}
		})
	}
}

// Weights alone want the JSON of the model, beside them or where it is said to be.
func TestWeightsAlone(t *testing.T) {
	const weights = "testdata/forecaster.weights.h5"
	if _, err := keras.Open(weights, "testdata/none.json"); !errors.Is(err, keras.ErrFormat) || !strings.Contains(err.Error(), "model.to_json()") {
		t.Errorf("without the JSON: %v", err)
	}
	dir := t.TempDir()
	for _, name := range []string{"x.json", "config.json", "model.json"} {
		for to, from := range map[string]string{"x.weights.h5": weights, name: "testdata/forecaster_model.json"} {
			b, err := os.ReadFile(from)
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, to), b, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		f, err := keras.Open(filepath.Join(dir, "x.weights.h5"), "")
		if err != nil || f.Config == nil {
			t.Fatalf("with %s beside it: %v", name, err)
		}
		f.Close()
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	f, err := keras.Open(weights, "testdata/forecaster_model.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n, err := f.Network(keras.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := n.Sequential()
	if err != nil {
		t.Fatal(err)
	}
	whole, err := network(t, "forecaster.keras", keras.Options{}).Sequential()
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range s.Params() {
		if !slices.Equal(p.Data, whole.Params()[i].Data) {
			t.Errorf("%s differs from that of the .keras", p.Name)
		}
	}
}

// What cannot be represented is refused, and the layer and the option are named.
func TestRefusals(t *testing.T) {
	for name, want := range map[string]string{
		"activation":  `layer lstm: activation "relu", want tanh`,
		"gates":       `layer lstm: activation hard_sigmoid`,
		"reset":       "layer gru: reset_after=False",
		"stateful":    "layer lstm: stateful=True",
		"steps":       "layer dense: a Dense layer that reads a row for each step",
		"convolution": "layer conv: class Conv1D",
		"backwards":   "layer lstm: go_backwards=True with return_sequences=True",
		"dense":       "layer dense: activation softsign",
		"outer":       "layer norm: class BatchNormalization",
		"masking":     "layer masking: class Masking",
		"ngrams":      "layer text: ngrams",
		"multi_hot":   "layer text: output_mode multi_hot",
		"custom":      "layer mine: class LSTM of",
		"branches":    "layer other: a second recurrent layer that reads the same as another",
		"states":      "layer lstm: return_state=True",
	} {
		_, err := load(filepath.Join("testdata", "refused", name+".keras"), keras.Options{})
		var refusal *interop.Error
		if !errors.Is(err, keras.ErrFormat) || !errors.As(err, &refusal) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

// A standardisation that is a function of Python may be given as a pipeline.
func TestOwnStandardisation(t *testing.T) {
	b := testdata(t, "text_sequential.keras")[0]
	read := func(o keras.Options) (*interop.Network, error) {
		f, err := keras.Read(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		own := []byte(`"standardize": {"module": "builtins", "class_name": "function", "config": "mine"}`)
		config := bytes.Replace(f.Config, []byte(`"standardize": "lower_and_strip_punctuation"`), own, 1)
		if bytes.Equal(config, f.Config) {
			t.Fatal("the config is another")
		}
		f.Config = config
		return f.Network(o)
	}
	if _, err := read(keras.Options{}); err == nil || !strings.Contains(err.Error(), "layer text_vectorization: standardize") {
		t.Errorf("without a pipeline: %v", err)
	}
	n, err := read(keras.Options{Pipeline: "html|words|lower"})
	if err != nil || n.Text.Pipeline != "html|words|lower|max:12" {
		t.Errorf("pipeline %q, %v", n.Text.Pipeline, err)
	}
}
