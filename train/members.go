package train

import (
	"context"
	"fmt"
	"slices"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/nn"
)

// member is the config that member k of the model, from 0, is trained with.
func (c Config) member(k int) Config {
	c.Model = c.Model.Member(k)
	if k > 0 {
		c.Seed = seed.For(c.Seed, "member", uint64(k))
	}
	return c
}

// A plan is how many batches the epochs of a member have.
type plan struct {
	batches []int // by epoch, of the first mostCounted
	steps   int   // of all epochs, as the schedule counts them
	taken   int   // of the epochs up to lastEpoch
}

// upTo is the number of batches of so many epochs.
func (p *plan) upTo(epochs int) int {
	counted := 0
	for _, n := range p.batches[:min(epochs, len(p.batches))] {
		counted += n
	}
	if more := epochs - len(p.batches); more > 0 {
		counted += int(float64(counted) / mostCounted * float64(more))
	}
	return counted
}

// mostCounted is the number of epochs whose batches are counted beforehand. Those
// of later epochs count as many as these on average.
const mostCounted = 1000

// plan counts the batches of all members, and the tokens of the largest one.
func (f *fit) plan(ctx context.Context) (longest int, err error) {
	longest = f.longestUnlabelled()
	for k := range f.full.Model.NumMembers() {
		c := f.full.member(k)
		var p plan
		for e := range min(c.Epochs, mostCounted) {
			if err := ctx.Err(); err != nil {
				return 0, err
			}
			texts, batches := f.train.epoch(c, e)
			p.batches = append(p.batches, len(batches))
			for _, batch := range batches {
				longest = max(longest, tokens(texts, batch))
			}
		}
		p.steps, p.taken = p.upTo(c.Epochs), p.upTo(f.lastEpoch(k))
		f.plans = append(f.plans, p)
	}
	return longest, nil
}

// batchesOf is the number of batches of one epoch of a member.
func (f *fit) batchesOf(member, epoch int) int {
	if counted := f.plans[member].batches; epoch < len(counted) {
		return counted[epoch]
	}
	_, batches := f.train.epoch(f.full.member(member), epoch)
	return len(batches)
}

// begin draws a member and sets up what moves it.
func (f *fit) begin(k int) (err error) {
	f.cfg = f.full.member(k)
	f.net = f.nets.Members()[k]
	f.net.Init(seed.Rand(f.cfg.Seed, "init"))
	if f.t.Start != nil {
		f.t.Start.copyTo(f.net, f.model.Vocab())
	}
	f.cfg.setRates(f.net.Params())
	if f.t.Prepare != nil {
		if err := f.t.Prepare(f.net, f.model.Vocab()); err != nil {
			return err
		}
	}
	if f.optimizer, err = nn.NewOptimizer(f.cfg.Optimizer); err != nil {
		return err
	}
	if f.cfg.EMA.Decay != 0 {
		if f.ema, err = nn.NewEMA(f.net.Params(), f.cfg.EMA); err != nil {
			return err
		}
	}
	for _, p := range f.net.Params() {
		p.NeedGrad()
	}
	f.good, f.bestWeights = nil, nil
	f.position = position{Member: k, Tokens: f.Tokens, Earlier: slices.Concat(f.Earlier, f.History)}
	return nil
}

// next ends the training of a member and begins that of the one after it.
func (f *fit) next() error {
	if err := f.keep(); err != nil {
		return err
	}
	return f.begin(f.Member + 1)
}

// memberNumber is that of the member in training, from 1; 0 where there is one.
func (f *fit) memberNumber() int {
	if f.full.Model.NumMembers() == 1 {
		return 0
	}
	return f.Member + 1
}

// steps is how many there have been, of how many, in the training of all members.
func (f *fit) steps() (done, of int) {
	if f.stream != nil {
		each := f.estimateSteps()
		return f.Member*each + f.Step, f.full.Model.NumMembers() * each
	}
	for k, p := range f.plans {
		if k < f.Member {
			done += p.taken
		}
		of += p.taken
	}
	return done + f.Step, of
}

// trained lists the weights of the members that are done, for a checkpoint.
func (f *fit) trained() []*nn.Param {
	var list []*nn.Param
	for k, m := range f.nets.Members()[:f.Member] {
		for _, p := range m.Params() {
			list = append(list, &nn.Param{Name: trainedName(k, p), Shape: p.Shape, Data: p.Data})
		}
	}
	return list
}

func trainedName(k int, p *nn.Param) string { return fmt.Sprintf("%d.%s", k, p.Name) }

// resumeMembers puts in place the members that a checkpoint has done, and
// begins the one that it is of.
func (f *fit) resumeMembers(k int, list []*nn.Param) error {
	weights := map[string]*nn.Param{}
	for _, p := range list {
		weights[p.Name] = p
	}
	for i, m := range f.nets.Members()[:k] {
		for _, p := range m.Params() {
			from := weights[trainedName(i, p)]
			if from == nil || len(from.Data) != len(p.Data) {
				return fmt.Errorf("no weights for %s of member %d of shape %v", p.Name, i+1, p.Shape)
			}
			copy(p.Data, from.Data)
			p.Changed()
			p.Grad = nil
		}
	}
	if k == f.Member {
		return nil
	}
	return f.begin(k)
}

// largest is the number of weights of the largest member.
func largest(nets *classify.Network) (most int64) {
	for _, m := range nets.Members() {
		n := int64(0)
		for _, p := range m.Params() {
			n += int64(p.Len())
		}
		most = max(most, n)
	}
	return most
}
