package evaluate

import "fmt"

// Options say what New computes beyond the metrics. The zero value: nothing.
type Options struct {
	Resamples int     // bootstrap resamples for the intervals; 0 means none, 1000 is usual
	Level     float64 // of the intervals; 0 means 0.95
	Seed      uint64  // of the resamples

	Slices   bool // also by length, share of unknown tokens, source and language, from Rows
	Mistakes int  // keep that many of the mistakes with the highest loss
	Coverage bool // what a head gives that answers only where it is confident

	// Abstain is the confidence below which the head does not answer; 0 means
	// that it always does. It has no meaning for a multi-label head.
	Abstain float64

	// Precision, above 0, asks for the threshold of each label from which on
	// its rows are right at least that share of the time. Like ThresholdFor
	// this is a choice on these rows, and a little too good for them.
	Precision float64

	Curves bool // ROC and precision-recall curves; the points of a scatter plot of numbers
}

func (o Options) resolve() (Options, error) {
	if o.Level == 0 {
		o.Level = 0.95
	}
	if !(o.Level > 0 && o.Level < 1) {
		return o, fmt.Errorf("evaluate: level %v, want between 0 and 1", o.Level)
	}
	if o.Resamples < 0 {
		return o, fmt.Errorf("evaluate: %d resamples, want 0 or more", o.Resamples)
	}
	if !(o.Abstain >= 0 && o.Abstain <= 1) {
		return o, fmt.Errorf("evaluate: abstention below a probability of %v, want 0 to 1", o.Abstain)
	}
	if !(o.Precision >= 0 && o.Precision <= 1) {
		return o, fmt.Errorf("evaluate: precision %v, want 0 to 1", o.Precision)
	}
	return o, nil
}

// An Evaluation is how one head did.
type Evaluation struct {
	Head string `json:"head"`
	N    int    `json:"n"`
	Scores
	Labels []string `json:"labels"` // C

	// Confusion counts rows: [C][C] by gold and predicted label. For a
	// multi-label head it is [C][4]: each label's true negatives, false
	// positives, false negatives and true positives.
	Confusion [][]int  `json:"confusion"`
	PerLabel  PerLabel `json:"per_label"` // [C]

	MultiLabel bool      `json:"multi_label,omitempty"`
	Thresholds []float64 `json:"thresholds,omitempty"` // [C], of a multi-label head

	// Intervals of the metrics of Scores by their JSON names, at Level.
	// Per-label intervals are in PerLabel.
	Intervals map[string]Interval `json:"intervals,omitempty"`
	Level     float64             `json:"level,omitempty"`
	Resamples int                 `json:"resamples,omitempty"`
	Seed      uint64              `json:"seed,omitempty"`

	Reliability  []Bin            `json:"reliability,omitempty"`   // [Bins]; nil without probabilities
	RiskCoverage []OperatingPoint `json:"risk_coverage,omitempty"` // by falling coverage
	Abstention   *OperatingPoint  `json:"abstention,omitempty"`    // at Options.Abstain
	AtPrecision  []LabelPoint     `json:"at_precision,omitempty"`  // [C], at Options.Precision
	Slices       []Slice          `json:"slices,omitempty"`
	Mistakes     []Mistake        `json:"mistakes,omitempty"` // by falling loss
	Curves       []Curve          `json:"curves,omitempty"`   // [C]

	KindDetails
}

// New evaluates p. It is an error if [Predictions.Validate] finds one, or an
// option is out of range.
func New(p *Predictions, o Options) (*Evaluation, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	e := &Evaluation{Head: p.Head, Labels: p.Labels}
	s := newScorer(p)
	o, err := e.fill(s, o)
	if err != nil {
		return nil, err
	}
	e.Reliability = s.reliability()
	if o.Coverage && s.probs {
		e.RiskCoverage = riskCoverage(s.operatingPoints())
	}
	if o.Abstain > 0 && s.probs {
		at := s.operatingPoint(o.Abstain)
		e.Abstention = &at
	}
	if o.Precision > 0 && s.probs {
		e.AtPrecision = labelPoints(p.Labels, s.order, p.Probs, o.Precision)
	}
	if o.Curves && s.probs {
		e.Curves = curves(p.Labels, s.order, p.Probs)
	}
	e.Mistakes = p.mistakes(s, o.Mistakes)
	e.addSlices(p.Rows, o, func(rows []int) measurer {
		s := newScorer(p.subset(rows))
		s.seen = true
		return s
	})
	return e, nil
}

// fill sets what single-label and multi-label heads have in common, and returns
// the resolved options.
func (e *Evaluation) fill(f measurer, o Options) (Options, error) {
	o, err := o.resolve()
	if err != nil {
		return o, err
	}
	x := f.scratch()
	f.set(x)
	c := len(e.Labels)
	e.N, e.Scores, e.PerLabel = len(x.weight), x.scores, x.labels
	width := len(x.counts) / max(c, 1)
	for k, label := range e.Labels {
		e.Confusion = append(e.Confusion, x.counts[k*width:(k+1)*width])
		e.PerLabel[k].Label = label
	}
	if o.Resamples > 0 {
		e.Level, e.Resamples, e.Seed = o.Level, o.Resamples, o.Seed
		b := bootstrap(f, o)
		e.Intervals = b.intervals(&e.Scores, o.Level)
		for k := range e.PerLabel {
			e.PerLabel[k].Intervals = b.labelIntervals(k, c, &e.PerLabel[k], o.Level)
		}
	}
	return o, nil
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
