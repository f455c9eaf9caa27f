package evaluate

import "math"

// Bins is the number of equal-width confidence bins of the calibration errors.
const Bins = 15

// binOf is the k with k/Bins < conf <= (k+1)/Bins, 0 for conf = 0.
func binOf(conf float64) int {
	k := 0
	for k < Bins-1 && conf > float64(k+1)/Bins {
		k++
	}
	return k
}

// binSums are the sums that the calibration errors need, by bin.
type binSums [Bins]struct{ rows, confidence, right float64 }

func (s *binSums) add(bin uint8, weight, confidence float64, right bool) {
	b := &s[bin]
	b.rows += weight
	b.confidence += weight * confidence
	if right {
		b.right += weight
	}
}

// errors returns the expected and the maximum calibration error.
func (s *binSums) errors() (ece, mce Score) {
	rows := 0.0
	for _, b := range s {
		rows += b.rows
	}
	for _, b := range s {
		if b.rows > 0 {
			gap := math.Abs(b.right - b.confidence)
			ece += Score(gap / rows)
			mce = max(mce, Score(gap/b.rows))
		}
	}
	return ece, mce
}

// bins returns the bins as a reliability diagram shows them.
func (s *binSums) bins() []Bin {
	out := make([]Bin, Bins)
	for k, b := range s {
		out[k] = Bin{Low: float64(k) / Bins, High: float64(k+1) / Bins, N: int(b.rows)}
		if b.rows > 0 {
			out[k].Confidence, out[k].Accuracy = b.confidence/b.rows, b.right/b.rows
		}
	}
	return out
}

// A Bin is one bar of a reliability diagram: the rows whose confidence is in
// (Low, High].
type Bin struct {
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	N          int     `json:"n"`
	Confidence float64 `json:"confidence"` // mean; 0 without rows
	Accuracy   float64 `json:"accuracy"`   // 0 without rows
}

// reliability returns the Bins bins over all rows, nil without probabilities.
func (s *scorer) reliability() []Bin {
	if !s.probs {
		return nil
	}
	var sums binSums
	for i, k := range s.bin {
		sums.add(k, 1, s.conf[i], s.right(i))
	}
	return sums.bins()
}
