package nn

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/textlstm/textlstm/internal/vec"
)

// A Pooling is a way to reduce the rows of a text to one vector.
type Pooling string

// The ways to pool. A text without rows pools to zeros under each.
const (
	// Last is the final state of each direction: a forward direction's values
	// at the last step, a reverse direction's at step 0.
	Last Pooling = "last"
	// Mean is the average of the rows.
	Mean Pooling = "mean"
	// Max is the greatest value of each column; its gradient goes to the first
	// row that reached it.
	Max Pooling = "max"
	// Attention is the average of the rows h weighted by softmax over the
	// text of v·tanh(W·h + b) (Yang et al. 2016, eq. 5-7).
	Attention Pooling = "attention"
)

// A poolKind is one kind of pooling.
type poolKind interface {
	// forward pools the rows of each text into its row of dst, which begins there.
	forward(v *view, dst []float32)

	// backward adds the gradient of what forward read, given that of what it wrote.
	backward(v *view, d []float32)

	// add adds to sum [W] what forward made of n further rows, part [W]; vector writes what
	// has been added up to dst [W].
	add(s *PoolParts, sum []float64, part []float32, n int, ws *PoolWorkspace)
	vector(s *PoolParts, dst []float32, sum []float64)
}

// poolKinds has every kind. Another one is an entry here, and a name in Poolings.
var poolKinds = map[Pooling]poolKind{Last: lastPool{}, Mean: meanPool{}, Max: maxPool{}, Attention: attentionPool{}}

// Poolings lists the kinds of pooling.
func Poolings() []Pooling { return []Pooling{Last, Mean, Max, Attention} }

// A view is what one kind pools: the rows of G texts.
type view struct {
	p      *Pool
	y, dy  []float32 // [Rows][D], as the encoder gives them, and their gradient
	rows   []float32 // [Rows][W], with the directions merged if they are to be
	drows  []float32 // its gradient
	G, W   int
	stride int // from a text's vector to the next one's
	ws     *PoolWorkspace
}

// of returns the part of a text in pooled vectors.
func (v *view) of(pooled []float32, text int) []float32 {
	return pooled[text*v.stride : text*v.stride+v.W]
}

// row returns row r of rows [Rows][W].
func (v *view) row(rows []float32, r int) []float32 { return rows[r*v.W : (r+1)*v.W] }

// PoolConfig describes a Pool.
type PoolConfig struct {
	Size  int       `json:"size"`  // D, the width of a row; required
	Kinds []Pooling `json:"kinds"` // what to concatenate, in this order; empty means Max alone

	// Bidirectional says that the second half of a row belongs to a reverse
	// direction, Reverse that the whole row does. They matter to Last alone.
	Bidirectional bool `json:"bidirectional,omitempty"`
	Reverse       bool `json:"reverse,omitempty"`

	// Merge makes one row of the two halves of a Bidirectional one, before rows are pooled:
	// of Last, the two final states. "" means Concat, which leaves them side by side.
	Merge Merge `json:"merge,omitempty"`

	// Padded is the number of steps to which another program pads sequences before it takes
	// their maximum, with zeros for the steps that are not there, as GlobalMaxPooling1D of
	// Keras does behind a Bidirectional layer under a mask: Max of a shorter sequence is
	// then 0 at least. 0 means none.
	Padded int `json:"padded,omitempty"`

	// Hidden is the width A of the attention's hidden layer; 0 means Size.
	Hidden int `json:"hidden,omitempty"`
}

// Validate reports everything that is wrong with c.
func (c PoolConfig) Validate() error {
	var errs []error
	if c.Size < 1 {
		errs = append(errs, fmt.Errorf("nn: pool: Size is %d, want at least 1", c.Size))
	}
	if c.Hidden < 0 {
		errs = append(errs, fmt.Errorf("nn: pool: Hidden is %d, want 0 or more", c.Hidden))
	}
	if c.Bidirectional && (c.Reverse || c.Size%2 != 0) {
		errs = append(errs, fmt.Errorf("nn: pool: Bidirectional wants an even Size and no Reverse, got %d, %t", c.Size, c.Reverse))
	}
	if err := c.Merge.Validate(); err != nil {
		errs = append(errs, err)
	} else if !c.Merge.Joins() && !c.Bidirectional {
		errs = append(errs, fmt.Errorf("nn: pool: Merge %s of rows that are not Bidirectional", c.Merge))
	}
	if c.Padded < 0 {
		errs = append(errs, fmt.Errorf("nn: pool: Padded is %d, want 0 or more", c.Padded))
	}
	for i, k := range c.Kinds {
		if poolKinds[k] == nil {
			errs = append(errs, fmt.Errorf("nn: pool: unknown kind %q, want one of %q", string(k), Poolings()))
		}
		if slices.Contains(c.Kinds[:i], k) {
			errs = append(errs, fmt.Errorf("nn: pool: kind %q is listed twice", string(k)))
		}
	}
	return errors.Join(errs...)
}

