package seq2seq

import (
	"context"
	"iter"
	"math"
	"math/rand/v2"

	"github.com/textlstm/textlstm/embed"
	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/internal/vec"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/vocab"
)

// A network is the learned part of a model. With x the vectors of pieces, M the states
// of the encoder and q = [last forward state; first reverse state]:
//
//	s_0  = tanh(W_b q + b_b), the states and cells of all layers
//	s_t  = LSTM([y_{t-1}; a_{t-1}], s_{t-1}), a_0 = 0
//	a_t  = tanh(W_c [Σ w m; s_t] + b_c), w = softmax(score(m, s_t))
//	p_t  = softmax(E a_t + b)
type network struct {
	cfg       Config
	source    *embed.Table
	target    *embed.Table
	encoder   nn.Encoder
	ends      *nn.Pool  // q
	bridge    *nn.Dense // W_b
	decoder   *lstm.LSTM
	pieces    *nn.Dense // what the decoder's gates make of y, with their bias
	feeding   *nn.Dense // and of a, nil where it is not fed
	attention *nn.CrossAttention
	output    *nn.Dense // E, b
	params    []*nn.Param
}

// newNetwork returns the network of a valid config for vocabularies of so many pieces,
// with all weights zero.
func newNetwork(c Config, source, target int) (*network, error) {
	n := &network{cfg: c}
	var err error
	if n.target, err = embed.New(target, c.Embed); err != nil {
		return nil, err
	}
	n.source = n.target
	if c.Tie != TieAll {
		if n.source, err = embed.New(source, c.Embed); err != nil {
			return nil, err
		}
	}
	if n.encoder, err = c.newEncoder(); err != nil {
		return nil, err
	}
	if n.ends, err = nn.NewPool("", nn.PoolConfig{Size: c.memory(), Kinds: []nn.Pooling{nn.Last}, Bidirectional: true}); err != nil {
		return nil, err
	}
	n.bridge = nn.NewDense("bridge", c.memory(), 2*c.Layers*c.Hidden)
	if n.decoder, err = lstm.New(c.decoder()); err != nil {
		return nil, err
	}
	ih := &nn.Dense{Weight: n.decoder.Params()[0], Bias: n.decoder.Params()[2]}
	n.pieces = ih.Columns(0, c.Embed)
	n.pieces.Bias = ih.Bias
	if !c.NoFeeding {
		n.feeding = ih.Columns(c.Embed, ih.In())
	}
	if n.attention, err = nn.NewCrossAttention("attention", c.attention()); err != nil {
		return nil, err
	}
	n.output = nn.NewDense("output", c.Embed, target)
	if c.Tie != TieNone {
		n.output.Weight = n.target.Weight
	}
	add := func(owner string, params ...*nn.Param) {
		for _, p := range params {
			p.Name = owner + p.Name
			n.params = append(n.params, p)
		}
	}
	if n.source != n.target {
		add("source.", n.source.Weight)
		n.source.Weight.Sparse = false
	}
	add("encoder.", n.encoder.Params()...)
	add("", n.bridge.Params()...)
	add("target.", n.target.Weight)
	n.target.Weight.Sparse = false // each score has a gradient
	add("decoder.", n.decoder.Params()...)
	add("", n.attention.Params()...)
	if c.Tie == TieNone {
		add("", n.output.Weight)
	}
	add("", n.output.Bias)
	return n, nil
}

func (n *network) init(r *rand.Rand) {
	if n.source != n.target {
		n.source.Init(r)
	}
	n.encoder.Init(r)
	n.bridge.Init(r)
	n.target.Init(r)
	n.decoder.Init(r)
	n.attention.Init(r)
	if n.cfg.Tie == TieNone {
		nn.Uniform(n.output.Weight, embed.InitSD, r)
	}
	clear(n.output.Bias.Data)
	n.output.Bias.Changed()
}

// An example is a pair in pieces: the source with its end, the target without.
type example struct{ source, target []vocab.ID }

// A pass takes a batch through the network. It is for one goroutine at a time.
type pass struct {
	*network
	workers int

	sourceLayout, targetLayout nn.Layout
	sourceIDs                  []vocab.ID // [source rows]
	inputs, targets            []vocab.ID // [target rows], what the decoder reads and what follows
	seq                        []int      // [target rows], the pair of each

	encode   nn.Pass
	ws       lstm.Workspace
	ends     nn.PoolWorkspace
	attend   nn.AttentionWorkspace
	x        []float32 // [source rows][E]
	q        []float32 // [B][M]
	bridged  []float32 // [B][2LH]
	init     lstm.State
	in       []float32 // [target rows][I]
	answers  []float32 // [target rows][E], what attention gave, some dropped
	dAnswers []float32
	dStates  []float32 // [target rows][H]
	dBridged []float32
	dQ       []float32
	dPieces  []float32 // [target rows][E]
	memory   []float32 // [source rows][M]
	states   []float32 // [target rows][H], of the decoder
	scores   []float32 // [rows at a time][V]
	losses   []float64 // [rows at a time]
}

