package recipe

import (
	"cmp"
	"context"
	"io"
	"os"
	"runtime/debug"

	"github.com/textlstm/textlstm/train"
)

// Setup makes t begin as Begin says, and returns the name of the start: it sets
// Config, Start, Prepare, Fingerprint and the card's Start. Word vectors tell log how many
// words they knew.
func (r *Recipe) Setup(ctx context.Context, t *train.Trainer, texts Texts, o Options, log io.Writer) (from string, err error) {
	b, err := r.Begin(ctx, texts, o)
	if err != nil {
		return "", err
	}
	t.Config, t.Start = b.Config, b.Start
	t.Card.Start = cmp.Or(b.Name, t.Card.Start)
	t.Prepare = o.Vectors.prepare(log)
	t.Fingerprint, err = o.Vectors.sum()
	return b.Name, err
}

// WriteConfig writes the settings of the training that Setup sets up, as WriteAll does,
// once it has checked them. Without texts, nil, they are those that nobody chooses.
func (r *Recipe) WriteConfig(ctx context.Context, w io.Writer, texts Texts, o Options) error {
	b, err := r.Begin(ctx, texts, o)
	if err != nil {
		return err
	}
	c := b.Config.Resolve()
	if texts != nil && texts.Train() != nil {
		checked := c
		if checked.Model.Heads, err = train.Heads(c.Model.Heads, texts.Train()); err != nil {
			return err
		}
		if err := checked.Validate(); err != nil {
			return err
		}
	}
	return r.WriteAll(w, c)
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
