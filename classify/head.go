package classify

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/nn"
)

// A Head is one question: a name, its possible answers, and how to learn them.
type Head struct {
	// Name is the head's own; Labels are two or more, one for a multi-label head,
	// none for one that answers with a number. Without any they are those of the
	// training data.
	Name   string   `json:"name"`
	Labels []string `json:"labels"`

	// Spelling is how the training texts spell labels that are read in another way,
	// as neg for negative. Answers are spelled so; a label that is not listed is as in
	// Labels.
	Spelling map[string]string `json:"spelling,omitempty"`

	// Loss is the training loss. nn.BinaryCrossEntropy makes the head
	// multi-label: every label has a probability of its own. nn.SquaredError and
	// nn.AbsoluteError make it a regression: it answers with a number, such as stars
	// or a price, which is the label of a training text.
	Loss nn.Loss `json:"loss,omitzero"`

	// Weight multiplies the head's loss; 0 means 1.
	Weight float64 `json:"weight,omitempty"`

	// Hidden is the width of a ReLU layer between the pooled vector and the
	// scores; 0 means none.
	Hidden int `json:"hidden,omitempty"`

	// Layers are the hidden layers, from the pooled vector up, where they are not a single
	// one of ReLU: they stand in place of Hidden.
	Layers []HiddenLayer `json:"layers,omitempty"`

	// Deep and Wide multiply the scores of the two branches before they are
	// added up; 0 means 1. Training fits them to the dev texts, which also
	// calibrates the probabilities: their common part is the inverse of a
	// temperature (Guo et al. 2017). Each branch of a regression gives the whole number:
	// where no dev texts decide, training gives them equal parts of 1.
	Deep float64 `json:"deep,omitempty"`
	Wide float64 `json:"wide,omitempty"`

	// WideNorm divides the scores of the wide branch by n to that power, n being the
	// number of n-grams that the branch finds in a text, or 1: 0, no norm, leaves sums, which
	// grow with the length of the text; 0.5 makes the text a vector of length 1, as
	// cosines have it; 1 makes means. train.Config.LengthNorm fits it to the dev texts.
	WideNorm float64 `json:"wide_norm,omitempty"`

	// Lexicon [C] multiplies what the words of an English text say by VADER's
	// lexicon (Hutto & Gilbert 2014), and adds that to the scores: the sum of the
	// ratings of its n rated words, from -4, very negative, to 4, where negated
	// ones count the other way, divided by 1 + n√n. Training does not learn it: on
	// texts like the trained ones the branches know better, on other kinds of
	// texts they do not. For the labels negative, neutral, positive it may be
	// -0.5, 0, 0.5; without Labels the order is that of the sorted ones. The
	// pipeline must leave words whole and in lower case. Empty means none.
	Lexicon []float64 `json:"lexicon,omitempty"`

	// Thresholds [C] are the probabilities from which on a multi-label head
	// gives a text its labels; empty means 0.5 for all. Training fits them to
	// the dev texts.
	Thresholds []float64 `json:"thresholds,omitempty"`

	// Mean and Scale turn the score of a regression into its number, Mean plus Scale
	// times the score. Where Scale is 0, training sets both: to the mean and the
	// standard deviation of the training texts' numbers, so that their unit is of no
	// weight in learning.
	Mean  float64 `json:"mean,omitempty"`
	Scale float64 `json:"scale,omitempty"`
}

// A Score is the answer of one head.
type Score struct {
	// Label is the index of the likeliest label, the first of equals.
	Label int
	// Probs has a probability for each label. They sum to 1, unless the head is
	// multi-label: then each stands for itself. A regression has none.
	Probs []float32
	// Value is the number that a regression answers with, in the unit of the training
	// texts' numbers; 0 for other heads.
	Value float32 `json:",omitzero"`
}

// Prob is the probability of the likeliest label, 0 for a regression.
func (s Score) Prob() float32 {
	if s.Probs == nil {
		return 0
	}
	return s.Probs[s.Label]
}

