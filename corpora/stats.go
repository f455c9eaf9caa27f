package corpora

import (
	"encoding/json"
	"io"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Stats describe a corpus.
type Stats struct {
	Rows     int   // read
	Refused  int   // could not be read
	Blank    int   // lines between rows
	Bytes    int64 // of text, as UTF-8
	Empty    int   // texts without a word
	BadBytes int64 // replaced because they were not of the encoding
	// Replaced counts the texts that hold U+FFFD, from here or from before.
	Replaced int
	Heads    []string
	// Labels counts the examples of each label, per head; "" is a missing label.
	Labels     []map[string]int
	Tokens     Summary // words per text
	Characters Summary // Unicode characters per text
	// Vocabulary is the number of different words; at least that if Capped.
	Vocabulary int
	Capped     bool
	// Once is the number of words that occur once.
	Once     int
	Coverage []Coverage
	Files    []FileReport
	Notes    []string
	Errors   []*ParseError
}

// Coverage is the share of all words of a corpus that its most frequent ones make.
type Coverage struct {
	Words int     `json:"words"` // different ones
	Share float64 `json:"share"` // 0 to 1
}

// A Summary describes a distribution of lengths. Percentiles are the least length
// that at least so many texts do not exceed.
type Summary struct {
	Total  int64   `json:"total"`
	Mean   float64 `json:"mean"`
	Min    int     `json:"min"`
	Median int     `json:"median"`
	P90    int     `json:"p90"`
	P95    int     `json:"p95"`
	P99    int     `json:"p99"`
	Max    int     `json:"max"`
}

// StatsOptions say what Describe counts.
type StatsOptions struct {
	// Words yields the words of a text; nil means Words of this package.
	Words func(text string) iter.Seq[string]
	// MaxVocabulary is how many different words are told apart: 0 means 2 million,
	// some 200 MB.
	MaxVocabulary int
}

// Words yields the words of a text in lower case: runs of letters, digits and
// marks, with an apostrophe between letters; a Han, Hiragana or Katakana
// character is a word.
func Words(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		start := -1
		for i := 0; i <= len(text); {
			r, size := rune(-1), 1
			if i < len(text) {
				r, size = rune(text[i]), 1
				if r >= utf8.RuneSelf {
					r, size = utf8.DecodeRuneInString(text[i:])
				}
			}
			han := r >= 0x3040 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana)
			inner := !han && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r))
			if !inner && start >= 0 && (r == '\'' || r == '’') {
				if next, _ := utf8.DecodeRuneInString(text[i+size:]); unicode.IsLetter(next) {
					inner = true
				}
			}
			if inner && start < 0 {
				start = i
			}
			if !inner && start >= 0 {
				if !yield(strings.ToLower(text[start:i])) {
					return
				}
				start = -1
			}
			if han && !yield(text[i:i+size]) {
				return
			}
			i += size
		}
	}
}

