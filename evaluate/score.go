package evaluate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
)

// A Score is one metric. NaN means that it is not defined on the input (or
// needs probabilities and none were given); JSON writes that as null.
type Score float64

// Defined reports whether s is a number.
func (s Score) Defined() bool { return !math.IsNaN(float64(s)) }

// MarshalJSON writes s as a number, or as null if it is not finite.
func (s Score) MarshalJSON() ([]byte, error) {
	if f := float64(s); !math.IsNaN(f) && !math.IsInf(f, 0) {
		return json.Marshal(f)
	}
	return []byte("null"), nil
}

// UnmarshalJSON reads a number, or null as NaN.
func (s *Score) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*s = Score(math.NaN())
		return nil
	}
	return json.Unmarshal(b, (*float64)(s))
}

// undefined is the value of metrics that are not defined.
func undefined() Score { return Score(math.NaN()) }

// Scores are the metrics that an evaluation gives as single numbers.
type Scores struct {
	Accuracy          Score `json:"accuracy"` // the share of rows that are right, with all labels where there are several
	BalancedAccuracy  Score `json:"balanced_accuracy"`
	MacroPrecision    Score `json:"macro_precision"`
	MacroRecall       Score `json:"macro_recall"`
	MacroF1           Score `json:"macro_f1"`
	MicroPrecision    Score `json:"micro_precision"` // with one label per row it equals the accuracy, as do the next two
	MicroRecall       Score `json:"micro_recall"`
	MicroF1           Score `json:"micro_f1"`
	WeightedPrecision Score `json:"weighted_precision"`
	WeightedRecall    Score `json:"weighted_recall"`
	WeightedF1        Score `json:"weighted_f1"`
	MCC               Score `json:"mcc"`         // Matthews correlation coefficient, Gorodkin 2004; [-1, 1]
	CohenKappa        Score `json:"cohen_kappa"` // [-1, 1]

	// The next four are for heads with several labels per row alone.

	SamplesPrecision Score `json:"samples_precision"` // mean over rows, 0 for a row without predicted labels
	SamplesRecall    Score `json:"samples_recall"`
	SamplesF1        Score `json:"samples_f1"`
	HammingLoss      Score `json:"hamming_loss"` // share of wrong decisions, row by label

	// The metrics below need probabilities.

	LogLoss      Score `json:"log_loss"`      // nats
	Brier        Score `json:"brier"`         // [0, 1] for two labels, [0, 2] for more
	ECE          Score `json:"ece"`           // expected calibration error, [0, 1]
	MCE          Score `json:"mce"`           // maximum calibration error, [0, 1]
	ROCAUC       Score `json:"roc_auc"`       // one-vs-rest, mean over the labels where it is defined
	PRAUC        Score `json:"pr_auc"`        // average precision, one-vs-rest, mean over labels
	Top2Accuracy Score `json:"top2_accuracy"` // defined for more than 2 labels
	Top3Accuracy Score `json:"top3_accuracy"` // defined for more than 3 labels
	Top5Accuracy Score `json:"top5_accuracy"` // defined for more than 5 labels

	KindScores
}

// LabelScores are the metrics of one label against the rest.
type LabelScores struct {
	Label       string `json:"-"`
	Precision   Score  `json:"precision"`
	Recall      Score  `json:"recall"`
	F1          Score  `json:"f1"`
	Support     int    `json:"support"`     // gold rows
	Predicted   int    `json:"predicted"`   // rows that were given the label
	Specificity Score  `json:"specificity"` // true negatives / gold negatives, 0 without any
	NPV         Score  `json:"npv"`         // true negatives / predicted negatives, 0 without any
	ROCAUC      Score  `json:"roc_auc"`
	PRAUC       Score  `json:"pr_auc"` // average precision; 0 without support

	Intervals map[string]Interval `json:"intervals,omitempty"` // by the JSON name of the metric
}

// An Interval is a confidence interval.
type Interval struct {
	Low  Score `json:"low"`
	High Score `json:"high"`
}

// A metric gives a Scores or LabelScores field its name.
type metric[T any] struct {
	name string
	low  bool // lower is better
	gap  bool // a mean or maximum of absolute gaps, which resampling biases upwards
	at   func(*T) *Score
}

