package train

import (
	"context"
	"slices"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/score"
)

// finish fits the scales of the branches and joins them to a model. What it
// changes a resumed training does not look at: there is either no dev set, and
// nothing to interrupt, or it begins with the best weights again.
func (f *fit) finish(ctx context.Context) (*Result, error) {
	if f.devSet != nil {
		if err := f.mix(ctx, f.devSet); err != nil {
			return nil, err
		}
		if err := f.setThresholds(ctx); err != nil {
			return nil, err
		}
	}
	f.share()
	r := &Result{Config: f.full, History: slices.Concat(f.record.Earlier, f.record.History)}
	card := f.t.Card
	card.Seed, card.Epochs = f.full.Seed, f.epochs()
	if f.record.Best != nil {
		card.Epochs = bestEpoch(r.History)
	}
	if c := f.full; !c.Model.NoDeep {
		card.Optimizer, card.Schedule, card.Rate = string(c.Optimizer.Kind), string(c.Schedule.Kind), c.Schedule.Rate
		card.BatchSize, card.BatchTokens = c.BatchSize, c.BatchTokens
	}
	card.History, card.Metric = curve(r.History), f.full.Metric
	card.Figures = map[string]float64{}
	m := f.whole()
	var err error
	if f.dev != nil {
		var joint *DevScore
		if f.full.Quantize {
			if m, joint, r.Quantized, err = f.quantize(ctx, m); err != nil {
				return nil, err
			}
		}
		if r.Dev, err = f.scoreBranches(ctx, m, joint); err != nil {
			return nil, err
		}
		for name, e := range r.Dev["joint"].Heads {
			for _, metric := range e.Headlines()[:2] {
				if v, _ := e.Get(metric); finite(v) {
					card.Figures["dev "+name+" "+metric] = v
				}
			}
		}
	}
	r.Model = f.model.With(f.full.Model.Heads, card)
	if r.Quantized != nil && !f.t.goesOn {
		r.Model, err = r.Quantized.choose(r.Model)
	}
	return r, err
}

// curve is a history as a card keeps it.
func curve(history []Epoch) []classify.Epoch {
	var out []classify.Epoch
	for _, e := range history {
		c := classify.Epoch{Member: e.Member, Epoch: e.Epoch, Loss: e.Loss}
		if d := e.Dev; d != nil {
			if finite(float64(d.LogLoss)) {
				c.DevLoss = float64(d.LogLoss)
			}
			if finite(float64(d.Score)) {
				c.Score = float64(d.Score)
			}
		}
		out = append(out, c)
	}
	return out
}

// epochs is the number that the last member was trained for.
func (f *fit) epochs() int {
	if f.loop == nil {
		return 0
	}
	return f.loop.Epoch
}

// setThresholds fits the thresholds of the multi-label heads to the dev texts.
func (f *fit) setThresholds(ctx context.Context) error {
	heads := f.cfg.Model.Heads
	if !slices.ContainsFunc(heads, func(h classify.Head) bool { return h.MultiLabel() }) {
		return nil
	}
	predictions, err := score.Encoded(ctx, f.whole(), f.dev, f.devSet.texts, "")
	if err != nil {
		return err
	}
	for _, p := range predictions {
		if p.Multi == nil {
			continue
		}
		h := slices.IndexFunc(heads, func(h classify.Head) bool { return h.Name == p.Head })
		best, err := p.Multi.BestThresholds()
		if err != nil {
			return err
		}
		heads[h].Thresholds = best[:len(heads[h].Labels)] // without those of labels that it does not know
	}
	return nil
}

// whole is the model as it is, without a card.
func (f *fit) whole() *classify.Model {
	return f.model.With(f.full.Model.Heads, classify.Card{})
}

// bestEpoch is the epoch of the best weights: the last one among several members'.
func bestEpoch(history []Epoch) int {
	best := 0
	for _, e := range history {
		if e.Dev != nil && e.Dev.Best {
			best = max(best, e.Epoch)
		}
	}
	return best
}

// scoreBranches evaluates the finished model and its branches on the dev texts. The score
// of the whole is joint, unless that is nil.
func (f *fit) scoreBranches(ctx context.Context, whole *classify.Model, joint *DevScore) (map[string]*DevScore, error) {
	parts := map[string]*classify.Model{}
	for _, b := range whole.Branches() {
		if learned(b) {
			parts[b.Name()] = whole.Only(b.Name())
		}
	}
	scores := map[string]*DevScore{"joint": joint}
	if joint == nil {
		parts["joint"] = whole
	}
	for name, m := range parts {
		var err error
		if scores[name], err = f.score(ctx, m, f.epochs()); err != nil {
			return nil, err
		}
	}
	return scores, nil
}
