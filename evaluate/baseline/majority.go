package baseline

import "fmt"

// A Majority gives every text the most frequent label, the first of equals, and
// each label its share of the training texts as probability.
type Majority struct {
	labels []string
	shares []float32
	most   int
}

// NewMajority counts the training texts of each label. It fails if there are
// none.
func NewMajority(labels []string, counts []int) (*Majority, error) {
	if len(labels) != len(counts) {
		return nil, fmt.Errorf("baseline: %d labels, %d counts", len(labels), len(counts))
	}
	m := &Majority{labels: labels, shares: make([]float32, len(counts))}
	total := 0
	for c, n := range counts {
		if n < 0 {
			return nil, fmt.Errorf("baseline: label %q: %d texts", labels[c], n)
		}
		total += n
		if n > counts[m.most] {
			m.most = c
		}
	}
	if total == 0 {
		return nil, fmt.Errorf("baseline: no training text has one of the labels %q", labels)
	}
	for c, n := range counts {
		m.shares[c] = float32(float64(n) / float64(total))
	}
	return m, nil
}

// Labels lists the labels.
func (m *Majority) Labels() []string { return m.labels }

// Classify returns the most frequent label and appends the shares.
func (m *Majority) Classify(dst []float32, _ string) (label int, probs []float32) {
	return m.most, append(dst, m.shares...)
}
