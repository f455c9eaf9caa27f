package explain

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/tokenize"
	"github.com/textlstm/textlstm/vocab"
)

// Errors that callers may branch on.
var (
	// ErrHead and ErrLabel say that the model has no head or label of a name.
	ErrHead  = errors.New("explain: no such head")
	ErrLabel = errors.New("explain: no such label")
	// ErrTooLong says that a text has more tokens than Options.MaxTokens.
	ErrTooLong = errors.New("explain: text too long")
	// ErrNotFinite says that weights of absurd size give parts that are no numbers.
	ErrNotFinite = errors.New("explain: the parts of the score are not finite numbers: the model's weights are too large")
)

// Options say what to explain, and how exactly. The zero value explains the
// predicted label of the model's first head.
type Options struct {
	Head string // "" means the model's first

	// Label is the label whose score is explained; "" means the likeliest.
	// Against, if not "", is the label it is compared with.
	Label   string
	Against string

	// Tolerance is the error of the deep branch's parts, as a share of the
	// difference they sum to; 0 means 0.01. MaxPoints bounds the number of
	// gradients taken on the way there; 0 means 513.
	Tolerance float64
	MaxPoints int

	// LeaveOut also leaves out each word in turn, which takes one prediction a
	// word.
	LeaveOut bool

	// Ngrams is the number of n-grams listed, the largest parts first; 0 means 10,
	// negative all.
	Ngrams int

	// MaxTokens bounds the length of a text with a deep branch, and so the
	// memory; 0 means 10,000.
	MaxTokens int
}

func (o Options) resolve() Options {
	if o.Tolerance == 0 {
		o.Tolerance = 0.01
	}
	if o.MaxPoints == 0 {
		o.MaxPoints = 513
	}
	if o.Ngrams == 0 {
		o.Ngrams = 10
	}
	if o.MaxTokens == 0 {
		o.MaxTokens = 10_000
	}
	return o
}

// An Explanation is why a model gives a text a score.
type Explanation struct {
	// ID, Gold and Loss are for who knows them to fill in: a name of the text,
	// its true label, and -log of the probability it got.
	ID   string  `json:"id,omitempty"`
	Gold string  `json:"gold,omitempty"`
	Loss float64 `json:"loss,omitempty"`

	Text    string  `json:"text"`
	Head    string  `json:"head"`
	Label   string  `json:"label"`
	Against string  `json:"against,omitempty"`
	Prob    float64 `json:"prob"` // of Label, as the model predicts it; 0 with Number
	Tokens  int     `json:"tokens"`
	Unknown int     `json:"unknown"`

	// Number says that the head answers with a number, which Label is; the score is
	// that number less the head's Mean.
	Number bool `json:"number,omitempty"`

	// Score is Base and the parts of all words, but for Path's error.
	Score   float64 `json:"score"`
	Base    float64 `json:"base"`
	Deep    *Branch `json:"deep,omitempty"`    // nil without a deep branch
	Wide    *Branch `json:"wide,omitempty"`    // nil without a wide branch
	Lexicon *Branch `json:"lexicon,omitempty"` // nil where the head does not look at it

	Branches map[string]*Branch `json:"branches,omitempty"` // other ones, by name

	Words  []Word  `json:"words"`            // in the order of the text, apart
	Ngrams []Ngram `json:"ngrams,omitempty"` // of the wide branch, the largest first

	Path *Path `json:"path,omitempty"` // nil without a deep branch or tokens

	// Agreement is the correlation (Pearson's) of the words' parts and what
	// leaving them out takes from the score; nil if that was not asked for, or
	// is not defined.
	Agreement *float64 `json:"agreement,omitempty"`
}

// A Branch is the part of the score that one branch gives, or the lexicon: the
// whole and the base.
type Branch struct {
	Score float64 `json:"score"`
	Base  float64 `json:"base"`
}

// A Word is a stretch of the text and its part of the score.
type Word struct {
	Start int    `json:"start"` // byte offsets in the text
	End   int    `json:"end"`
	Text  string `json:"text"` // its bytes

	Score   float64 `json:"score"` // Deep + Wide + Lexicon + Branches
	Deep    float64 `json:"deep"`
	Wide    float64 `json:"wide"`
	Lexicon float64 `json:"lexicon,omitempty"`

	Branches map[string]float64 `json:"branches,omitempty"` // other ones, by name

	// LeftOut is what the score loses without the word; nil if not asked for.
	LeftOut *float64 `json:"left_out,omitempty"`
	// Attention is the weight that the pooling gave it; nil without attention.
	Attention *float64 `json:"attention,omitempty"`

	Tokens  []string `json:"tokens"`            // what the model reads there
	Unknown bool     `json:"unknown,omitempty"` // none of them is in the vocabulary
}

// An Explainer explains the answers of one model.
type Explainer struct {
	model      *classify.Model
	tracer     *classify.Tracer // nil without a deep branch
	workspaces sync.Pool
}