// Describe reads r to the end and describes what it read. Memory is bounded by
// the vocabulary, not by the corpus.
func Describe(r *Reader, o StatsOptions) (*Stats, error) {
	if o.Words == nil {
		o.Words = Words
	}
	if o.MaxVocabulary == 0 {
		o.MaxVocabulary = 2_000_000
	}
	s := &Stats{Heads: r.Heads()}
	for range s.Heads {
		s.Labels = append(s.Labels, map[string]int{})
	}
	counts := map[string]int64{}
	tokens, characters := map[int]int{}, map[int]int{}
	for {
		ex, err := r.Read()
		if err == io.EOF {
			break
		}
		if Refused(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		n := 0
		for w := range o.Words(ex.Text) {
			n++
			if c, ok := counts[w]; ok {
				counts[w] = c + 1
			} else if len(counts) < o.MaxVocabulary {
				counts[strings.Clone(w)] = 1
			} else {
				s.Capped = true
			}
		}
		if n == 0 {
			s.Empty++
		}
		if strings.Contains(ex.Text, replacement) {
			s.Replaced++
		}
		tokens[n]++
		characters[utf8.RuneCountInString(ex.Text)]++
		s.Bytes += int64(len(ex.Text))
		for h := range s.Labels {
			label := ex.Label(h)
			parts := SplitLabels(label, r.Separator())
			if len(parts) == 0 {
				parts = []string{""}
			}
			for _, l := range parts {
				s.Labels[h][l]++
			}
		}
	}
	rep := r.Report()
	s.Rows, s.Refused, s.Blank, s.BadBytes = rep.Rows, rep.Refused, rep.Blank, rep.BadBytes
	s.Files, s.Notes, s.Errors = rep.Files, rep.Notes, rep.Errors
	s.Tokens, s.Characters = summarize(tokens), summarize(characters)
	s.Vocabulary = len(counts)
	frequencies := slices.Sorted(maps.Values(counts))
	slices.Reverse(frequencies)
	sum, done := int64(0), 0
	for _, words := range []int{1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000} {
		for ; done < min(words, len(frequencies)); done++ {
			sum += frequencies[done]
		}
		if s.Tokens.Total > 0 {
			s.Coverage = append(s.Coverage, Coverage{words, float64(sum) / float64(s.Tokens.Total)})
		}
		if done == len(frequencies) {
			break
		}
	}
	for i := len(frequencies) - 1; i >= 0 && frequencies[i] == 1; i-- {
		s.Once++
	}
	return s, nil
}

// summarize describes the lengths of which counts[n] have n.
func summarize(counts map[int]int) Summary {
	var s Summary
	lengths := slices.Sorted(maps.Keys(counts))
	if len(lengths) == 0 {
		return s
	}
	n := 0
	for _, l := range lengths {
		n += counts[l]
		s.Total += int64(l) * int64(counts[l])
	}
	s.Mean = float64(s.Total) / float64(n)
	s.Min, s.Max = lengths[0], lengths[len(lengths)-1]
	for _, p := range []struct {
		share float64
		to    *int
	}{{0.5, &s.Median}, {0.9, &s.P90}, {0.95, &s.P95}, {0.99, &s.P99}} {
		want, seen := int(math.Ceil(p.share*float64(n))), 0
		for _, l := range lengths {
			if seen += counts[l]; seen >= want {
				*p.to = l
				break
			}
		}
	}
	return s
}

// MarshalJSON writes the counts of the labels as one object; with several heads,
// as one object under each head's name. Missing labels are counted apart.
func (s *Stats) MarshalJSON() ([]byte, error) {
	type file struct {
		Name     string  `json:"name"`
		Format   Format  `json:"format"`
		Encoding string  `json:"encoding"`
		Guesses  []Guess `json:"guesses,omitempty"`
		Rows     int     `json:"rows"`
		Refused  int     `json:"refused"`
		Blank    int     `json:"blank"`
		BadBytes int64   `json:"bad_bytes"`
	}
	out := struct {
		Rows       int        `json:"rows"`
		Refused    int        `json:"refused"`
		Blank      int        `json:"blank"`
		Labels     any        `json:"labels"`
		Unlabelled any        `json:"unlabelled"`
		Bytes      int64      `json:"bytes"`
		Empty      int        `json:"empty"`
		BadBytes   int64      `json:"bad_bytes"`
		Replaced   int        `json:"texts_with_replacement_character"`
		Tokens     Summary    `json:"tokens"`
		Characters Summary    `json:"characters"`
		Vocabulary int        `json:"vocabulary"`
		Capped     bool       `json:"vocabulary_capped,omitempty"`
		Once       int        `json:"words_once"`
		Coverage   []Coverage `json:"coverage"`
		Files      []file     `json:"files"`
		Notes      []string   `json:"notes,omitempty"`
		Errors     []string   `json:"errors,omitempty"`
	}{
		Rows: s.Rows, Refused: s.Refused, Blank: s.Blank, Bytes: s.Bytes, Empty: s.Empty, BadBytes: s.BadBytes,
		Replaced: s.Replaced, Tokens: s.Tokens, Characters: s.Characters, Vocabulary: s.Vocabulary,
		Capped: s.Capped, Once: s.Once, Coverage: s.Coverage, Notes: s.Notes,
	}
	labels, missing := map[string]map[string]int{}, map[string]int{}
	for h, name := range s.Heads {
		labels[name], missing[name] = maps.Clone(s.Labels[h]), s.Labels[h][""]
		delete(labels[name], "")
	}
	out.Labels, out.Unlabelled = labels, missing
	if len(s.Heads) == 1 {
		out.Labels, out.Unlabelled = labels[s.Heads[0]], missing[s.Heads[0]]
	}
	for _, f := range s.Files {
		out.Files = append(out.Files, file(f))
	}
	for _, e := range s.Errors {
		out.Errors = append(out.Errors, e.Error())
	}
	return json.Marshal(out)
}
