package tokenize

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what is looked at ahead, so that hostile text cannot make the
// scanner read it again and again. They are those of RFC 5321 and RFC 1035.
const (
	maxLocal  = 64  // the part of an e-mail address before the @
	maxHost   = 253 // a host name
	maxScheme = 12  // of a URL
)

// topLevels are the top-level domains by which a host name without a scheme is
// recognised. Those that are also words which may follow a missing space
// ("bad.It was") are left out.
const topLevels = " com org net edu gov mil info biz io dev app tv uk de fr nl ru cn jp au ca eu ch se hu pl br kr "

// nearAt returns the position of the first @ in text[start:], or -1 if it is
// more than maxLocal bytes away. It reads each byte of the text once, however
// often it is called with rising starts.
func (s *scanner) nearAt(start int) int {
	if s.at < start && start+maxLocal >= s.seen {
		from, to := max(start, s.seen), min(start+16*maxLocal, len(s.text))
		if i := strings.IndexByte(s.text[min(from, to):to], '@'); i >= 0 {
			s.at, s.seen = from+i, from+i+1
		} else if s.seen = to; to == len(s.text) {
			s.seen = math.MaxInt
		}
	}
	if s.at < start || s.at > start+maxLocal {
		return -1
	}
	return s.at
}

// email reports whether an e-mail address starts at start, and where it ends.
func (s *scanner) email(start int) (end int, ok bool) {
	at := s.nearAt(start)
	if at <= start {
		return 0, false
	}
	text := s.text
	for i := start; i < at; i++ {
		if !isAlnum(text, i) && strings.IndexByte("._%+-", text[i]) < 0 {
			return 0, false
		}
	}
	if text[at-1] == '.' {
		return 0, false
	}
	end, labels := hostEnd(text, at+1)
	return end, labels >= 2
}

// hostEnd returns the end of the host name at pos, and its number of labels.
func hostEnd(text string, pos int) (end, labels int) {
	i := pos
	for i < len(text) && i-pos <= maxHost {
		j := i
		for j < len(text) && j-pos <= maxHost && (isAlnum(text, j) || text[j] == '-') {
			j++
		}
		for j > i && text[j-1] == '-' {
			j--
		}
		if j == i {
			break
		}
		end = j
		labels++
		if j >= len(text) || text[j] != '.' {
			break
		}
		i = j + 1
	}
	return end, labels
}

// host reports whether the word text[start:end] begins a host name, with or
// without a path behind it, and where that ends.
func (s *scanner) host(start, end int) (int, bool) {
	text := s.text
	if !isAlnum(text, end+1) {
		return 0, false
	}
	www := end == start+3 && strings.EqualFold(text[start:end], "www") && text[end] == '.'
	stop, labels := hostEnd(text, start)
	if labels < 2 {
		return 0, false
	}
	name := text[start:stop]
	top := name[strings.LastIndexByte(name, '.')+1:]
	if !www && !isTopLevel(top) || isWordRune(text, stop) {
		return 0, false
	}
	if stop < len(text) && (text[stop] == '/' || text[stop] == ':' && isAlnum(text, stop+1)) {
		return s.urlEnd(stop), true
	}
	return stop, true
}

func isTopLevel(s string) bool {
	var buf [8]byte
	if len(s) < 2 || len(s) > 6 {
		return false
	}
	b := append(buf[:0], ' ')
	for i := range len(s) {
		b = append(b, s[i]|0x20)
	}
	b = append(b, ' ')
	return strings.Contains(topLevels, string(b))
}

// urlEnd returns the end of a URL of which pos is inside: the next space,
// quotation mark or angle bracket, less the punctuation that rather belongs to
// the sentence. A closing bracket is kept if the URL opened one.
func (s *scanner) urlEnd(pos int) int {
	text := s.text
	end := pos
	open := 0
	for end < len(text) {
		c := text[end]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(text[end:])
			if unicode.IsSpace(r) || classOf(r) == runeChar || unicode.IsPunct(r) {
				break
			}
			end += size
			continue
		}
		if class[c] == space || class[c] == other || c == '"' || c == '<' || c == '>' || c == '`' {
			break
		}
		switch c {
		case '(':
			open++
		case ')':
			open--
		}
		end++
	}
	for end > pos {
		c := text[end-1]
		if c == ')' && open >= 0 || c == ')' && strings.IndexByte(".,;:!?'*_~|)]}", c) < 0 {
			break
		}
		if strings.IndexByte(".,;:!?'*~|)]}", c) < 0 {
			break
		}
		if c == ')' {
			open++
		}
		end--
	}
	return end
}

// acronym reports whether the word text[start:end], which a point follows,
// begins an acronym such as U.S. or e.g., and where that ends.
func (s *scanner) acronym(start, end int) (int, bool) {
	if end != start+1 {
		return 0, false
	}
	text := s.text
	i := start
	for isASCIILetter(text, i) && i+1 < len(text) && text[i+1] == '.' {
		i += 2
	}
	if isASCIILetter(text, i) && !isWordRune(text, i+1) {
		i++ // the S of U.S, without its point
	}
	return i, i >= start+3
}
