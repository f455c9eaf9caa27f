package recommend

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
		got := For(c.data)
		if got.Epochs != c.epochs || got.Model.Chunk != c.chunk || got.Model.Ngrams.CharMax != c.chars || got.NBSVM.C != c.c || got.NBSVM.Beta != c.beta {
			t.Errorf("%s: epochs %d, chunk %d, char_max %d, nbsvm %v %v; want %+v", c.name,
				got.Epochs, got.Model.Chunk, got.Model.Ngrams.CharMax, got.NBSVM.C, got.NBSVM.Beta, c)
		}
	}
	if !For(of(14999, 2, 20)).RefitNgrams || For(of(15000, 2, 20)).RefitNgrams {
		t.Error("a second training of the n-grams is for fewer than 15,000 texts")
	}
	several := of(2000, 2, 10)
	several.Separator = ","
	several.Examples[7].Labels[0] = "0,1"
	if got := For(several); got.NBSVM.Beta != 1 || got.Epochs != 16 {
		t.Errorf("several labels a text: %v, %d epochs", got.NBSVM, got.Epochs)
	}
}

// English texts that are few are read as stems, unless vectors of words are
// wanted; the n-grams have stems in either case.
func TestRecommendStems(t *testing.T) {
	english := func(n, labels int) train.Config {
		d := &corpora.Dataset{Heads: []string{"label"}, Sources: make([]corpora.Source, 1)}
		for i := range n {
			d.Examples = append(d.Examples, corpora.Example{Text: strings.Repeat("this is a story that was told to them before ", 20), Labels: []string{fmt.Sprint(i % labels)}})
		}
		return For(d)
	}
	few, many := english(100, 2), english(2000, 2)
	if words, ok := strings.CutSuffix(few.Model.Pipeline, "|stem:en"); !ok || words != many.Model.Pipeline || few.Model.Ngrams.Stem != "" {
		t.Errorf("few texts: pipeline %s, stems of n-grams %q", few.Model.Pipeline, few.Model.Ngrams.Stem)
	}
	if labels := english(100, 6); labels.Model.Pipeline != many.Model.Pipeline {
		t.Errorf("few texts of many labels: pipeline %s", labels.Model.Pipeline)
	}
	if many.Model.Ngrams.Lexicon != "vader" {
		t.Errorf("little English text: lexicon of n-grams %q", many.Model.Ngrams.Lexicon)
	}
	if got := english(10000, 2); got.Model.Ngrams.Lexicon != "" {
		t.Errorf("much English text: lexicon of n-grams %q", got.Model.Ngrams.Lexicon)
	}
	if got := For(of(2000, 2, 20)); got.Model.Ngrams.Lexicon != "" {
		t.Errorf("no language: lexicon of n-grams %q", got.Model.Ngrams.Lexicon)
	}
	if many.Model.Ngrams.Stem != "en" {
		t.Errorf("many texts: stems of n-grams %q", many.Model.Ngrams.Stem)
	}
	for _, c := range []train.Config{few.WithWords(), many.WithWords()} {
		if c.Model.Pipeline != many.Model.Pipeline || c.Model.Ngrams.Stem != "en" {
			t.Errorf("with words: pipeline %s, stems of n-grams %q", c.Model.Pipeline, c.Model.Ngrams.Stem)
		}
	}
}

func TestStartHelps(t *testing.T) {
	english := func(n, times int) *corpora.Dataset {
		d := of(n, 2, 1)
		text := strings.Repeat("this is a story that was told to them before ", times)
		for i := range d.Examples {
			d.Examples[i].Text = text
		}
		return d
	}
	german := of(100, 2, 1)
	for i := range german.Examples {
		german.Examples[i].Text = "das ist eine Geschichte, die ihnen schon einmal erzählt wurde"
	}
	for _, c := range []struct {
		name string
		data *corpora.Dataset
		want bool
	}{{"few", english(9999, 20), true}, {"many", english(10_000, 20), false}, {"many short ones", english(10_000, 1), true}, {"German", german, false}, {"none", english(0, 1), false}} {
		if got := StartHelps(c.data, "en"); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// The texts of a stream get what they would get in memory.
func TestForStream(t *testing.T) {
	for _, tt := range []struct {
		separator, last string
		labels          int // beside those of the reviews
		beta            float64
	}{
		{"", "a,b", 0, 0.5},
		{",", "a,b", 0, 1},
		{",", ",a", 0, 1},
		{",", "a", 10, 0.5},
		{"", "a", 10, 0.5},
	} {
		d := of(150, 2, 5)
		d.Separator = tt.separator
		d.Examples[149].Labels[0] = tt.last
		for i := range tt.labels {
			d.Examples[i].Labels[0] = fmt.Sprint(i)
		}
		got, err := ForStream(t.Context(), streamOf(t, d))
		if err != nil {
			t.Fatal(err)
		}
		want := For(d)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%+v: got %v, want %v", tt, got, want)
		}
		if want.NBSVM.Beta != tt.beta {
			t.Errorf("%+v: beta %v", tt, want.NBSVM.Beta)
		}
	}
}

// streamOf puts d on disk.
func streamOf(t *testing.T, d *corpora.Dataset) *train.Stream {
	t.Helper()
	spool, err := corpora.NewSpool(t.TempDir(), 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { spool.Close() })
	for _, ex := range d.Examples {
		if err := spool.Add(ex); err != nil {
			t.Fatal(err)
		}
	}
	return &train.Stream{Heads: d.Heads, Sources: d.Sources, Separator: d.Separator, Texts: spool}
}
