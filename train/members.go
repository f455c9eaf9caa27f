package train

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train/loop"
)

// member is the config that member k of the model, from 0, is trained with.
func (c Config) member(k int) Config {
	c.Model = c.Model.Member(k)
	if k > 0 {
		c.Seed = seed.For(c.Seed, "member", uint64(k))
	}
	return c
}

// begin draws member k and sets up its loop.
func (f *fit) begin(ctx context.Context, k int) error {
	cfg, net := f.full.member(k), f.nets.Members()[k]
	if err := seed.Until(ctx, seed.Rand(cfg.Seed, "init"), net.Init); err != nil {
		return err
	}
	if f.t.Start != nil {
		f.t.Start.copyTo(net, f.model.Vocab(), cfg)
	}
	cfg.setRates(net.Params())
	if f.t.Prepare != nil {
		if err := f.t.Prepare(net, f.model.Vocab()); err != nil {
			return err
		}
	}
	l := &loop.Loop{
		Config:      cfg.loop(f.lastEpoch(k)),
		Params:      net.Params(),
		Workers:     f.workers(),
		Learning:    learning(net, cfg.Finetune.HeadEpochs),
		Position:    loop.Position{Elapsed: time.Since(f.start)},
		Checkpoints: f.checkpoints,
		State:       &f.record,
		Done:        f.done(k),
		Check:       f.check,
		OnProgress:  f.report,
	}
	if f.loop != nil { // what follows a member begins with its metrics
		l.Tokens = f.loop.Tokens
		f.record = record{Member: k, Earlier: slices.Concat(f.record.Earlier, f.record.History)}
	}
	f.cfg, f.net, f.loop = cfg, net, l
	return f.open()
}

// loop is the part of a config that the loop sees to.
func (c Config) loop(epochs int) loop.Config {
	return loop.Config{Epochs: epochs, Optimizer: c.Optimizer, ClipNorm: c.ClipNorm, EMA: c.EMA, Patience: c.Patience}
}

// memberNumber is that of the member in training, from 1; 0 where there is one.
func (f *fit) memberNumber() int {
	if f.full.Model.NumMembers() == 1 {
		return 0
	}
	return f.record.Member + 1
}

// done lists the weights of the members before k, for a checkpoint.
func (f *fit) done(k int) []*nn.Param {
	var list []*nn.Param
	for i, m := range f.nets.Members()[:k] {
		for _, p := range m.Params() {
			list = append(list, &nn.Param{Name: doneName(i, p), Shape: p.Shape, Data: p.Data})
		}
	}
	return list
}

func doneName(k int, p *nn.Param) string { return fmt.Sprintf("%d.%s", k, p.Name) }

// resumeMembers puts in place the members that a checkpoint has done.
func (f *fit) resumeMembers() error {
	if f.record.Member == 0 {
		return nil
	}
	list, err := f.checkpoints.Done()
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	weights := map[string]*nn.Param{}
	for _, p := range list {
		weights[p.Name] = p
	}
	for i, m := range f.nets.Members()[:f.record.Member] {
		for _, p := range m.Params() {
			from := weights[doneName(i, p)]
			if from == nil || len(from.Data) != len(p.Data) {
				return fmt.Errorf("train: a checkpoint has no weights for %s of member %d of shape %v", p.Name, i+1, p.Shape)
			}
			copy(p.Data, from.Data)
			p.Changed()
		}
	}
	return nil
}

// largest is the number of weights of the largest member.
func largest(nets *classify.Deep) (most int64) {
	for _, m := range nets.Members() {
		n := int64(0)
		for _, p := range m.Params() {
			n += int64(p.Len())
		}
		most = max(most, n)
	}
	return most
}
