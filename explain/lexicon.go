package explain

import "github.com/textlstm/textlstm/internal/lexicon"

// lexicon fills in the parts of the words that the lexicon rates.
func (e *Explainer) lexicon(q *question, x *Explanation) {
	weight := 0.0
	for c, v := range e.model.Heads()[q.head].Lexicon {
		weight += float64(q.direction[c]) * v
	}
	valences := lexicon.AppendValences(nil, q.tokens)
	x.Lexicon = &Branch{Score: weight * lexicon.Opinion(valences)}
	sum := 0.0
	for _, v := range valences {
		sum += v
	}
	if sum == 0 {
		return
	}
	for t, v := range valences {
		x.Lexicon.Base += q.places.share(t, x.Lexicon.Score*v/sum, func(w int, part float64) { x.Words[w].Lexicon += part })
	}
}
