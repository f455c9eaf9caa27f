package classify

import (
	"fmt"
	"slices"

	"github.com/textlstm/textlstm/internal/tensorfile"
	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/tokenize"
	"github.com/textlstm/textlstm/vocab"
)

// A Branch is a part of a model that gives the labels of a text scores of its own.
// The scores of the model are the sum of its branches', each times the scale that
// the head has for it. The branches are the deep one, a [Deep]; the wide one, a
// [Wide]; and the lexicon, which has no weights. Branches do not change.
type Branch interface {
	// Name is what commands and results call the branch.
	Name() string

	// Scale is where a head keeps the branch's scale; nil for one that nothing is
	// learned of, which has its weights in the head.
	Scale(h *Head) *float64

	// NumParams counts the weights.
	NumParams() int

	// check reports a branch that does not fit a config and a vocabulary.
	check(c Config, v *vocab.Vocabulary) error

	// readsTokens says whether the branch reads tokens; begin, read and end are not
	// called otherwise.
	readsTokens(c Config) bool

	// begin, read and end add to e what the branch reads of a text, whose tokens come
	// some at a time.
	begin(m *Model, w *worker)
	read(w *worker, tokens []tokenize.Token)
	end(w *worker, e *Encoded)

	// addScores adds the scaled scores of w's texts to sums, by head [B][C]. The only
	// error is that of w's context.
	addScores(m *Model, w *worker, sums [][]float32) error

	// tensors are the branch's part of a model file.
	tensors(c Config) []tensorfile.Tensor
}

// A TokenBranch is a branch whose scores are sums over the tokens of a text, so that
// each token's part of them can be told.
type TokenBranch interface {
	Branch

	// TokenScores returns by token what it adds to the score that direction, as of
	// Head.Direction, makes of those of a head; nil if the head does not look at the branch.
	TokenScores(h *Head, direction []float32, tokens []tokenize.Token) []float64
}

// A branchKind is what there is to know of a branch before it is there.
type branchKind struct {
	// zero has the name and the scale; it is the branch itself where load is nil.
	zero Branch

	// in says whether a config has the branch; without takes it out.
	in      func(Config) bool
	without func(*Config)

	// load reads it from a file and names the tensors read; nil for the one without
	// weights.
	load func(f *tensorfile.File, d description) (Branch, []string, error)
}

// branchKinds are the kinds of branches, in the order in which scores are added up.
// Another one is an entry here, a field of Config or Head that says whether a model
// has it, and, in Encoded, what it reads.
var branchKinds = []branchKind{
	{
		(*Deep)(nil), func(c Config) bool { return !c.NoDeep },
		func(c *Config) { c.NoDeep, c.Members, c.Directions = true, 0, nil },
		loadDeep,
	},
	{
		(*Wide)(nil), Config.HasWide,
		func(c *Config) { c.Ngrams = ngram.Config{} },
		loadWide,
	},
	{
		lexicalBranch{}, Config.HasLexicon,
		func(c *Config) { *c = c.withoutLexicon() },
		nil,
	},
}

// An Encoded text is what the branches of a model read of it.
type Encoded struct {
	IDs  []vocab.ID // of its tokens
	Rows []int32    // of its n-grams in the wide branch, if there is one

	// Polarity is what its words say by the lexicon, where Head.Lexicon weighs it.
	Polarity float32

	// Unknown has the character n-grams of unknown words, as buckets of
	// embed.Subwords, if the model has vectors for them: an ID ^k, which is
	// negative, is the word with those of Unknown[k].
	Unknown [][]int32
}

// clone is e with storage of its own.
func (e Encoded) clone() Encoded {
	e.IDs, e.Rows, e.Unknown = slices.Clone(e.IDs), slices.Clone(e.Rows), slices.Clone(e.Unknown)
	return e
}

// arrange puts branches in order, the one without weights among them, and reports
// those that do not fit.
func arrange(cfg Config, v *vocab.Vocabulary, branches []Branch) ([]Branch, error) {
	var list []Branch
	for _, k := range branchKinds {
		i := slices.IndexFunc(branches, func(b Branch) bool { return b.Name() == k.zero.Name() })
		var b Branch
		if i >= 0 {
			b = branches[i]
		} else if k.load == nil && k.in(cfg) {
			b = k.zero
		}
		if (b != nil) != k.in(cfg) {
			return nil, fmt.Errorf("classify: %s branch %t, the config says %t", k.zero.Name(), b != nil, k.in(cfg))
		}
		if b == nil {
			continue
		}
		if err := b.check(cfg, v); err != nil {
			return nil, err
		}
		list = append(list, b)
	}
	return list, nil
}

// BranchNames are the names of the branches that have weights, which Model.Only
// knows.
func BranchNames() []string {
	var names []string
	for _, k := range branchKinds {
		if k.load != nil {
			names = append(names, k.zero.Name())
		}
	}
	return names
}

// ClearScales forgets the scales of all branches.
func (h *Head) ClearScales() {
	for _, k := range branchKinds {
		if s := k.zero.Scale(h); s != nil {
			*s = 0
		}
	}
}

// find returns the branch of a type, the zero value if there is none.
func find[B Branch](branches []Branch) (b B) {
	for _, other := range branches {
		if b, ok := other.(B); ok {
			return b
		}
	}
	return b
}

// Branches returns the branches in the order in which their scores are added up.
// The list must not be changed.
func (m *Model) Branches() []Branch { return m.branches }

// Deep returns the deep branch, nil if there is none. It must not be changed.
func (m *Model) Deep() *Deep { return find[*Deep](m.branches) }

// Wide returns the wide branch, nil if there is none.
func (m *Model) Wide() *Wide { return find[*Wide](m.branches) }

// Only returns the model with one of its branches alone, by its name, which shares
// the weights; nil if it has no such branch. It shows what each one gives.
func (m *Model) Only(name string) *Model {
	i := slices.IndexFunc(m.branches, func(b Branch) bool { return b.Name() == name })
	if i < 0 {
		return nil
	}
	cfg := m.cfg
	for _, k := range branchKinds {
		if k.zero.Name() != name {
			k.without(&cfg)
		}
	}
	return m.with(cfg, m.branches[i])
}

// With returns the model with the scales, thresholds and weights of the lexicon
// that heads have, and another card. It shares everything else.
func (m *Model) With(heads []Head, card Card) *Model {
	cfg := m.cfg
	cfg.Heads = heads
	other := m.with(cfg, m.branches...)
	other.card = card
	return other
}

// with returns the model with another config and other branches.
func (m *Model) with(cfg Config, branches ...Branch) *Model {
	return &Model{cfg: cfg, pipeline: m.pipeline, vocab: m.vocab, branches: branches, card: m.card, cacheOff: m.cacheOff}
}
