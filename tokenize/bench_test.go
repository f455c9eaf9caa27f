package tokenize_test

import (
	"testing"

	"github.com/textlstm/textlstm/tokenize"
	"github.com/textlstm/textlstm/vocab"
)

func benchTexts(b *testing.B) (texts []string, bytes int64) {
	texts = corpusTexts(b, "imdb/test.tsv.zst", 5000)
	for _, t := range texts {
		bytes += int64(len(t))
	}
	return texts, bytes
}

var benchSpecs = []string{
	"words",
	"words|lower|stem:en",
	tokenize.Default,
	"words|lower|stem:en|neg|ngrams:2",
	"words|lang:auto|lower|stem",
	"fields",
	"chars:3",
}

func BenchmarkAppendTokens(b *testing.B) {
	texts, bytes := benchTexts(b)
	for _, spec := range benchSpecs {
		p := tokenize.MustParse(spec)
		b.Run(spec, func(b *testing.B) {
			b.SetBytes(bytes)
			b.ReportAllocs()
			var tokens []tokenize.Token
			for b.Loop() {
				for _, t := range texts {
					tokens = p.AppendTokens(tokens[:0], t)
				}
			}
		})
	}
}

// BenchmarkEncoder is tokenize + stem + index, for words that were seen before.
func BenchmarkEncoder(b *testing.B) {
	texts, bytes := benchTexts(b)
	for _, spec := range benchSpecs {
		p := tokenize.MustParse(spec)
		var counts vocab.Counter
		count := tokenize.NewEncoder(p, counts.Slot)
		var slots []int32
		for _, t := range texts {
			slots = count.AppendIDs(slots[:0], t)
			for _, s := range slots {
				counts.AddSlot(s)
			}
		}
		v, err := counts.Build(vocab.Options{MinCount: 2})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(spec, func(b *testing.B) {
			e := tokenize.NewEncoder(p, v.ID)
			b.SetBytes(bytes)
			b.ReportAllocs()
			var ids []vocab.ID
			for _, t := range texts {
				ids = e.AppendIDs(ids[:0], t)
			}
			for b.Loop() {
				for _, t := range texts {
					ids = e.AppendIDs(ids[:0], t)
				}
			}
		})
	}
}

func BenchmarkTreebank(b *testing.B) {
	texts, _ := benchTexts(b)
	texts = texts[:200]
	var bytes int64
	for _, t := range texts {
		bytes += int64(len(t))
	}
	for _, spec := range []string{"treebank", "words|pos:adj,adv"} {
		p := tokenize.MustParse(spec)
		b.Run(spec, func(b *testing.B) {
			b.SetBytes(bytes)
			for b.Loop() {
				for _, t := range texts {
					p.AppendTokens(nil, t)
				}
			}
		})
	}
	b.Run("sentences", func(b *testing.B) {
		b.SetBytes(bytes)
		for b.Loop() {
			for _, t := range texts {
				tokenize.Sentences(t)
			}
		}
	})
}
