package evaluate

import "slices"

// KindScores are the metrics of heads that do not answer with labels: those of the kind
// that a head is of are set, and then the metrics of labels are not defined.
type KindScores struct {
	*ValueScores // of a head that answers with numbers
}

// KindDetails are what an evaluation has beside metrics for some kinds of heads.
type KindDetails struct {
	// Baseline has the metrics of the best constant answer of a head that answers with
	// numbers: the mean of the gold numbers. Points are some of its rows, with
	// Options.Curves.
	Baseline *ValueScores `json:"baseline,omitempty"`
	Points   []Point      `json:"points,omitempty"`
}

// A kind is what heads that answer with something are judged by.
type kind struct {
	of      func(*Scores) bool // whether they are those of such a head
	metrics func() []metric[Scores]

	headlines []string // two to tell first and another one
	summary   []string // those that tell the most together
}

// kinds are the kinds of heads; the first one is of those that no other is of. Another one
// is an entry here and, if it has metrics of its own, a field of KindScores.
var kinds = []kind{
	{
		of:        func(*Scores) bool { return false },
		metrics:   scoreMetrics,
		headlines: []string{"accuracy", "macro_f1", "log_loss"},
		summary:   []string{"accuracy", "macro_f1", "log_loss", "mcc"},
	},
	{
		of:        func(s *Scores) bool { return s.ValueScores != nil },
		metrics:   valueMetrics,
		headlines: []string{"rmse", "r2", "mae"},
		summary:   ValueNames(),
	},
}

func (s *Scores) kind() *kind {
	return &kinds[max(slices.IndexFunc(kinds, func(k kind) bool { return k.of(s) }), 0)]
}

// allMetrics are those of all kinds, each once.
func allMetrics() (all []metric[Scores]) {
	for _, k := range kinds {
		for _, m := range k.metrics() {
			if !slices.ContainsFunc(all, func(a metric[Scores]) bool { return a.name == m.name }) {
				all = append(all, m)
			}
		}
	}
	return all
}

// Names lists the metrics of Scores by their JSON names, in the order of the
// fields: those of labels, then those of numbers.
func Names() []string { return names(allMetrics()) }

// ValueNames lists the metrics of ValueScores by their JSON names.
func ValueNames() []string { return names(valueMetrics()) }

// LabelledNames lists the metrics of labels by their JSON names.
func LabelledNames() []string { return names(scoreMetrics()) }

// Names lists the metrics of the kind of head that s is of, as the function does.
func (s *Scores) Names() []string { return names(s.kind().metrics()) }

// Headlines lists three of Names, the two to tell first and another one.
func (s *Scores) Headlines() []string { return slices.Clone(s.kind().headlines) }

// Summary lists those of Names that tell the most together.
func (s *Scores) Summary() []string { return slices.Clone(s.kind().summary) }
