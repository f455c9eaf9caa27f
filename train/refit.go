package train

import (
	"context"
	"path/filepath"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/train/loop"
)

// refit trains a second time, on all texts, what the first training chose by the
// dev texts: each member for the epochs that were best, with the branches' scales
// and the thresholds that were fitted. The metrics stay those of the first model,
// which had not seen the texts that they are of.
func (t *Trainer) refit(ctx context.Context, c *loop.Checkpoints, first *Result, data, dev *corpora.Dataset) (*Result, error) {
	dev, err := named(first.Model, dev)
	if err != nil {
		return nil, err
	}
	dev, _ = withoutForeign(first.Model.Heads(), dev)
	all, err := corpora.Join(data, dev)
	if err != nil {
		return nil, err
	}
	again := *t
	again.Config = first.Config
	again.ends = bestEpochs(first.History, first.Config.Model.NumMembers())
	card := first.Model.Card()
	first.Model = nil // it is large
	r, err := again.fit(ctx, c, all, nil)
	if err != nil {
		return nil, err
	}
	for _, e := range curve(r.History) {
		e.Refit = true
		card.History = append(card.History, e)
	}
	m := r.Model.With(r.Model.Heads(), card)
	r.Dev, r.History = first.Dev, first.History
	if r.Quantized = first.Quantized; r.Quantized != nil {
		m, err = r.Quantized.choose(m)
	}
	r.Model = m
	return r, err
}

// refitDir is where the checkpoints of the second training are kept.
func refitDir(dir string) string {
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, "refit")
}

// bestEpochs lists the epoch of the best weights of each member, from 1.
func bestEpochs(history []Epoch, members int) []int {
	ends := make([]int, members)
	for _, e := range history {
		if e.Dev != nil && e.Dev.Best {
			ends[max(e.Member, 1)-1] = e.Epoch
		}
	}
	return ends
}

// lastEpoch is the number of epochs that a member is trained for; the
// schedule goes on as if it had all of them.
func (f *fit) lastEpoch(member int) int {
	if f.t.ends != nil {
		return f.t.ends[member]
	}
	return f.cfg.Epochs
}
