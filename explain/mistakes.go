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
// nil for one that is too long. The answer is compared with nothing where the head does not
// have the true label. Options.Head, Label and Against are those of each mistake, whatever
// o says. It uses all processors. The errors are ctx's, and those of Explain.
func (x *Explainer) Mistakes(ctx context.Context, e *evaluate.Evaluation, o Options) ([]*Explanation, error) {
	found := make([]*Explanation, len(e.Mistakes))
	errs := make([]error, len(e.Mistakes))
	par.For(runtime.GOMAXPROCS(0), len(e.Mistakes), func(i int) {
		mistake, o := e.Mistakes[i], o
		o.Head, o.Label, o.Against = e.Head, "", ""
		if h := x.model.Head(e.Head); h >= 0 && x.model.Heads()[h].Labelled() { // a number is explained as it is
			head := &x.model.Heads()[h]
			gold := slices.DeleteFunc(slices.Clone(mistake.Gold), func(l string) bool { return head.Index(l) < 0 })
			o.Label, o.Against = contrast(gold, mistake.Predicted, e.MultiLabel)
		}
		if ctx.Err() != nil {
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

// contrast says what to explain of a mistake, gold being the true labels that the head has:
// the answer against the true label, if there is one, or with several labels to a text the
// first that is wrong, or missing; else the answer, "".
func contrast(gold, predicted []string, multi bool) (label, against string) {
	if !multi {
		return predicted[0], append(gold, "")[0]
	}
	for _, pair := range [][2][]string{{predicted, gold}, {gold, predicted}} {
		for _, l := range pair[0] {
			if !slices.Contains(pair[1], l) {
				return l, ""
			}
		}
	}
	return "", ""
}
