package seq2seq

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/vocab"
)

// A golden is a case of testdata/torch.json.
type golden struct {
	Name    string `json:"name"`
	Options struct {
		Attention nn.AttentionKind `json:"attention"`
		Feeding   *bool            `json:"feeding"`
		Tie       Tie              `json:"tie"`
		Layers    int              `json:"layers"`
		Encoder   string           `json:"encoder"`
	} `json:"options"`
	Source       int                  `json:"source"`
	Target       int                  `json:"target"`
	Smoothing    float64              `json:"smoothing"`
	Weights      map[string][]float64 `json:"weights"`
	Batch        [][2][]vocab.ID      `json:"batch"`
	Loss         float64              `json:"loss"`
	Gradients    map[string][]float64 `json:"gradients"`
	Losses       []float64            `json:"losses"`
	Translations []struct {
		Search struct {
			Beam, Best       int
			Length, Coverage float64
		} `json:"search"`
		Source []vocab.ID   `json:"source"`
		IDs    [][]vocab.ID `json:"ids"`
		Logs   []float64    `json:"logs"`
		Scores []float64    `json:"scores"`
	} `json:"translations"`
}

// Loss, gradients, training and translations are those of the same network in PyTorch.
func TestTorch(t *testing.T) {
	b, err := os.ReadFile("testdata/torch.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Embed  int      `json:"embed"`
		Hidden int      `json:"hidden"`
		Cases  []golden `json:"cases"`
	}
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) != 5 {
		t.Fatalf("%d cases", len(file.Cases))
	}
	for _, g := range file.Cases {
		t.Run(g.Name, func(t *testing.T) {
			c := Config{
				Embed: file.Embed, Hidden: file.Hidden, Attention: g.Options.Attention, Tie: g.Options.Tie, Layers: g.Options.Layers,
				Encoder: g.Options.Encoder, NoFeeding: g.Options.Feeding != nil && !*g.Options.Feeding, Shared: g.Options.Tie == TieAll,
				Dropout: -1, Smoothing: g.Smoothing,
			}.Resolve()
			g.check(t, newPass(t, c, g.Source, g.Target, 2))
		})
	}
}

func (g *golden) check(t *testing.T, p *pass) {
	if len(g.Weights) != len(p.params) {
		t.Fatalf("%d parameters, PyTorch has %d", len(p.params), len(g.Weights))
	}
	for _, q := range p.params {
		w := g.Weights[q.Name]
		if len(w) != len(q.Data) {
			t.Fatalf("%s: %d values, PyTorch has %d", q.Name, len(q.Data), len(w))
		}
		for i, v := range w {
			q.Data[i] = float32(v)
		}
		q.Changed()
	}
	g.checkTranslations(t, p)
	var batch []example
	for _, e := range g.Batch {
		batch = append(batch, example{e[0], e[1]})
	}
	learn := func() float64 {
		nn.ZeroGrad(p.params)
		p.lay(batch)
		l, err := p.learn(nn.Mode{Train: true}, 0)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	if l := learn(); math.Abs(l-g.Loss) > 2e-6 {
		t.Errorf("loss %.8f, want %.8f", l, g.Loss)
	}
	for _, q := range p.params {
		for i, want := range g.Gradients[q.Name] {
			if got := float64(q.Grad[i]); math.Abs(got-want) > 1e-6+1e-4*math.Abs(want) {
				t.Errorf("%s[%d]: gradient %.8g, want %.8g", q.Name, i, got, want)
			}
		}
	}
	o, err := nn.NewOptimizer(nn.OptimizerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range g.Losses {
		if l := learn(); math.Abs(l-want) > 2e-5 {
			t.Errorf("step %d: loss %.7f, want %.7f", i, l, want)
		}
		nn.ClipNorm(p.params, 1)
		if err := o.Step(p.params, 0.01); err != nil {
			t.Fatal(err)
		}
	}
}

func (g *golden) checkTranslations(t *testing.T, p *pass) {
	for _, want := range g.Translations {
		s := Search{Beam: want.Search.Beam, Best: want.Search.Best, Length: want.Search.Length, Coverage: want.Search.Coverage}.Resolve()
		beams, err := p.network.search(t.Context(), []text{{ids: want.Source}}, s)
		if err != nil {
			t.Fatal(err)
		}
		got := beams[0].finished
		if len(got) < len(want.IDs) {
			t.Fatalf("%+v of %v: %d hypotheses, want %d", s, want.Source, len(got), len(want.IDs))
		}
		for i, h := range got[:len(want.IDs)] {
			if math.Abs(h.log-want.Logs[i]) > 1e-4 || math.Abs(h.score-want.Scores[i]) > 1e-4 {
				t.Errorf("%+v of %v, hypothesis %d: %.6f, %.6f, want %.6f, %.6f", s, want.Source, i, h.log, h.score, want.Logs[i], want.Scores[i])
			}
			if ids := h.ids(); !slices.Equal(ids, want.IDs[i]) {
				t.Errorf("%+v of %v, hypothesis %d: %v, want %v", s, want.Source, i, ids, want.IDs[i])
			}
		}
	}
}
