package crossval

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/internal/resume"
)

// A state is what Options.File keeps: all that finished folds leave behind.
type state struct {
	Folds []*answered `json:"folds"` // by fold, as far as the last that is done; nil for those that are not
}

// An answered fold. Its metrics are computed anew from the answers.
type answered struct {
	Epoch   int                   `json:"epoch"`
	Heads   []classify.Head       `json:"heads"`   // of the fold's model, which all answers share
	Answers []classify.Prediction `json:"answers"` // to the texts inside, in their order
}

const stateVersion = 2

// maxState is what a million texts may need, in bytes.
const maxState = 1 << 30

// A MismatchError says that a file is of another cross-validation.
type MismatchError = resume.MismatchError

// A Shard is the share of the folds that one of several processes trains.
type Shard = resume.Shard

// open begins the state, or takes over that of the file, and those of other shards.
func (s *session) open() (err error) {
	s.state.Folds = make([]*answered, len(s.cuts))
	if s.id, err = s.identity(); err != nil {
		return err
	}
	for _, file := range s.o.Merge {
		if err := s.take(file); err != nil {
			return err
		}
	}
	if s.o.File == "" {
		return nil
	}
	if s.o.Resume {
		if err := s.take(s.o.File); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	} else if _, err := (fsx.OS{}).Stat(s.o.File); err == nil {
		return fmt.Errorf("crossval: %s: %w: resume it, or remove it", s.o.File, fs.ErrExist)
	}
	return nil
}

// take takes over the folds that a file has.
func (s *session) take(file string) error {
	var there state
	if err := resume.ReadJSON(file, maxState, stateVersion, s.id, &there); err != nil {
		return fmt.Errorf("crossval: %w", err)
	}
	if len(there.Folds) > len(s.cuts) {
		return fmt.Errorf("crossval: %s: %d folds, want at most %d", file, len(there.Folds), len(s.cuts))
	}
	for f, a := range there.Folds {
		if a == nil {
			continue
		}
		if err := s.check(f, a); err != nil {
			return fmt.Errorf("crossval: %s: fold %d: %w", file, f+1, err)
		}
		for i := range a.Answers {
			a.Answers[i].Heads = a.Heads
		}
		s.state.Folds[f] = a
	}
	return nil
}

// check reports answers that cannot be those of a fold.
func (s *session) check(f int, a *answered) error {
	if len(a.Answers) != len(s.cuts[f].inside) {
		return fmt.Errorf("%d answers to %d texts", len(a.Answers), len(s.cuts[f].inside))
	}
	sameLabels := func(a, b classify.Head) bool { return a.Name == b.Name && slices.Equal(a.Labels, b.Labels) }
	if !slices.EqualFunc(a.Heads, s.heads, sameLabels) {
		return errors.New("heads of other names or labels than the data's")
	}
	for i, p := range a.Answers {
		if len(p.Scores) != len(s.heads) {
			return fmt.Errorf("answer %d is of %d heads, want %d", i, len(p.Scores), len(s.heads))
		}
		for h, x := range p.Scores {
			if err := s.heads[h].CheckAnswer(x); err != nil {
				return fmt.Errorf("answer %d, %w", i, err)
			}
		}
	}
	return nil
}

// keep adds a fold to the state and writes it.
func (s *session) keep(f int, a *answered) error {
	s.state.Folds[f] = a
	if s.o.File == "" {
		return nil
	}
	last := len(s.state.Folds)
	for s.state.Folds[last-1] == nil {
		last--
	}
	return resume.WriteJSON(s.o.File, stateVersion, s.id, &state{s.state.Folds[:last]})
}

// identity is all that decides the answers.
func (s *session) identity() (resume.Identity, error) {
	id, err := s.trainer.Identity(s.data, nil)
	cuts := resume.NewSum()
	for i := range s.cuts {
		c := &s.cuts[i]
		cuts.Strings(c.group)
		for _, list := range [][]int{c.inside, c.outside} {
			cuts.Numbers(uint64(len(list)))
			for _, i := range list {
				cuts.Numbers(uint64(i))
			}
		}
	}
	return append(resume.Identity{
		{Name: "seed of the folds", Value: s.o.Seed},
		{Name: "share of the dev texts", Value: s.o.DevShare},
	}, append(id, resume.Field{Name: "folds", Value: cuts.String()})...), err
}
