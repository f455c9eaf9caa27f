package corpora

import (
	"bytes"
	"fmt"
	"strconv"
)

// treeRows reads the bracketed trees of the Stanford Sentiment Treebank, one per
// line: the label is the root's, the text its leaves joined by spaces, with the
// Treebank's escapes undone. With Options.Phrases each subtree is a row too.
type treeRows struct {
	*file
	lines *lineReader
	text  []byte

	phrases []phrase        // of the line, those that are still to be given
	row     int             // phrases of the line that were given
	seen    map[string]bool // texts of all phrases given
}

// maxDepth is how deep a tree may be whose phrases are read: they have as many
// times the bytes of the tree.
const maxDepth = 200

// A phrase is a subtree: text[start:end] is what its leaves spell.
type phrase struct {
	label      []byte // of the line that was read last
	start, end int
}

func (t *treeRows) next(ex *Example) error {
	for {
		for len(t.phrases) > 0 {
			p := t.phrases[0]
			t.phrases = t.phrases[1:]
			if p.start >= p.end || t.seen[string(t.text[p.start:p.end])] {
				continue
			}
			text := string(t.text[p.start:p.end])
			t.seen[text] = true
			t.row++
			var err error
			ex.Labels = t.slot()
			if ex.Labels[0], err = t.label(0, p.label); err != nil {
				return t.rowError(err)
			}
			ex.ID, ex.Line, ex.Text = t.rowID()+"."+strconv.Itoa(t.row), t.at, text
			return nil
		}
		line, err := t.line(t.lines)
		if err != nil {
			return err
		}
		trimmed := bytes.TrimSpace(line)
		if len(trimmed) == 0 {
			t.blank()
			continue
		}
		t.phrases, t.row = t.phrases[:0], 0
		root, column, err := t.parse(trimmed)
		if err != nil {
			t.phrases = nil
			return t.refuse(column, err)
		}
		if t.opts.Phrases {
			if t.seen == nil {
				t.seen = make(map[string]bool)
			}
			continue
		}
		ex.Labels = t.slot()
		if ex.Labels[0], err = t.label(0, root); err != nil {
			return t.rowError(err)
		}
		ex.ID, ex.Line, ex.Text = t.rowID(), t.at, string(t.text)
		return nil
	}
}

// parse checks the brackets of a tree, collects its leaves in t.text and returns
// the root's label, or the column of a fault. With Options.Phrases it also lists
// the subtrees in t.phrases, each behind its own subtrees.
func (t *treeRows) parse(b []byte) (root []byte, column int, err error) {
	t.text = t.text[:0]
	depth := 0
	var open []phrase
	for i := 0; i < len(b); {
		switch c := b[i]; {
		case c == ' ' || c == '\t':
			i++
		case c == '(':
			if depth == 0 && i > 0 {
				return nil, i + 1, fmt.Errorf("a second tree on the line: %w", ErrSyntax)
			}
			depth++
			i++
			end := i + bytes.IndexAny(b[i:], " \t()")
			if end <= i {
				return nil, i + 1, fmt.Errorf("a bracket without a label: %w", ErrSyntax)
			}
			if depth == 1 {
				root = b[i:end]
			}
			if t.opts.Phrases {
				if depth > maxDepth {
					return nil, i + 1, fmt.Errorf("phrases of a tree with more than %d levels: %w", maxDepth, ErrTooLarge)
				}
				start := len(t.text)
				if start > 0 {
					start++ // the space between
				}
				open = append(open, phrase{b[i:end], start, 0})
			}
			i = end
		case c == ')':
			if depth--; depth < 0 {
				return nil, i + 1, fmt.Errorf("a bracket closes that was not opened: %w", ErrSyntax)
			}
			if n := len(open) - 1; n >= 0 {
				open[n].end = len(t.text)
				t.phrases = append(t.phrases, open[n])
				open = open[:n]
			}
			i++
		default:
			if depth == 0 {
				return nil, i + 1, fmt.Errorf("words outside of the brackets: %w", ErrSyntax)
			}
			end := len(b)
			if j := bytes.IndexAny(b[i:], " \t()"); j >= 0 {
				end = i + j
			}
			if len(t.text) > 0 {
				t.text = append(t.text, ' ')
			}
			switch leaf := string(b[i:end]); leaf {
			case "-LRB-":
				t.text = append(t.text, '(')
			case "-RRB-":
				t.text = append(t.text, ')')
			default:
				for j := 0; j < len(leaf); j++ {
					if leaf[j] == '\\' && j+1 < len(leaf) && (leaf[j+1] == '/' || leaf[j+1] == '*') {
						continue // the Treebank's escape
					}
					t.text = append(t.text, leaf[j])
				}
			}
			i = end
		}
	}
	if depth != 0 {
		return nil, len(b), fmt.Errorf("%d brackets are not closed: %w", depth, ErrSyntax)
	}
	return root, 0, nil
}
