package classify

import (
	"context"
	"iter"
	"runtime"
	"slices"
	"sync"

	"github.com/textlstm/textlstm/internal/par"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/tokenize"
	"github.com/textlstm/textlstm/vocab"
)

// A Prediction is the answer for one text.
type Prediction struct {
	Scores  []Score // by head
	Tokens  int     // tokens read
	Unknown int     // of those, not in the vocabulary
}

// A Score is the answer of one head.
type Score struct {
	// Label is the index of the likeliest label, the first of equals.
	Label int
	// Probs has a probability for each label. They sum to 1, unless the head is
	// multi-label: then each stands for itself.
	Probs []float32
}

// Prob is the probability of the likeliest label.
func (s Score) Prob() float32 { return s.Probs[s.Label] }

// Predict classifies one text. An empty text, or one without a single token,
// is answered with what the model thinks of no words at all: Tokens is 0.
func (m *Model) Predict(text string) Prediction {
	var p [1]Prediction
	w := m.workers.get()
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
	ids, err := m.Encode(ctx, texts)
	if err != nil {
		return nil, err
	}
	return m.PredictIDs(ctx, ids)
}

// Encode turns texts into the ids of their tokens, on as many goroutines as
// there are processors. The only error is ctx's.
func (m *Model) Encode(ctx context.Context, texts []string) ([][]vocab.ID, error) {
	const block = 16 // texts of one piece of work
	ids := make([][]vocab.ID, len(texts))
	par.For(runtime.GOMAXPROCS(0), (len(texts)+block-1)/block, func(i int) {
		if ctx.Err() != nil {
			return
		}
		w := m.workers.get()
		defer m.workers.put(w)
		for j := i * block; j < min((i+1)*block, len(texts)); j++ {
			ids[j] = slices.Clone(w.encode(m, texts[j]))
		}
	})
	return ids, ctx.Err()
}

// PredictIDs is PredictBatch of texts that Encode has turned into ids.
func (m *Model) PredictIDs(ctx context.Context, ids [][]vocab.ID) ([]Prediction, error) {
	out := make([]Prediction, len(ids))
	batches := byLength(ids, batchTokens)
	par.For(runtime.GOMAXPROCS(0), len(batches), func(i int) {
		if ctx.Err() != nil {
			return
		}
		w := m.workers.get()
		defer m.workers.put(w)
		for _, j := range batches[i] {
			w.texts = append(w.texts, ids[j])
		}
		w.predict(m, out, batches[i])
	})
	if err := ctx.Err(); err != nil {
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

// byLength groups texts of similar length into batches of about budget tokens.
func byLength(ids [][]vocab.ID, budget int) [][]int {
	order := make([]int, len(ids))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return len(ids[b]) - len(ids[a]) })
	var batches [][]int
	start, tokens := 0, 0
	for i, j := range order {
		if n := max(len(ids[j]), 1); tokens+n > budget && i > start {
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
	ws      Workspace
	encoder *tokenize.Encoder[vocab.ID]
	ids     []vocab.ID
	texts   [][]vocab.ID
}

type workerPool struct{ pool sync.Pool }

func (p *workerPool) get() *worker {
	if w, ok := p.pool.Get().(*worker); ok {
		return w
	}
	return new(worker)
}

func (p *workerPool) put(w *worker) {
	clear(w.texts)
	w.texts = w.texts[:0]
	p.pool.Put(w)
}

// encode returns a text's ids, valid until the next call.
func (w *worker) encode(m *Model, text string) []vocab.ID {
	if w.encoder == nil {
		w.encoder = tokenize.NewEncoder(m.pipeline, m.vocab.ID)
	}
	w.ids = w.encoder.AppendIDs(w.ids[:0], text)
	return w.ids
}

// predict classifies the worker's texts: the answer for the i-th goes to
// out[to[i]].
func (w *worker) predict(m *Model, out []Prediction, to []int) {
	logits, err := m.net.Forward(&w.ws, w.texts, lstm.Mode{})
	if err != nil {
		panic(err) // ids come from the model's own vocabulary
	}
	for i, j := range to {
		p := Prediction{Scores: make([]Score, len(m.cfg.Heads)), Tokens: len(w.texts[i])}
		for _, id := range w.texts[i] {
			if !m.vocab.IsKnown(id) {
				p.Unknown++
			}
		}
		for h := range m.cfg.Heads {
			head := &m.cfg.Heads[h]
			C := len(head.Labels)
			p.Scores[h] = head.score(logits[h][i*C : (i+1)*C])
		}
		out[j] = p
	}
}

// score turns logits into an answer.
func (h *Head) score(logits []float32) Score {
	probs := slices.Clone(logits)
	if h.Temperature != 0 {
		for i := range probs {
			probs[i] /= float32(h.Temperature)
		}
	}
	kind := h.Loss.Kind
	if kind == "" {
		kind = nn.CrossEntropy
	}
	kind.Activate(probs, len(probs))
	s := Score{Probs: probs}
	for i, p := range probs {
		if p > probs[s.Label] {
			s.Label = i
		}
	}
	return s
}
