package seq2seq

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"

	"github.com/textlstm/textlstm/internal/par"
	"github.com/textlstm/textlstm/internal/vec"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/vocab"
)

// A Search says how translations are looked for. The zero value of every field is the
// documented default. A hypothesis of pieces y with attention w to the source is worth
//
//	log P(y) / ((5+|y|)/6)^α + β Σ_j log min(Σ_t w_tj, 1)
//
// as in Wu et al. 2016, section 7: |y| counts the end, α is Length and β Coverage.
type Search struct {
	Beam     int     // hypotheses kept at every step; 0 means 5, and 1 is greedy
	Best     int     // translations returned of a text, at most Beam; 0 means 1
	Length   float64 // α, which longer translations need; 0 means 1, less means none
	Coverage float64 // β, which favours translations of all of the source; 0 means none

	// MaxPieces is the most pieces of a translation; 0 means twice those of the source
	// and 10.
	MaxPieces int

	// Workers is the number of goroutines; 0 means GOMAXPROCS. Batch is the number of
	// texts that one of them translates together; 0 means 16. Neither changes a bit.
	Workers, Batch int
}

// Resolve returns s with its defaults filled in.
func (s Search) Resolve() Search {
	s.Beam, s.Best, s.Batch = cmp.Or(s.Beam, 5), cmp.Or(s.Best, 1), cmp.Or(s.Batch, 16)
	s.Length = cmp.Or(s.Length, 1)
	if s.Workers <= 0 {
		s.Workers = runtime.GOMAXPROCS(0)
	}
	return s
}

// Validate reports what is wrong with a resolved search.
func (s Search) Validate() error {
	const most = 1000
	if s.Beam < 1 || s.Beam > most || s.Best < 1 || s.Best > s.Beam || s.Batch < 1 || s.MaxPieces < 0 ||
		!(s.Coverage >= 0) || math.IsNaN(s.Length) || math.IsInf(s.Length, 0) || math.IsInf(s.Coverage, 0) {
		return fmt.Errorf("seq2seq: search: beam %d, best %d, batch %d, max pieces %d, length %v, coverage %v: want a beam of 1 to %d, a best of 1 to that, and none below 0",
			s.Beam, s.Best, s.Batch, s.MaxPieces, s.Length, s.Coverage, most)
	}
	return nil
}

// A Translation is what a text becomes: the best hypothesis first. There is one at least.
type Translation struct {
	Source     []string     `json:"source"` // the pieces of the text, and the end
	Hypotheses []Hypothesis `json:"hypotheses"`
}

// finite says whether all numbers are.
func (t Translation) finite() bool {
	for _, h := range t.Hypotheses {
		sum := h.Score - h.Score + h.LogProb - h.LogProb
		for _, weights := range h.Attention {
			for _, w := range weights {
				sum += float64(w - w)
			}
		}
		if sum != 0 { // NaN, as infinity less itself is
			return false
		}
	}
	return true
}

// Text is that of the best hypothesis.
func (t Translation) Text() string { return t.Hypotheses[0].Text }

// A Hypothesis is one translation of a text.
type Hypothesis struct {
	Text    string   `json:"text"`
	Score   float64  `json:"score"`    // by which hypotheses are ordered; see Search
	LogProb float64  `json:"log_prob"` // natural logarithm of the probability
	Pieces  []string `json:"pieces"`   // with the end, but where the translation was cut

	// Attention [len(Pieces)][len(Source)] is what each piece paid to those of the
	// source; it sums to 1.
	Attention [][]float32 `json:"attention"`
}

// MaxSource is the most pieces of a text that is translated, many times those of a
// sentence: the work grows with their square.
const MaxSource = 1024

// A LongError says that a text has more pieces than MaxSource.
type LongError struct {
	Text int // its place among the texts, from 0
}

func (e *LongError) Error() string {
	return fmt.Sprintf("text %d has more than %d pieces: give its sentences one by one", e.Text+1, MaxSource)
}

