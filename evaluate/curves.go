package evaluate

import "math"

// A Curve is the ROC and the precision-recall curve of one label against the
// rest: one point per threshold, by falling threshold, thinned to what a plot
// can show.
type Curve struct {
	Label  string       `json:"label"`
	Points []CurvePoint `json:"points"`
}

// A CurvePoint is what a threshold gives: the label's rows with at least that
// probability count as predicted.
type CurvePoint struct {
	Threshold         Score   `json:"threshold"` // null for the first point, which predicts nothing
	FalsePositiveRate float64 `json:"fpr"`       // 0 if every row is positive
	Recall            float64 `json:"recall"`    // true positive rate; 0 without positives
	Precision         float64 `json:"precision"` // 1 where nothing is predicted
}

// curveSteps is how finely a curve's two rates are kept.
const curveSteps = 200

// curves returns the curve of every ranking [C] of probs [n][C].
func curves(labels []string, order []ranking, probs []float64) []Curve {
	c := len(order)
	out := make([]Curve, c)
	for k, r := range order {
		positives := 0
		for _, e := range r {
			if e.positive() {
				positives++
			}
		}
		negatives := len(r) - positives
		points := []CurvePoint{{Threshold: undefined(), Precision: 1}}
		tp := 0
		for j, e := range r {
			if e.positive() {
				tp++
			}
			if !e.last() {
				continue
			}
			pt := CurvePoint{
				Threshold:         Score(probs[e.row()*c+k]),
				FalsePositiveRate: float64(ratio(j+1-tp, negatives)),
				Recall:            float64(ratio(tp, positives)),
				Precision:         float64(ratio(tp, j+1)),
			}
			last := points[len(points)-1]
			if j+1 < len(r) && math.Abs(pt.FalsePositiveRate-last.FalsePositiveRate) < 1.0/curveSteps &&
				math.Abs(pt.Recall-last.Recall) < 1.0/curveSteps && math.Abs(pt.Precision-last.Precision) < 1.0/curveSteps {
				continue
			}
			points = append(points, pt)
		}
		out[k] = Curve{labels[k], points}
	}
	return out
}
