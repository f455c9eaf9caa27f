package nn

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/textlstm/textlstm/internal/vec"
)

// A LossKind says what the logits of a head mean and what error costs.
type LossKind string

// The losses of one example with logits x_1..x_C and targets y_1..y_C. The
// empty string is CrossEntropy.
const (
	// CrossEntropy is -sum_c y_c log p_c with p = softmax(x): one label each.
	CrossEntropy LossKind = "cross-entropy"
	// BinaryCrossEntropy is -sum_c y_c log p_c + (1-y_c) log(1-p_c) with
	// p_c = 1/(1+exp(-x_c)): any number of labels each.
	BinaryCrossEntropy LossKind = "binary-cross-entropy"
	// SquaredError is sum_c (x_c - y_c)^2: regression, and a robust choice
	// for labels too (Johnson & Zhang 2016).
	SquaredError LossKind = "squared-error"
	// AbsoluteError is sum_c |x_c - y_c|, least for the median where SquaredError is
	// for the mean: a few targets far from the others count for less. Its gradient
	// is 0 where x_c = y_c.
	AbsoluteError LossKind = "absolute-error"
)

// A Loss measures logits against targets. It is plain data; the zero value is
// the cross-entropy. It may be used by any number of goroutines.
type Loss struct {
	// Kind is the loss; "" means CrossEntropy.
	Kind LossKind `json:"kind,omitempty"`

	// LabelWeights [C] multiply the terms of each label, whichever example
	// they belong to; nil means 1 for all. For CrossEntropy they enter as in
	// PyTorch: label c's term is weighted by LabelWeights[c], and the weight of
	// an example with label y is that of y.
	LabelWeights []float32 `json:"label_weights,omitempty"`

	// PositiveWeights [C] multiply the y_c log p_c terms of
	// BinaryCrossEntropy, PyTorch's pos_weight; nil means 1 for all.
	PositiveWeights []float32 `json:"positive_weights,omitempty"`

	// Smoothing in [0, 1) mixes the targets with the uniform distribution:
	// (1-Smoothing)*y_c + Smoothing/C for CrossEntropy (C counts the allowed
	// labels), (1-Smoothing)*y_c + Smoothing/2 for BinaryCrossEntropy
	// (Szegedy et al. 2016). The errors ignore it.
	Smoothing float64 `json:"smoothing,omitempty"`

	// Gamma >= 0 is the focal loss's exponent: each -log p term is multiplied
	// by (1-p)^Gamma, so that what is already right counts less (Lin et al.
	// 2017). The errors ignore it.
	Gamma float64 `json:"gamma,omitempty"`
}

// Targets are what the logits [B][C] of a batch should have been. Give Labels
// for one label per example or Values for anything else.
type Targets struct {
	// Labels [B] are in [0, C); -1 says that the example has no label for this
	// head and contributes nothing. BinaryCrossEntropy and the errors read
	// label y as y_y = 1, the others 0.
	Labels []int32

	// Values [B][C] are y_c, read when Labels is nil: probabilities for
	// CrossEntropy, values in [0, 1] for BinaryCrossEntropy, anything for
	// the errors. NaN marks a missing value, which contributes nothing; for
	// CrossEntropy a NaN makes the whole example missing.
	Values []float32

	// Weights [B] multiply each example's loss; nil means 1 for all. An
	// example of weight 0 contributes nothing, whatever its logits.
	Weights []float32

	// Allowed [B][C], where not nil, lists the labels that an example's source
	// tells apart: the others are left out of its softmax and contribute
	// nothing. A nil row allows all. An example's own label must be allowed.
	Allowed [][]bool
}

// Validate reports everything that is wrong with l for a head of C labels.
func (l *Loss) Validate(C int) error {
	var errs []error
	if l.Kind != "" && !slices.Contains(LossKinds(), l.Kind) {
		errs = append(errs, fmt.Errorf("nn: unknown loss %q, want one of %q", string(l.Kind), LossKinds()))
	}
	check := func(name string, w []float32) {
		if w != nil && len(w) != C {
			errs = append(errs, fmt.Errorf("nn: loss: %d %s for %d labels", len(w), name, C))
		}
		for c, v := range w {
			if !(v >= 0) || math.IsInf(float64(v), 0) {
				errs = append(errs, fmt.Errorf("nn: loss: %s[%d] is %v, want a number >= 0", name, c, v))
			}
		}
	}
	check("LabelWeights", l.LabelWeights)
	check("PositiveWeights", l.PositiveWeights)
	if !(l.Smoothing >= 0 && l.Smoothing < 1) {
		errs = append(errs, fmt.Errorf("nn: loss: Smoothing is %v, want it in [0, 1)", l.Smoothing))
	}
	if !(l.Gamma >= 0) || math.IsInf(l.Gamma, 0) {
		errs = append(errs, fmt.Errorf("nn: loss: Gamma is %v, want a number >= 0", l.Gamma))
	}
	return errors.Join(errs...)
}