// Translate translates texts. What a text becomes does not depend, to the last bit, on
// the others or on the number of workers. Unknown pieces are copied from the source, from
// where attention looks. A text of nothing but space becomes one hypothesis of nothing. The
// errors are ctx's, about s, a *LongError, and that the weights of the model are too large
// for finite scores.
func (m *Model) Translate(ctx context.Context, texts []string, s Search) ([]Translation, error) {
	s = s.Resolve()
	if err := s.Validate(); err != nil {
		return nil, err
	}
	encoded, out := make([]text, len(texts)), make([]Translation, len(texts))
	enc := m.source.encoder()
	order := make([]int, 0, len(texts))
	for i, t := range texts {
		encoded[i] = enc.encode(t, MaxSource)
		if len(encoded[i].ids) > MaxSource {
			return nil, fmt.Errorf("seq2seq: %w", &LongError{i})
		}
		if len(encoded[i].ids) == 0 {
			out[i] = m.nothing()
			continue
		}
		encoded[i].ids = append(encoded[i].ids, end)
		order = append(order, i)
	}
	// Texts of like length end at about the same time.
	slices.SortStableFunc(order, func(a, b int) int { return len(encoded[b].ids) - len(encoded[a].ids) })
	size := max(1, min(batches*s.Batch, (len(order)+s.Workers-1)/s.Workers))
	chunks := (len(order) + size - 1) / size
	errs := make([]error, chunks)
	par.For(s.Workers, chunks, func(k int) {
		if errs[k] = ctx.Err(); errs[k] != nil {
			return
		}
		part := order[k*size : min((k+1)*size, len(order))]
		batch := make([]text, len(part))
		for i, at := range part {
			batch[i] = encoded[at]
		}
		var beams []*beam
		beams, errs[k] = m.net.search(ctx, batch, s)
		for i, b := range beams {
			out[part[i]] = m.translation(b, s)
			if !out[part[i]].finite() {
				errs[k] = errors.New("seq2seq: scores that are no finite numbers: the weights of the model are too large")
			}
		}
	})
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// nothing is the translation of a text without pieces, which no pair has taught.
func (m *Model) nothing() Translation {
	only := []vocab.ID{end}
	h := Hypothesis{Pieces: m.target.names(only), Attention: [][]float32{{1}}}
	return Translation{Source: m.source.names(only), Hypotheses: []Hypothesis{h}}
}

// batches is how many batches of texts are read together, so that one that is at its end
// has another in its place.
const batches = 16

// A hypothesis is one under way, or at its end.
type hypothesis struct {
	parent  *hypothesis
	id      vocab.ID
	log     float64 // of its probability
	length  int
	score   float64   // once it is at its end
	weights []float32 // of the source's pieces at its last step
	row     int       // in the state of the decoder, or in that which it begins with
}

// ids are its pieces, from the first.
func (h *hypothesis) ids() []vocab.ID {
	ids := make([]vocab.ID, h.length)
	for ; h.parent != nil; h = h.parent {
		ids[h.length-1] = h.id
	}
	return ids
}

// A beam is the hypotheses of one text.
type beam struct {
	source   *text
	seq      int // in the batch
	unknown  bool
	most     int // pieces
	live     []*hypothesis
	finished []*hypothesis
}

// search finishes the beams of a batch.
func (n *network) search(ctx context.Context, texts []text, s Search) ([]*beam, error) {
	p := &pass{network: n, workers: 1}
	lengths := make([]int, len(texts))
	for b, t := range texts {
		lengths[b] = len(t.ids)
	}
	p.laySources(lengths, func(b int) []vocab.ID { return texts[b].ids })
	if err := p.read(nn.Mode{}); err != nil {
		return nil, err
	}
	d := &decoding{pass: p, Search: s, state: new(lstm.State), met: make([]int32, n.output.Out())}
	beams := make([]*beam, len(texts))
	for b := range texts {
		most := cmp.Or(s.MaxPieces, 2*len(texts[b].ids)+10)
		beams[b] = &beam{
			source: &texts[b], seq: b, most: most, unknown: slices.Contains(texts[b].ids, vocab.Unk),
			live: []*hypothesis{{id: begin, row: b}},
		}
	}
	return beams, d.run(ctx, beams)
}

// A decoding takes beams from step to step.
type decoding struct {
	*pass
	Search
	state *lstm.State // of the rows under way
	next  lstm.State
	feed  []float32 // [rows][E], what attention gave at the step before
	fed   []float32 // [rows][E], the same, of the hypotheses that went on
	gates []float32 // [rows][4H], what the input adds to those of the first layer

	// What vectors of pieces add to the gates is computed once.
	products []float32 // [pieces met][4H]
	met      []int32   // [V], 1 more than the row of a piece's products, 0 for none
	vectors  []float32 // [pieces met in a step][E]

	seqs   []int     // [rows]
	logits []float32 // [rows][V]
	shares []float32 // [V], scratch
	top    []candidate
}

// A candidate is a hypothesis with one piece more.
type candidate struct {
	from *hypothesis
	id   vocab.ID
	log  float64
}

// run finishes beams. Batch of them are under way at a time.
func (d *decoding) run(ctx context.Context, beams []*beam) error {
	var active []*beam
	waiting := beams
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		active = slices.DeleteFunc(active, func(b *beam) bool { return len(b.live) == 0 })
		for len(active) < d.Batch && len(waiting) > 0 {
			active, waiting = append(active, waiting[0]), waiting[1:]
		}
		if len(active) == 0 {
			return nil
		}
		var rows []*hypothesis
		d.seqs = d.seqs[:0]
		for _, b := range active {
			for _, h := range b.live {
				rows = append(rows, h)
				d.seqs = append(d.seqs, b.seq)
			}
		}
		if err := d.step(rows); err != nil {
			return err
		}
		V, at := d.output.Out(), 0
		for _, b := range active {
			n := len(b.live)
			d.grow(b, d.logits[at*V:(at+n)*V])
			at += n
		}
	}
}

