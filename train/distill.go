package train

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/nn"
)

// A Distillation says how a network learns from a Trainer's Teacher: the loss is
// T²·H(p, q), the cross-entropy of its probabilities q with the teacher's p,
// both of the scores divided by the temperature T (Hinton et al. 2015, section
// 2), which of a multi-label head are those of each label. The factor keeps the
// gradient's size. It was chosen above the squared error of the scores (Tang et
// al. 2019) since it says what several labels mean and has no need of the same
// level of the scores; as T grows it becomes that error but for the level. What
// the teacher's lexicon says is among its answers, so a student's heads have none. A
// number is learned by the error that its head has for loss.
type Distillation struct {
	// Temperature is T; 0 means 2.
	Temperature float64 `json:"temperature,omitempty"`

	// Labels weighs the loss on the true labels, where texts have them, beside
	// the teacher's loss, which has weight 1. 0 leaves them to the wide branch.
	Labels float64 `json:"labels,omitempty"`
}

func (d Distillation) validate() error {
	if !(d.Temperature >= 0) || math.IsInf(d.Temperature, 0) || !(d.Labels >= 0) || math.IsInf(d.Labels, 0) {
		return fmt.Errorf("train: distill: temperature = %v, labels = %v, want numbers from 0 on", d.Temperature, d.Labels)
	}
	return nil
}

func (d Distillation) temperature() float32 {
	if d.Temperature == 0 {
		return 2
	}
	return float32(d.Temperature)
}

// heads are those of the model: the teacher's if there is one.
func (t *Trainer) heads(cfg Config, data *corpora.Dataset) ([]classify.Head, error) {
	if t.Teacher == nil {
		heads, err := Heads(cfg.Model.Heads, data)
		if err != nil {
			return nil, err
		}
		return standardized(heads, data)
	}
	var heads []classify.Head
	for _, h := range t.Teacher.Heads() {
		own := h.Question()
		for _, given := range cfg.Model.Heads {
			if given.Name == h.Name {
				own.Hidden, own.Layers, own.Weight = given.Hidden, given.Layers, given.Weight
				if len(given.Lexicon) > 0 {
					return nil, fmt.Errorf("train: head %s: a student learns what its teacher's lexicon says: leave lexicon out", h.Name)
				}
				own.Deep, own.Wide, own.WideNorm, own.Thresholds = given.Deep, given.Wide, given.WideNorm, given.Thresholds // of a second training
			}
		}
		heads = append(heads, own)
	}
	for _, given := range cfg.Model.Heads {
		if t.Teacher.Head(given.Name) < 0 {
			return nil, fmt.Errorf("train: the teacher has no head %q", given.Name)
		}
	}
	return heads, nil
}

// ask has the teacher score the training texts.
func (f *fit) ask(ctx context.Context, data *corpora.Dataset) error {
	teacher := f.t.Teacher
	if teacher == nil {
		return nil
	}
	const block = 4096 // texts between two reports
	n := len(data.Examples)
	soft := make([][]float32, len(teacher.Heads()))
	for from := 0; from < n; from += block {
		var texts []string
		for i := range data.Examples[from:min(from+block, n)] {
			texts = append(texts, data.Examples[from+i].Text)
		}
		encoded, err := teacher.Encode(ctx, texts)
		if err != nil {
			return err
		}
		logits, err := teacher.Logits(ctx, encoded)
		if err != nil {
			return err
		}
		for h := range logits {
			soft[h] = append(soft[h], logits[h]...)
		}
		f.send(Progress{Asked: from + len(texts), Texts: n})
	}
	s := f.train
	s.taught = make([]nn.Targets, len(soft))
	T := f.cfg.Distill.temperature()
	for h, head := range teacher.Heads() {
		C := head.Width()
		for i := range n {
			head.AddAnswer(&s.taught[h], soft[h][i*C:(i+1)*C])
		}
		for i := range soft[h] {
			soft[h][i] /= T
		}
		head.Loss.Kind.Activate(soft[h], C)
	}
	f.objective = &taught{soft, T, f.cfg.Distill.Labels}
	return nil
}

// taught is the objective of a training with a teacher.
type taught struct {
	soft   [][]float32 // [heads][n*C]: the teacher's probabilities
	T      float32     // temperature
	labels float64     // weight of the loss on true labels
}

func (o *taught) loss(h *head, d, logits []float32, b dealt, t *nn.Targets, _ bool) (float64, bool) {
	C, T := h.Width(), o.T
	soft := nn.Targets{Weights: t.Weights}
	for _, i := range b.rows {
		soft.Values = append(soft.Values, o.soft[h.index][i*C:(i+1)*C]...)
	}
	cooled := make([]float32, len(logits))
	for i, v := range logits {
		cooled[i] = v / T
	}
	l := float64(T*T) * h.Loss.Eval(d, cooled, len(b.rows), C, &soft, 0)
	for i := range d {
		d[i] *= T // T² of the loss, 1/T of the scores
	}
	if o.labels == 0 {
		return l, true
	}
	l += o.labels * h.Loss.Eval(cooled, logits, len(b.rows), C, t, 0)
	for i, v := range cooled {
		d[i] += float32(o.labels) * v
	}
	return l, true
}

// PseudoLabels returns the texts of d with the answers of m as their labels, under
// the names of its heads: what agrees with them agrees with m. A text to which a
// multi-label head gives no label has none, and is not counted by an evaluation.
// The only error is ctx's.
func PseudoLabels(ctx context.Context, m *classify.Model, d *corpora.Dataset) (*corpora.Dataset, error) {
	const separator = "\x1f" // no label has it
	out := &corpora.Dataset{Separator: separator, Examples: slices.Clone(d.Examples)}
	texts := make([]string, len(d.Examples))
	for i := range texts {
		texts[i] = d.Examples[i].Text
	}
	answers, err := m.PredictBatch(ctx, texts)
	if err != nil {
		return nil, err
	}
	for h, head := range m.Heads() {
		out.Heads = append(out.Heads, head.Name)
		for i := range out.Examples {
			e := &out.Examples[i]
			if h == 0 {
				e.Labels, e.Source = nil, 0
			}
			e.Labels = append(e.Labels, strings.Join(head.PredictedLabels(answers[i].Scores[h]), separator))
		}
	}
	return out, nil
}
