package seq2seq

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/tokenize"
	"github.com/textlstm/textlstm/tokenize/bpe"
	"github.com/textlstm/textlstm/vocab"
)

// The pieces that every vocabulary begins with, beside those of package vocab.
const (
	begin vocab.ID = 2
	end   vocab.ID = 3

	beginName, endName = "<s>", "</s>"
)

// space marks words that have white space before them (SentencePiece's marker).
const space = "▁"

// A language is how texts of one side become pieces and pieces texts.
type language struct {
	pipeline *tokenize.Pipeline
	codes    *bpe.Codes // nil for whole words
	vocab    *vocab.Vocabulary
}

// words calls f for each word of a text, with the marker of white space where it has
// some before it, until f says that it wants no more.
func words(p *tokenize.Pipeline, text string, f func(word string, t tokenize.Token) (more bool)) {
	last := 0
	for t := range p.All(text) {
		if t.Start == t.End && t.Text == "" {
			continue
		}
		word := t.Text
		if t.Start > last || last == 0 {
			word = space + word
		}
		last = max(last, t.End)
		if !f(word, t) {
			return
		}
	}
}

// learn makes the language of texts.
func learn(ctx context.Context, c Config, texts []string) (*language, error) {
	pipeline, err := tokenize.Parse(c.Pipeline)
	if err != nil {
		return nil, err
	}
	counts := map[string]int64{}
	for _, text := range texts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		words(pipeline, text, func(word string, _ tokenize.Token) bool { counts[word]++; return true })
	}
	l := &language{pipeline: pipeline}
	pieces := counts
	if !c.WholeWords {
		l.codes = bpe.Learn(counts, bpe.Options{Pieces: c.Pieces})
		pieces = map[string]int64{}
		var parts []string
		for word, n := range counts {
			parts = l.codes.Append(parts[:0], word)
			for _, p := range parts {
				pieces[p] += n
			}
		}
	}
	l.vocab, err = newVocabulary(pieces, c.Pieces)
	return l, err
}

// newVocabulary numbers the pieces that occur more than once, the most frequent first.
func newVocabulary(counts map[string]int64, most int) (*vocab.Vocabulary, error) {
	var pieces []string
	for p, n := range counts {
		if n > 1 && len(p) <= vocab.MaxTokenBytes && p != beginName && p != endName {
			if _, err := vocab.New([]string{p}, nil, 0); err == nil { // not a reserved name, nor broken
				pieces = append(pieces, p)
			}
		}
	}
	slices.SortFunc(pieces, func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), strings.Compare(a, b))
	})
	tokens := append([]string{beginName, endName}, pieces[:min(most, len(pieces))]...)
	numbers := make([]int64, len(tokens))
	for i, t := range tokens[end-begin+1:] {
		numbers[i+int(end-begin)+1] = counts[t]
	}
	return vocab.New(tokens, numbers, 0)
}

// check reports a vocabulary that newVocabulary does not make.
func (l *language) check() error {
	if l.vocab.Len() <= int(end)+1 || l.vocab.Buckets() > 0 || l.vocab.Token(begin) != beginName || l.vocab.Token(end) != endName {
		return fmt.Errorf("a vocabulary of %d pieces and %d buckets that begins with %q and %q, want %q, %q and more, without buckets",
			l.vocab.Known(), l.vocab.Buckets(), l.vocab.Token(begin), l.vocab.Token(end), beginName, endName)
	}
	return nil
}

// A text is what one side of a pair is for the network.
type text struct {
	ids   []vocab.ID
	spans []tokenize.Span // the bytes of each piece; of all of its word, if a filter has changed that
	after []bool          // whether white space is before it
	text  string
}

// An encoder turns texts into pieces. It remembers those of words, in bounded memory, and
// is for one goroutine at a time.
type encoder struct {
	*language
	known map[string][]vocab.ID
	sizes map[string][]int // of the pieces, in bytes
}

func (l *language) encoder() *encoder {
	return &encoder{l, map[string][]vocab.ID{}, map[string][]int{}}
}

// encode returns the pieces of a text, not all if there are more than most, which is the
// same for all texts. Neighbouring
// unknown characters of a word are one unknown piece.
func (e *encoder) encode(s string, most int) text {
	t := text{text: s}
	words(e.pipeline, s, func(word string, token tokenize.Token) bool {
		ids, sizes := e.word(word, most)
		marked := len(word) > len(token.Text)
		at := token.Start
		for i, id := range ids {
			n := sizes[i]
			if i == 0 && marked {
				n -= len(space)
			}
			span := tokenize.Span{Start: token.Start, End: token.End}
			if token.Text == s[token.Start:token.End] {
				span = tokenize.Span{Start: at, End: at + n}
			}
			at += n
			t.ids = append(t.ids, id)
			t.spans = append(t.spans, span)
			t.after = append(t.after, i == 0 && marked)
		}
		return len(t.ids) <= most
	})
	return t
}

// word returns the pieces of a word, or the first ones of more than most, and their lengths.
func (e *encoder) word(word string, most int) ([]vocab.ID, []int) {
	if ids, ok := e.known[word]; ok {
		return ids, e.sizes[word]
	}
	var ids []vocab.ID
	var sizes []int
	for p := range e.pieces(word) {
		id := e.vocab.ID(p)
		if id == begin || id == end {
			id = vocab.Unk
		}
		if k := len(ids) - 1; k >= 0 && id == vocab.Unk && ids[k] == vocab.Unk {
			sizes[k] += len(p)
			continue
		}
		if ids, sizes = append(ids, id), append(sizes, len(p)); len(ids) > most {
			break
		}
	}
	const held = 1 << 16 // words
	if len(e.known) >= held {
		clear(e.known)
		clear(e.sizes)
	}
	e.known[word], e.sizes[word] = ids, sizes
	return ids, sizes
}

// pieces ranges over those of a word.
func (l *language) pieces(word string) iter.Seq[string] {
	if l.codes == nil {
		return func(yield func(string) bool) { yield(word) }
	}
	return l.codes.All(word)
}

// join makes text of pieces; unknown(i) is what stands for piece i, which is unknown.
func (l *language) join(ids []vocab.ID, unknown func(i int) string) string {
	var b strings.Builder
	for i, id := range ids {
		if id == vocab.Unk {
			b.WriteString(unknown(i))
		} else {
			b.WriteString(l.vocab.Token(id))
		}
	}
	return strings.TrimSpace(strings.ReplaceAll(b.String(), space, " "))
}
