package nn

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/textlstm/textlstm/internal/par"
	"github.com/textlstm/textlstm/internal/vec"
)

// An AttentionKind is a way to score a row of a memory by a query.
type AttentionKind string

// The scores of a row m by a query s. The empty string is General.
const (
	General  AttentionKind = "general"  // s·(W m), Luong et al. 2015, eq. 8
	Additive AttentionKind = "additive" // v·tanh(W m + U s + b), Bahdanau et al. 2015, appendix A.1.2
)

// AttentionKinds lists them.
func AttentionKinds() []AttentionKind { return []AttentionKind{General, Additive} }

// AttentionConfig describes a CrossAttention. Memory, Query and Output must be set.
type AttentionConfig struct {
	Kind   AttentionKind // "" means General
	Memory int           // M, the width of a row of the memory
	Query  int           // Q, the width of a query
	Hidden int           // A, the width in which Additive compares; 0 means Query
	Output int           // O, the width of what comes out
}

// Validate reports everything that is wrong with c.
func (c AttentionConfig) Validate() error {
	var errs []error
	if c.Kind != "" && !slices.Contains(AttentionKinds(), c.Kind) {
		errs = append(errs, fmt.Errorf("nn: unknown attention %q, want one of %q", string(c.Kind), AttentionKinds()))
	}
	if c.Memory < 1 || c.Query < 1 || c.Output < 1 || c.Hidden < 0 {
		errs = append(errs, fmt.Errorf("nn: attention: Memory %d, Query %d, Output %d, Hidden %d, want widths of at least 1 (Hidden 0 for that of Query)",
			c.Memory, c.Query, c.Output, c.Hidden))
	}
	return errors.Join(errs...)
}

// width is A: that of keys.
func (c AttentionConfig) width() int {
	if c.Kind == Additive {
		return cmp.Or(c.Hidden, c.Query)
	}
	return c.Query
}

// NumParams counts the weights of a valid c. It is a float64 because a config can ask
// for more than an int holds.
func (c AttentionConfig) NumParams() float64 {
	M, Q, A, O := float64(c.Memory), float64(c.Query), float64(c.width()), float64(c.Output)
	n := A*M + O*(M+Q) + O
	if c.Kind == Additive {
		n += A*Q + 2*A
	}
	return n
}

// A CrossAttention lets queries, such as the states of a decoder, look at the rows of a
// memory, such as the states of an encoder: with the weights w = softmax of the scores
// of a sequence's rows m by a query s, what comes out is
//
//	tanh(W_c [Σ w m; s] + b_c)
//
// as in Luong et al. 2015, eq. 5. It is computed as tanh(Σ w (W_m m) + W_s s + b_c), with the
// two parts of W_c, so that a row of the memory is multiplied once and not for each query.
// The Attention of a Pool is the same with Additive scores,
// without a query and without what follows the sum.
//
// A CrossAttention may be used by any number of goroutines with workspaces of their own
// while nobody writes to its parameters.
type CrossAttention struct {
	cfg     AttentionConfig
	Keys    *Dense // W (A, M); with b for Additive
	Query   *Dense // U (A, Q); nil for General
	Context *Param // v (A); nil for General
	Output  *Dense // W_c, b_c (O, M+Q)

	ofMemory, ofQuery *Dense // the columns of W_c, b_c with the latter
}

// NewCrossAttention returns a CrossAttention with zeroed parameters: name.keys.weight,
// name.output.weight and name.output.bias and, for Additive, name.keys.bias,
// name.query.weight and name.context.
func NewCrossAttention(name string, c AttentionConfig) (*CrossAttention, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c.Kind = cmp.Or(c.Kind, General)
	a := &CrossAttention{
		cfg:    c,
		Keys:   NewDense(join(name, "keys"), c.Memory, c.width()),
		Output: NewDense(join(name, "output"), c.Memory+c.Query, c.Output),
	}
	a.ofMemory, a.ofQuery = a.Output.Columns(0, c.Memory), a.Output.Columns(c.Memory, c.Memory+c.Query)
	a.ofQuery.Bias = a.Output.Bias
	if c.Kind == General {
		a.Keys.Bias = nil
		return a, nil
	}
	a.Query = NewDense(join(name, "query"), c.Query, c.width())
	a.Query.Bias = nil
	a.Context = NewParam(join(name, "context"), c.width())
	a.Context.Decay = true
	return a, nil
}

// Params lists the parameters.
func (a *CrossAttention) Params() []*Param {
	params := a.Keys.Params()
	if a.Query != nil {
		params = append(params, a.Query.Weight, a.Context)
	}
	return append(params, a.Output.Params()...)
}

// Init draws the parameters, each uniform in ±1/sqrt(its inputs).
func (a *CrossAttention) Init(rng *rand.Rand) {
	a.Keys.Init(rng)
	if a.Query != nil {
		a.Query.Init(rng)
		Uniform(a.Context, 1/math.Sqrt(float64(len(a.Context.Data))), rng)
	}
	a.Output.Init(rng)
}

