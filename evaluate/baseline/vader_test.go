package baseline

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
)

func newVADER(t testing.TB, labels ...string) *VADER {
	t.Helper()
	v, err := NewVADER(labels...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// The scores of testdata/vader.jsonl are vaderSentiment's, by gen_vader.py.
func TestPolarityIsVaderSentiments(t *testing.T) {
	f, err := os.Open("testdata/vader.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	v := newVADER(t, "negative", "neutral", "positive")
	s := bufio.NewScanner(f)
	n := 0
	for s.Scan() {
		var text string
		var want Polarity
		if err := json.Unmarshal(s.Bytes(), &[]any{&text, &want.Compound, &want.Negative, &want.Neutral, &want.Positive}); err != nil {
			t.Fatal(err)
		}
		if got := v.Polarity(text); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
		n++
	}
	if err := s.Err(); err != nil || n < 500 {
		t.Fatalf("%d sentences, error %v", n, err)
	}
}

func TestVADERLabels(t *testing.T) {
	three := newVADER(t, "positive", "negative", "neutral")
	two := newVADER(t, "negative", "positive")
	tests := []struct {
		text       string
		three, two string
	}{
		{"a great day", "positive", "positive"},
		{"a terrible day", "negative", "negative"},
		{"a day", "neutral", "positive"},
		{"", "neutral", "positive"},
		{"a great, terrible, awful day", "negative", "negative"},
	}
	for _, test := range tests {
		l3, probs := three.Classify(nil, test.text)
		l2, _ := two.Classify(nil, test.text)
		if three.Labels()[l3] != test.three || two.Labels()[l2] != test.two || len(probs) != 0 {
			t.Errorf("%q: %s of three labels and %s of two, %d probabilities, want %s, %s, none", test.text, three.Labels()[l3], two.Labels()[l2], len(probs), test.three, test.two)
		}
	}
	for text, want := range map[string]string{"a great day": "positive", "a terrible day": "neutral", "a day": "neutral"} {
		v := newVADER(t, "neutral", "positive")
		if l, _ := v.Classify(nil, text); v.Labels()[l] != want {
			t.Errorf("%q of neutral and positive: %s, want %s", text, v.Labels()[l], want)
		}
	}
	for _, bad := range [][]string{{"negative"}, {"neutral", "neutral"}, {"negative", "positive", "positive"}, {"good", "bad"}, nil} {
		if _, err := NewVADER(bad...); err == nil {
			t.Errorf("labels %q: no error", bad)
		}
	}
}

// Twice the text may take little more than twice the time, however the words
// repeat around a "but".
func TestVADERTakesLinearTime(t *testing.T) {
	if testing.Short() {
		t.Skip("measures time")
	}
	v := newVADER(t, "negative", "positive")
	for _, unit := range []string{"good ", "good but ", "no good bad ", "good great love ", "!?", "not very ", "😀"} {
		score := func(n int) time.Duration {
			text := strings.Repeat(unit, n/len(unit)) + " but " + strings.Repeat(unit, n/len(unit))
			best := time.Hour
			for range 3 {
				start := time.Now()
				v.Polarity(text)
				best = min(best, time.Since(start))
			}
			return best
		}
		var short, long time.Duration
		linear := false
		for try := 0; try < 5 && !linear; try++ { // a busy machine has slow moments
			short, long = score(1<<13), score(1<<15)
			linear = long <= 12*short+20*time.Millisecond
		}
		if !linear {
			t.Errorf("%q: %v for 16 KiB, %v for 64 KiB", unit, short, long)
		}
	}
}

func FuzzPolarity(f *testing.F) {
	for _, s := range []string{"", "good but bad", "NO good?!?", "kind of 😀", "never so good", "\xff good", "to die for"} {
		f.Add(s)
	}
	v := newVADER(f, "negative", "positive")
	f.Fuzz(func(t *testing.T, text string) {
		p := v.Polarity(text)
		if !(p.Compound >= -1 && p.Compound <= 1) {
			t.Errorf("compound %v", p.Compound)
		}
		if sum := p.Negative + p.Neutral + p.Positive; sum != 0 && !(sum > 0.998 && sum < 1.002) {
			t.Errorf("shares sum to %v", sum)
		}
	})
}

func BenchmarkPolarity(b *testing.B) {
	v := newVADER(b, "negative", "positive")
	text := "The plot was VERY good, but the characters are uncompelling and the dialog is not great!!"
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		v.Polarity(text)
	}
}
