package tokenize

import (
	"context"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"gopkg.in/neurosnap/sentences.v1"
	"gopkg.in/neurosnap/sentences.v1/data"
	"gopkg.in/neurosnap/sentences.v1/english"

	"github.com/textlstm/textlstm/internal/flatjson"
)

// punkt returns the sentence splitter that prose/v2 uses, with the model that
// prose uses. Prose itself would build it anew for every text, which takes 10 ms.
var punkt = sync.OnceValue(func() *sentences.DefaultSentenceTokenizer {
	model, err := punktModel()
	if err != nil {
		panic(err) // the model is part of the program
	}
	t, err := english.NewSentenceTokenizer(model)
	if err != nil {
		panic(err)
	}
	return t
})

// punktModel is what sentences.LoadTraining reads, which takes ten times as long.
func punktModel() (*sentences.Storage, error) {
	file, err := data.Asset("data/english.json")
	if err != nil {
		return nil, err
	}
	m := sentences.NewStorage()
	r := flatjson.NewReader(file)
	for table := range r.Object {
		words := map[string]sentences.SetString{
			"AbbrevTypes": m.AbbrevTypes, "Collocations": m.Collocations,
			"SentStarters": m.SentStarters, "OrthoContext": m.OrthoContext,
		}[table]
		for word := range r.Object {
			words[word] = int(r.Int())
		}
	}
	if !r.Done() {
		return sentences.LoadTraining(file)
	}
	return m, nil
}

// maxParagraph bounds what is given to the splitter at a time. A longer
// paragraph is cut at white space where possible.
const maxParagraph = 1 << 15

// Sentences returns the sentences of text in order, without the white space
// around them. Together they hold every other character of text. It knows
// English abbreviations (Punkt: Kiss & Strunk 2006, by way of prose's model);
// blank lines and the full stops of Chinese and Japanese also end sentences.
// It is safe for concurrent use; the first call takes a few ms.
func Sentences(text string) []Span {
	var spans []Span
	for start := 0; start < len(text); {
		end := paragraphEnd(text, start)
		from := start
		if strings.TrimSpace(text[start:end]) == "" {
			start = end
			continue
		}
		for _, s := range punkt().Tokenize(text[start:end]) {
			to := start + s.End
			if to > from && to <= end {
				spans = appendSentence(spans, text, from, to)
				from = to
			}
		}
		spans = appendSentence(spans, text, from, end)
		start = end
	}
	return spans
}

// Sentences is the function Sentences on text as p prepares it: without HTML
// markup if p has the stage "html", cut to the length of "maxbytes". The spans
// are those of text itself; where they would overlap, since the sentences end
// within one piece of markup, they are one.
func (p *Pipeline) Sentences(text string) []Span {
	prepared := p.prep.prepare(context.Background(), text)
	spans := Sentences(prepared.text)
	tokens := make([]Token, len(spans))
	for i, s := range spans {
		tokens[i].Start, tokens[i].End = s.Start, s.End
	}
	prepared.restore(tokens)
	spans = spans[:0]
	for _, t := range tokens {
		if n := len(spans); n > 0 && t.Start < spans[n-1].End {
			spans[n-1].End = max(spans[n-1].End, t.End)
			continue
		}
		spans = append(spans, Span{t.Start, t.End})
	}
	return spans
}

// maxSpaces is the longest run of white space within a paragraph: the splitter
// takes time quadratic in it.
const maxSpaces = 32

// paragraphEnd returns the end of the paragraph that starts at start: behind a
// blank line, or as far as the bounds allow.
func paragraphEnd(text string, start int) int {
	limit := min(len(text), start+maxParagraph)
	newlines, spaces, lastSpace := 0, 0, 0
	for i := start; i < limit; {
		r, size := utf8.DecodeRuneInString(text[i:])
		i += size
		if !unicode.IsSpace(r) {
			newlines, spaces = 0, 0
			continue
		}
		lastSpace = i
		spaces++
		if r == '\n' {
			newlines++
		}
		if newlines == 2 || spaces == maxSpaces {
			return i
		}
	}
	if limit == len(text) {
		return limit
	}
	if lastSpace > 0 {
		return lastSpace
	}
	for back := range utf8.UTFMax {
		if utf8.RuneStart(text[limit-back]) {
			return limit - back
		}
	}
	return limit // within no character
}

// appendSentence appends the sentence text[start:end], or the parts into which
// full stops of Chinese and Japanese divide it.
func appendSentence(spans []Span, text string, start, end int) []Span {
	stopped := false
	for i := start; i < end; {
		r, size := utf8.DecodeRuneInString(text[i:end])
		switch {
		case strings.ContainsRune("。！？｡", r):
			stopped = true
		case stopped && !strings.ContainsRune("”’」』）》〉】.!?…", r):
			spans = appendTrimmed(spans, text, start, i)
			start, stopped = i, false
		}
		i += size
	}
	return appendTrimmed(spans, text, start, end)
}

func appendTrimmed(spans []Span, text string, start, end int) []Span {
	s := strings.TrimLeftFunc(text[start:end], unicode.IsSpace)
	start = end - len(s)
	s = strings.TrimRightFunc(s, unicode.IsSpace)
	if s == "" {
		return spans
	}
	return append(spans, Span{start, start + len(s)})
}
