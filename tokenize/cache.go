package tokenize

import "strings"

const (
	// maxCached is the number of surface forms of one language that a cache
	// holds before it starts afresh. With keys of maxCachedBytes at most, that
	// is under 20 MB; English text fills a few MB of it.
	maxCached      = 1 << 17
	maxCachedBytes = 48
)

// A cache remembers what a step's maps made of each surface form, so that a
// form seen before costs one map look-up, however much work stemming it was.
// The zero value is ready to use.
type cache struct {
	lang  Lang // whose entries m is
	m     map[string]mapped
	other map[Lang]map[string]mapped // all languages seen, when there is more than one
}

// mapped is what the maps made of a form of the given kind.
type mapped struct {
	kind  Kind
	n     int    // number of forms
	first form   // if n >= 1
	more  []form // the others
}

func (c *cache) look(f form, s *step, lang Lang) mapped {
	if c.lang != lang {
		c.speak(lang)
	}
	if e, ok := c.m[f.text]; ok && e.kind == f.kind {
		return e
	}
	if len(f.text) > maxCachedBytes {
		return newMapped(s.apply(f, lang), f.kind)
	}
	if c.m == nil {
		c.m = make(map[string]mapped)
	} else if len(c.m) >= maxCached {
		clear(c.m)
	}
	f.text = strings.Clone(f.text) // do not keep the whole source alive
	e := newMapped(s.apply(f, lang), f.kind)
	c.m[f.text] = e
	return e
}

// speak makes c hold the entries of lang.
func (c *cache) speak(lang Lang) {
	if c.other == nil {
		c.other = make(map[Lang]map[string]mapped)
	}
	c.other[c.lang] = c.m
	c.lang, c.m = lang, c.other[lang]
}

func newMapped(forms []form, kind Kind) mapped {
	e := mapped{kind: kind, n: len(forms)}
	if len(forms) > 0 {
		e.first, e.more = forms[0], forms[1:]
	}
	return e
}

// append appends to dst what the maps of s make of tokens.
func (c *cache) append(dst, tokens []Token, s *step, lang Lang) []Token {
	for i := range tokens {
		t := &tokens[i]
		e := c.look(form{t.Text, t.Kind}, s, lang)
		if e.n == 0 {
			continue
		}
		text := e.first.text
		if text == t.Text {
			text = t.Text // the caller's own bytes: nothing of the cache is kept alive
		}
		dst = append(dst, Token{text, t.Start, t.End, e.first.kind})
		for _, f := range e.more {
			dst = append(dst, Token{f.text, t.Start, t.End, f.kind})
		}
	}
	return dst
}

// filter replaces dst[base:] by what the maps of s make of it.
func (c *cache) filter(dst []Token, base int, s *step, lang Lang) []Token {
	tokens := append([]Token(nil), dst[base:]...)
	return c.append(dst[:base], tokens, s, lang)
}
