package gradflow_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/explain/gradflow"
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
