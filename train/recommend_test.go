package train_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/train"
)

// of returns n texts of the given number of labels and words.
func of(n, labels, words int) *corpora.Dataset {
	d := &corpora.Dataset{Heads: []string{"label"}, Sources: make([]corpora.Source, 1)}
	text := strings.Repeat("word ", words)
	for i := range n {
		d.Examples = append(d.Examples, corpora.Example{Text: text, Labels: []string{fmt.Sprint(i % labels)}})
	}
	return d
}

func TestRecommend(t *testing.T) {
	for _, c := range []struct {
		name                 string
		data                 *corpora.Dataset
		epochs, chunk, chars int
		c, beta              float64
	}{
		{"very short texts", of(2000, 2, 3), 8, 0, 5, 0.1, 0.5},
		{"few short texts", of(2000, 2, 20), 8, 0, 5, 0.03, 0.5},
		{"few texts, many labels", of(2000, 6, 20), 16, 0, 5, 0.03, 0.5},
		{"long texts", of(8000, 5, 200), 5, 64, 0, 0.01, 0.8},
		{"long texts, many labels", of(8000, 20, 200), 12, 64, 0, 0.01, 0.8},
		{"many texts, many labels", of(60000, 20, 20), 5, 0, 5, 0.03, 0.5},
	} {
		got := train.Recommend(c.data)
		if got.Epochs != c.epochs || got.Model.Chunk != c.chunk || got.Model.Ngrams.CharMax != c.chars || got.NBSVM.C != c.c || got.NBSVM.Beta != c.beta {
			t.Errorf("%s: epochs %d, chunk %d, char_max %d, nbsvm %v %v; want %+v", c.name,
				got.Epochs, got.Model.Chunk, got.Model.Ngrams.CharMax, got.NBSVM.C, got.NBSVM.Beta, c)
		}
	}
	several := of(2000, 2, 10)
	several.Separator = ","
	several.Examples[7].Labels[0] = "0,1"
	if got := train.Recommend(several); got.NBSVM.Beta != 1 || got.Epochs != 16 {
		t.Errorf("several labels a text: %v, %d epochs", got.NBSVM, got.Epochs)
	}
}
