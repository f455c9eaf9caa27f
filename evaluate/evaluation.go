package evaluate

import "fmt"

// Options say what New computes beyond the figures. The zero value: nothing.
type Options struct {
	Resamples int     // bootstrap resamples for the intervals; 0 means none, 1000 is usual
	Level     float64 // of the intervals; 0 means 0.95
	Seed      uint64  // of the resamples
}

// An Evaluation is how one head did.
type Evaluation struct {
	Head string `json:"head"`
	N    int    `json:"n"`
	Scores
	Labels    []string `json:"labels"`
	Confusion [][]int  `json:"confusion"` // [gold][predicted]
	PerLabel  PerLabel `json:"per_label"`

	// Intervals of the figures of Scores by their JSON names, at Level.
	// Per-label intervals are in PerLabel.
	Intervals map[string]Interval `json:"intervals,omitempty"`
	Level     float64             `json:"level,omitempty"`
	Resamples int                 `json:"resamples,omitempty"`
	Seed      uint64              `json:"seed,omitempty"`

	Reliability []Bin `json:"reliability,omitempty"` // [Bins]; nil without probabilities
}

// New evaluates p. Its errors are those of [Predictions.Validate] and of
// options out of range.
func New(p *Predictions, o Options) (*Evaluation, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if o.Level == 0 {
		o.Level = 0.95
	}
	if !(o.Level > 0 && o.Level < 1) {
		return nil, fmt.Errorf("evaluate: level %v, want between 0 and 1", o.Level)
	}
	if o.Resamples < 0 {
		return nil, fmt.Errorf("evaluate: %d resamples, want 0 or more", o.Resamples)
	}
	s := newScorer(p)
	x := s.scratch()
	s.set(x)
	e := &Evaluation{
		Head:        p.Head,
		N:           s.n,
		Scores:      x.scores,
		Labels:      p.Labels,
		PerLabel:    x.labels,
		Reliability: s.reliability(),
	}
	for g := range s.c {
		e.Confusion = append(e.Confusion, x.counts[g*s.c:(g+1)*s.c])
		e.PerLabel[g].Label = p.Labels[g]
	}
	if o.Resamples > 0 {
		e.Level, e.Resamples, e.Seed = o.Level, o.Resamples, o.Seed
		e.bootstrap(s)
	}
	return e, nil
}

// NormalizedConfusion is the confusion matrix with every row divided by its sum
// (scikit-learn's normalize="true"): the share of each gold label's rows that
// went to each label. Rows without support are 0.
func (e *Evaluation) NormalizedConfusion() [][]float64 {
	out := make([][]float64, len(e.Confusion))
	for g, row := range e.Confusion {
		sum := 0
		for _, v := range row {
			sum += v
		}
		out[g] = make([]float64, len(row))
		for k, v := range row {
			out[g][k] = float64(ratio(v, sum))
		}
	}
	return out
}