func resize[E any](s []E, n int) []E {
	if cap(s) < n {
		return make([]E, n, n+n/4)
	}
	return s[:n]
}

// lay places the pieces of a batch.
func (p *pass) lay(batch []example) {
	lengths := make([]int, len(batch))
	for b, e := range batch {
		lengths[b] = len(e.source)
	}
	p.laySources(lengths, func(b int) []vocab.ID { return batch[b].source })
	for b, e := range batch {
		lengths[b] = len(e.target) + 1
	}
	p.targetLayout.Reset(lengths)
	rows := p.targetLayout.Rows()
	p.inputs, p.targets, p.seq = resize(p.inputs, rows), resize(p.targets, rows), resize(p.seq, rows)
	for b, e := range batch {
		before := begin
		for t := range lengths[b] {
			r := p.targetLayout.Row(t, b)
			p.inputs[r], p.targets[r], p.seq[r] = before, end, b
			if t < len(e.target) {
				p.targets[r] = e.target[t]
			}
			before = p.targets[r]
		}
	}
}

func (p *pass) laySources(lengths []int, of func(b int) []vocab.ID) {
	p.sourceLayout.Reset(lengths)
	p.sourceIDs = resize(p.sourceIDs, p.sourceLayout.Rows())
	for b := range lengths {
		for t, id := range of(b) {
			p.sourceIDs[p.sourceLayout.Row(t, b)] = id
		}
	}
}

// drop is the dropout of a place in this mode.
func (p *pass) drop(mode nn.Mode, place string) nn.Dropout {
	if !mode.Train {
		return nn.Dropout{}
	}
	return nn.Dropout{P: p.cfg.dropout(), Seed: seed.For(mode.Seed, place)}
}

// read encodes the sources: attention remembers their states, and p.init is the state
// that the decoder begins with.
func (p *pass) read(mode nn.Mode) error {
	c, B := p.cfg, p.sourceLayout.B()
	p.x = resize(p.x, p.sourceLayout.Rows()*c.Embed)
	p.source.Gather(p.x, p.sourceIDs)
	p.drop(mode, "source").Apply(p.x, 0)
	p.encode = p.encoder.Pass(p.encode)
	y, err := p.encode.Forward(nn.Batch{Layout: &p.sourceLayout, X: p.x}, mode, p.workers)
	if err != nil {
		return err
	}
	p.memory = y
	p.q = resize(p.q, B*c.memory())
	p.network.ends.Forward(p.q, y, &p.sourceLayout, nil, &p.ends)
	W := p.bridge.Out()
	p.bridged = resize(p.bridged, B*W)
	p.bridge.Forward(p.bridged, p.q, B)
	vec.Tanh(p.bridged, p.bridged)
	p.init.H = resize(p.init.H, B*W/2)
	p.init.C = resize(p.init.C, B*W/2)
	p.eachState(B, func(state, bridged int) {
		copy(p.init.H[state:state+c.Hidden], p.bridged[bridged:])
		copy(p.init.C[state:state+c.Hidden], p.bridged[bridged+W/2:])
	})
	p.attend.Workers = p.workers
	p.attention.Remember(&p.attend, y, &p.sourceLayout)
	return nil
}

// eachState calls f for each layer and pair with where its units are in a state, and in
// the first half of a row of what the bridge gives.
func (p *pass) eachState(B int, f func(state, bridged int)) {
	for l := range p.cfg.Layers {
		for b := range B {
			f((l*B+b)*p.cfg.Hidden, b*p.bridge.Out()+l*p.cfg.Hidden)
		}
	}
}

// forward takes the batch through the decoder with the true pieces as its inputs, but
// for a share of its own guesses, and leaves what attention gave in p.answers.
func (p *pass) forward(mode nn.Mode, sampling float64) error {
	if err := p.read(mode); err != nil {
		return err
	}
	c, rows := p.cfg, p.targetLayout.Rows()
	E, I := c.Embed, p.decoder.Config().InputSize
	p.in = resize(p.in, rows*I)
	pieces, guess := p.drop(mode, "target"), nn.Dropout{P: sampling, Seed: seed.For(mode.Seed, "sampling")}
	fill := func(r int) {
		x := p.in[r*I : r*I+E]
		p.target.Gather(x, p.inputs[r:r+1])
		pieces.Apply(x, r*E)
	}
	for r := range rows {
		fill(r)
	}
	for r := range p.targetLayout.Active(0) {
		clear(p.in[r*I+E : (r+1)*I])
	}
	p.attention.Begin(&p.attend, p.seq)
	p.answers = resize(p.answers, rows*E)
	answers := p.drop(mode, "answers")
	p.ws.Workers = p.workers
	out, err := p.decoder.ForwardSteps(&p.ws, lstm.Batch{Layout: &p.targetLayout, X: p.in}, &p.init, mode, func(t, first, n int, y []float32) {
		a := p.attention.Attend(&p.attend, first, n, y[first*c.Hidden:(first+n)*c.Hidden])
		copy(p.answers[first*E:], a)
		answers.Apply(p.answers[first*E:(first+n)*E], first*E)
		for i, r := range p.next(t, first, n) {
			if own := []float32{1}; sampling > 0 {
				if guess.Apply(own, r); own[0] == 0 { // what is dropped is guessed
					p.inputs[r] = p.guess(a[i*E : (i+1)*E])
					fill(r)
				}
			}
			if !c.NoFeeding {
				copy(p.in[r*I+E:(r+1)*I], a[i*E:])
			}
		}
	})
	p.states = out.Y
	return err
}

