package classifytest

import (
	"context"
	"iter"
	"testing"

	"github.com/textlstm/textlstm/classify"
)

// A mute classifier does not say that its context has ended.
type mute struct{ Classifier }

func (mute) PredictBatch(ctx context.Context, texts []string) ([]classify.Prediction, error) {
	return nil, ctx.Err()
}

func (mute) PredictAll(context.Context, iter.Seq[string]) iter.Seq2[classify.Prediction, error] {
	return func(func(classify.Prediction, error) bool) {}
}

// A recorder counts the errors of a test.
type recorder struct {
	testing.TB
	errors int
}

func (r *recorder) Errorf(string, ...any) { r.errors++ }

// A stream that ends without an error is not one that was cancelled.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := &recorder{TB: t}
	if cancelled(r, ctx, mute{}, []string{"a text"}); r.errors != 1 {
		t.Errorf("%d errors for a stream that does not say that it was cancelled, want 1", r.errors)
	}
}
