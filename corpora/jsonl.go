package corpora

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// jsonRows reads one JSON object per line.
type jsonRows struct {
	*file
	lines *lineReader

	text  []string // keys, once known
	heads []string // per head, "" until a row has one
	id    string

	texts  [][]byte // values of the row, as JSON
	cells  [][]byte
	parts  [][]byte
	joined []byte
}

func (t *jsonRows) next(ex *Example) error {
	if t.heads == nil {
		t.setKeys()
	}
	for {
		line, number, offset, err := t.line(t.lines)
		if err != nil {
			return err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			t.blank()
			continue
		}
		if !json.Valid(line) {
			column := 0
			err := json.Unmarshal(line, new(json.RawMessage))
			if se, ok := errors.AsType[*json.SyntaxError](err); ok {
				column = int(se.Offset)
			}
			return t.refuse(number, column, offset, fmt.Errorf("%w: %w", ErrSyntax, err))
		}
		if line[0] != '{' {
			return t.refuse(number, 1, offset, fmt.Errorf("want one JSON object per line: %w", ErrSyntax))
		}
		if err := t.object(ex, line); err != nil {
			return t.rowError(number, offset, err)
		}
		if ex.ID == "" {
			ex.ID = t.rowID(number)
		}
		return nil
	}
}

func (t *jsonRows) setKeys() {
	t.text, t.id = t.opts.TextColumns, t.opts.IDColumn
	t.heads = make([]string, len(t.Reader.heads))
	for i, h := range t.opts.Heads {
		t.heads[i] = h.Column
	}
}

// object makes an example of a valid JSON object.
func (t *jsonRows) object(ex *Example, b []byte) error {
	t.texts = resize(t.texts, max(1, len(t.text)))
	t.cells = resize(t.cells, len(t.heads))
	var id, weight []byte
	var keys []string
	set := func(slot *[]byte, key string, value []byte) error {
		if *slot != nil {
			return fmt.Errorf("key %q twice: %w", key, ErrSyntax)
		}
		*slot = value
		return nil
	}
	bestText, bestLabel := len(defaultTextColumns), len(defaultLabelColumns)
	textKey, labelKey := "", ""
	for key, value := range objectFields(b) {
		var err error
		matched := false
		for i, name := range t.text {
			if key == name {
				err, matched = errors.Join(err, set(&t.texts[i], key, value)), true
			}
		}
		for i, name := range t.heads {
			if key == name {
				err, matched = errors.Join(err, set(&t.cells[i], key, value)), true
			}
		}
		if t.id != "" && key == t.id || t.id == "" && key == "id" {
			err, matched = errors.Join(err, set(&id, key, value)), true
		}
		if t.opts.WeightColumn != "" && key == t.opts.WeightColumn {
			err, matched = errors.Join(err, set(&weight, key, value)), true
		}
		if err != nil {
			return err
		}
		if matched {
			continue
		}
		if len(t.text) == 0 {
			if i := rank(key, defaultTextColumns); i >= 0 && i < bestText {
				bestText, textKey, t.texts[0] = i, key, value
			} else if i == bestText {
				return fmt.Errorf("key %q twice: %w", key, ErrSyntax)
			}
		}
		if len(t.opts.Heads) == 0 && t.heads[0] == "" {
			if i := rank(key, defaultLabelColumns); i >= 0 && i < bestLabel {
				bestLabel, labelKey, t.cells[0] = i, key, value
			}
		}
		if len(keys) <= 10 {
			keys = append(keys, key)
		}
	}
	if len(t.text) == 0 {
		if textKey == "" {
			return fmt.Errorf("no text column, the keys are %s: %w", quoteList(keys), ErrColumns)
		}
		t.text = []string{textKey}
	}
	if labelKey != "" && !t.opts.Unlabelled {
		t.heads[0] = labelKey
	}
	if err := t.setText(ex); err != nil {
		return err
	}
	for i, cell := range t.cells {
		if cell == nil || t.opts.Unlabelled {
			t.cells[i] = nil
			continue
		}
		label, err := t.labelCell(cell)
		if err != nil {
			return fmt.Errorf("key %q: %w", t.heads[i], err)
		}
		t.cells[i] = label
	}
	if _, err := t.setLabels(ex, t.cells); err != nil {
		return err
	}
	if weight != nil {
		w, err := parseWeight(string(weight))
		if err != nil {
			return err
		}
		ex.Weight = w
	}
	if id != nil {
		s, err := scalar(id)
		if err != nil {
			return fmt.Errorf("id: %w", err)
		}
		ex.ID = t.file.text(s)
	}
	return nil
}

