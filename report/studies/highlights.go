package studies

import (
	"context"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/explain"
	"github.com/textlstm/textlstm/report/page"
)

// Highlights marks the words behind the first n mistakes of ev, by what they add to the
// answer of m against the true label. The keys are the mistakes' indices.
func Highlights(ctx context.Context, m *classify.Model, ev *evaluate.Evaluation, n int) (map[int][]page.Highlight, error) {
	worst := *ev
	worst.Mistakes = ev.Mistakes[:min(n, len(ev.Mistakes))]
	// The shades of a page are coarse: so may the parts be.
	found, err := explain.New(m).Mistakes(ctx, &worst, explain.Options{Tolerance: 0.1})
	if err != nil {
		return nil, err
	}
	marks := make(map[int][]page.Highlight, len(found))
	for i, why := range found {
		if why == nil {
			continue
		}
		for _, w := range why.Words {
			at := worst.Mistakes[i].Index
			marks[at] = append(marks[at], page.Highlight{Start: w.Start, End: w.End, Score: w.Score})
		}
	}
	return marks, nil
}