// next ranges over those of n rows of step t, from 0, that have a row in the step after,
// with that row.
func (p *pass) next(t, first, n int) iter.Seq2[int, int] {
	l := &p.targetLayout
	return func(yield func(int, int) bool) {
		if t+1 == l.T() {
			return
		}
		at := first - l.Offset(t)
		for i := range min(n, l.Active(t+1)-at) {
			if !yield(i, l.Offset(t+1)+at+i) {
				return
			}
		}
	}
}

// guess is the piece that a gives the highest score, not an end.
func (p *pass) guess(a []float32) vocab.ID {
	scores := make([]float32, p.output.Out())
	p.output.Forward(scores, a, 1)
	best := end + 1
	for id := best; int(id) < len(scores); id++ {
		if scores[id] > scores[best] {
			best = id
		}
	}
	return best
}

// backward adds the gradients of a loss whose derivative by the answers is p.dAnswers.
func (p *pass) backward(mode nn.Mode) error {
	c, rows, B := p.cfg, p.targetLayout.Rows(), p.sourceLayout.B()
	E, H, I := c.Embed, c.Hidden, p.decoder.Config().InputSize
	p.drop(mode, "answers").Apply(p.dAnswers, 0)
	p.dStates = resize(p.dStates, rows*H)
	clear(p.dStates)
	p.attention.BeginBack(&p.attend)
	dIn, dInit, err := p.decoder.BackwardSteps(&p.ws, p.dStates, func(t, first, n int, dIn []float32) {
		if !c.NoFeeding {
			for i, r := range p.next(t, first, n) {
				vec.Add(p.dAnswers[(first+i)*E:(first+i+1)*E], dIn[r*I+E:(r+1)*I])
			}
		}
		p.attention.Back(&p.attend, first, n, p.states[first*H:(first+n)*H], p.dStates[first*H:(first+n)*H], p.dAnswers[first*E:(first+n)*E])
	})
	if err != nil {
		return err
	}
	p.dPieces = resize(p.dPieces, rows*E)
	for r := range rows {
		copy(p.dPieces[r*E:(r+1)*E], dIn[r*I:])
	}
	p.drop(mode, "target").Apply(p.dPieces, 0)
	p.target.AddGrad(p.inputs, p.dPieces)

	dMemory := p.attention.Finish(&p.attend, p.states)
	W := p.bridge.Out()
	p.dBridged, p.dQ = resize(p.dBridged, B*W), resize(p.dQ, B*c.memory())
	p.eachState(B, func(state, bridged int) {
		copy(p.dBridged[bridged:bridged+H], dInit.H[state:])
		copy(p.dBridged[bridged+W/2:bridged+W/2+H], dInit.C[state:])
	})
	for i, y := range p.bridged {
		p.dBridged[i] *= 1 - y*y
	}
	p.bridge.Backward(p.dQ, p.dBridged, p.q, B)
	p.network.ends.Backward(dMemory, p.dQ, p.memory, &p.sourceLayout, nil, &p.ends)
	dX, err := p.encode.Backward(dMemory, nn.Want{Params: true})
	if err != nil {
		return err
	}
	p.drop(mode, "source").Apply(dX, 0)
	p.source.AddGrad(p.sourceIDs, dX)
	return nil
}

// learn adds the gradients of the loss of the batch that was laid, and returns that.
func (p *pass) learn(mode nn.Mode, sampling float64) (float64, error) {
	if err := p.forward(mode, sampling); err != nil {
		return 0, err
	}
	loss := p.loss(max(p.cfg.Smoothing, 0), true)
	return loss, p.backward(mode)
}

// perplexity is that of a piece of the targets.
func (p *pass) perplexity(ctx context.Context, list []example) (float64, error) {
	const together = 64
	sum, pieces := 0.0, 0
	for from := 0; from < len(list); from += together {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		p.lay(list[from:min(from+together, len(list))])
		if err := p.forward(nn.Mode{}, 0); err != nil {
			return 0, err
		}
		rows := p.targetLayout.Rows()
		sum += p.loss(0, false) * float64(rows)
		pieces += rows
	}
	return math.Exp(sum / float64(max(pieces, 1))), nil
}
