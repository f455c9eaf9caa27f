package explain

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/internal/par"
)

// Mistakes explains the mistakes of an evaluation of the model, why it prefers its answer
// to the true label: for each of e.Mistakes its explanation, with ID, Gold and Loss, or
// nil for one that is too long. Options.Head, Label and Against are those of each mistake,
// whatever o says. It uses all processors. The errors are ctx's, and those of Explain.
func (x *Explainer) Mistakes(ctx context.Context, e *evaluate.Evaluation, o Options) ([]*Explanation, error) {
	found := make([]*Explanation, len(e.Mistakes))
	errs := make([]error, len(e.Mistakes))
	par.For(runtime.GOMAXPROCS(0), len(e.Mistakes), func(i int) {
		mistake, o := e.Mistakes[i], o
		o.Head, o.Label, o.Against = e.Head, "", ""
		h := x.model.Head(e.Head)
		ok := h >= 0 && !x.model.Heads()[h].Labelled() // a number is explained as it is
		if !ok {
			o.Label, o.Against, ok = contrast(mistake.Gold, mistake.Predicted, e.MultiLabel)
		}
		if !ok || ctx.Err() != nil {
			return
		}
		why, err := x.Explain(ctx, mistake.Text, o)
		switch {
		case errors.Is(err, ErrTooLong):
		case err != nil:
			errs[i] = fmt.Errorf("%s: %w", mistake.ID, err)
		default:
			why.ID, why.Gold, why.Loss = mistake.ID, strings.Join(mistake.Gold, ", "), float64(mistake.Loss)
			found[i] = why
		}
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return found, errors.Join(errs...)
}

// contrast says what to explain of a mistake: the answer against the true
// label, or with several labels to a text the first that is wrong, or missing.
func contrast(gold, predicted []string, multi bool) (label, against string, ok bool) {
	if !multi {
		return predicted[0], gold[0], true
	}
	for _, pair := range [][2][]string{{predicted, gold}, {gold, predicted}} {
		for _, l := range pair[0] {
			if !slices.Contains(pair[1], l) {
				return l, "", true
			}
		}
	}
	return "", "", false
}
