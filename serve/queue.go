package serve

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/jsonapi"
)

// A queue holds the texts that wait, whichever request and model they belong to, and
// answers them in batches. Its bound is on texts that wait or are being answered.
type queue struct {
	items   chan item // has room for all that are admitted: sending never blocks
	most    int64
	waiting atomic.Int64
	batch   int
	delay   time.Duration
	stop    chan struct{}
	done    sync.WaitGroup
	metrics *metrics
	failed  func(cause any, stack []byte) // called where a model panics
}

// An item is one text of a request.
type item struct {
	model *model
	text  string
	out   *classify.Prediction
	of    *asked
}

// asked is the texts of one request.
type asked struct {
	ctx   context.Context
	left  atomic.Int64
	fault atomic.Bool
	ready chan struct{} // closed when none is left
}

func newQueue(c Config, m *metrics) *queue {
	q := &queue{
		items: make(chan item, c.MaxQueue), most: int64(c.MaxQueue), batch: c.MaxBatch, delay: c.MaxDelay,
		stop: make(chan struct{}), metrics: m,
	}
	q.failed = func(cause any, stack []byte) {
		c.Logger.Error("a model failed", "cause", fmt.Sprint(cause), "stack", string(stack))
	}
	for range c.Workers {
		q.done.Go(q.work)
	}
	return q
}

// close ends the workers; nothing may be waiting.
func (q *queue) close() {
	close(q.stop)
	q.done.Wait()
}

// errBusy says that the queue is full.
func errBusy(what string) error {
	return jsonapi.Errorf(http.StatusTooManyRequests, "", "%s; try again soon", what)
}

// ask answers texts, in their order. All are admitted or none.
func (q *queue) ask(ctx context.Context, m *model, texts []string) ([]classify.Prediction, error) {
	n := int64(len(texts))
	if n == 0 {
		return nil, ctx.Err()
	}
	if n > q.most {
		return nil, jsonapi.Errorf(http.StatusRequestEntityTooLarge, "", "%d texts and sentences, at most %d may come at once", n, q.most)
	}
	if q.waiting.Add(n) > q.most {
		q.waiting.Add(-n)
		return nil, errBusy("too many texts are waiting")
	}
	out := make([]classify.Prediction, n)
	of := &asked{ctx: ctx, ready: make(chan struct{})}
	of.left.Store(n)
	for i, t := range texts {
		q.items <- item{model: m, text: t, out: &out[i], of: of}
	}
	select {
	case <-of.ready:
	case <-ctx.Done():
	}
	if err := ctx.Err(); err != nil {
		return nil, err // the workers pass over what nobody waits for: out may have holes
	}
	if of.fault.Load() {
		return nil, jsonapi.Errorf(http.StatusInternalServerError, "", "the model failed on this request")
	}
	return out, nil
}

// work takes batches until the queue is closed.
func (q *queue) work() {
	batch := make([]item, 0, q.batch)
	for {
		select {
		case it := <-q.items:
			batch = q.gather(append(batch[:0], it))
			q.answer(batch)
			clear(batch)
		case <-q.stop:
			return
		}
	}
}

// gather adds to a batch what is waiting and, within the delay, what comes.
func (q *queue) gather(batch []item) []item {
	var late <-chan time.Time
	yielded := false
	for len(batch) < q.batch {
		select {
		case it := <-q.items:
			batch = append(batch, it)
			continue
		default:
		}
		if q.delay > 0 {
			if late == nil {
				late = time.After(q.delay)
			}
			select {
			case it := <-q.items:
				batch = append(batch, it)
				continue
			case <-late:
			}
			break
		}
		if yielded {
			break
		}
		runtime.Gosched() // requests that have been read put their texts in first
		yielded = true
	}
	return batch
}

// answer answers a batch: the texts of each model together, and those of nobody not at
// all.
func (q *queue) answer(batch []item) {
	for len(batch) > 0 {
		m := batch[0].model
		var texts []string
		var wanted, others []item
		for _, it := range batch {
			switch {
			case it.model != m:
				others = append(others, it)
			case it.of.ctx.Err() != nil:
				q.finish(it)
			default:
				texts = append(texts, it.text)
				wanted = append(wanted, it)
			}
		}
		q.predict(m, texts, wanted)
		batch = others
	}
}

// predict answers texts of one model. A panic is theirs alone.
func (q *queue) predict(m *model, texts []string, items []item) {
	defer func() {
		if p := recover(); p != nil {
			q.failed(p, debug.Stack())
			for _, it := range items {
				it.of.fault.Store(true)
			}
		}
		for _, it := range items {
			q.finish(it)
		}
	}()
	if len(texts) == 0 {
		return
	}
	ctx, cancel := wanted(items)
	defer cancel()
	answers, err := m.Model.PredictBatch(ctx, texts)
	switch {
	case err != nil && ctx.Err() == nil:
		panic(err) // it is the model's
	case err != nil:
		return // nobody waits for it any more
	}
	for i, it := range items {
		*it.out = answers[i]
	}
	q.metrics.answered(m, answers)
}

// wanted is a context that ends when those of all items' requests have.
func wanted(items []item) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	var waiting atomic.Int64
	left := func() {
		if waiting.Add(-1) == 0 {
			cancel()
		}
	}
	waiting.Add(1)
	defer left() // not before all are counted
	var stops []func() bool
	for i, it := range items {
		if i > 0 && items[i-1].of == it.of {
			continue
		}
		waiting.Add(1)
		stops = append(stops, context.AfterFunc(it.of.ctx, left))
	}
	return ctx, func() {
		for _, stop := range stops {
			stop()
		}
		cancel()
	}
}

// finish gives an item's place back, then its request's answer: who has that can come again.
func (q *queue) finish(it item) {
	q.waiting.Add(-1)
	if it.of.left.Add(-1) == 0 {
		close(it.of.ready)
	}
}