// step takes hypotheses, which continue rows of the state or begin, through the decoder:
// their rows are then 0, 1, …, and d.logits has the scores of what may follow.
func (d *decoding) step(rows []*hypothesis) error {
	c, n := d.cfg, len(rows)
	E, H, V, G := c.Embed, c.Hidden, d.output.Out(), d.pieces.Out()
	d.meet(rows)
	d.next.H, d.next.C = resize(d.next.H, c.Layers*n*H), resize(d.next.C, c.Layers*n*H)
	d.gates, d.fed = resize(d.gates, n*G), resize(d.fed, n*E)
	for i, h := range rows {
		from := d.state
		if h.parent == nil {
			from = &d.init
		}
		old := len(from.H) / (c.Layers * H)
		for l := range c.Layers {
			at, to := (l*old+h.row)*H, (l*n+i)*H
			copy(d.next.H[to:to+H], from.H[at:])
			copy(d.next.C[to:to+H], from.C[at:])
		}
		copy(d.gates[i*G:(i+1)*G], d.products[int(d.met[h.id]-1)*G:])
		if fed := d.fed[i*E : (i+1)*E]; h.parent == nil {
			clear(fed)
		} else {
			copy(fed, d.feed[h.row*E:])
		}
	}
	if d.feeding != nil {
		d.feeding.Add(d.gates, d.fed, n)
	}
	*d.state, d.next = d.next, *d.state
	y, err := d.decoder.StepProducts(&d.ws, d.state, d.gates)
	if err != nil {
		return err
	}
	d.attention.Begin(&d.attend, d.seqs)
	a := d.attention.Attend(&d.attend, 0, n, y)
	d.feed = append(d.feed[:0], a...)
	d.logits = resize(d.logits, n*V)
	d.output.Forward(d.logits, a, n)
	for i, h := range rows {
		h.row = i
	}
	return nil
}

// meet multiplies the vectors of the last pieces of hypotheses that are new.
func (d *decoding) meet(rows []*hypothesis) {
	G, old, added := d.pieces.Out(), len(d.products), 0
	d.vectors = d.vectors[:0]
	for _, h := range rows {
		if d.met[h.id] == 0 {
			added++
			d.met[h.id] = int32(old/G + added)
			d.vectors = append(d.vectors, d.target.Row(h.id)...)
		}
	}
	d.products = slices.Grow(d.products, added*G)[:old+added*G]
	d.pieces.Forward(d.products[old:], d.vectors, added)
}

// grow makes the hypotheses of a beam one piece longer, given the scores [len(live)][V]
// of their next ones. The best of Beam candidates that end are finished, the others live.
func (d *decoding) grow(b *beam, scores []float32) {
	if len(b.live) == 0 {
		return
	}
	V := d.output.Out()
	d.top = d.top[:0]
	last := b.live[0].length+1 >= b.most
	for i, h := range b.live {
		d.candidates(b, h, scores[i*V:(i+1)*V])
	}
	if len(d.top) == 0 { // scores that overflow
		d.top = append(d.top, candidate{b.live[0], end, b.live[0].log})
	}
	weights := map[*hypothesis][]float32{}
	var live []*hypothesis
	for _, c := range d.top {
		w := weights[c.from]
		if w == nil {
			w = slices.Clone(d.attend.Weights(c.from.row))
			weights[c.from] = w
		}
		h := &hypothesis{parent: c.from, id: c.id, log: c.log, length: c.from.length + 1, weights: w, row: c.from.row}
		if c.id != end && !last {
			live = append(live, h)
			continue
		}
		h.score = d.score(h, len(b.source.ids))
		b.finished = append(b.finished, h)
	}
	b.live = live
	slices.SortStableFunc(b.finished, func(x, y *hypothesis) int { return cmp.Compare(y.score, x.score) })
	b.finished = b.finished[:min(len(b.finished), d.Beam)]
	if d.done(b) {
		b.live = nil
	}
}

