package train_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/train"
)

// small trains a small deep model in no time.
func small() train.Config {
	c := train.Config{
		Model: classify.Config{
			Embed: 8,
			LSTM:  lstm.Config{HiddenSize: 8, Direction: lstm.Bidirectional},
		},
		Epochs:    4,
		BatchSize: 8,
		Seed:      1,
	}
	c.Model.Vocab.MinCount = 1
	c.Schedule.Rate = 0.02
	return c
}

// joint adds a wide branch to small.
func joint() train.Config {
	c := small()
	c.Model.Ngrams = ngram.Config{Words: 2, CharMin: 3, CharMax: 3, Bits: 10, MinCount: 1}
	return c
}

// data is rows of labels and a text, the labels one for each head.
func data(heads []string, rows ...[]string) *corpora.Dataset {
	d := &corpora.Dataset{Heads: heads, Separator: ";"}
	for i, r := range rows {
		n := len(heads)
		d.Examples = append(d.Examples, corpora.Example{ID: fmt.Sprintf("row %d", i+1), Labels: r[:n], Text: r[n]})
	}
	return d
}

var (
	fillers = strings.Fields("the a film story plot it was is and quite here one of what we saw")
	good    = []string{"good", "great", "lovely", "superb"}
	bad     = []string{"bad", "awful", "dull", "poor"}
	books   = []string{"book", "page", "novel"}
	films   = []string{"screen", "actor", "scene"}
)

// reviews are n texts of a few random words, with the heads sentiment and
// topic, which follow from one word each.
func reviews(n int, seed uint64) *corpora.Dataset {
	r := rand.New(rand.NewPCG(seed, 9))
	d := &corpora.Dataset{Heads: []string{"sentiment", "topic"}}
	for i := range n {
		var text []string
		for range 1 + r.IntN(8) {
			text = append(text, fillers[r.IntN(len(fillers))])
		}
		labels := make([]string, 2)
		for h, kinds := range [][2][]string{{bad, good}, {films, books}} {
			k := r.IntN(2)
			labels[h] = [][]string{{"negative", "positive"}, {"film", "book"}}[h][k]
			text = slices.Insert(text, r.IntN(len(text)+1), kinds[k][r.IntN(len(kinds[k]))])
		}
		d.Examples = append(d.Examples, corpora.Example{ID: fmt.Sprint(i), Text: strings.Join(text, " "), Labels: labels})
	}
	return d
}

// keep returns d with the labels of one head alone.
func keep(d *corpora.Dataset, head string) *corpora.Dataset {
	h := slices.Index(d.Heads, head)
	one := &corpora.Dataset{Heads: []string{head}, Examples: slices.Clone(d.Examples)}
	for i := range one.Examples {
		one.Examples[i].Labels = one.Examples[i].Labels[h : h+1]
	}
	return one
}

func fit(t testing.TB, tr train.Trainer, d, dev *corpora.Dataset) *train.Result {
	t.Helper()
	r, err := tr.Fit(context.Background(), d, dev)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func modelBytes(t testing.TB, m *classify.Model) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// accuracy is the share of texts that a head of m answers as d says.
func accuracy(m *classify.Model, d *corpora.Dataset, head string) float64 {
	h, column, right := m.Head(head), slices.Index(d.Heads, head), 0
	for i := range d.Examples {
		s := m.Predict(d.Examples[i].Text).Scores[h]
		if m.Heads()[h].Labels[s.Label] == d.Examples[i].Label(column) {
			right++
		}
	}
	return float64(right) / float64(len(d.Examples))
}