// An AttentionWorkspace holds a memory and what queries saw in it. The zero value is
// ready; it grows as needed and is then reused.
type AttentionWorkspace struct {
	// Workers is the number of goroutines that Remember and Finish may use; 0 means 1.
	// It changes no bit of a result.
	Workers int

	layout *Layout
	y      []float32 // [Rows][M], the memory
	keys   []float32 // [Rows][A]
	values []float32 // [Rows][O], W_m m

	seq     []int     // [N], the sequence that each query looks at
	start   []int     // [N+1], where in weights those of a query begin
	weights []float32 // of the rows of its sequence, step by step
	query   []float32 // [N][A], U s; Back makes it the gradient
	out     []float32 // [N][O]
	dOut    []float32 // [N][O], the gradient of what tanh took

	dY       []float32 // [Rows][M]
	dKeys    []float32 // [Rows][A]
	dValues  []float32 // [Rows][O]
	dContext []float32 // [B][A], by sequence
}

// Remember makes y [Rows][M], laid out by l, the memory. Both must stay as they are
// while it is used.
func (a *CrossAttention) Remember(ws *AttentionWorkspace, y []float32, l *Layout) {
	A, M, O := a.cfg.width(), a.cfg.Memory, a.cfg.Output
	ws.y, ws.layout = y, l
	ws.keys, ws.values = grow(ws.keys, l.Rows()*A), grow(ws.values, l.Rows()*O)
	rowBlocks(ws.Workers, l.Rows(), func(lo, hi int) {
		a.Keys.forwardRows(ws.keys[lo*A:], y[lo*M:], hi-lo)
		a.ofMemory.forwardRows(ws.values[lo*O:], y[lo*M:], hi-lo)
	})
}

// Begin makes room for queries, of which query r will look at sequence seq[r]. It keeps seq.
func (a *CrossAttention) Begin(ws *AttentionWorkspace, seq []int) {
	N := len(seq)
	ws.seq = seq
	ws.start = grow(ws.start, N+1)
	at := 0
	for r, b := range seq {
		ws.start[r] = at
		at += ws.layout.Length(b)
	}
	ws.start[N] = at
	ws.weights = grow(ws.weights, at)
	ws.out = grow(ws.out, N*a.cfg.Output)
	if a.Query != nil {
		ws.query = grow(ws.query, N*a.cfg.width())
	}
}

// Weights returns what query r paid to each step of its sequence: they sum to 1. It
// aliases ws.
func (ws *AttentionWorkspace) Weights(r int) []float32 {
	return ws.weights[ws.start[r]:ws.start[r+1]]
}

// Attend answers queries first…first+n-1, s [n][Q], with rows [n][O], which alias ws.
// Calls for different queries may run at the same time.
func (a *CrossAttention) Attend(ws *AttentionWorkspace, first, n int, s []float32) []float32 {
	Q, A, O := a.cfg.Query, a.cfg.width(), a.cfg.Output
	if a.Query != nil {
		a.Query.forwardRows(ws.query[first*A:], s, n)
	}
	out := ws.out[first*O : (first+n)*O]
	a.ofQuery.forwardRows(out, s, n)
	var hidden []float32
	for i := range n {
		r := first + i
		w, query := ws.Weights(r), s[i*Q:(i+1)*Q]
		if a.Query != nil {
			query = ws.query[r*A : (r+1)*A]
		}
		hidden = a.scores(w, hidden, ws, r, query)
		normalize(w)
		for j, w := range w {
			vec.Axpy(w, ws.row(ws.values, O, r, j), out[i*O:(i+1)*O])
		}
	}
	vec.Tanh(out, out)
	return out
}

// row returns the row of rows [Rows][width] at step j of the sequence of query r.
func (ws *AttentionWorkspace) row(rows []float32, width, r, j int) []float32 {
	at := ws.layout.Row(j, ws.seq[r]) * width
	return rows[at : at+width]
}

// scores writes to w those of the rows that query r looks at. For Additive it leaves the
// values of tanh in hidden [len(w)][A], which it returns.
func (a *CrossAttention) scores(w, hidden []float32, ws *AttentionWorkspace, r int, query []float32) []float32 {
	A := a.cfg.width()
	if a.Query == nil {
		for j := range w {
			w[j] = vec.Dot(query, ws.row(ws.keys, A, r, j))
		}
		return nil
	}
	hidden = grow(hidden, len(w)*A)
	for j := range w {
		h := hidden[j*A : (j+1)*A]
		copy(h, query)
		vec.Add(h, ws.row(ws.keys, A, r, j))
	}
	vec.Tanh(hidden, hidden)
	for j := range w {
		w[j] = vec.Dot(a.Context.Data, hidden[j*A:(j+1)*A])
	}
	return hidden
}

