package explain

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/report"
)

// shades is how many strengths of highlight there are on either side.
const shades = 5

// A piece is a stretch of the text: a word, or what stands between words.
type piece struct {
	text  string
	word  *Word // nil between words
	shade int   // -shades…shades; 0 for a part below a tenth of the largest
}

// pieces cuts the text at its words.
func (x *Explanation) pieces() []piece {
	most := 0.0
	for _, w := range x.Words {
		most = max(most, math.Abs(w.Score))
	}
	var out []piece
	at := 0
	for i := range x.Words {
		w := &x.Words[i]
		if at < w.Start {
			out = append(out, piece{text: x.Text[at:w.Start]})
		}
		p := piece{text: x.Text[w.Start:w.End], word: w}
		if most > 0 {
			p.shade = int(math.Round(shades * w.Score / most))
		}
		out = append(out, p)
		at = w.End
	}
	if at < len(x.Text) {
		out = append(out, piece{text: x.Text[at:]})
	}
	return out
}

// TopWords returns the n words of the largest parts, the largest first; all
// for n < 0.
func (x *Explanation) TopWords(n int) []Word {
	words := slices.Clone(x.Words)
	slices.SortStableFunc(words, func(a, b Word) int { return cmp.Compare(math.Abs(b.Score), math.Abs(a.Score)) })
	if n >= 0 && n < len(words) {
		words = words[:n]
	}
	return words
}

// The 256-colour backgrounds of the shades: orange for the label, blue against.
var (
	colorsFor     = [shades]int{230, 223, 216, 215, 208}
	colorsAgainst = [shades]int{195, 153, 117, 75, 39}
)

// Mark returns the text on one line with its words marked by their parts of
// the score: in colour for a terminal, orange for the label and blue against
// it, or in brackets with one to three signs, [+++superb]. Control characters
// become spaces.
func (x *Explanation) Mark(color bool) string {
	var b strings.Builder
	for _, p := range x.pieces() {
		text := report.Clean(p.text)
		switch {
		case p.shade == 0:
			b.WriteString(text)
		case color:
			background := colorsFor[max(p.shade, 1)-1]
			if p.shade < 0 {
				background = colorsAgainst[-p.shade-1]
			}
			fmt.Fprintf(&b, "\x1b[38;5;16;48;5;%dm%s\x1b[0m", background, text)
		default:
			sign := "+"
			if p.shade < 0 {
				sign = "-"
			}
			strength := max(p.shade, -p.shade)
			fmt.Fprintf(&b, "[%s%s]", strings.Repeat(sign, (strength+1)/2), text)
		}
	}
	return strings.TrimSpace(b.String())
}

// Title says in one line what is explained.
func (x *Explanation) Title() string {
	var b strings.Builder
	if x.ID != "" {
		b.WriteString(x.ID + ", ")
	}
	fmt.Fprintf(&b, "%s: %s", x.Head, x.Label)
	if !x.Number {
		fmt.Fprintf(&b, " (%.4f)", x.Prob)
	}
	if x.Against != "" {
		fmt.Fprintf(&b, " rather than %s", x.Against)
	}
	if x.Gold != "" {
		fmt.Fprintf(&b, ", true label %s (loss %.2f)", x.Gold, x.Loss)
	}
	return report.Clean(b.String())
}

// sum says in one line where the score comes from.
func (x *Explanation) sum() string {
	words := 0.0
	for _, w := range x.Words {
		words += w.Score
	}
	s := fmt.Sprintf("score %+.3f = base %+.3f, words %+.3f", x.Score, x.Base, words)
	if parts := bySource(x.sources(), func(name string) float64 { return x.branch(name).Score }); parts != "" {
		s += "; " + parts
	}
	return s
}

func bySource(sources []string, score func(name string) float64) string {
	parts := make([]string, len(sources))
	for i, s := range sources {
		parts[i] = fmt.Sprintf("%s %+.3f", s, score(s))
	}
	return strings.Join(parts, ", ")
}

