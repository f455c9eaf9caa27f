package tokenize

import (
	"slices"
	"strings"
)

// A cache remembers what a step's maps made of each surface form, so that a
// form seen before costs one look-up, however much work stemming it was. Its
// memory is bounded, to about 20 MB for each language. The zero value is ready
// to use.
type cache struct {
	byLang map[Lang]*memory
}

// A memory is what a cache knows of one language.
type memory struct {
	table  table    // of indices in became, or same
	became []mapped // the first is of the last form that the table does not hold
}

// mapped is what the maps made of a form: first and more, or nothing.
type mapped struct {
	dropped bool
	first   form
	more    []form
}

// same is the number in the table of a form that the maps leave as it is.
const same = -1

func (c *cache) memory(lang Lang) *memory {
	m := c.byLang[lang]
	if m == nil {
		m = new(memory)
		if c.byLang == nil {
			c.byLang = make(map[Lang]*memory)
		}
		c.byLang[lang] = m
	}
	return m
}

// learn runs the maps of s on a form that is not in the table.
func (m *memory) learn(f form, s *step, lang Lang) int32 {
	if m.table.full() || m.became == nil {
		m.table.reset()
		m.became = make([]mapped, 1)
	}
	var e mapped
	value := int32(len(m.became))
	switch forms := s.apply(f, lang); {
	case len(forms) == 1 && forms[0] == f:
		value = same
	case len(forms) == 0:
		e.dropped = true
	default:
		for i := range forms { // they may be parts of the source: do not keep that alive
			forms[i].text = strings.Clone(forms[i].text)
		}
		e.first, e.more = forms[0], slices.Clip(forms[1:])
	}
	remembered := m.table.put(f.text, f.kind, value)
	switch {
	case value == same:
	case remembered:
		m.became = append(m.became, e)
	default:
		m.became[0], value = e, 0
	}
	return value
}

// append appends to dst what the maps of s make of tokens. If source is not
// empty, the tokens' texts are where they come from in it.
func (c *cache) append(dst, tokens []Token, source string, s *step, lang Lang) []Token {
	m := c.memory(lang)
	for i := range tokens {
		t := &tokens[i]
		text, start, end := t.Text, 0, len(t.Text)
		if source != "" {
			text, start, end = source, t.Start, t.End
		}
		value, ok := m.table.get(text, start, end, t.Kind)
		if !ok {
			value = m.learn(form{t.Text, t.Kind}, s, lang)
		}
		if value == same {
			dst = append(dst, *t)
			continue
		}
		e := &m.became[value]
		if e.dropped {
			continue
		}
		dst = append(dst, Token{e.first.text, t.Start, t.End, e.first.kind})
		for _, f := range e.more {
			dst = append(dst, Token{f.text, t.Start, t.End, f.kind})
		}
	}
	return dst
}
