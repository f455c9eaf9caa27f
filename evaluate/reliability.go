package evaluate

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
	bins := make([]Bin, Bins)
	for k := range bins {
		bins[k].Low, bins[k].High = float64(k)/Bins, float64(k+1)/Bins
	}
	for i, k := range s.bin {
		b := &bins[k]
		b.N++
		b.Confidence += s.conf[i]
		if s.cell[i]%int32(s.c+1) == 0 {
			b.Accuracy++
		}
	}
	for k := range bins {
		if b := &bins[k]; b.N > 0 {
			b.Confidence /= float64(b.N)
			b.Accuracy /= float64(b.N)
		}
	}
	return bins
}
