package crossval

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/fsx"
)

// A state is the content of Options.File: all that finished folds leave behind.
type state struct {
	Version  int        `json:"version"`
	Identity string     `json:"identity"` // of texts, settings and cuts
	Folds    []answered `json:"folds"`
}

// An answered fold. Its figures are computed anew from the answers.
type answered struct {
	Epoch   int                   `json:"epoch"`
	Answers []classify.Prediction `json:"answers"` // to the texts inside, in their order
}

const stateVersion = 1

// maxState is what a million texts may need, in bytes.
const maxState = 1 << 30

// A MismatchError says that a file is of another cross-validation.
type MismatchError struct{ File string }

func (e *MismatchError) Error() string {
	return fmt.Sprintf("crossval: %s is of other texts, settings or folds: remove it, or give what it was begun with", e.File)
}

// open begins the state, or takes over that of the file.
func (s *session) open() error {
	id, err := s.identity()
	if err != nil {
		return err
	}
	s.state = state{Version: stateVersion, Identity: id}
	if s.o.File == "" {
		return nil
	}
	if !s.o.Resume {
		if _, err := (fsx.OS{}).Stat(s.o.File); err == nil {
			return fmt.Errorf("crossval: %s: %w: resume it, or remove it", s.o.File, fs.ErrExist)
		}
		return nil
	}
	b, err := fsx.ReadFile(fsx.OS{}, s.o.File, maxState)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var there state
	if err := json.Unmarshal(b, &there); err != nil {
		return fmt.Errorf("crossval: %s: %w", s.o.File, err)
	}
	switch {
	case there.Version != stateVersion:
		return fmt.Errorf("crossval: %s: version %d, want %d", s.o.File, there.Version, stateVersion)
	case there.Identity != id:
		return &MismatchError{s.o.File}
	case len(there.Folds) > len(s.cuts):
		return fmt.Errorf("crossval: %s: %d folds, want at most %d", s.o.File, len(there.Folds), len(s.cuts))
	}
	for f := range there.Folds {
		if err := s.check(f, &there.Folds[f]); err != nil {
			return fmt.Errorf("crossval: %s: fold %d: %w", s.o.File, f+1, err)
		}
	}
	s.state = there
	return nil
}

// check reports answers that cannot be those of a fold.
func (s *session) check(f int, a *answered) error {
	if len(a.Answers) != len(s.cuts[f].inside) {
		return fmt.Errorf("%d answers to %d texts", len(a.Answers), len(s.cuts[f].inside))
	}
	for i, p := range a.Answers {
		if len(p.Scores) != len(s.heads) {
			return fmt.Errorf("answer %d is of %d heads, want %d", i, len(p.Scores), len(s.heads))
		}
		for h, x := range p.Scores {
			if C := len(s.heads[h].Labels); len(x.Probs) != C || x.Label < 0 || x.Label >= C {
				return fmt.Errorf("answer %d, head %s: label %d and %d probabilities of %d labels", i, s.heads[h].Name, x.Label, len(x.Probs), C)
			}
			for _, p := range x.Probs {
				if !(p >= 0 && p <= 1) {
					return fmt.Errorf("answer %d, head %s: probability %v, want 0 to 1", i, s.heads[h].Name, p)
				}
			}
		}
	}
	return nil
}

// keep adds a fold to the state and writes it.
func (s *session) keep(a answered) error {
	s.state.Folds = append(s.state.Folds, a)
	if s.o.File == "" {
		return nil
	}
	return fsx.WriteFile(fsx.OS{}, s.o.File, func(w io.Writer) error { return json.NewEncoder(w).Encode(&s.state) })
}

// identity is a hash of all that decides the answers.
func (s *session) identity() (string, error) {
	h := sha256.New()
	e := json.NewEncoder(h)
	var sources [][][]string
	for _, src := range s.data.Sources {
		sources = append(sources, src.Labels)
	}
	if err := e.Encode([]any{s.trainer.Config, s.o.Seed, s.o.DevShare, s.data.Heads, s.data.Separator, sources, s.data.Len()}); err != nil {
		return "", err
	}
	t := &s.trainer
	if t.Also != "" {
		if err := e.Encode(t.Also); err != nil {
			return "", err
		}
	}
	if t.Start != nil {
		if err := e.Encode(t.Start.Sum()); err != nil {
			return "", err
		}
	}
	if t.Teacher != nil {
		if _, err := t.Teacher.WriteTo(h); err != nil {
			return "", err
		}
	}
	if t.Unlabelled != nil {
		for i := range t.Unlabelled.Examples {
			if err := e.Encode(t.Unlabelled.Examples[i].Text); err != nil {
				return "", err
			}
		}
	}
	for i := range s.data.Examples {
		x := &s.data.Examples[i]
		if err := e.Encode([]any{x.Text, x.Labels, math.Float32bits(x.Weight), x.Source}); err != nil {
			return "", err
		}
	}
	for i := range s.cuts {
		c := &s.cuts[i]
		if err := e.Encode([]any{c.group, c.inside, c.outside}); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16]), nil
}
