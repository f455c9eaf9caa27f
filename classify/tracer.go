package classify

import (
	"fmt"

	"github.com/textlstm/textlstm/internal/vec"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/vocab"
)

// A Tracer asks the deep branch of a model how its scores depend on its word
// vectors. It computes in float32 also where the model multiplies with eight
// bits, and changes nothing. Any number of goroutines may use it at once, each
// with a Workspace of its own.
type Tracer struct {
	// Norms makes Trace fill in Trace.Norms. Set it before the first use.
	Norms bool

	net *Network
}

// NewTracer returns a Tracer for m, nil if m has no deep branch.
func (m *Model) NewTracer() *Tracer {
	if m.net == nil {
		return nil
	}
	return &Tracer{net: m.net.frozen()}
}

// frozen returns a view of n that shares its weights and has no dropout, and
// whose parameters get no gradient.
func (n *Network) frozen() *Network {
	cfg := n.cfg
	cfg.WordDropout, cfg.Dropout = 0, 0
	f, err := NewNetwork(cfg, 1) // one row: the table is n's
	if err != nil {
		panic(err) // n's own config
	}
	f.embed, f.lstm = n.embed, n.lstm.Frozen()
	for i, p := range f.params {
		p.Data = n.params[i].Data
	}
	return f
}

// Encoder returns the LSTM of n. It must not be changed.
func (n *Network) Encoder() *lstm.LSTM { return n.lstm }

// A Point is a text whose word vectors are multiplied by Scale: 1 is the text
// itself, 0 as many vectors of padding.
type Point struct {
	IDs   []vocab.ID
	Scale float32
}

// A Trace is the answer for one Point.
type Trace struct {
	// Score is the score that was asked for.
	Score float32

	// Gradient [len(IDs)][Embed] is the derivative of Score with respect to the
	// scaled word vectors.
	Gradient []float32

	// Attention [len(IDs)] is the weight of each token where the pooling has
	// attention, else nil. It sums to 1.
	Attention []float32

	// Norms [L*D][len(IDs)], if asked for, is the norm of the derivative of
	// Score with respect to the hidden state at each token, by layer and
	// direction.
	Norms [][]float64
}

// Trace returns for each point the score Σ_c direction[c]·logit_c of a head,
// logit_c being the deep branch's alone, before Head.Deep, and how it depends
// on the word vectors. The points are one batch; the answer for one does not
// depend on the others. It panics if direction has another length than the
// head's labels.
func (t *Tracer) Trace(ws *Workspace, points []Point, head int, direction []float32) ([]Trace, error) {
	n := t.net
	if C := len(n.cfg.Heads[head].Labels); len(direction) != C {
		panic(fmt.Sprintf("classify: trace of head %d: len(direction) = %d, want %d labels", head, len(direction), C))
	}
	texts := make([][]vocab.ID, len(points))
	for i, p := range points {
		texts[i] = p.IDs
	}
	ws.lstm.Workers, ws.lstm.Norms = ws.Workers, t.Norms
	ws.mode, ws.texts = lstm.Mode{Train: true}, len(texts)
	ws.lay(texts, n.cfg.Chunk)
	D := n.cfg.Embed
	ws.x = grow(ws.x, len(ws.ids)*D)
	n.embed.Gather(ws.x, ws.ids)
	ws.eachRow(func(row, text, _ int) { vec.Scale(points[text].Scale, ws.x[row*D:(row+1)*D]) })
	logits, err := n.forwardVectors(ws, lstm.Batch{Layout: &ws.layout, X: ws.x})
	if err != nil {
		return nil, err
	}
	out := make([]Trace, len(points))
	C := len(direction)
	dLogits := make([][]float32, len(logits))
	dLogits[head] = make([]float32, len(points)*C)
	for i, p := range points {
		out[i].Score = vec.Dot(direction, logits[head][i*C:(i+1)*C])
		out[i].Gradient = make([]float32, len(p.IDs)*D)
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
	dX, err := n.backwardVectors(ws, dLogits)
	if err != nil {
		return nil, err
	}
	ws.eachRow(func(row, text, at int) { copy(out[text].Gradient[at*D:(at+1)*D], dX[row*D:]) })
	if t.Norms {
		for l := range n.cfg.LSTM.NumLayers() {
			for d := range n.cfg.LSTM.NumDirections() {
				norms := ws.lstm.StepNorms(l, d)
				for i, p := range points {
					out[i].Norms = append(out[i].Norms, make([]float64, len(p.IDs)))
				}
				k := l*n.cfg.LSTM.NumDirections() + d
				ws.eachRow(func(row, text, at int) { out[text].Norms[k][at] = norms[row] })
			}
		}
	}
	return out, nil
}
