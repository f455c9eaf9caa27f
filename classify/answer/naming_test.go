package answer

import (
	"testing"

	"github.com/textlstm/textlstm/classify"
)

func TestLabelsOfUnsureAnswers(t *testing.T) {
	two := &classify.Head{Labels: []string{"negative", "positive"}}
	three := &classify.Head{Labels: []string{"negative", "neutral", "positive"}}
	topic := &classify.Head{Labels: []string{"ham", "spam"}}
	tests := []struct {
		name  string
		n     Naming
		head  *classify.Head
		probs []float32
		want  string
		ok    bool
	}{
		{"sure", Naming{Abstain: 0.5, Neutral: 0.7}, two, []float32{0.2, 0.8}, "positive", true},
		{"in the band", Naming{Neutral: 0.7}, two, []float32{0.4, 0.6}, "neutral", true},
		{"at its edge", Naming{Neutral: 0.5}, two, []float32{0.5, 0.5}, "negative", true},
		{"a head that knows neutral", Naming{Neutral: 0.9}, three, []float32{0.6, 0.1, 0.3}, "negative", true},
		{"another question", Naming{Neutral: 0.9}, topic, []float32{0.6, 0.4}, "ham", true},
		{"no answer", Naming{Abstain: 0.7}, topic, []float32{0.6, 0.4}, "", false},
		{"no answer, not neutral", Naming{Abstain: 0.7, Neutral: 0.9}, two, []float32{0.6, 0.4}, "", false},
		{"nothing asked for", Naming{}, topic, []float32{0.5, 0.5}, "ham", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := classify.Score{Probs: test.probs}
			for c, p := range test.probs {
				if p > s.Prob() {
					s.Label = c
				}
			}
			if got, ok := test.n.Label(test.head, s); got != test.want || ok != test.ok {
				t.Errorf("%q, %v, want %q, %v", got, ok, test.want, test.ok)
			}
		})
	}
}