// A headKind is what a head answers with: what its scores mean, what they are learned
// from, and what is wrong with a head of the kind. It has no state.
type headKind interface {
	// losses are those that make a head one of the kind.
	losses() []nn.LossKind
	traits() traits

	// check reports what is wrong with a head, but for what all kinds share.
	check(h *Head) error

	// width is the number of scores.
	width(h *Head) int

	// answer turns scores into an answer, which may keep them, and checkAnswer reports
	// one that cannot be of h. name is the answer in one word, and labels all of it.
	answer(h *Head, scores []float32) Score
	checkAnswer(h *Head, s Score) error
	name(h *Head, s Score) string
	labels(h *Head, s Score) []string

	// reader returns what appends to t the target of a text with some labels; with nil
	// nothing is known. addAnswer appends the target that an answer of those scores is.
	reader(h *Head, t *nn.Targets) func(labels []string) error
	addAnswer(h *Head, t *nn.Targets, scores []float32)

	// standardize is described at Head.Standardize, direction at Head.Direction.
	standardize(h *Head, read func(*Head) (nn.Targets, error), weights []float32) error
	direction(h *Head, label, against string) []float32
}

// traits are what others have to know of a kind.
type traits struct {
	labelled bool       // answers with labels, rather than a number
	several  bool       // a text may have any number of them
	whole    bool       // each branch gives the whole answer: several have equal parts of it
	wide     ngram.Task // how n-grams learn the scores
	about    string     // what it answers with, in a few words; "" for what goes without saying
}

// headKinds are the kinds of heads, the first one that of heads without a loss. Another
// one is an entry here and, if it has a loss of its own, one in package nn.
var headKinds = []headKind{oneLabel{}, labelSet{}, regression{}}

// LossUsage says in a line for people which losses a head may have, the first of each
// kind of heads, and what such a head answers with.
func LossUsage() string {
	var list []string
	for _, k := range headKinds {
		losses, what := k.losses(), " (default)"
		if about := k.traits().about; about != "" {
			what = " for " + about
		}
		list = append(list, string(cmp.Or(losses...))+what)
	}
	return strings.Join(list, ", ")
}

func (h *Head) kind() headKind {
	return headKinds[max(slices.IndexFunc(headKinds, func(k headKind) bool { return slices.Contains(k.losses(), h.Loss.Kind) }), 0)]
}

// Spell returns a label as the training texts spell it.
func (h *Head) Spell(label string) string {
	if s, ok := h.Spelling[label]; ok {
		return s
	}
	return label
}

// Index returns the index of a label, as it stands in Labels or as it is spelled, or -1.
func (h *Head) Index(label string) int {
	return slices.IndexFunc(h.Labels, func(l string) bool { return l == label || h.Spell(l) == label })
}

// Labelled says whether the head answers with labels; else it does with a number.
func (h *Head) Labelled() bool { return h.kind().traits().labelled }

// MultiLabel says whether a text may have any number of the head's labels.
func (h *Head) MultiLabel() bool { return h.kind().traits().several }

// WholeScores says whether each branch gives the whole answer rather than evidence for it:
// where nothing decides, several have equal parts of 1 as their scales.
func (h *Head) WholeScores() bool { return h.kind().traits().whole }

// Question returns what the head asks, without how it is learned and calibrated: another
// head whose answers mean the same.
func (h *Head) Question() Head {
	return Head{Name: h.Name, Labels: h.Labels, Spelling: h.Spelling, Loss: nn.Loss{Kind: h.Loss.Kind}, Mean: h.Mean, Scale: h.Scale}
}

// Width is the number of scores that the head gives a text: one for each label, one
// for a number.
func (h *Head) Width() int { return h.kind().width(h) }

// Linear returns what scores the n-grams of a text for the head, without weights.
func (h *Head) Linear() *ngram.Linear {
	return &ngram.Linear{Labels: h.Width(), Task: h.kind().traits().wide}
}

