package classify_test

import (
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/classify"
)

var writeFixtures = flag.Bool("fixtures", false, "write the files of testdata that are not there yet")

// fixture is what a file of testdata/v1 must answer, for ever.
type fixture struct {
	Texts []string
	Probs [][][]float32 // by text, by head

	// Values are the numbers of regressions, by text, by head; nil where there are none.
	Values [][]float32 `json:",omitempty"`
}

// Model files that released versions have written are read for ever, with the
// same answers. testdata/vN holds files of format N, each with its answers at
// the time. Nothing there is ever written anew: a file that is no longer read,
// or answers otherwise, is a bug. After a change of the format,
// go test ./classify -run TestFixtures -fixtures adds the files of the next.
func TestFixtures(t *testing.T) {
	if *writeFixtures {
		for _, k := range kinds {
			name := strings.NewReplacer(", ", "-", " ", "-").Replace(k.name)
			m := newModel(t, k.set)
			writeFixture(t, name, m)
			writeFixture(t, name+"-int8", quantized(t, m))
		}
	}
	files, err := filepath.Glob("testdata/v*/*.safetensors")
	if err != nil || len(files) < 2*len(kinds) {
		t.Fatalf("%d files, want two for each of %d kinds of models (err = %v)", len(files), len(kinds), err)
	}
	for _, path := range files {
		t.Run(path, func(t *testing.T) {
			b, err := os.ReadFile(strings.TrimSuffix(path, "safetensors") + "json")
			if err != nil {
				t.Fatal(err)
			}
			var f fixture
			if err := json.Unmarshal(b, &f); err != nil {
				t.Fatal(err)
			}
			m, err := classify.Load(path)
			if err != nil {
				t.Fatal(err)
			}
			// A kernel that rounds otherwise may move an activation to the next of
			// its 255 values.
			tolerance := 1e-6
			if m.Config().Int8 {
				tolerance = 1e-4
			}
			for i, text := range f.Texts {
				for h, s := range m.Predict(text).Scores {
					if f.Values != nil {
						if want := f.Values[i][h]; math.Abs(float64(s.Value-want)) > 10*tolerance {
							t.Errorf("text %d, head %d: number %v, once it was %v", i, h, s.Value, want)
						}
					}
					for c, p := range s.Probs {
						if want := f.Probs[i][h][c]; math.Abs(float64(p-want)) > tolerance {
							t.Errorf("text %d, head %d, label %d: probability %v, once it was %v", i, h, c, p, want)
						}
					}
				}
			}
		})
	}
}

// writeFixture writes a model and its answers, unless they are there.
func writeFixture(t *testing.T, name string, m *classify.Model) {
	path := filepath.Join("testdata/v1", name+".safetensors")
	if _, err := os.Stat(path); err == nil {
		return
	}
	f := fixture{Texts: slices.DeleteFunc(slices.Clone(texts), func(s string) bool { return strings.ToValidUTF8(s, "") != s })}
	for _, text := range f.Texts {
		var probs [][]float32
		var values []float32
		for _, s := range m.Predict(text).Scores {
			probs = append(probs, s.Probs)
			values = append(values, s.Value)
		}
		f.Probs = append(f.Probs, probs)
		if slices.ContainsFunc(m.Heads(), func(h classify.Head) bool { return !h.Labelled() }) {
			f.Values = append(f.Values, values)
		}
	}
	b, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(strings.TrimSuffix(path, "safetensors")+"json", append(b, '\n'), 0o666); err != nil {
		t.Fatal(err)
	}
}
