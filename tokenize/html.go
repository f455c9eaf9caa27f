package tokenize

import (
	"context"
	"html"
	"strings"
)

// stripHTML returns text without its tags and comments, with its entities
// decoded, and where each part of the result came from. Text without markup is
// returned as it is, with no runs. Once ctx has ended the rest is left as it is.
//
// A tag is < or </ and a letter, up to the next >; what only looks like one (i
// <3 you, a < b, <_<, an unterminated tag) stays. Tags that break a line or a
// block become a space, others vanish: great<br/>film is two words, <b>un</b>real
// one. The contents of script and style elements vanish too.
func stripHTML(ctx context.Context, text string) (string, []run) {
	i := strings.IndexAny(text, "<&")
	if i < 0 {
		return text, nil
	}
	s := stripper{rewriter: rewriter{text: text}}
	for i >= 0 && i < len(text) && ctx.Err() == nil {
		end := 0
		if text[i] == '<' {
			end = s.tag(i)
		} else {
			end = s.entity(i)
		}
		if end == 0 {
			end = i + 1 // not markup: part of the verbatim stretch
		}
		next := strings.IndexAny(text[end:], "<&")
		if next < 0 {
			break
		}
		i = end + next
	}
	if s.runs == nil {
		return text, nil
	}
	s.verbatim(len(text))
	return s.out.String(), s.runs
}

// A stripper takes the markup out of a text.
type stripper struct {
	rewriter
	noComment bool            // there is no --> ahead
	noTag     bool            // there is no > ahead
	unclosed  map[string]bool // elements without an end tag ahead
}

// maxTag bounds a tag, so that a stray < does not swallow the text.
const maxTag = 1024

// tag takes out the tag or comment at start and returns its end, or 0 if it is
// none.
func (s *stripper) tag(start int) int {
	rest := s.text[start:]
	if strings.HasPrefix(rest, "<!--") {
		if !s.noComment {
			if i := strings.Index(rest, "-->"); i >= 0 {
				return s.replace(start, start+i+3, " ")
			}
			s.noComment = true
		}
		return 0
	}
	name := strings.TrimPrefix(rest[1:], "/")
	if s.noTag || !isASCIILetter(name, 0) && !strings.HasPrefix(name, "!") {
		return 0
	}
	n := 1
	for isAlnum(name, n) {
		n++
	}
	end := tagEnd(rest[:min(len(rest), maxTag)], len(rest)-len(name)+n)
	if end == 0 {
		if len(rest) <= maxTag && strings.IndexByte(rest, '>') < 0 {
			s.noTag = true
		}
		return 0
	}
	end += start
	closing := rest[1] == '/'
	switch name := strings.ToLower(name[:n]); {
	case (name == "script" || name == "style") && !closing:
		return s.replace(start, s.skipElement(end, name), " ")
	case inline[name]:
		return s.replace(start, end, "")
	}
	return s.replace(start, end, " ")
}

// tagEnd returns the end of the tag, i being behind its name, or 0. A > within
// quotation marks does not end it.
func tagEnd(tag string, i int) int {
	quote := byte(0)
	for ; i < len(tag); i++ {
		switch c := tag[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '>':
			return i + 1
		case c == '<':
			return 0
		case (c == '"' || c == '\'') && tag[i-1] == '=':
			quote = c
		}
	}
	return 0
}

// skipElement returns the end of the element name whose contents start at
// start, or start if it is not closed.
func (s *stripper) skipElement(start int, name string) int {
	for i := start; !s.unclosed[name]; {
		j := strings.Index(s.text[i:], "</")
		if j < 0 {
			break
		}
		i += j + 2
		if len(s.text) >= i+len(name) && strings.EqualFold(s.text[i:i+len(name)], name) {
			if k := strings.IndexByte(s.text[i:], '>'); k >= 0 {
				return i + k + 1
			}
			break
		}
	}
	if s.unclosed == nil {
		s.unclosed = make(map[string]bool)
	}
	s.unclosed[name] = true // and so are all later ones
	return start
}

// inline are the elements that do not part words.
var inline = wordSet("a abbr acronym b bdi bdo big cite code del dfn em font i ins kbd label mark q s samp small span strike strong sub sup tt u var wbr")

// maxEntity is the length of the longest entity name, with its & and ;.
const maxEntity = 33

// entity decodes the entity at start and returns its end, or 0 if it is none.
func (s *stripper) entity(start int) int {
	rest := s.text[start:min(len(s.text), start+maxEntity)]
	end := 1
	if strings.HasPrefix(rest[1:], "#") {
		end++
	}
	for isAlnum(rest, end) {
		end++
	}
	if !strings.HasPrefix(rest[end:], ";") {
		return 0
	}
	end++
	decoded := html.UnescapeString(rest[:end])
	if decoded == rest[:end] || strings.HasSuffix(decoded, ";") && decoded != ";" {
		return 0 // unknown, or known only without its tail
	}
	return s.replace(start, start+end, decoded)
}