// New returns an Explainer. It takes memory for a second copy of the encoder's
// weights.
func New(m *classify.Model) *Explainer {
	return &Explainer{model: m, tracer: m.NewTracer()}
}

// A question is one score of one text.
type question struct {
	Options
	head      int
	direction []float32 // score = Σ direction[c]·logit[c]
	text      string
	tokens    []tokenize.Token
	ids       []vocab.ID
	unknown   [][]int32 // as in classify.Encoded
	places    places
}

// Explain explains the answer to one text. The errors are ErrHead, ErrLabel,
// ErrTooLong, ErrNotFinite and ctx's.
func (e *Explainer) Explain(ctx context.Context, text string, o Options) (*Explanation, error) {
	q := question{Options: o.resolve(), text: text}
	for t := range e.model.Pipeline().All(text) {
		if len(q.tokens) == q.MaxTokens && e.model.Deep() != nil {
			return nil, fmt.Errorf("%w: more tokens than are explained, at most %d", ErrTooLong, q.MaxTokens)
		}
		q.tokens = append(q.tokens, t)
	}
	prediction := e.model.Predict(text)
	if err := q.aim(e.model, prediction); err != nil {
		return nil, err
	}
	head := &e.model.Heads()[q.head]
	x := &Explanation{
		Text: text, Head: head.Name, Label: head.Spell(q.Label), Against: head.Spell(q.Against),
		Tokens: prediction.Tokens, Unknown: prediction.Unknown, Number: !head.Labelled(),
	}
	if !x.Number {
		x.Prob = float64(prediction.Scores[q.head].Probs[slices.Index(head.Labels, q.Label)])
	}
	encoded := e.model.EncodeTokens(q.tokens)
	q.ids, q.unknown = encoded.IDs, encoded.Unknown
	q.places = newPlaces(q.tokens)
	x.Words = e.words(&q)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, b := range e.model.Branches() {
		if err := e.part(ctx, b, &q, x); err != nil {
			return nil, err
		}
		part := x.branch(b.Name())
		if part == nil {
			continue
		}
		x.Score += part.Score
		x.Base += part.Base
		for i := range x.Words {
			x.Words[i].Score += x.Words[i].part(b.Name())
		}
	}
	if !x.finite() {
		return nil, fmt.Errorf("%w: head %s", ErrNotFinite, head.Name)
	}
	if o.LeaveOut {
		if err := e.leaveOut(ctx, &q, x); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// finite says whether the scores of x and of its words are numbers.
func (x *Explanation) finite() bool {
	sum := x.Score + x.Base
	for _, w := range x.Words {
		sum += w.Score
	}
	return !math.IsNaN(sum) && !math.IsInf(sum, 0)
}

// aim finds the head and the direction of the score.
func (q *question) aim(m *classify.Model, p classify.Prediction) error {
	if q.Head != "" {
		if q.head = m.Head(q.Head); q.head < 0 {
			var names []string
			for _, h := range m.Heads() {
				names = append(names, h.Name)
			}
			return fmt.Errorf("%w: %q, the model has %q", ErrHead, q.Head, names)
		}
	}
	head := &m.Heads()[q.head]
	if !head.Labelled() && q.Label+q.Against != "" {
		return fmt.Errorf("%w: %q, head %s answers with a number: name no label", ErrLabel, q.Label+q.Against, head.Name)
	}
	for _, label := range []*string{&q.Label, &q.Against} {
		if *label == "" {
			continue
		}
		i := head.Index(*label)
		if i < 0 {
			return fmt.Errorf("%w: %q, head %s has %q", ErrLabel, *label, head.Name, head.Labels)
		}
		*label = head.Labels[i]
	}
	if q.Label == "" {
		q.Label = head.AnswerName(p.Scores[q.head])
	}
	if q.Against == q.Label {
		return fmt.Errorf("%w: %q against itself", ErrLabel, q.Label)
	}
	q.direction = head.Direction(q.Label, q.Against)
	return nil
}

// words returns the words of the text without their parts.
func (e *Explainer) words(q *question) []Word {
	words := make([]Word, len(q.places.words))
	for i, s := range q.places.words {
		words[i] = Word{Start: s.Start, End: s.End, Text: q.text[s.Start:s.End], Unknown: true}
	}
	for t := range q.tokens {
		known := e.model.Vocab().IsKnown(q.ids[t])
		for i := range q.places.of(t) {
			words[i].Tokens = append(words[i].Tokens, q.tokens[t].Text)
			words[i].Unknown = words[i].Unknown && !known
		}
	}
	return words
}

func (e *Explainer) workspace() *classify.Workspace {
	ws, ok := e.workspaces.Get().(*classify.Workspace)
	if !ok {
		ws = new(classify.Workspace)
	}
	ws.Workers = runtime.GOMAXPROCS(0)
	return ws
}
