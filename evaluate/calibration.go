package evaluate

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// A Method is a way to calibrate probabilities.
type Method string

// The methods.
const (
	Temperature Method = "temperature" // one divisor for all logits, Guo et al. 2017; keeps every answer
	Platt       Method = "platt"       // a sigmoid per label, Platt 1999; may change answers
)

// A Calibration turns the probabilities of a head into ones that mean what they
// say. It is fitted on dev rows and stored with the model. The zero value
// changes nothing.
type Calibration struct {
	Method      Method  `json:"method,omitempty"`
	Temperature float64 `json:"temperature,omitempty"` // > 0; below 1 sharpens

	// Platt's sigmoids: label c gets 1/(1+exp(-(A[c]*x+B[c]))) of its log-odds
	// x = ln(p/(1-p)); a head of one label per row divides by the sum.
	A []float64 `json:"a,omitempty"` // [C]
	B []float64 `json:"b,omitempty"` // [C]

	MultiLabel bool `json:"multi_label,omitempty"`
}

// Calibrate fits a calibration to p, which must have probabilities.
func Calibrate(p *Predictions, method Method) (*Calibration, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if p.Probs == nil {
		return nil, errors.New("evaluate: calibration needs probabilities")
	}
	n, c := len(p.Gold), len(p.Labels)
	switch method {
	case Temperature:
		logits := make([]float64, len(p.Probs))
		for i, v := range p.Probs {
			logits[i] = logProb(v)
		}
		t, err := FitTemperature(logits, p.Gold)
		if err != nil {
			return nil, err
		}
		return &Calibration{Method: method, Temperature: t}, nil
	case Platt:
		return plattPerLabel(n, c, p.Probs, func(i, k int) bool { return p.Gold[i] == k })
	}
	return nil, fmt.Errorf("evaluate: no calibration method %q, want %q or %q", method, Temperature, Platt)
}

// CalibrateMulti fits Platt's sigmoids to each label of p by itself.
func CalibrateMulti(p *MultiPredictions) (*Calibration, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	n, c := p.Len(), len(p.Labels)
	cal, err := plattPerLabel(n, c, p.Probs, func(i, k int) bool { return p.Gold[i*c+k] })
	if err == nil {
		cal.MultiLabel = true
	}
	return cal, err
}

func plattPerLabel(n, c int, probs []float64, gold func(i, k int) bool) (*Calibration, error) {
	cal := &Calibration{Method: Platt}
	scores, positive := make([]float64, n), make([]bool, n)
	for k := range c {
		for i := range n {
			scores[i], positive[i] = logOdds(probs[i*c+k]), gold(i, k)
		}
		a, b, err := FitPlatt(scores, positive)
		if err != nil {
			return nil, fmt.Errorf("evaluate: label %d: %w", k, err)
		}
		cal.A, cal.B = append(cal.A, a), append(cal.B, b)
	}
	return cal, nil
}

// Validate reports what is wrong with c for a head of that many labels.
func (c *Calibration) Validate(labels int) error {
	switch c.Method {
	case "":
		return nil
	case Temperature:
		if !(c.Temperature > 0) || math.IsInf(c.Temperature, 0) {
			return fmt.Errorf("evaluate: calibration temperature %v, want a positive number", c.Temperature)
		}
		return nil
	case Platt:
		if len(c.A) != labels || len(c.B) != labels {
			return fmt.Errorf("evaluate: calibration of %d and %d parameters for %d labels", len(c.A), len(c.B), labels)
		}
		for k := range c.A {
			if v := c.A[k] + c.B[k]; math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("evaluate: calibration of label %d: %v, %v, want numbers", k, c.A[k], c.B[k])
			}
		}
		return nil
	}
	return fmt.Errorf("evaluate: no calibration method %q, want %q or %q", c.Method, Temperature, Platt)
}

// Apply calibrates in place the probabilities of one row [C]. c must be valid
// for C labels.
func (c *Calibration) Apply(probs []float64) {
	switch c.Method {
	case Temperature:
		top := math.Inf(-1)
		for k, v := range probs {
			probs[k] = logProb(v) / c.Temperature
			top = max(top, probs[k])
		}
		for k := range probs {
			probs[k] = math.Exp(probs[k] - top)
		}
		normalize(probs)
	case Platt:
		for k, v := range probs {
			probs[k] = sigmoid(c.A[k]*logOdds(v) + c.B[k])
		}
		if !c.MultiLabel {
			normalize(probs)
		}
	}
}