// PredictedLabels returns those of Labels that a text has by a score: those that reach their
// thresholds for a multi-label head, the number of a regression, else the likeliest.
func (h *Head) PredictedLabels(s Score) []string { return h.kind().labels(h, s) }

// AnswerName returns the answer in one word: the likeliest label, or the number.
func (h *Head) AnswerName(s Score) string { return h.kind().name(h, s) }

// CheckAnswer reports a score that the head cannot have given.
func (h *Head) CheckAnswer(s Score) error { return h.kind().checkAnswer(h, s) }

// TargetReader returns a function that appends to t what the head's scores of a text with
// some labels should be, in the form that its loss takes. Without any, nil, the text says
// nothing to the head; none of a multi-label head is an empty list. The error names a
// label that is not one of the head's.
func (h *Head) TargetReader(t *nn.Targets) func(labels []string) error { return h.kind().reader(h, t) }

// AddAnswer appends to t the target that makes an answer with those scores [Width] the
// right one.
func (h *Head) AddAnswer(t *nn.Targets, scores []float32) { h.kind().addAnswer(h, t, scores) }

// Standardize sets what a head that has no Scale has to know of the training texts: the
// Mean and the Scale of a number. read returns the targets of the texts for a head, weights [n] say as how many a
// text counts; nil is 1 for all. Heads of labels are as they are, and call nothing.
func (h *Head) Standardize(read func(*Head) (nn.Targets, error), weights []float32) error {
	return h.kind().standardize(h, read, weights)
}

// Direction returns what the scores are multiplied by [Width] to get the evidence for a
// label, if against is not "" rather than that one; for a number its difference from Mean,
// whatever the label.
func (h *Head) Direction(label, against string) []float32 {
	return h.kind().direction(h, label, against)
}

// check reports what is wrong with one head, but for its name; changing are the
// filters of the pipeline that change words.
func (h *Head) check(pipeline string, changing []string) (errs []error) {
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("classify: head %s"+format, append([]any{h.Name}, args...)...))
	}
	if err := h.kind().check(h); err != nil {
		bad("%w", err)
	}
	if h.Labelled() && (h.Mean != 0 || h.Scale != 0) {
		bad(": mean = %v, scale = %v are for the losses %q of a number", h.Mean, h.Scale, regression{}.losses())
	}
	labels := map[string]bool{}
	for _, l := range h.Labels {
		if l == "" || labels[l] {
			bad(": label %q is empty or there twice", l)
		}
		labels[l] = true
	}
	for l, spelled := range h.Spelling {
		if !labels[l] || spelled == "" || spelled != l && labels[spelled] {
			bad(": label %q cannot be spelled %q", l, spelled)
			break
		}
	}
	if err := h.Loss.Validate(h.Width()); err != nil {
		bad(": %w", err)
	}
	for _, t := range h.Thresholds {
		if !(t >= 0 && t <= 1) {
			bad(": threshold %v, want 0 to 1", t)
		}
	}
	if n := len(h.Lexicon); n > 0 && n != len(h.Labels) {
		bad(" has %d weights of the lexicon for %d labels, want one for each, or none", n, len(h.Labels))
	}
	for _, f := range changing {
		if len(h.Lexicon) > 0 {
			bad(": the lexicon has whole words, but the pipeline %q changes them: leave %s out", pipeline, f)
		}
	}
	for _, v := range h.Lexicon {
		if !(math.Abs(v) <= 100) {
			bad(": lexicon %v, want -100 to 100", v)
		}
	}
	if !(h.WideNorm >= 0 && h.WideNorm <= 1) {
		bad(": wide_norm = %v, want 0 to 1", h.WideNorm)
	}
	if h.Hidden < 0 || !(h.Deep >= 0) || !(h.Wide >= 0) || !(h.Weight >= 0) {
		bad(": hidden = %d, deep = %v, wide = %v, weight = %v, want none negative", h.Hidden, h.Deep, h.Wide, h.Weight)
	}
	return errs
}