// exactness says how far the parts can be trusted.
func (x *Explanation) exactness() string {
	var notes []string
	if p := x.Path; p != nil {
		note := fmt.Sprintf("the deep parts sum to their difference within %.2f %% (%d gradients)", 100*p.Error, p.Points)
		if p.Jumped > 0 {
			note += fmt.Sprintf(", %.2f of it in jumps", p.Jumped)
		}
		if p.Exceeded {
			note += ", but not stretch by stretch: the score is rough on the way"
		}
		notes = append(notes, note)
	}
	if x.Agreement != nil {
		notes = append(notes, fmt.Sprintf("correlation with leaving words out %.2f", *x.Agreement))
	}
	return strings.Join(notes, "; ")
}

// WriteTable writes x for a terminal: the marked text, a table of the n words
// of the largest parts (n < 0: all, in the order of the text), and the n-grams.
func (x *Explanation) WriteTable(w io.Writer, n int, color bool) error {
	if _, err := fmt.Fprintf(w, "%s\n%s\n\n%s\n", x.Title(), x.sum(), x.Mark(color)); err != nil {
		return err
	}
	words := x.Words
	if n >= 0 {
		words = x.TopWords(n)
	}
	header, rows := wordTable(words, x)
	for _, t := range []struct {
		header []string
		rows   [][]any
	}{{header, rows}, ngramTable(x.Ngrams)} {
		if len(t.rows) == 0 {
			continue
		}
		if _, err := fmt.Fprintln(w); err != nil {
			return err
		}
		if err := report.Table(w, t.header, t.rows, report.Text); err != nil {
			return err
		}
	}
	if s := x.exactness(); s != "" {
		if _, err := fmt.Fprintf(w, "\n%s\n", s); err != nil {
			return err
		}
	}
	return nil
}

// wordTable has the columns that x has something for.
func wordTable(words []Word, x *Explanation) (header []string, rows [][]any) {
	header = []string{"word", "score"}
	sources := x.sources()
	header = append(header, sources...)
	var leftOut, attention bool
	for _, w := range words {
		leftOut = leftOut || w.LeftOut != nil
		attention = attention || w.Attention != nil
	}
	if leftOut {
		header = append(header, "left out")
	}
	if attention {
		header = append(header, "attention")
	}
	header = append(header, "read as")
	for _, w := range words {
		row := []any{w.Text, signed(w.Score)}
		for _, p := range sources {
			row = append(row, signed(w.part(p)))
		}
		if leftOut {
			row = append(row, optional(w.LeftOut, signed))
		}
		if attention {
			row = append(row, optional(w.Attention, func(v float64) string { return fmt.Sprintf("%.3f", v) }))
		}
		read := strings.Join(w.Tokens, " ")
		if w.Unknown {
			read += " (unknown)"
		}
		rows = append(rows, append(row, read))
	}
	return header, rows
}

func ngramTable(ngrams []Ngram) (t struct {
	header []string
	rows   [][]any
}) {
	t.header = []string{"n-gram", "score", "times", "kind"}
	for _, n := range ngrams {
		kind := "words"
		if n.Chars {
			kind = "characters"
		}
		t.rows = append(t.rows, []any{n.Text, signed(n.Score), len(n.Spans), kind})
	}
	return t
}

func signed(v float64) string { return fmt.Sprintf("%+.3f", v) }

func optional(v *float64, show func(float64) string) any {
	if v == nil {
		return nil
	}
	return show(*v)
}

// WordHeader and WordRows are the words of explanations as a table for other
// programs: one row a word.
func WordHeader() []string {
	return []string{"id", "head", "label", "start", "end", "word", "score", "deep", "wide", "lexicon", "left_out", "attention", "unknown"}
}

// WordRows is described at WordHeader.
func (x *Explanation) WordRows() [][]any {
	number := func(v *float64) any {
		if v == nil {
			return nil
		}
		return *v
	}
	var rows [][]any
	for _, w := range x.Words {
		rows = append(rows, []any{
			x.ID, x.Head, x.Label, w.Start, w.End, w.Text, w.Score, w.Deep, w.Wide, w.Lexicon, number(w.LeftOut), number(w.Attention), w.Unknown,
		})
	}
	return rows
}
