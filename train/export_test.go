package train

import (
	"context"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/internal/fsx"
)

// On returns t with its checkpoints on another file system.
func On(fsys fsx.FS, t Trainer) Trainer {
	t.files.FS = fsys
	return t
}

// Estimate is the number of bytes that Fit would compare with the memory that there
// is, after the network was made.
func Estimate(ctx context.Context, t Trainer, data, dev *corpora.Dataset) (int64, error) {
	f, err := t.start(ctx, nil, data, dev)
	if err != nil {
		return 0, err
	}
	_, longest, err := newInMemory(ctx, f.train, f.full, f.lastEpoch)
	if err != nil {
		return 0, err
	}
	need := f.need(longest)
	need.Model = 0 // it has begun
	return need.Peak(), nil
}

// Keeps says whether Quantize keeps a model whose metric on the dev texts goes from before
// to after.
func Keeps(c Config, before, after evaluate.Score) bool { return c.keeps(before, after) }
