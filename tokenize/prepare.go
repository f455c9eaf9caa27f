package tokenize

import "unicode/utf8"

// A preparation is what happens to a text before it is segmented.
type preparation struct {
	maxBytes int    // 0: no limit
	html     bool   // take out tags, decode entities
	lang     Lang   // fixed language; "" if none
	detect   bool   // find the language of each text
	among    []Lang // the languages to choose from; nil means all
}

// prepared is a text ready to be segmented.
type prepared struct {
	text string
	lang Lang
	runs []run // where text came from; nil: from the same offsets
}

func (p *preparation) prepare(text string) prepared {
	if p.maxBytes > 0 && len(text) > p.maxBytes {
		n := p.maxBytes
		for n > 0 && n > p.maxBytes-utf8.UTFMax && !utf8.RuneStart(text[n]) {
			n--
		}
		text = text[:n]
	}
	t := prepared{text: text, lang: p.lang}
	if p.html {
		t.text, t.runs = stripHTML(text)
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

// restore turns the offsets of tokens, which are in order of Start, from those
// of t.text into those of the original.
func (t *prepared) restore(tokens []Token) {
	if t.runs == nil {
		return
	}
	first := 0 // the run of the token's first byte
	for i := range tokens {
		tok := &tokens[i]
		for first+1 < len(t.runs) && t.runs[first+1].to <= tok.Start {
			first++
		}
		last := first // the run of the token's last byte
		for last+1 < len(t.runs) && t.runs[last+1].to < tok.End {
			last++
		}
		tok.Start, tok.End = t.runs[first].start(tok.Start), t.runs[last].end(tok.End)
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