// Weight is the sum of weights by which the mean loss of a batch divides:
// for CrossEntropy over the examples with a target, of the example's weight
// times its label's; for the others over the values that are there, of the
// same product. Without weights it is the number of labelled examples, or of
// values, so the mean is PyTorch's.
func (l *Loss) Weight(t *Targets, B, C int) float64 {
	t.check(B, C)
	sum := 0.0
	for b := range B {
		w := t.weight(b)
		if w == 0 || t.missing(b) {
			continue
		}
		if l.crossEntropy() {
			if t.Labels != nil {
				w *= l.labelWeight(int(t.Labels[b]))
			} else if math.IsNaN(t.value(b, 0, C)) {
				continue
			}
			sum += w
			continue
		}
		allowed := t.allowed(b)
		for c := range C {
			if (allowed == nil || allowed[c]) && !math.IsNaN(t.value(b, c, C)) {
				sum += w * l.labelWeight(c)
			}
		}
	}
	return sum
}

// Eval returns the weighted sum of the losses of logits [B][C] divided by
// norm, and writes its gradient to dlogits [B][C] unless that is nil.
//
// norm = 0 stands for l.Weight(t, B, C), which gives the mean; 1 gives the sum;
// and the Weight of a whole batch, given for each of its shards, makes the
// shards' losses and gradients add up to the batch's. A batch in which
// everything is missing has loss 0 and gradient 0.
//
// It panics on a label outside [-1, C) or one that Allowed excludes.
func (l *Loss) Eval(dlogits, logits []float32, B, C int, t *Targets, norm float64) float64 {
	t.check(B, C)
	if len(logits) < B*C || dlogits != nil && len(dlogits) < B*C {
		panic(fmt.Sprintf("nn: loss: len(logits) = %d, len(dlogits) = %d, want B*C = %d*%d", len(logits), len(dlogits), B, C))
	}
	if dlogits != nil {
		clear(dlogits[:B*C])
	}
	if norm == 0 {
		if norm = l.Weight(t, B, C); norm == 0 {
			return 0
		}
	}
	row := l.Kind.find().row
	total := 0.0
	var scratch []float32
	for b := range B {
		w := t.weight(b)
		if w == 0 || t.missing(b) {
			continue
		}
		d := scratch
		switch {
		case dlogits != nil:
			d = dlogits[b*C : (b+1)*C]
		case scratch == nil:
			scratch = make([]float32, C)
			d = scratch
		}
		total += w * row(l, d, logits[b*C:(b+1)*C], b, t, w/norm)
	}
	return total / norm
}

// softmax is CrossEntropy of one example: it returns the loss and writes
// scale times its gradient to d.
func (l *Loss) softmax(d, x []float32, b int, t *Targets, scale float64) float64 {
	C := len(x)
	allowed := t.allowed(b)
	if t.Labels == nil && math.IsNaN(t.value(b, 0, C)) {
		return 0
	}
	inf := float32(math.Inf(1))
	n, top := 0, -inf
	for c, v := range x {
		if allowed == nil || allowed[c] {
			n++
			top = max(top, v)
		}
	}
	for c, v := range x {
		d[c] = -inf
		if allowed == nil || allowed[c] {
			d[c] = v - top
		}
	}
	vec.Exp(d, d)
	sum := vec.Sum(d)
	logSum := float64(top) + math.Log(float64(sum))
	vec.Scale(1/sum, d) // d = p

	if t.Labels != nil && l.Smoothing == 0 && l.Gamma == 0 {
		y := int(t.Labels[b])
		w := l.labelWeight(y)
		vec.Scale(float32(w*scale), d)
		d[y] -= float32(w * scale)
		return w * (logSum - float64(x[y]))
	}

	// loss = sum_c q_c f(p_c), so dloss/dx_j = g_j - p_j * sum_c g_c with
	// g_c = q_c f'(p_c) p_c.
	term := func(c int) (loss, g float64) {
		if allowed != nil && !allowed[c] {
			return 0, 0
		}
		q := (1-l.Smoothing)*t.value(b, c, C) + l.Smoothing/float64(n)
		if q == 0 {
			return 0, 0
		}
		f, fp := focal(float64(x[c])-logSum, l.Gamma)
		q *= l.labelWeight(c)
		return q * f, q * fp
	}
	loss, total := 0.0, 0.0
	for c := range C {
		f, g := term(c)
		loss += f
		total += g
	}
	for c := range C {
		_, g := term(c)
		d[c] = float32(scale * (g - float64(d[c])*total))
	}
	return loss
}

