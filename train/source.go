package train

import (
	"context"
	"fmt"
	"iter"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/train/loop"
)

// A source deals out the texts of a training.
type source interface {
	// epoch ranges over the batches of an epoch, from 0, without the first skip.
	epoch(ctx context.Context, c Config, epoch, skip int) iter.Seq2[dealt, error]

	// In what follows c is the config of all members.

	// way is how far the member in training is, of how far it has to go as the
	// schedule counts.
	way(c Config, member int, p loop.Position) (at, of int)

	// steps counts or estimates those of all members.
	steps(c Config, member int, p loop.Position) (done, of int)

	// check reports a position that a member cannot reach.
	check(c Config, member int, p loop.Position) error
}

// A dealt batch is some of the texts of a set, as the epoch sees them.
type dealt struct {
	set   *set
	texts []classify.Encoded // of the whole set
	rows  []int              // those in the batch
}

// gather returns the texts of a batch.
func (d *dealt) gather() []classify.Encoded {
	texts := make([]classify.Encoded, len(d.rows))
	for k, i := range d.rows {
		texts[k] = d.texts[i]
	}
	return texts
}

// tokens counts those of a batch.
func (d *dealt) tokens() int {
	n := 0
	for _, i := range d.rows {
		n += len(d.texts[i].IDs)
	}
	return n
}

// inMemory is the source of texts in memory.
type inMemory struct {
	set   *set
	plans []plan // by member
}

// A plan is how many batches the epochs of a member have.
type plan struct {
	config  Config
	batches []int // by epoch, of the first mostCounted
	steps   int   // of all epochs, as the schedule counts them
	taken   int   // of those that are trained for
}

// mostCounted is the number of epochs whose batches are counted beforehand. Those
// of later epochs count as many as these on average.
const mostCounted = 1000

// newInMemory counts the batches of all members, each trained for so many epochs,
// and the tokens of the largest batch.
func newInMemory(ctx context.Context, s *set, c Config, epochs func(member int) int) (m *inMemory, longest int, err error) {
	m = &inMemory{set: s}
	for k := range c.Model.NumMembers() {
		p := plan{config: c.member(k)}
		for e := range min(c.Epochs, mostCounted) {
			if err := ctx.Err(); err != nil {
				return nil, 0, err
			}
			texts, batches := s.epoch(p.config, e)
			p.batches = append(p.batches, len(batches))
			for _, rows := range batches {
				longest = max(longest, (&dealt{s, texts, rows}).tokens())
			}
		}
		p.steps, p.taken = p.upTo(c.Epochs), p.upTo(epochs(k))
		m.plans = append(m.plans, p)
	}
	return m, longest, nil
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

func (m *inMemory) epoch(_ context.Context, c Config, epoch, skip int) iter.Seq2[dealt, error] {
	return func(yield func(dealt, error) bool) {
		texts, batches := m.set.epoch(c, epoch)
		for _, rows := range batches[min(skip, len(batches)):] {
			if !yield(dealt{m.set, texts, rows}, nil) {
				return
			}
		}
	}
}

func (m *inMemory) way(_ Config, member int, p loop.Position) (at, of int) {
	return p.Step, m.plans[member].steps
}

func (m *inMemory) steps(_ Config, member int, p loop.Position) (done, of int) {
	for k, plan := range m.plans {
		if k < member {
			done += plan.taken
		}
		of += plan.taken
	}
	return done + p.Step, of
}

// batchesOf is the number of batches of one epoch of a member.
func (m *inMemory) batchesOf(member, epoch int) int {
	p := &m.plans[member]
	if epoch < len(p.batches) {
		return p.batches[epoch]
	}
	_, batches := m.set.epoch(p.config, epoch)
	return len(batches)
}

func (m *inMemory) check(_ Config, member int, p loop.Position) error {
	step := p.Batch
	for e := range p.Epoch {
		step += m.batchesOf(member, e)
	}
	if step != p.Step || p.Batch > 0 && p.Batch > m.batchesOf(member, p.Epoch) {
		return fmt.Errorf("epoch %d, batch %d, step %d are not a place in this training", p.Epoch, p.Batch, p.Step)
	}
	return nil
}
