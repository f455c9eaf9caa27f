package classify

import (
	"cmp"
	"context"
	"iter"
	"runtime"
	"slices"
	"sync"

	"github.com/textlstm/textlstm/internal/lexicon"
	"github.com/textlstm/textlstm/internal/par"
	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/tokenize"
	"github.com/textlstm/textlstm/vocab"
)

// A Prediction is the answer for one text.
type Prediction struct {
	Scores  []Score // by head
	Tokens  int     // tokens read
	Unknown int     // of those, not in the vocabulary

	// Language is that of a text which the model does not read, and has no labels for;
	// "" for others. A model does not look for it: see answer.Options.
	Language string `json:",omitzero"`

	// Other says that another model, which reads Language, has answered the text: it has
	// labels after all, but of the heads that the other model lacks, whose Score is zero.
	Other bool `json:",omitzero"`

	// Heads are the model's, in the order of Scores, shared by all its predictions.
	Heads []Head `json:"-"`
}

// Label returns the likeliest label of the head of that name, "" being the model's
// first; "" if there is no such head, if it answers with a number, or if the model does not
// read the text. See Labels for a head that may give several.
func (p Prediction) Label(head string) string {
	h := p.head(head)
	if h < 0 || !p.Heads[h].Labelled() || p.Unread(h) {
		return ""
	}
	return p.Heads[h].Spell(p.Heads[h].Labels[p.Scores[h].Label])
}

// Labels returns the labels that the text has by the head of that name, "" being the
// model's first: those that reach their thresholds for a multi-label head, else the
// likeliest; nil if there is no such head, or if it answers with a number.
func (p Prediction) Labels(head string) []string {
	h := p.head(head)
	if h < 0 || !p.Heads[h].Labelled() || p.Unread(h) {
		return nil
	}
	labels := p.Heads[h].PredictedLabels(p.Scores[h])
	for i, l := range labels {
		labels[i] = p.Heads[h].Spell(l)
	}
	return labels
}

// Prob returns the probability of a label of the head of that name, "" being the
// model's first; 0 if there is no such head or label.
func (p Prediction) Prob(head, label string) float32 {
	h := p.head(head)
	if h < 0 {
		return 0
	}
	c := p.Heads[h].Index(label)
	if c < 0 || p.Other && p.Unread(h) {
		return 0
	}
	return p.Scores[h].Probs[c]
}

// Unread says whether the text has no answer of a head, by its number, because of the
// language that it is in.
func (p Prediction) Unread(head int) bool {
	return p.Language != "" && !(p.Other && p.Scores[head].Probs != nil)
}

// head returns the index of a head, or -1.
func (p Prediction) head(name string) int {
	if name == "" && len(p.Heads) > 0 {
		return 0
	}
	return slices.IndexFunc(p.Heads, func(h Head) bool { return h.Name == name })
}

// Predict classifies one text. An empty text, or one without a single token,
// is answered with what the model thinks of no words at all: Tokens is 0.
func (m *Model) Predict(text string) Prediction {
	if err := m.check(); err != nil {
		panic(err)
	}
	var p [1]Prediction
	w := m.workers.get(context.Background())
	defer m.workers.put(w)
	w.texts = append(w.texts, w.encode(m, text))
	w.predict(m, p[:], []int{0})
	return p[0]
}

// batchTokens is the size of the batches that PredictBatch makes: enough rows
// for products at full speed, few enough for the cache.
const batchTokens = 4096

// PredictBatch classifies texts, on as many goroutines as there are
// processors, and answers in their order. The answer for a text does not
// depend on the others. The only error is ctx's.
func (m *Model) PredictBatch(ctx context.Context, texts []string) ([]Prediction, error) {
	encoded, err := m.Encode(ctx, texts)
	if err != nil {
		return nil, err
	}
	return m.PredictEncoded(ctx, encoded)
}

// Encode prepares texts for PredictEncoded, on as many goroutines as there are
// processors. The only error is ctx's.
func (m *Model) Encode(ctx context.Context, texts []string) ([]Encoded, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	const block = 16 // texts of one piece of work
	out := make([]Encoded, len(texts))
	par.For(runtime.GOMAXPROCS(0), (len(texts)+block-1)/block, func(i int) {
		if ctx.Err() != nil {
			return
		}
		w := m.workers.get(ctx)
		defer m.workers.put(w)
		for j := i * block; j < min((i+1)*block, len(texts)) && ctx.Err() == nil; j++ {
			out[j] = w.encode(m, texts[j]).clone()
		}
	})
	return out, ctx.Err()
}

// PredictEncoded is PredictBatch for texts that Encode has prepared.
func (m *Model) PredictEncoded(ctx context.Context, texts []Encoded) ([]Prediction, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	out := make([]Prediction, len(texts))
	err := m.eachBatch(ctx, texts, func(w *worker, batch []int) { w.predict(m, out, batch) })
	if err != nil {
		return nil, err
	}
	return out, nil
}

// PredictAll classifies texts as they come, in bounded memory: it reads ahead
// a window of some thousand texts or a few megabytes, and answers in order.
// After an error, which only ctx causes, it stops.
func (m *Model) PredictAll(ctx context.Context, texts iter.Seq[string]) iter.Seq2[Prediction, error] {
	const (
		windowTexts = 4096
		windowBytes = 4 << 20
	)
	return func(yield func(Prediction, error) bool) {
		var window []string
		size := 0
		flush := func() bool {
			out, err := m.PredictBatch(ctx, window)
			if err != nil {
				yield(Prediction{}, err)
				return false
			}
			for _, p := range out {
				if !yield(p, nil) {
					return false
				}
			}
			clear(window)
			window, size = window[:0], 0
			return true
		}
		for t := range texts {
			window = append(window, t)
			size += len(t)
			if (len(window) >= windowTexts || size >= windowBytes) && !flush() {
				return
			}
		}
		if len(window) > 0 {
			flush()
		}
	}
}