// NumParams counts the weights of a valid c, those of the attention. It is a float64
// because a config can ask for more than an int holds.
func (c PoolConfig) NumParams() float64 {
	if !slices.Contains(c.Kinds, Attention) {
		return 0
	}
	return float64(cmp.Or(c.Hidden, c.Width())) * (float64(c.Width()) + 2)
}

// Width is the width W of a row that is pooled, of a valid c: D, or half of it where the
// two directions are merged into one.
func (c PoolConfig) Width() int {
	if c.Merge.Joins() {
		return c.Size
	}
	return c.Size / 2
}

// A Pool reduces the packed rows [Rows][D] of a batch to one vector per text.
//
// A text is one sequence, or a group of sequences when long texts were cut
// into chunks: a group is pooled as if its sequences, in the order of their
// indices, were one. The answer for a text is the same bits in any batch.
type Pool struct {
	cfg     PoolConfig
	Hidden  *Dense // W, b of the attention, (A, D); nil without Attention
	Context *Param // v of the attention, (A); nil without Attention

	// Workers is the number of goroutines that one call may use for the
	// attention's products; 0 means 1. Results do not depend on it.
	Workers int
}

// NewPool returns a Pool with zeroed parameters, called name.hidden.weight,
// name.hidden.bias and name.context where there is attention.
func NewPool(name string, cfg PoolConfig) (*Pool, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.Kinds = slices.Clone(cfg.Kinds)
	if len(cfg.Kinds) == 0 {
		cfg.Kinds = []Pooling{Max}
	}
	if cfg.Hidden == 0 {
		cfg.Hidden = cfg.Width()
	}
	p := &Pool{cfg: cfg}
	if slices.Contains(cfg.Kinds, Attention) {
		p.Hidden = NewDense(join(name, "hidden"), cfg.Width(), cfg.Hidden)
		p.Context = NewParam(join(name, "context"), cfg.Hidden)
		p.Context.Decay = true
	}
	return p, nil
}

// Config is the configuration with its defaults filled in.
func (p *Pool) Config() PoolConfig {
	c := p.cfg
	c.Kinds = slices.Clone(c.Kinds)
	return c
}

// OutSize is the width of a pooled vector: W for each kind.
func (p *Pool) OutSize() int { return len(p.cfg.Kinds) * p.cfg.Width() }

// Params lists the attention's parameters; without attention there are none.
func (p *Pool) Params() []*Param {
	if p.Hidden == nil {
		return nil
	}
	return append(p.Hidden.Params(), p.Context)
}

// Init draws the attention's parameters, each uniform in ±1/sqrt(its inputs).
func (p *Pool) Init(rng *rand.Rand) {
	if p.Hidden == nil {
		return
	}
	p.Hidden.Init(rng)
	Uniform(p.Context, 1/math.Sqrt(float64(p.cfg.Hidden)), rng)
}

// A PoolWorkspace holds what Backward needs to know of a Forward. The zero
// value is ready; it grows as needed and is then reused without allocation.
// It belongs to one goroutine.
type PoolWorkspace struct {
	owner       []int32   // [Rows] text of each row
	count       []int     // [G] rows of each text
	first, last []int32   // [G] rows of the text's first and last step, -1 if none
	argmax      []int32   // [G][W] row of the greatest value; -1 for padding
	merged      []float32 // [Rows][W] where the directions are merged
	dMerged     []float32
	dHalves     []float32    // [Rows][D]
	states      [2][]float32 // [D] of one text
	hidden      []float32
	weights     []float32 // [Rows] attention
	dscore      []float32 // [Rows]
	perText     []float32 // [G]
	logSum      []float64 // [G] of the attention: log of the sum of exp(score)
	rows        int
	view        view
}

// Weights is the attention [Rows] that the last Forward paid to each packed
// row; over the rows of a text it sums to 1. It is empty without Attention
// and valid until the workspace is used again.
func (ws *PoolWorkspace) Weights() []float32 { return ws.weights[:min(len(ws.weights), ws.rows)] }

// Forward pools y [Rows][D], laid out by l, into dst [G][OutSize()].
//
// groups maps each of l's sequences to its text, 0 <= groups[b] < G with
// G = len(dst)/OutSize(); nil means that each sequence is a text of its own.
func (p *Pool) Forward(dst, y []float32, l *Layout, groups []int, ws *PoolWorkspace) {
	W, out := p.cfg.Width(), p.OutSize()
	G := p.check(dst, y, l, groups)
	ws.index(l, groups, G)
	clear(dst)
	if ws.rows == 0 {
		return
	}
	v := &ws.view
	*v = view{p: p, y: y, rows: p.merge(y, ws), G: G, W: W, stride: out, ws: ws}
	for i, kind := range p.cfg.Kinds {
		poolKinds[kind].forward(v, dst[i*W:])
	}
}

// merge returns the rows that are pooled: y, or its halves merged.
func (p *Pool) merge(y []float32, ws *PoolWorkspace) []float32 {
	if p.cfg.Merge.Joins() {
		return y
	}
	ws.merged = grow(ws.merged, ws.rows*p.cfg.Width())
	p.mergeInto(ws.merged, y, ws.rows)
	return ws.merged
}

