package tokenize

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"
)

// A preparation is what happens to a text before it is segmented.
type preparation struct {
	maxBytes int    // 0: no limit
	html     bool   // take out tags, decode entities
	unify    bool   // one form of what has several
	lang     Lang   // fixed language; "" if none
	detect   bool   // find the language of each text
	among    []Lang // the languages to choose from; nil means all
}

// rewrites reports whether offsets of the prepared text may not be the source's.
func (p *preparation) rewrites() bool { return p.html || p.unify }

// prepared is a text ready to be segmented.
type prepared struct {
	text string
	lang Lang
	runs [][]run // where text came from, by rewriting, those that changed it alone
	at   []int   // by rewriting, the run of the last token restored
}

func (p *preparation) prepare(ctx context.Context, text string) prepared {
	if p.maxBytes > 0 && len(text) > p.maxBytes {
		n := p.maxBytes
		for n > 0 && n > p.maxBytes-utf8.UTFMax && !utf8.RuneStart(text[n]) {
			n--
		}
		text = text[:n]
	}
	t := prepared{text: text, lang: p.lang}
	rewrite := func(how func(context.Context, string) (string, []run)) {
		var runs []run
		if t.text, runs = how(ctx, t.text); runs != nil {
			t.runs, t.at = append(t.runs, runs), append(t.at, 0)
		}
	}
	if p.html {
		rewrite(stripHTML)
	}
	if p.unify {
		rewrite(unify)
	}
	if p.detect {
		t.lang = detect(t.text, p.among)
	}
	return t
}

// A run says where a stretch of a rewritten text, which begins at offset to and
// ends where the next run begins, came from: verbatim from offset from on, or,
// as a decoded entity does, as a whole from the atom bytes there.
type run struct {
	to, from int
	atom     int // bytes in the original, or 0 if verbatim
}

// A rewriter rewrites text up to done, as text and as runs.
type rewriter struct {
	text string
	done int
	out  strings.Builder
	runs []run
}

// verbatim copies the source up to end.
func (r *rewriter) verbatim(end int) {
	if r.done < end {
		r.runs = append(r.runs, run{to: r.out.Len(), from: r.done})
		r.out.WriteString(r.text[r.done:end])
		r.done = end
	}
}

// replace turns the source from start to end into with, and returns end.
func (r *rewriter) replace(start, end int, with string) int {
	r.verbatim(start)
	r.runs = append(r.runs, run{to: r.out.Len(), from: start, atom: end - start})
	r.out.WriteString(with)
	r.done = end
	return end
}

// restore turns the offsets of the next tokens, which are in order of Start, from
// those of t.text into those of the original.
func (t *prepared) restore(tokens []Token) {
	for k, runs := range slices.Backward(t.runs) {
		first := t.at[k] // the run of the token's first byte
		for i := range tokens {
			tok := &tokens[i]
			for first+1 < len(runs) && runs[first+1].to <= tok.Start {
				first++
			}
			last := first // the run of the token's last byte
			for last+1 < len(runs) && runs[last+1].to < tok.End {
				last++
			}
			tok.Start, tok.End = runs[first].start(tok.Start), runs[last].end(tok.End)
		}
		t.at[k] = first
	}
}

// start returns where the byte at offset to comes from.
func (r run) start(to int) int {
	if r.atom > 0 {
		return r.from
	}
	return r.from + to - r.to
}

// end returns the end of what the bytes before offset to come from.
func (r run) end(to int) int {
	if r.atom > 0 {
		return r.from + r.atom
	}
	return r.from + to - r.to
}
