package corpora

import (
	"bytes"
	"fmt"
)

// treeRows reads the bracketed trees of the Stanford Sentiment Treebank, one per
// line: the label is the root's, the text its leaves joined by spaces, with the
// Treebank's escapes undone.
type treeRows struct {
	*file
	lines *lineReader
	text  []byte
}

func (t *treeRows) next(ex *Example) error {
	for {
		line, number, offset, err := t.line(t.lines)
		if err != nil {
			return err
		}
		trimmed := bytes.TrimSpace(line)
		if len(trimmed) == 0 {
			t.blank()
			continue
		}
		root, column, err := t.parse(trimmed)
		if err != nil {
			return t.refuse(number, column, offset, err)
		}
		ex.Labels = t.slot()
		if ex.Labels[0], err = t.label(0, root); err != nil {
			return t.rowError(number, offset, err)
		}
		ex.ID, ex.Text = t.rowID(number), string(t.text)
		return nil
	}
}

// parse checks the brackets of a tree, collects its leaves in t.text and returns
// the root's label, or the column of a fault.
func (t *treeRows) parse(b []byte) (root []byte, column int, err error) {
	t.text = t.text[:0]
	depth := 0
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
			i = end
		case c == ')':
			if depth--; depth < 0 {
				return nil, i + 1, fmt.Errorf("a bracket closes that was not opened: %w", ErrSyntax)
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
