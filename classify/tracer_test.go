package classify_test

import (
	"math"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/vocab"
)

// points are the texts of the tests at several scales, as one batch.
func points(t *testing.T, m *classify.Model, scales ...float32) (points []classify.Point, encoded []classify.Encoded) {
	t.Helper()
	encoded, err := m.Encode(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scales {
		for _, e := range encoded {
			points = append(points, classify.Point{IDs: e.IDs, Unknown: e.Unknown, Scale: s})
		}
	}
	return points, encoded
}

// TestTraceScores wants, at scale 1, the scores of the deep branch to the bit.
func TestTraceScores(t *testing.T) {
	for _, kind := range kinds {
		m := newModel(t, kind.set)
		tracer := m.NewTracer()
		if tracer == nil {
			if m.Deep() != nil {
				t.Errorf("%s: no tracer", kind.name)
			}
			continue
		}
		ps, encoded := points(t, m, 1)
		cfg := m.Only("deep").Config()
		cfg.Heads = append([]classify.Head(nil), cfg.Heads...)
		for h := range cfg.Heads {
			cfg.Heads[h].Deep = 1
		}
		deep, err := classify.New(cfg, m.Vocab(), classify.Card{}, m.Deep())
		if err != nil {
			t.Fatal(err)
		}
		want, err := deep.Logits(t.Context(), encoded)
		if err != nil {
			t.Fatal(err)
		}
		var ws classify.Workspace
		for h, head := range m.Heads() {
			for c := range head.Width() {
				direction := make([]float32, head.Width())
				direction[c] = 1
				traces, err := tracer.Trace(&ws, ps, h, direction)
				if err != nil {
					t.Fatal(err)
				}
				for i, tr := range traces {
					if w := want[h][i*head.Width()+c]; tr.Score != w {
						t.Errorf("%s: text %d, head %d, label %d: score %v, Logits gives %v", kind.name, i, h, c, tr.Score, w)
					}
				}
			}
		}
	}
}

// TestTraceGradients compares the derivative along the scale with differences,
// for which the maxima of the pooling are smooth enough on most texts.
func TestTraceGradients(t *testing.T) {
	for _, kind := range kinds {
		m := newModel(t, kind.set)
		tracer := m.NewTracer()
		if tracer == nil {
			continue
		}
		const step = 1.0 / 256
		ps, encoded := points(t, m, 0.5, 0.5-step, 0.5+step)
		C := len(m.Heads()[0].Labels)
		direction := make([]float32, C)
		direction[C-1] = 1
		traces, err := tracer.Trace(new(classify.Workspace), ps, 0, direction)
		if err != nil {
			t.Fatal(err)
		}
		n := len(encoded)
		for i := range encoded {
			D, vectors, slope := m.Config().Embed, m.Vectors(encoded[i]), 0.0
			for at := range ps[i].IDs {
				slope += traces[i].Products[at]
				if traces[i].Gradient == nil && m.Config().Members > 1 {
					continue
				}
				product := 0.0
				for j := at * D; j < (at+1)*D; j++ {
					product += float64(vectors[j]) * float64(traces[i].Gradient[j])
				}
				if math.Abs(product-traces[i].Products[at]) > 1e-5 {
					t.Errorf("%s: text %d, token %d: product %v, want %v", kind.name, i, at, traces[i].Products[at], product)
				}
			}
			want := (float64(traces[2*n+i].Score) - float64(traces[n+i].Score)) / (2 * step)
			if math.Abs(slope-want) > 2e-2*math.Abs(want)+2e-3 {
				t.Errorf("%s: text %d: slope %v, differences give %v", kind.name, i, slope, want)
			}
			sum := 0.0
			for _, w := range traces[i].Attention {
				sum += float64(w)
			}
			if len(traces[i].Attention) > 0 && math.Abs(sum-1) > 1e-5 {
				t.Errorf("%s: text %d: attention sums to %v", kind.name, i, sum)
			}
		}
	}
}

// TestTraceAlone wants the same bits for a point alone, in any batch, with any
// number of workers, and while the model is in use.
func TestTraceAlone(t *testing.T) {
	for _, kind := range kinds {
		m := newModel(t, kind.set)
		tracer := m.NewTracer()
		if tracer == nil {
			continue
		}
		ps, _ := points(t, m, 1, 0, 0.25)
		direction := make([]float32, len(m.Heads()[0].Labels))
		direction[0] = 1
		want, err := tracer.Trace(new(classify.Workspace), ps, 0, direction)
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for w := range 3 {
			wg.Go(func() {
				ws := classify.Workspace{Workers: w}
				for i, p := range ps {
					got, err := tracer.Trace(&ws, []classify.Point{p}, 0, direction)
					if err != nil {
						t.Error(err)
						return
					}
					if diff := cmp.Diff(want[i], got[0]); diff != "" {
						t.Errorf("%s: point %d alone (-batch +alone):\n%s", kind.name, i, diff)
					}
					m.Predict(texts[i%len(texts)])
				}
			})
		}
		wg.Wait()
		for _, p := range m.Deep().Params() {
			if p.Grad != nil {
				t.Errorf("%s: parameter %s has a gradient", kind.name, p.Name)
			}
		}
	}
}

// TestTraceNoPoints wants no answers for no points and for empty texts zeros.
func TestTraceNoPoints(t *testing.T) {
	tracer := newModel(t, deepOnly).NewTracer()
	got, err := tracer.Trace(new(classify.Workspace), nil, 1, []float32{1, 0})
	if err != nil || len(got) != 0 {
		t.Errorf("Trace of nothing = %v, %v", got, err)
	}
	got, err = tracer.Trace(new(classify.Workspace), []classify.Point{{Scale: 1}, {IDs: []vocab.ID{2}, Scale: 1}}, 1, []float32{1, 0})
	if err != nil {
		t.Fatal(err)
	}
	if len(got[0].Gradient) != 0 || len(got[1].Gradient) != 6 {
		t.Errorf("gradients of %d and %d values, want 0 and 6", len(got[0].Gradient), len(got[1].Gradient))
	}
}

// TestTraceNorms wants norms for every layer and direction, and no other bits
// of the rest.
func TestTraceNorms(t *testing.T) {
	for _, kind := range kinds {
		m := newModel(t, kind.set)
		tracer := m.NewTracer()
		if tracer == nil || m.Config().Members > 1 {
			continue
		}
		ps, _ := points(t, m, 1)
		direction := make([]float32, len(m.Heads()[0].Labels))
		direction[0] = 1
		want, err := tracer.Trace(new(classify.Workspace), ps, 0, direction)
		if err != nil {
			t.Fatal(err)
		}
		tracer.Norms = true
		got, err := tracer.Trace(new(classify.Workspace), ps, 0, direction)
		if err != nil {
			t.Fatal(err)
		}
		cells := m.Config().EncoderShape()
		for i := range got {
			if n := len(got[i].Norms); n != cells.Layers*cells.NumDirections() {
				t.Errorf("%s: norms of %d cells", kind.name, n)
			}
			for _, norms := range got[i].Norms {
				if len(norms) != len(ps[i].IDs) {
					t.Errorf("%s: text %d has %d norms for %d tokens", kind.name, i, len(norms), len(ps[i].IDs))
				}
				for at, v := range norms {
					if !(v >= 0) || math.IsInf(v, 0) {
						t.Errorf("%s: text %d, token %d: norm %v", kind.name, i, at, v)
					}
				}
			}
			got[i].Norms = nil
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: norms change the rest (-without +with):\n%s", kind.name, diff)
		}
	}
}