// candidates adds to d.top, which is in order, the best continuations of a hypothesis, and
// keeps Beam of them. What comes later is never put before its equals.
func (d *decoding) candidates(b *beam, h *hypothesis, x []float32) {
	d.shares = resize(d.shares, len(x))
	top, sum := vec.ExpSum(d.shares, x)
	norm := h.log - float64(top) + math.Log(float64(1/sum))
	minus := float32(math.Inf(-1))
	x[vocab.Pad], x[begin] = minus, minus
	if !b.unknown {
		x[vocab.Unk] = minus // there is nothing to copy
	}
	const block = 128
	for lo := 0; lo < len(x); lo += block {
		part := x[lo:min(lo+block, len(x))]
		if len(d.top) == d.Beam && norm+float64(vec.Max(part)) <= d.top[d.Beam-1].log {
			continue
		}
		for i, v := range part {
			d.insert(candidate{h, vocab.ID(lo + i), norm + float64(v)})
		}
	}
}

// insert puts a candidate in its place, if it is among the best.
func (d *decoding) insert(c candidate) {
	i := len(d.top)
	switch {
	case math.IsInf(c.log, -1):
		return
	case i < d.Beam:
		d.top = append(d.top, c)
	case c.log > d.top[i-1].log:
		i--
	default:
		return
	}
	for ; i > 0 && c.log > d.top[i-1].log; i-- {
		d.top[i] = d.top[i-1]
	}
	d.top[i] = c
}

// penalty is what the logarithm of a probability is divided by.
func (s Search) penalty(length int) float64 {
	return math.Pow((5+float64(length))/6, max(s.Length, 0))
}

// score is what a finished hypothesis is worth.
func (s Search) score(h *hypothesis, pieces int) float64 {
	score := h.log / s.penalty(h.length)
	if s.Coverage == 0 {
		return score
	}
	sums := make([]float64, pieces)
	for ; h.parent != nil; h = h.parent {
		for j, w := range h.weights {
			sums[j] += float64(w)
		}
	}
	for _, sum := range sums {
		const least = 1e-20
		score += s.Coverage * math.Log(max(min(sum, 1), least))
	}
	return score
}

// done says that nothing alive can become better than what is finished.
func (d *decoding) done(b *beam) bool {
	if len(b.finished) < d.Best {
		return false
	}
	worst := b.finished[d.Best-1].score
	for _, h := range b.live {
		if h.log/d.penalty(b.most) > worst {
			return false
		}
	}
	return true
}

// translation makes the answer of a beam at its end.
func (m *Model) translation(b *beam, s Search) Translation {
	t := Translation{Source: m.source.names(b.source.ids)}
	for _, h := range b.finished[:min(s.Best, len(b.finished))] {
		ids := h.ids()
		out := Hypothesis{Score: h.score, LogProb: h.log, Attention: make([][]float32, len(ids))}
		for ; h.parent != nil; h = h.parent {
			out.Attention[h.length-1] = h.weights
		}
		out.Pieces = m.target.names(ids)
		if n := len(ids) - 1; ids[n] == end {
			ids = ids[:n]
		}
		out.Text = m.target.join(ids, func(i int) string { return b.source.copied(out.Attention[i]) })
		t.Hypotheses = append(t.Hypotheses, out)
	}
	return t
}

// copied is the text of the source's piece that has the most attention: where there are
// unknown ones, among those.
func (t *text) copied(weights []float32) string {
	best := -1
	for j := range t.spans {
		unknown := t.ids[j] == vocab.Unk
		if best >= 0 && (t.ids[best] == vocab.Unk) != unknown {
			if unknown {
				best = j
			}
			continue
		}
		if best < 0 || weights[j] > weights[best] {
			best = j
		}
	}
	if best < 0 {
		return ""
	}
	s := t.text[t.spans[best].Start:t.spans[best].End]
	if t.after[best] {
		s = space + s
	}
	return s
}

// names are the pieces of ids.
func (l *language) names(ids []vocab.ID) []string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = l.vocab.Token(id)
	}
	return list
}
