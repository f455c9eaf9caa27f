package classify

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"

	"github.com/textlstm/textlstm/embed"
	"github.com/textlstm/textlstm/internal/vec"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/vocab"
)

// A Tracer asks the deep branch of a model how its scores depend on its word
// vectors; the scores of an ensemble are the mean over its members. It computes in
// float32 also where the model multiplies with eight bits, and changes nothing. Any
// number of goroutines may use it at once, each with a Workspace of its own.
type Tracer struct {
	// Norms makes Trace fill in Trace.Norms, by which an ensemble is refused.
	// Set it before the first use.
	Norms bool

	members []*Network
}

// NewTracer returns a Tracer for m, nil if m has no deep branch.
func (m *Model) NewTracer() *Tracer {
	d := m.Deep()
	if d == nil {
		return nil
	}
	t := new(Tracer)
	for _, n := range d.members {
		t.members = append(t.members, n.frozen())
	}
	return t
}

// frozen returns a view of n that shares its weights and has no dropout, and
// whose parameters get no gradient.
func (n *Network) frozen() *Network {
	cfg := n.cfg.WithoutDropout()
	cfg.Int8 = false
	cfg.Subword = embed.SubwordConfig{} // that parameter is the last
	f, err := NewNetwork(cfg, 1)        // one row: the table is n's
	if err != nil {
		panic(err) // n's own config
	}
	f.embed, f.subwords = n.embed, n.subwords
	f.encoder.Freeze(n.encoder.Params())
	for i, p := range f.params {
		if p.Group != nn.EncoderGroup {
			p.Data = n.params[i].Data
		}
	}
	return f
}

// Encoder returns the encoder. It must not be changed.
func (n *Network) Encoder() nn.Encoder { return n.encoder }

// A Point is a text whose word vectors are multiplied by Scale: 1 is the text
// itself, 0 as many vectors of padding.
type Point struct {
	IDs     []vocab.ID
	Unknown [][]int32 // as in Encoded
	Scale   float32
}

// A Trace is the answer for one Point.
type Trace struct {
	// Score is the score that was asked for.
	Score float32

	// Gradient [len(IDs)][Embed] is the derivative of Score with respect to the
	// scaled word vectors; nil of an ensemble.
	Gradient []float32

	// Products [len(IDs)] are those of the gradient and the word vector, not
	// scaled, of each token: its share in the derivative of Score by Scale.
	Products []float64

	// Attention [len(IDs)] is the weight of each token where the pooling has
	// attention, else nil. It sums to 1. An ensemble has the mean of its members'.
	Attention []float32

	// Norms [L*D][len(IDs)], if asked for, is the norm of the derivative of
	// Score with respect to the hidden state at each token, by layer and
	// direction.
	Norms [][]float64
}

// Trace returns for each point the score Σ_c direction[c]·logit_c of a head,
// logit_c being the deep branch's alone, before Head.Deep, and how it depends
// on the word vectors. The points are one batch; the answer for one does not
// depend on the others. Weights so large that a score or a gradient is no finite number
// give an error. It panics if direction has another length than the head's width.
func (t *Tracer) Trace(ws *Workspace, points []Point, head int, direction []float32) ([]Trace, error) {
	if C := t.members[0].cfg.Heads[head].Width(); len(direction) != C {
		panic(fmt.Sprintf("classify: trace of head %d: len(direction) = %d, want %d", head, len(direction), C))
	}
	if len(t.members) == 1 {
		return t.trace(t.members[0], ws, points, head, direction)
	}
	if t.Norms {
		return nil, errors.New("classify: each member of an ensemble has states of its own: trace one, Model.Member")
	}
	mean := make([]Trace, len(points))
	share := 1 / float64(len(t.members))
	for _, member := range t.members {
		traces, err := t.trace(member, ws, points, head, direction)
		if err != nil {
			return nil, err
		}
		for i := range traces {
			mean[i].add(share, &traces[i])
		}
	}
	return mean, nil
}

// add adds a share of u, but for its gradient, to t.
func (t *Trace) add(share float64, u *Trace) {
	t.Score += float32(share) * u.Score
	if t.Products == nil {
		t.Products = make([]float64, len(u.Products))
	}
	floats.AddScaled(t.Products, share, u.Products)
	if t.Attention == nil && u.Attention != nil {
		t.Attention = make([]float32, len(u.Attention))
	}
	vec.Axpy(float32(share), u.Attention, t.Attention)
}

// trace is Trace of one network.
func (t *Tracer) trace(n *Network, ws *Workspace, points []Point, head int, direction []float32) ([]Trace, error) {
	texts := make([]Encoded, len(points))
	for i, p := range points {
		texts[i] = Encoded{IDs: p.IDs, Unknown: p.Unknown}
	}
	ws.mode, ws.texts = nn.Mode{Train: true}, len(texts)
	ws.lay(texts, n.cfg.Chunk)
	D := n.cfg.Embed
	ws.x = grow(ws.x, len(ws.ids)*D)
	n.gather(ws.x, ws.ids, ws.unknown)
	ws.eachRow(func(row, text, _ int) { vec.Scale(points[text].Scale, ws.x[row*D:(row+1)*D]) })
	logits, err := n.forwardVectors(ws, nn.Batch{Layout: &ws.layout, X: ws.x})
	if err != nil {
		return nil, err
	}
	out := make([]Trace, len(points))
	C := len(direction)
	dLogits := make([][]float32, len(logits))
	dLogits[head] = make([]float32, len(points)*C)
	for i, p := range points {
		out[i].Score = vec.Dot(direction, logits[head][i*C:(i+1)*C])
		if !finite(float64(out[i].Score)) {
			return nil, fmt.Errorf("classify: trace: the score of head %s is %v: the model's weights are too large", n.cfg.Heads[head].Name, out[i].Score)
		}
		out[i].Gradient = make([]float32, len(p.IDs)*D)
		out[i].Products = make([]float64, len(p.IDs))
		copy(dLogits[head][i*C:], direction)
	}
	if weights := ws.pool.Weights(); len(weights) > 0 {
		for i, p := range points {
			if len(p.IDs) > 0 {
				out[i].Attention = make([]float32, len(p.IDs))
			}
		}
		ws.eachRow(func(row, text, at int) { out[text].Attention[at] = weights[row] })
	}
	dX, err := n.backwardVectors(ws, dLogits, nn.Want{Params: true, Norms: t.Norms})
	if err != nil {
		return nil, err
	}
	n.gather(ws.x, ws.ids, ws.unknown) // not scaled
	ws.eachRow(func(row, text, at int) {
		g := out[text].Gradient[at*D : (at+1)*D]
		copy(g, dX[row*D:])
		out[text].Products[at] = float64(vec.Dot(ws.x[row*D:(row+1)*D], g))
	})
	for i := range out {
		if !finite(floats.Sum(out[i].Products)) {
			return nil, fmt.Errorf("classify: trace: the gradient of head %s is not finite: the model's weights are too large", n.cfg.Heads[head].Name)
		}
	}
	if t.Norms {
		for k, norms := range ws.pass.StepNorms() {
			for i, p := range points {
				out[i].Norms = append(out[i].Norms, make([]float64, len(p.IDs)))
			}
			ws.eachRow(func(row, text, at int) { out[text].Norms[k][at] = norms[row] })
		}
	}
	return out, nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
