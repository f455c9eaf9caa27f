package classify

import (
	"errors"
	"fmt"

	"github.com/textlstm/textlstm/ngram"
)

// A Wide is the branch of a model that looks at n-grams alone: no order beyond
// them, no vectors, one linear score for each label of each head (Cheng et al.
// 2016 call the combination wide and deep). It does not change.
type Wide struct {
	Dictionary *ngram.Dictionary
	Heads      []*ngram.Linear // by head
}

// Check reports a branch that does not fit the heads of cfg.
func (w *Wide) check(cfg Config) error {
	if len(w.Heads) != len(cfg.Heads) {
		return fmt.Errorf("classify: a wide branch of %d heads for a model of %d", len(w.Heads), len(cfg.Heads))
	}
	var errs []error
	for h, l := range w.Heads {
		head := &cfg.Heads[h]
		if l.Labels != len(head.Labels) || l.MultiLabel != head.MultiLabel() || l.NumWeights() != w.Dictionary.Rows()*l.Columns() || len(l.Bias) != l.Columns() {
			errs = append(errs, fmt.Errorf("classify: wide branch of head %s: %d labels, %d weights, want %d labels, %d weights",
				head.Name, l.Labels, l.NumWeights(), len(head.Labels), w.Dictionary.Rows()*l.Columns()))
		}
	}
	return errors.Join(errs...)
}