// normalize divides by the sum, or makes all equal if it is 0.
func normalize(probs []float64) {
	sum := 0.0
	for _, v := range probs {
		sum += v
	}
	for k := range probs {
		if sum > 0 {
			probs[k] /= sum
		} else {
			probs[k] = 1 / float64(len(probs))
		}
	}
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// logProb is ln p, with the smallest float32 in place of 0.
func logProb(p float64) float64 { return math.Log(max(p, math.SmallestNonzeroFloat32)) }

// logOdds is ln(p/(1-p)) with p clipped away from 0 and 1.
func logOdds(p float64) float64 {
	p = min(max(p, epsilon), 1-epsilon)
	return math.Log(p) - math.Log1p(-p)
}

// FitTemperature returns the T in [0.01, 100] that minimises the mean log loss
// of softmax(logits/T), which is convex in 1/T. logits is [n][C] row-major, n
// being len(gold); log-probabilities serve as well.
func FitTemperature(logits []float64, gold []int) (float64, error) {
	n := len(gold)
	if n == 0 {
		return 0, errors.New("evaluate: no rows")
	}
	if len(logits)%n != 0 || len(logits) == 0 {
		return 0, fmt.Errorf("evaluate: %d logits for %d rows", len(logits), n)
	}
	c := len(logits) / n
	for i, v := range logits {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return 0, fmt.Errorf("evaluate: row %d: logit %v", i/c, v)
		}
	}
	for i, g := range gold {
		if g < 0 || g >= c {
			return 0, fmt.Errorf("evaluate: row %d: gold label %d, want 0 to %d", i, g, c-1)
		}
	}
	// slope is the derivative of the mean loss by beta = 1/T, curve its second:
	// the mean and the variance of the logits under the model.
	derivatives := func(beta float64) (slope, curve float64) {
		for i, g := range gold {
			z := logits[i*c : (i+1)*c]
			top := slices.Max(z)
			var sum, mean, square float64
			for _, v := range z {
				e := math.Exp(beta * (v - top))
				sum += e
				mean += e * (v - top)
				square += e * (v - top) * (v - top)
			}
			mean, square = mean/sum, square/sum
			slope += mean - (z[g] - top)
			curve += square - mean*mean
		}
		return slope / float64(n), curve / float64(n)
	}
	low, high := 0.01, 100.0
	if slope, curve := derivatives(1); slope == 0 && curve == 0 {
		return 1, nil // every row is uniform at any temperature
	}
	if slope, _ := derivatives(low); slope >= 0 {
		return 1 / low, nil
	}
	if slope, _ := derivatives(high); slope <= 0 {
		return 1 / high, nil
	}
	beta := 1.0
	for range 100 { // Newton's steps, halving the bracket where they leave it
		slope, curve := derivatives(beta)
		if slope < 0 {
			low = beta
		} else {
			high = beta
		}
		next := beta - slope/curve
		if !(next > low && next < high) {
			next = math.Sqrt(low * high)
		}
		if math.Abs(next-beta) <= 1e-12*beta {
			return 1 / next, nil
		}
		beta = next
	}
	return 1 / beta, nil
}

// FitPlatt returns the a and b that make 1/(1+exp(-(a*x+b))) of a score x fit
// whether it is positive, with the smoothed targets of Platt 1999, by Newton's
// method with backtracking (Lin, Lin & Weng 2007).
func FitPlatt(scores []float64, positive []bool) (a, b float64, err error) {
	n := len(scores)
	if n == 0 {
		return 0, 0, errors.New("evaluate: no rows")
	}
	if len(positive) != n {
		return 0, 0, fmt.Errorf("evaluate: %d scores for %d rows", n, len(positive))
	}
	count := 0
	for i, v := range scores {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return 0, 0, fmt.Errorf("evaluate: row %d: score %v", i, v)
		}
		if positive[i] {
			count++
		}
	}
	target := [2]float64{1 / float64(n-count+2), float64(count+1) / float64(count+2)}
	of := func(i int) float64 {
		if positive[i] {
			return target[1]
		}
		return target[0]
	}
	loss := func(a, b float64) (sum float64) {
		for i, s := range scores {
			z := a*s + b
			sum += max(z, 0) + math.Log1p(math.Exp(-math.Abs(z))) - of(i)*z
		}
		return sum
	}
	b = math.Log(float64(count+1) / float64(n-count+1))
	current := loss(a, b)
	for range 100 {
		var ga, gb, haa, hab, hbb float64 // gradient and Hessian
		for i, s := range scores {
			p := sigmoid(a*s + b)
			d, w := p-of(i), p*(1-p)
			ga, gb = ga+d*s, gb+d
			haa, hab, hbb = haa+w*s*s, hab+w*s, hbb+w
		}
		haa, hbb = haa+1e-12, hbb+1e-12 // equal scores leave it singular
		det := haa*hbb - hab*hab
		da, db := (hbb*ga-hab*gb)/det, (haa*gb-hab*ga)/det
		step := 1.0
		for ; step > 1e-10; step /= 2 {
			if next := loss(a-step*da, b-step*db); next <= current-1e-4*step*(ga*da+gb*db) {
				a, b, current = a-step*da, b-step*db, next
				break
			}
		}
		if step <= 1e-10 || step*(math.Abs(da)+math.Abs(db)) <= 1e-12*(math.Abs(a)+math.Abs(b)) {
			break // float64 has no better loss to offer
		}
	}
	return a, b, nil
}