// focal is f = -(1-p)^gamma log p and p df/dp, for p = exp(logp).
func focal(logp, gamma float64) (f, pdf float64) {
	if gamma == 0 {
		return -logp, -1
	}
	q := -math.Expm1(logp) // 1-p without cancellation
	if q <= 0 {
		return 0, 0
	}
	m := math.Pow(q, gamma)
	p := math.Exp(logp)
	return -m * logp, gamma*p*m/q*logp - m
}

// sigmoid is BinaryCrossEntropy of one example.
func (l *Loss) sigmoid(d, x []float32, b int, t *Targets, scale float64) float64 {
	C := len(x)
	allowed := t.allowed(b)
	loss := 0.0
	for c := range C {
		y := t.value(b, c, C)
		if math.IsNaN(y) || allowed != nil && !allowed[c] {
			d[c] = 0
			continue
		}
		y = (1-l.Smoothing)*y + l.Smoothing/2
		w := l.labelWeight(c)
		pos := y
		if l.PositiveWeights != nil {
			pos *= float64(l.PositiveWeights[c])
		}
		logp, logq := logSigmoid(float64(x[c]))
		f1, g1 := focal(logp, l.Gamma) // p df/dp; dp/dx = p(1-p)
		f0, g0 := focal(logq, l.Gamma)
		loss += w * (pos*f1 + (1-y)*f0)
		d[c] = float32(scale * w * (pos*g1*math.Exp(logq) - (1-y)*g0*math.Exp(logp)))
	}
	return loss
}

// logSigmoid is log p and log(1-p) for p = 1/(1+exp(-x)).
func logSigmoid(x float64) (logp, logq float64) {
	tail := math.Log1p(math.Exp(-math.Abs(x)))
	return min(x, 0) - tail, min(-x, 0) - tail
}

// difference is SquaredError or AbsoluteError of one example.
func (l *Loss) difference(d, x []float32, b int, t *Targets, scale float64) float64 {
	C := len(x)
	allowed := t.allowed(b)
	loss := 0.0
	for c, v := range x {
		y := t.value(b, c, C)
		if math.IsNaN(y) || allowed != nil && !allowed[c] {
			d[c] = 0
			continue
		}
		w, e := l.labelWeight(c), float64(v)-y
		f, g := e*e, 2*e
		if l.Kind == AbsoluteError {
			f, g = math.Abs(e), sign(e)
		}
		loss += w * f
		d[c] = float32(scale * w * g)
	}
	return loss
}

// sign is -1, 0 or 1.
func sign(x float64) float64 {
	switch {
	case x < 0:
		return -1
	case x > 0:
		return 1
	}
	return 0
}

// A lossKind is what there is to know of a LossKind.
type lossKind struct {
	kind LossKind

	// row returns the loss of example b with the logits x [C], and writes scale times
	// its gradient to d [C].
	row func(l *Loss, d, x []float32, b int, t *Targets, scale float64) float64

	// activate is described at LossKind.Activate, nil for none; least at
	// LossKind.Least, nil for 0.
	activate func(logits []float32, C int)
	least    func(targets []float32, C int) float64
}

// lossKinds are the kinds of losses, the first that which "" stands for. Another one is
// an entry here.
var lossKinds = []lossKind{
	{CrossEntropy, (*Loss).softmax, softmaxes, entropy},
	{BinaryCrossEntropy, (*Loss).sigmoid, func(logits []float32, _ int) { vec.Sigmoid(logits, logits) }, binaryEntropy},
	{SquaredError, (*Loss).difference, nil, nil},
	{AbsoluteError, (*Loss).difference, nil, nil},
}