// rank returns the place of key, in any case, among names, or -1.
func rank(key string, names []string) int {
	return slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, key) })
}

func resize(s [][]byte, n int) [][]byte {
	if len(s) != n {
		return make([][]byte, n)
	}
	clear(s)
	return s
}

// setText joins the texts of the row.
func (t *jsonRows) setText(ex *Example) error {
	for i, value := range t.texts {
		name := t.text[i]
		if value == nil {
			return fmt.Errorf("no key %q: %w", name, ErrColumns)
		}
		if value[0] != '"' {
			return fmt.Errorf("key %q is %s, want a string: %w", name, kind(value), ErrSyntax)
		}
		s, err := scalar(value)
		if err != nil {
			return err
		}
		t.texts[i] = s
	}
	t.joined = append(t.joined[:0], t.texts[0]...)
	for _, s := range t.texts[1:] {
		if len(t.joined) > 0 && len(s) > 0 {
			t.joined = append(t.joined, ' ')
		}
		t.joined = append(t.joined, s...)
	}
	ex.Text = t.file.text(t.joined)
	return nil
}

// labelCell returns the label, or the list of labels joined, that a JSON value is.
func (t *jsonRows) labelCell(value []byte) ([]byte, error) {
	if value[0] != '[' {
		return scalar(value)
	}
	var parts []json.RawMessage
	if err := json.Unmarshal(value, &parts); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	t.parts = t.parts[:0]
	for _, p := range parts {
		s, err := scalar(p)
		if err != nil {
			return nil, err
		}
		t.parts = append(t.parts, s)
	}
	return bytes.Join(t.parts, []byte(t.separator())), nil
}

// scalar returns a JSON string without quotes and escapes, a number or truth
// value as written, and nothing for null.
func scalar(value []byte) ([]byte, error) {
	switch value[0] {
	case '"':
		if bytes.IndexByte(value, '\\') < 0 {
			return value[1 : len(value)-1], nil
		}
		var s string
		if err := json.Unmarshal(value, &s); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrSyntax, err)
		}
		return []byte(s), nil
	case 'n':
		return nil, nil
	case '{', '[':
		return nil, fmt.Errorf("%s, want a string or a number: %w", kind(value), ErrSyntax)
	}
	return value, nil
}

func kind(value []byte) string {
	switch value[0] {
	case '"':
		return "a string"
	case '{':
		return "an object"
	case '[':
		return "a list"
	case 't', 'f':
		return "a truth value"
	case 'n':
		return "null"
	}
	return "a number"
}

// objectFields ranges over the keys and values of an object that is known to be
// valid JSON.
func objectFields(b []byte) func(yield func(string, []byte) bool) {
	return func(yield func(string, []byte) bool) {
		i := 1 // behind '{'
		for {
			for b[i] != '"' {
				if b[i] == '}' {
					return
				}
				i++
			}
			end := skipString(b, i)
			key := string(b[i+1 : end-1])
			if strings.IndexByte(key, '\\') >= 0 {
				json.Unmarshal(b[i:end], &key)
			}
			for i = end; b[i] != ':'; i++ {
			}
			for i++; b[i] == ' ' || b[i] == '\t' || b[i] == '\r' || b[i] == '\n'; i++ {
			}
			end = skipValue(b, i)
			if !yield(key, b[i:end]) {
				return
			}
			i = end
		}
	}
}

// skipString returns the end of the string that begins at b[i].
func skipString(b []byte, i int) int {
	i++
	if end := i + bytes.IndexByte(b[i:], '"'); bytes.IndexByte(b[i:end], '\\') < 0 {
		return end + 1
	}
	for ; b[i] != '"'; i++ {
		if b[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// skipValue returns the end of the value that begins at b[i].
func skipValue(b []byte, i int) int {
	switch b[i] {
	case '"':
		return skipString(b, i)
	case '{', '[':
		depth := 0
		for {
			switch b[i] {
			case '"':
				i = skipString(b, i)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
			i++
		}
	}
	for !bytes.ContainsRune([]byte(",}] \t\r\n"), rune(b[i])) {
		i++
	}
	return i
}
