package evaluate_test

import (
	"fmt"
	"testing"

	"github.com/textlstm/textlstm/evaluate"
)

// BenchmarkIntervals is the 1000 resamples behind the intervals of every metric.
func BenchmarkIntervals(b *testing.B) {
	for _, c := range []struct{ n, labels int }{{12500, 2}, {12500, 4}, {7600, 20}, {2568, 52}} {
		b.Run(fmt.Sprintf("n=%d/labels=%d", c.n, c.labels), func(b *testing.B) {
			p := randomPredictions(1, c.n, c.labels)
			for b.Loop() {
				if _, err := evaluate.New(p, evaluate.Options{Resamples: 1000}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkNew is the metrics alone, as training asks for them each epoch.
func BenchmarkNew(b *testing.B) {
	p := randomPredictions(1, 12500, 4)
	for b.Loop() {
		if _, err := evaluate.New(p, evaluate.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFull is all that a report shows, slices with intervals of their own
// included.
func BenchmarkFull(b *testing.B) {
	p := randomPredictions(1, 12500, 3)
	for b.Loop() {
		if _, err := evaluate.New(p, evaluate.Options{Resamples: 1000, Slices: true, Mistakes: 100, Coverage: true, Curves: true}); err != nil {
			b.Fatal(err)
		}
	}
}
