package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/interop"
	"github.com/textlstm/textlstm/interop/keras"
	"github.com/textlstm/textlstm/nn"
)

// exportKeras writes a model's weights and script to files that begin with base.
func exportKeras(base string, m *classify.Model) error {
	x, err := keras.Export(m, filepath.Base(base)+".weights.h5")
	if err != nil {
		return err
	}
	return writeKeras(base, x)
}

func writeKeras(base string, x *keras.Exported) error {
	f, err := os.Create(base + ".weights.h5")
	if err != nil {
		return err
	}
	defer f.Close()
	if err := x.Write(f); err != nil {
		return err
	}
	return os.WriteFile(base+"_keras.py", []byte(x.Script), 0o644)
}

// fromKeras compares answers with those of the models that interop/keras/testdata/gen.py
// has put into dir.
func fromKeras(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.keras"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("%s: no .keras files: %w", dir, err)
	}
	for _, file := range files {
		worst, n, err := compareKeras(file)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		fmt.Printf("%-28s %4d answers   worst difference %.1e\n", filepath.Base(file), n, worst)
		if !(worst <= 1e-5) {
			return fmt.Errorf("%s is off by more than 1e-5", file)
		}
	}
	return nil
}

func compareKeras(file string) (worst float64, n int, err error) {
	var g struct {
		Texts   []string               `json:"texts"`
		Windows [][][]float32          `json:"windows"`
		Outputs map[string][][]float64 `json:"outputs"`
	}
	b, err := os.ReadFile(file[:len(file)-len(".keras")] + ".json")
	if err != nil {
		return 0, 0, err
	}
	if err := json.Unmarshal(b, &g); err != nil {
		return 0, 0, err
	}
	f, err := keras.Open(file, "")
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	var o keras.Options // what made the ids of a model that reads ids, where its words are beside it
	if words, err := os.ReadFile(file[:len(file)-len(".keras")] + ".txt"); err == nil {
		o.Vocabulary = strings.Split(strings.TrimSuffix(string(words), "\n"), "\n")
		o.Pipeline = "fields:ascii|lower:ascii|depunct|max:8:tail|pad:8:head"
	}
	net, err := f.Network(o)
	if err != nil {
		return 0, 0, err
	}
	compare := func(got []float32, want []float64) {
		for i := range want { // null where Keras gives no number: the mean of no words
			worst = max(worst, math.Abs(float64(got[len(got)-len(want)+i])-want[i]))
		}
		n++
	}
	if net.Embedding == nil {
		y, err := answersOfWindows(net, g.Windows)
		if err != nil {
			return 0, 0, err
		}
		for i, want := range g.Outputs["label"] {
			compare(y[i*len(want):(i+1)*len(want)], want)
		}
		return worst, n, nil
	}
	m, err := net.Model(classify.Card{})
	if err != nil {
		return 0, 0, err
	}
	for i, text := range g.Texts {
		p := m.Predict(text)
		for h, head := range m.Heads() {
			s := p.Scores[h]
			got := s.Probs
			if got == nil {
				got = []float32{s.Value}
			}
			want := g.Outputs[head.Name][i]
			compare(got, want)
			if len(want) > 0 && head.Labelled() && !head.MultiLabel() && labelOf(want) != s.Label {
				return 0, 0, fmt.Errorf("another label for %q", text)
			}
		}
	}
	return worst, n, nil
}

// labelOf is the likeliest label; one unit is the probability of the second of two.
func labelOf(probs []float64) int {
	if len(probs) == 1 {
		probs = []float64{1 - probs[0], probs[0]}
	}
	return slices.Index(probs, slices.Max(probs))
}

func answersOfWindows(net *interop.Network, windows [][][]float32) ([]float32, error) {
	s, err := net.Sequential()
	if err != nil {
		return nil, err
	}
	lay, lengths := new(nn.Layout), make([]int, len(windows))
	for b, w := range windows {
		lengths[b] = len(w)
	}
	lay.Reset(lengths)
	I := s.InputSize()
	x := make([]float32, lay.Rows()*I)
	for b, w := range windows {
		for t, row := range w {
			copy(x[lay.Row(t, b)*I:], row)
		}
	}
	return s.Forward(new(interop.Pass), nn.Batch{Layout: lay, X: x}, nn.Mode{})
}