// LossKinds lists the losses that there are.
func LossKinds() (kinds []LossKind) {
	for _, k := range lossKinds {
		kinds = append(kinds, k.kind)
	}
	return kinds
}

// find returns the entry of k, that of CrossEntropy for "" and what is not known.
func (k LossKind) find() *lossKind {
	return &lossKinds[max(slices.IndexFunc(lossKinds, func(l lossKind) bool { return l.kind == k }), 0)]
}

// Activate turns logits [n][C] into what the head predicts, in place:
// probabilities over the labels for CrossEntropy, a probability for each label
// for BinaryCrossEntropy, the logits themselves for the errors.
func (k LossKind) Activate(logits []float32, C int) {
	if activate := k.find().activate; activate != nil {
		activate(logits, C)
	}
}

// Least is the least value that the mean loss has for targets [n][C], such as the answers
// of another network: their mean entropy, by example for CrossEntropy and by value for
// BinaryCrossEntropy, and 0 for the errors.
func (k LossKind) Least(targets []float32, C int) float64 {
	if least := k.find().least; least != nil && len(targets) > 0 {
		return least(targets, C)
	}
	return 0
}

// softmaxes is vec.Softmax of each row.
func softmaxes(logits []float32, C int) {
	for ; len(logits) >= C && C > 0; logits = logits[C:] {
		vec.Softmax(logits[:C])
	}
}

func entropy(p []float32, C int) float64 {
	sum := 0.0
	for _, v := range p {
		sum -= plogp(float64(v))
	}
	return sum / float64(len(p)/C)
}

func binaryEntropy(p []float32, _ int) float64 {
	sum := 0.0
	for _, v := range p {
		sum -= plogp(float64(v))
		sum -= plogp(1 - float64(v))
	}
	return sum / float64(len(p))
}

// plogp is p log p, 0 at 0.
func plogp(p float64) float64 {
	if p <= 0 {
		return 0
	}
	return p * math.Log(p)
}

// BalancedWeights are label weights inversely proportional to the labels'
// counts, with mean 1 over the examples: n/(C*count), as scikit-learn's
// class_weight="balanced". A label without examples gets 0.
func BalancedWeights(counts []int) []float32 {
	n, C := 0, 0
	for _, k := range counts {
		n += k
		if k > 0 {
			C++
		}
	}
	w := make([]float32, len(counts))
	for c, k := range counts {
		if k > 0 {
			w[c] = float32(float64(n) / (float64(C) * float64(k)))
		}
	}
	return w
}

func (l *Loss) crossEntropy() bool { return l.Kind == "" || l.Kind == CrossEntropy }

func (l *Loss) labelWeight(c int) float64 {
	if l.LabelWeights == nil {
		return 1
	}
	return float64(l.LabelWeights[c])
}

func (t *Targets) weight(b int) float64 {
	if t.Weights == nil {
		return 1
	}
	return float64(t.Weights[b])
}

func (t *Targets) missing(b int) bool { return t.Labels != nil && t.Labels[b] < 0 }

func (t *Targets) allowed(b int) []bool {
	if t.Allowed == nil {
		return nil
	}
	return t.Allowed[b]
}

// value is y_c of example b, NaN if it is missing.
func (t *Targets) value(b, c, C int) float64 {
	if t.Labels == nil {
		return float64(t.Values[b*C+c])
	}
	if int(t.Labels[b]) == c {
		return 1
	}
	return 0
}

// check panics on targets that do not fit a batch of B examples and C labels.
func (t *Targets) check(B, C int) {
	if t.Labels != nil && len(t.Labels) != B || t.Labels == nil && len(t.Values) != B*C ||
		t.Weights != nil && len(t.Weights) != B || t.Allowed != nil && len(t.Allowed) != B {
		panic(fmt.Sprintf("nn: targets: %d labels, %d values, %d weights, %d masks for %d examples of %d labels",
			len(t.Labels), len(t.Values), len(t.Weights), len(t.Allowed), B, C))
	}
	for b, y := range t.Labels {
		if y < -1 || int(y) >= C {
			panic(fmt.Sprintf("nn: targets: label %d of example %d, want it in [-1, %d)", y, b, C))
		}
		if a := t.allowed(b); y >= 0 && a != nil && !a[y] {
			panic(fmt.Sprintf("nn: targets: label %d of example %d is not among those allowed", y, b))
		}
	}
}