// Logits returns the scores before the softmax of texts that Encode has
// prepared: for each head [n][C], C being its Width. The only error is ctx's.
func (m *Model) Logits(ctx context.Context, texts []Encoded) ([][]float32, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	out := make([][]float32, len(m.cfg.Heads))
	for h, head := range m.cfg.Heads {
		out[h] = make([]float32, len(texts)*head.Width())
	}
	err := m.eachBatch(ctx, texts, func(w *worker, batch []int) {
		scores, _ := w.logits(m) // eachBatch returns the error, which is ctx's
		for h, logits := range scores {
			C := m.cfg.Heads[h].Width()
			for i, j := range batch {
				copy(out[h][j*C:(j+1)*C], logits[i*C:])
			}
		}
	})
	return out, err
}

// eachBatch calls f for batches of texts of similar length, on as many
// goroutines as there are processors, each with the batch in its worker.
func (m *Model) eachBatch(ctx context.Context, texts []Encoded, f func(w *worker, batch []int)) error {
	batches := byLength(texts, batchTokens)
	par.For(runtime.GOMAXPROCS(0), len(batches), func(i int) {
		if ctx.Err() != nil {
			return
		}
		w := m.workers.get(ctx)
		defer m.workers.put(w)
		for _, j := range batches[i] {
			w.texts = append(w.texts, texts[j])
		}
		f(w, batches[i])
	})
	return ctx.Err()
}

// byLength groups texts of similar length into batches of about budget tokens.
func byLength(texts []Encoded, budget int) [][]int {
	order := make([]int, len(texts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return len(texts[b].IDs) - len(texts[a].IDs) })
	var batches [][]int
	start, tokens := 0, 0
	for i, j := range order {
		if n := max(len(texts[j].IDs), 1); tokens+n > budget && i > start {
			batches = append(batches, order[start:i])
			start, tokens = i, n
		} else {
			tokens += n
		}
	}
	if start < len(order) {
		batches = append(batches, order[start:])
	}
	return batches
}

// A worker is the scratch memory of one goroutine that predicts.
type worker struct {
	ws         Workspace
	encoder    *tokenize.Encoder[vocab.ID]
	ngrams     *ngram.Extractor // where there is a wide branch
	hashes     []ngram.Hash
	lexicon    lexicon.Reader
	polarities []float64 // of tokens
	encoded    Encoded   // the result of encode
	texts      []Encoded // of the batch
	scores     []float32
}

type workerPool struct{ pool sync.Pool }

// get returns a worker that ends early where ctx does.
func (p *workerPool) get(ctx context.Context) *worker {
	w, ok := p.pool.Get().(*worker)
	if !ok {
		w = new(worker)
	}
	w.ws.ctx = ctx
	return w
}

func (p *workerPool) put(w *worker) {
	clear(w.texts)
	clear(w.ws.unknown)
	w.texts, w.ws.ctx = w.texts[:0], nil
	p.pool.Put(w)
}

// encode returns what the model reads of a text, valid until the next call, or a part
// of it if the context ends.
func (w *worker) encode(m *Model, text string) Encoded {
	e := &w.encoded
	e.IDs, e.Rows, e.Unknown = e.IDs[:0], e.Rows[:0], e.Unknown[:0]
	if !slices.ContainsFunc(m.branches, func(b Branch) bool { return b.readsTokens(m.cfg) }) {
		if w.encoder == nil {
			w.encoder = tokenize.NewEncoder(m.pipeline, m.vocab.ID)
		}
		e.IDs = w.encoder.AppendIDsContext(w.ws.ctx, e.IDs, text)
		return *e
	}
	for _, b := range m.branches {
		b.begin(m, w)
	}
	for tokens := range m.pipeline.Blocks(w.ws.ctx, text) {
		e.appendTokens(m, tokens)
		for _, b := range m.branches {
			b.read(w, tokens)
		}
	}
	for _, b := range m.branches {
		b.end(w, e)
	}
	return *e
}

// predict classifies the worker's texts: the answer for the i-th goes to
// out[to[i]], unless the context ends.
func (w *worker) predict(m *Model, out []Prediction, to []int) {
	logits, err := w.logits(m)
	if err != nil {
		return
	}
	for i, j := range to {
		ids := w.texts[i].IDs
		p := Prediction{Scores: make([]Score, len(m.cfg.Heads)), Tokens: len(ids), Heads: m.cfg.Heads}
		for _, id := range ids {
			if !m.vocab.IsKnown(id) {
				p.Unknown++
			}
		}
		for h := range m.cfg.Heads {
			head := &m.cfg.Heads[h]
			C := head.Width()
			p.Scores[h] = head.kind().answer(head, logits[h][i*C:(i+1)*C:(i+1)*C])
		}
		out[j] = p
	}
}

// logits returns the scores of each head [B][C]: those of the branches, scaled and
// added. The only error is that of the context.
func (w *worker) logits(m *Model) ([][]float32, error) {
	sums := make([][]float32, len(m.cfg.Heads))
	for h, head := range m.cfg.Heads {
		sums[h] = make([]float32, len(w.texts)*head.Width())
	}
	for _, b := range m.branches {
		if err := b.addScores(m, w, sums); err != nil {
			return nil, err
		}
	}
	// Weights of absurd size may overflow on the way. A probability is a number all the same.
	const most = 1e30
	for _, s := range sums {
		for i, v := range s {
			if v != v {
				s[i] = 0
			} else {
				s[i] = min(max(v, -most), most)
			}
		}
	}
	return sums, nil
}

func orOne(v float64) float32 { return float32(cmp.Or(v, 1)) }
