package train

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/train/loop"
)

// refit trains a second time, on all texts, what the first training chose by the
// dev texts: each member for the epochs that were best, with the branches' scales
// and the thresholds that were fitted. The metrics stay those of the first model,
// which had not seen the texts that they are of.
func (t *Trainer) refit(ctx context.Context, c *loop.Checkpoints, first *Result, data, dev *corpora.Dataset) (*Result, error) {
	all, err := joined(first.Model, data, dev)
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

// joined returns the training texts and the dev texts, with what m knows of their labels.
func joined(m *classify.Model, data, dev *corpora.Dataset) (*corpora.Dataset, error) {
	dev, err := named(m, dev)
	if err != nil {
		return nil, err
	}
	dev, _ = withoutForeign(m.Heads(), dev)
	return corpora.Join(data, dev)
}

// fitThenNgrams trains, and then learns the n-grams again, on all texts.
func (t *Trainer) fitThenNgrams(ctx context.Context, c *loop.Checkpoints, data, dev *corpora.Dataset) (*Result, error) {
	first := *t
	first.goesOn = true
	r, err := first.fit(ctx, c, data, dev)
	if err != nil {
		return nil, err
	}
	m := r.Model
	if m.Wide() != nil {
		all, err := joined(m, data, dev)
		if err != nil {
			return nil, err
		}
		second := Trainer{Config: r.Config, Workers: t.Workers, Teacher: t.Teacher}
		second.Model = m.Only("wide").Config()
		again, err := second.fit(ctx, nil, all, nil)
		if err != nil {
			return nil, err
		}
		branches := slices.Clone(m.Branches())
		branches[slices.Index(branches, classify.Branch(m.Wide()))] = again.Model.Wide()
		if m, err = classify.New(m.Config(), m.Vocab(), m.Card(), branches...); err != nil {
			return nil, err
		}
	}
	if r.Quantized != nil {
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
