package explain

import (
	"context"
	"maps"
	"slices"

	"gonum.org/v1/gonum/floats"

	"github.com/textlstm/textlstm/classify"
)

// part fills in what a branch of the model gives to the score. It may leave it nil where
// the head does not look at the branch.
func (e *Explainer) part(ctx context.Context, b classify.Branch, q *question, x *Explanation) error {
	switch b := b.(type) {
	case *classify.Deep:
		return e.deep(ctx, q, x)
	case *classify.Wide:
		return e.wide(ctx, q, x)
	case classify.TokenBranch:
		e.tokens(b, q, x)
	}
	return nil
}

// tokens fills in the part of a branch whose scores are sums over the tokens.
func (e *Explainer) tokens(b classify.TokenBranch, q *question, x *Explanation) {
	parts := b.TokenScores(&e.model.Heads()[q.head], q.direction, q.tokens)
	if parts == nil {
		return
	}
	sum := &Branch{Score: floats.Sum(parts)}
	for t, part := range parts {
		sum.Base += q.places.share(t, part, func(w int, part float64) { x.Words[w].add(b.Name(), part) })
	}
	if b.Name() == "lexicon" {
		x.Lexicon = sum
		return
	}
	if x.Branches == nil {
		x.Branches = map[string]*Branch{}
	}
	x.Branches[b.Name()] = sum
}

// branch returns the part of the branch of that name, nil if there is none.
func (x *Explanation) branch(name string) *Branch {
	switch name {
	case "deep":
		return x.Deep
	case "wide":
		return x.Wide
	case "lexicon":
		return x.Lexicon
	}
	return x.Branches[name]
}

// sources names the branches that x has parts of; nil if there is only one.
func (x *Explanation) sources() []string {
	names := append([]string{"deep", "wide", "lexicon"}, slices.Sorted(maps.Keys(x.Branches))...)
	names = slices.DeleteFunc(names, func(name string) bool { return x.branch(name) == nil })
	if len(names) < 2 {
		return nil
	}
	return names
}

// part is what a branch gives to the word.
func (w *Word) part(branch string) float64 {
	switch branch {
	case "deep":
		return w.Deep
	case "wide":
		return w.Wide
	case "lexicon":
		return w.Lexicon
	}
	return w.Branches[branch]
}

// add adds to what a branch of sums over tokens gives to the word.
func (w *Word) add(branch string, part float64) {
	if branch == "lexicon" {
		w.Lexicon += part
		return
	}
	if w.Branches == nil {
		w.Branches = map[string]float64{}
	}
	w.Branches[branch] += part
}
