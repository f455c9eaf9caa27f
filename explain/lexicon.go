package explain

import (
	"context"

	"gonum.org/v1/gonum/floats"

	"github.com/textlstm/textlstm/internal/lexicon"
)

// lexicon fills in the parts of the words that the lexicon rates.
func (e *Explainer) lexicon(_ context.Context, q *question, x *Explanation) error {
	weights := e.model.Heads()[q.head].Lexicon
	if len(weights) == 0 {
		return nil
	}
	weight := 0.0
	for c, v := range weights {
		weight += float64(q.direction[c]) * v
	}
	parts := lexicon.AppendPolarities(nil, q.tokens)
	floats.Scale(weight, parts)
	x.Lexicon = &Branch{Score: floats.Sum(parts)}
	for t, part := range parts {
		x.Lexicon.Base += q.places.share(t, part, func(w int, part float64) { x.Words[w].Lexicon += part })
	}
	return nil
}