// scoreMetrics lists the fields of Scores that are about labels, in their order.
func scoreMetrics() []metric[Scores] {
	return []metric[Scores]{
		{"accuracy", false, false, func(s *Scores) *Score { return &s.Accuracy }},
		{"balanced_accuracy", false, false, func(s *Scores) *Score { return &s.BalancedAccuracy }},
		{"macro_precision", false, false, func(s *Scores) *Score { return &s.MacroPrecision }},
		{"macro_recall", false, false, func(s *Scores) *Score { return &s.MacroRecall }},
		{"macro_f1", false, false, func(s *Scores) *Score { return &s.MacroF1 }},
		{"micro_precision", false, false, func(s *Scores) *Score { return &s.MicroPrecision }},
		{"micro_recall", false, false, func(s *Scores) *Score { return &s.MicroRecall }},
		{"micro_f1", false, false, func(s *Scores) *Score { return &s.MicroF1 }},
		{"weighted_precision", false, false, func(s *Scores) *Score { return &s.WeightedPrecision }},
		{"weighted_recall", false, false, func(s *Scores) *Score { return &s.WeightedRecall }},
		{"weighted_f1", false, false, func(s *Scores) *Score { return &s.WeightedF1 }},
		{"mcc", false, false, func(s *Scores) *Score { return &s.MCC }},
		{"cohen_kappa", false, false, func(s *Scores) *Score { return &s.CohenKappa }},
		{"samples_precision", false, false, func(s *Scores) *Score { return &s.SamplesPrecision }},
		{"samples_recall", false, false, func(s *Scores) *Score { return &s.SamplesRecall }},
		{"samples_f1", false, false, func(s *Scores) *Score { return &s.SamplesF1 }},
		{"hamming_loss", true, false, func(s *Scores) *Score { return &s.HammingLoss }},
		{"log_loss", true, false, func(s *Scores) *Score { return &s.LogLoss }},
		{"brier", true, false, func(s *Scores) *Score { return &s.Brier }},
		{"ece", true, true, func(s *Scores) *Score { return &s.ECE }},
		{"mce", true, true, func(s *Scores) *Score { return &s.MCE }},
		{"roc_auc", false, false, func(s *Scores) *Score { return &s.ROCAUC }},
		{"pr_auc", false, false, func(s *Scores) *Score { return &s.PRAUC }},
		{"top2_accuracy", false, false, func(s *Scores) *Score { return &s.Top2Accuracy }},
		{"top3_accuracy", false, false, func(s *Scores) *Score { return &s.Top3Accuracy }},
		{"top5_accuracy", false, false, func(s *Scores) *Score { return &s.Top5Accuracy }},
	}
}

// labelMetrics lists the metrics of LabelScores in their order.
func labelMetrics() []metric[LabelScores] {
	return []metric[LabelScores]{
		{"precision", false, false, func(s *LabelScores) *Score { return &s.Precision }},
		{"recall", false, false, func(s *LabelScores) *Score { return &s.Recall }},
		{"f1", false, false, func(s *LabelScores) *Score { return &s.F1 }},
		{"specificity", false, false, func(s *LabelScores) *Score { return &s.Specificity }},
		{"npv", false, false, func(s *LabelScores) *Score { return &s.NPV }},
		{"roc_auc", false, false, func(s *LabelScores) *Score { return &s.ROCAUC }},
		{"pr_auc", false, false, func(s *LabelScores) *Score { return &s.PRAUC }},
	}
}

// LabelNames lists the metrics of LabelScores that may have intervals, by their
// JSON names.
func LabelNames() []string { return names(labelMetrics()) }

func names[T any](fs []metric[T]) []string {
	var all []string
	for _, f := range fs {
		all = append(all, f.name)
	}
	return all
}

// LowerIsBetter reports whether the named metric, which may be that of one head as in
// "stars:rmse", is an error or a loss.
func LowerIsBetter(name string) bool {
	name = name[strings.LastIndexByte(name, ':')+1:]
	fs := allMetrics()
	i := slices.IndexFunc(fs, func(f metric[Scores]) bool { return f.name == name })
	return i >= 0 && fs[i].low
}

// Get returns the metric with the given JSON name, NaN if it is not defined.
// The error of an unknown name lists the known ones.
func (s *Scores) Get(name string) (float64, error) {
	for _, f := range allMetrics() {
		if f.name == name {
			return float64(*f.at(s)), nil
		}
	}
	return 0, fmt.Errorf("evaluate: no metric %q, want one of %s", name, strings.Join(Names(), ", "))
}

// Get returns the label's metric with the given JSON name, NaN if it is not
// defined or not known.
func (s *LabelScores) Get(name string) float64 {
	for _, f := range labelMetrics() {
		if f.name == name {
			return float64(*f.at(s))
		}
	}
	return math.NaN()
}

// PerLabel holds the scores of each label in the order of Evaluation.Labels.
// JSON writes it as one object keyed by label, in that order.
type PerLabel []LabelScores

// MarshalJSON writes an object whose keys are the labels.
func (p PerLabel) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, s := range p {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(s.Label)
		if err != nil {
			return nil, err
		}
		val, err := json.Marshal(s)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(val)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// UnmarshalJSON reads an object keyed by label, keeping the order of the keys.
func (p *PerLabel) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	t, err := d.Token()
	if err != nil {
		return err
	}
	if t != json.Delim('{') {
		return fmt.Errorf("evaluate: per_label is %v, want an object", t)
	}
	*p = nil
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		var s LabelScores
		if err := d.Decode(&s); err != nil {
			return err
		}
		s.Label = key.(string)
		*p = append(*p, s)
	}
	_, err = d.Token()
	return err
}
