package recipe

import (
	"cmp"
	"context"
	"io"
	"os"
	"runtime/debug"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/train"
)

// Setup makes t begin as Begin says, and returns the name of the start: it sets
// Config, Start, Prepare, Fingerprint and the card's Start. Word vectors tell log how many
// words they knew.
func (r *Recipe) Setup(t *train.Trainer, s Start, vectors Vectors, texts *corpora.Dataset, recommended train.Config, log io.Writer) (from string, err error) {
	b, err := r.Begin(s, vectors, texts, recommended)
	if err != nil {
		return "", err
	}
	t.Config, t.Start = b.Config, b.Start
	t.Card.Start = cmp.Or(b.Name, t.Card.Start)
	t.Prepare = vectors.prepare(t.Seed, log)
	t.Fingerprint, err = vectors.sum()
	return b.Name, err
}

// Run trains t on texts and writes the model to the file out. The checkpoints have then
// done their work and are removed; that they cannot be is a warning to t.OnProgress. The
// garbage collector is kept close behind, unless GOGC says otherwise: by default a heap
// grows to twice what is in use, and the large part of it are weights, which cost the
// collector nothing.
func Run(ctx context.Context, t *train.Trainer, texts Texts, out string) (*train.Result, error) {
	if os.Getenv("GOGC") == "" {
		defer debug.SetGCPercent(debug.SetGCPercent(25))
	}
	result, err := texts.Fit(ctx, t)
	if err != nil {
		return nil, err
	}
	if err := result.Model.Save(out); err != nil {
		return nil, err
	}
	if t.Checkpoint != "" {
		if err := train.RemoveCheckpoints(t.Checkpoint); err != nil && t.OnProgress != nil {
			t.OnProgress(train.Progress{Warning: err})
		}
	}
	return result, nil
}
