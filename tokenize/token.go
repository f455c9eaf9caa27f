package tokenize

import "fmt"

// A Token is one unit of text.
type Token struct {
	// Text is the form given to a vocabulary: the source's own bytes, or what
	// the filters made of them.
	Text string

	// Start and End are byte offsets in the source: source[Start:End] is what
	// the token was made from, whatever the filters did.
	// 0 <= Start <= End <= len(source).
	Start, End int

	// Kind is what the segmenter took the token for.
	Kind Kind
}

// A Kind is the class of a token.
type Kind uint8

const (
	Word    Kind = iota // letters, perhaps with digits and inner apostrophes; also the parts of a contraction
	Number              // 42, 3.14, 1,000, 8/10
	Char                // one character of a script written without spaces: Han, Hiragana, Thai, Lao, Khmer, Myanmar
	Punct               // punctuation, a run of one character being one token: ! ... ?!
	Symbol              // any other character, and the markers that filters insert
	Emoji               // emoji, emoticons and :shortcodes:
	URL                 // https://example.org/x, www.example.org, example.org
	Email               // someone@example.org
	Mention             // @someone
	Hashtag             // #something
	numKinds
)

var kindNames = [numKinds]string{"word", "number", "char", "punct", "symbol", "emoji", "url", "email", "mention", "hashtag"}

// String returns the kind's name in a spec, for example "word".
func (k Kind) String() string {
	if k < numKinds {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// A Span is a stretch of a text: the bytes text[Start:End].
type Span struct{ Start, End int }
