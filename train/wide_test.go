package train_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/train"
)

// A small table holds the words that decide, not the most frequent ones, where it may choose
// among candidates; and the same ones whatever the number of workers.
func TestNgramCandidates(t *testing.T) {
	d, dev := reviews(300, 1), reviews(200, 2)
	for i := range d.Examples { // fillers are in all texts
		d.Examples[i].Text += " " + strings.Join(fillers, " ")
	}
	c := joint()
	c.Model.NoDeep = true
	c.Model.Ngrams = ngram.Config{Words: 1, Bits: 4, MinCount: 1} // 14 n-grams; as many words decide
	right := map[int]float64{}
	for _, bits := range []int{0, 8} {
		c.NgramCandidates = bits
		m := fit(t, train.Trainer{Config: c, Workers: 1}, d, nil).Model
		right[bits] = accuracy(m, dev, "sentiment")
		if again := fit(t, train.Trainer{Config: c, Workers: 3}, d, nil).Model; !bytes.Equal(modelBytes(t, m), modelBytes(t, again)) {
			t.Errorf("%d bits of candidates: another model with other workers", bits)
		}
	}
	if right[0] > 0.7 || right[8] < 0.9 {
		t.Errorf("accuracies %v: want at most .7 with the most frequent words and at least .9 with those that decide", right)
	}
	c.NgramCandidates = 3
	if _, err := (&train.Trainer{Config: c}).Fit(t.Context(), d, nil); err == nil || !strings.Contains(err.Error(), "ngram_candidates = 3, want 0 or 4 to 24") {
		t.Errorf("error %v of a table of 8 slots", err)
	}
}
