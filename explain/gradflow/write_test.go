package gradflow_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/explain/gradflow"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/pretrained"
)

func TestVerdict(t *testing.T) {
	for want, norms := range map[string][]float64{
		"explodes": {1, 5, 11}, "stays": {1, 0.5, 0.01}, "fades": {1, 1e-3, 1e-6}, "vanishes": {1, 1e-4, 1e-7}, "too short to tell": {1},
	} {
		if got := (&gradflow.Curve{Norms: norms}).Verdict(); got != want {
			t.Errorf("%v: %s, want %s", norms, got, want)
		}
	}
	if got := (&gradflow.Curve{Norms: []float64{0, 1}}).Verdict(); got != "too short to tell" {
		t.Errorf("nothing at the end: %s", got)
	}
}

// Weights so large that a gradient is no finite number are an error, not a curve.
func TestHugeWeights(t *testing.T) {
	refused := 0
	for n := range uint64(50) {
		m, err := lstm.New(lstm.Config{InputSize: 4, HiddenSize: 5, Layers: 2, Direction: lstm.Bidirectional})
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(1, n))
		m.Init(r)
		for _, p := range m.Params() {
			for i := range p.Data {
				if r.IntN(2) == 0 {
					p.Data[i] = 3e38 * float32(1-2*r.IntN(2))
				}
			}
			p.Changed()
		}
		curves, err := gradflow.Trained("huge", m, gradflow.Noise(2, 5, 4, 1, n), gradflow.Options{Seed: n})
		switch {
		case err != nil && strings.Contains(err.Error(), "too large"):
			refused++
		case err != nil:
			t.Error(err)
		default:
			if _, err := json.Marshal(curves); err != nil {
				t.Errorf("network %d: %v", n, err)
			}
		}
	}
	if refused == 0 {
		t.Error("no network is refused")
	}
}

func TestTopLayer(t *testing.T) {
	curves := []gradflow.Curve{{Name: "a", Layer: 0}, {Name: "b", Layer: 1}, {Name: "c", Layer: 1, Reverse: true}}
	if diff := cmp.Diff(curves[1:], gradflow.TopLayer(curves)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWriteText(t *testing.T) {
	curves := []gradflow.Curve{
		{Name: "one", Norms: []float64{1, 0.1, 0.01}, Factor: 0.1, Weights: 4, Scale: 0.25},
		{Name: "two", Reverse: true, Norms: []float64{1, 1, 1}, Factor: 1},
	}
	var b strings.Builder
	if err := gradflow.WriteText(&b, curves, 1); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"▁ is 1e-2 or less, █ 1e0 or more", "→ one  ▁▅█\n", "← two  ███\n", "left after 2", "clipped at 1", "× 0.25", "1.0e-02", "stays"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

func TestWriteJSON(t *testing.T) {
	var b strings.Builder
	if err := gradflow.WriteJSON(&b, []gradflow.Curve{{Name: "one", Norms: []float64{1, 0.5, 0.001}}}); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Curves []struct {
			Name, Verdict string
			Left          map[string]float64
			Reach         int
		}
	}
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil {
		t.Fatal(err)
	}
	if c := got.Curves[0]; c.Name != "one" || c.Verdict != "fades" || c.Reach != 1 || c.Left["1"] != 0.5 || c.Left["2"] != 0.001 {
		t.Errorf("got %+v", c)
	}
	b.Reset()
	if err := gradflow.WriteJSON(&b, nil); err != nil || b.String() != "{\"curves\":[]}\n" {
		t.Errorf("no curves: %v, %s", err, b.String())
	}
}

// A model is measured on its own words, on texts, and not at all on texts without
// words; the same seed draws the same words.
func TestModel(t *testing.T) {
	m, err := pretrained.Default()
	if testing.Short() { // to draw 256 units takes long under the race detector
		m, err = classify.Load("../../classify/testdata/v1/joint.safetensors")
	}
	if err != nil {
		t.Fatal(err)
	}
	curves := func(texts ...string) []gradflow.Curve {
		t.Helper()
		c, err := gradflow.Model(t.Context(), m, gradflow.Sample{Texts: texts, Sequences: 2, Steps: 5}, gradflow.Options{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	drawn := curves()
	if diff := cmp.Diff(drawn, curves()); diff != "" {
		t.Errorf("the same seed (-once +again):\n%s", diff)
	}
	if n := len(drawn[0].Norms); n != 5 {
		t.Errorf("%d steps, want 5", n)
	}
	if n := len(curves("good", "not bad at all, but far too long")[0].Norms); n != 5 {
		t.Errorf("%d steps of a text of more, want 5", n)
	}
	if c := curves("", " "); c != nil {
		t.Errorf("curves of no word: %v", c)
	}
	if _, err := gradflow.Model(t.Context(), m.Only("wide"), gradflow.Sample{Sequences: 1, Steps: 1}, gradflow.Options{}); err == nil {
		t.Error("a model without an LSTM is measured")
	}
}