// normalize is softmax whose sum runs in order.
func normalize(w []float32) {
	top := vec.Max(w)
	for j := range w {
		w[j] -= top
	}
	vec.Exp(w, w)
	sum := float32(0)
	for _, v := range w {
		sum += v
	}
	for j := range w {
		w[j] /= sum
	}
}

// BeginBack makes room for the gradients of the queries that Begin made room for.
func (a *CrossAttention) BeginBack(ws *AttentionWorkspace) {
	N, rows := len(ws.seq), ws.layout.Rows()
	ws.dOut = grow(ws.dOut, N*a.cfg.Output)
	ws.dKeys = grow(ws.dKeys, rows*a.cfg.width())
	ws.dValues = grow(ws.dValues, rows*a.cfg.Output)
	clear(ws.dKeys)
	clear(ws.dValues)
	if a.Query != nil {
		ws.dContext = grow(ws.dContext, ws.layout.B()*a.cfg.width())
		clear(ws.dContext)
	}
}

// Back adds to ds [n][Q] the gradients of queries first…first+n-1, s [n][Q], given those
// of their answers, dOut [n][O]. Calls may run at the same time if their queries look at different
// sequences.
func (a *CrossAttention) Back(ws *AttentionWorkspace, first, n int, s, ds, dOut []float32) {
	Q, A, O := a.cfg.Query, a.cfg.width(), a.cfg.Output
	d := ws.dOut[first*O : (first+n)*O]
	for i, y := range ws.out[first*O : (first+n)*O] {
		d[i] = dOut[i] * (1 - y*y)
	}
	a.ofQuery.backwardRows(ds, d, n, 1)
	var hidden, dScore []float32
	for i := range n {
		r := first + i
		dSum, w := d[i*O:(i+1)*O], ws.Weights(r)
		dScore = grow(dScore, len(w))
		mean := float32(0)
		for j, w := range w {
			dScore[j] = vec.Dot(dSum, ws.row(ws.values, O, r, j))
			mean += w * dScore[j]
			vec.Axpy(w, dSum, ws.row(ws.dValues, O, r, j))
		}
		for j, w := range w {
			dScore[j] = w * (dScore[j] - mean)
		}
		if a.Query == nil {
			for j, d := range dScore {
				vec.Axpy(d, ws.row(ws.keys, A, r, j), ds[i*Q:(i+1)*Q])
				vec.Axpy(d, s[i*Q:(i+1)*Q], ws.row(ws.dKeys, A, r, j))
			}
			continue
		}
		query := ws.query[r*A : (r+1)*A]
		hidden = a.scores(w, hidden, ws, r, query)
		normalize(w)
		dContext := ws.dContext[ws.seq[r]*A : (ws.seq[r]+1)*A]
		clear(query) // from here on its gradient
		for j, d := range dScore {
			h := hidden[j*A : (j+1)*A]
			vec.Axpy(d, h, dContext)
			tanhScoreGrad(h, d, a.Context.Data)
			vec.Add(query, h)
			vec.Add(ws.row(ws.dKeys, A, r, j), h)
		}
	}
	if a.Query != nil {
		a.Query.backwardRows(ds, ws.query[first*A:], n, 1)
	}
}

// tanhScoreGrad makes of h = tanh(x) the gradient of x, where the score v·h has the
// gradient d.
func tanhScoreGrad(h []float32, d float32, v []float32) {
	for j, u := range h {
		h[j] = d * v[j] * (1 - u*u)
	}
}

// Finish adds the gradients of the parameters, once Back has had all queries, s [N][Q]
// in their order, and returns that of the memory [Rows][M], which aliases ws.
func (a *CrossAttention) Finish(ws *AttentionWorkspace, s []float32) (dY []float32) {
	N, A, M, O := len(ws.seq), a.cfg.width(), a.cfg.Memory, a.cfg.Output
	for _, d := range []*Dense{a.Keys, a.Query, a.ofMemory, a.ofQuery} {
		if d != nil {
			d.Workers = ws.Workers
		}
	}
	a.ofQuery.backwardParams(ws.dOut, s, N)
	if a.Query != nil {
		a.Query.backwardParams(ws.query, s, N)
		if a.Context.Grad != nil {
			vec.AddRows(a.Context.Grad, ws.layout.B(), ws.dContext, A)
		}
	}
	rows := ws.layout.Rows()
	a.Keys.backwardParams(ws.dKeys, ws.y, rows)
	a.ofMemory.backwardParams(ws.dValues, ws.y, rows)
	ws.dY = grow(ws.dY, rows*M)
	const block = 64
	par.For(ws.Workers, (rows+block-1)/block, func(i int) {
		lo := i * block
		n := min(block, rows-lo)
		a.ofMemory.backwardRows(ws.dY[lo*M:], ws.dValues[lo*O:], n, 0)
		a.Keys.backwardRows(ws.dY[lo*M:], ws.dKeys[lo*A:], n, 1)
	})
	return ws.dY[:rows*M]
}