// mergeInto makes of n rows y [n][D] those of dst [n][W].
func (p *Pool) mergeInto(dst, y []float32, n int) {
	if p.cfg.Merge.Joins() {
		copy(dst, y[:n*p.cfg.Size])
		return
	}
	p.cfg.Merge.Forward(dst, y, n, p.cfg.Width())
}

// stateRow is one of two rows of scratch memory.
func (ws *PoolWorkspace) stateRow(i, D int) []float32 {
	ws.states[i] = grow(ws.states[i], D)
	return ws.states[i]
}

// lastStates sets dst [D] to the final states of text g, which has rows.
func (p *Pool) lastStates(dst, y []float32, g int, ws *PoolWorkspace) {
	D, split := p.cfg.Size, p.split()
	copy(dst[:split], y[int(ws.last[g])*D:])
	copy(dst[split:D], y[int(ws.first[g])*D+split:])
}

// Backward adds the gradient of y to dy [Rows][D], given the gradient dpooled
// [G][OutSize()] of what Forward wrote, and adds to the gradients of the
// attention's parameters. The other arguments are Forward's; ws is used up.
func (p *Pool) Backward(dy, dpooled, y []float32, l *Layout, groups []int, ws *PoolWorkspace) {
	D, W, out := p.cfg.Size, p.cfg.Width(), p.OutSize()
	G := p.check(dpooled, y, l, groups)
	if len(dy) < l.Rows()*D || ws.rows != l.Rows() || len(ws.count) != G {
		panic(fmt.Sprintf("nn: pool gradient: len(dy) = %d, want Rows*D = %d*%d; workspace of %d rows, %d texts, want %d, %d",
			len(dy), l.Rows(), D, ws.rows, len(ws.count), l.Rows(), G))
	}
	if ws.rows == 0 {
		return
	}
	rows, drows := y, dy // those that are pooled
	if !p.cfg.Merge.Joins() {
		rows = ws.merged
		ws.dMerged = grow(ws.dMerged, ws.rows*W)
		clear(ws.dMerged)
		drows = ws.dMerged
	}
	v := &ws.view
	*v = view{p: p, y: y, dy: dy, rows: rows, drows: drows, G: G, W: W, stride: out, ws: ws}
	for i, kind := range p.cfg.Kinds {
		poolKinds[kind].backward(v, dpooled[i*W:])
	}
	if !p.cfg.Merge.Joins() {
		ws.dHalves = grow(ws.dHalves, ws.rows*D)
		p.mergeBackward(ws.dHalves, ws.dMerged, y, ws.rows)
		vec.Add(dy[:ws.rows*D], ws.dHalves)
	}
}

// mergeBackward writes to dy [n][D] the gradient of the rows y that mergeInto has read,
// given that of what it wrote, d [n][W].
func (p *Pool) mergeBackward(dy, d, y []float32, n int) {
	if p.cfg.Merge.Joins() {
		copy(dy[:n*p.cfg.Size], d)
		return
	}
	p.cfg.Merge.Backward(dy, d, y, n, p.cfg.Width())
}

// split is the column where a row's reverse direction begins.
func (p *Pool) split() int {
	switch {
	case p.cfg.Bidirectional:
		return p.cfg.Size / 2
	case p.cfg.Reverse:
		return 0
	}
	return p.cfg.Size
}

// check panics on arguments that do not fit together and returns G.
func (p *Pool) check(pooled, y []float32, l *Layout, groups []int) int {
	G := len(pooled) / p.OutSize()
	texts := l.B()
	if groups != nil {
		texts = G
	}
	if len(pooled) != texts*p.OutSize() || len(y) < l.Rows()*p.cfg.Size || groups != nil && len(groups) != l.B() {
		panic(fmt.Sprintf("nn: pool: len(pooled) = %d, len(y) = %d, len(groups) = %d, want G*OutSize = %d*%d, Rows*D = %d*%d, %d",
			len(pooled), len(y), len(groups), texts, p.OutSize(), l.Rows(), p.cfg.Size, l.B()))
	}
	return G
}

// index finds the text of each row and the extent of each text.
func (ws *PoolWorkspace) index(l *Layout, groups []int, G int) {
	ws.rows = l.Rows()
	ws.owner = grow(ws.owner, ws.rows)
	ws.count = grow(ws.count, G)
	ws.first = grow(ws.first, G)
	ws.last = grow(ws.last, G)
	ws.weights = ws.weights[:0]
	clear(ws.count)
	for b := range l.B() {
		n := l.Length(b)
		if n == 0 {
			continue
		}
		g := b
		if groups != nil {
			g = groups[b]
		}
		if ws.count[g] == 0 {
			ws.first[g] = int32(l.Row(0, b))
		}
		ws.last[g] = int32(l.Row(n-1, b))
		ws.count[g] += n
	}
	for t := range l.T() {
		for s, b := range l.Order()[:l.Active(t)] {
			g := b
			if groups != nil {
				g = groups[b]
			}
			ws.owner[l.Offset(t)+s] = int32(g)
		}
	}
}
