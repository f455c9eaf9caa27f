package jsonapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Decode reads one JSON value into v. Fields that v does not know, and what follows the
// value, are errors; they and values of a wrong type name their field.
func Decode(body []byte, v any) error { return decode(body, v, true) }

// DecodeForeign is Decode for a protocol of others, whose clients may send fields of
// which v knows nothing.
func DecodeForeign(body []byte, v any) error { return decode(body, v, false) }

func decode(body []byte, v any, strict bool) error {
	d := json.NewDecoder(bytes.NewReader(body))
	if strict {
		d.DisallowUnknownFields()
	}
	if err := d.Decode(v); err != nil {
		return decodeError(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return Invalid("", "something follows the JSON value, at byte %d", d.InputOffset())
	}
	return nil
}

// decodeError says what is wrong with a JSON text.
func decodeError(err error) error {
	if own, ok := errors.AsType[*Error](err); ok {
		return own
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return Invalid(fieldOf(wrong.Field), "a JSON %s where %s is wanted, at byte %d", wrong.Value, kind(wrong.Type.String()), wrong.Offset)
	}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return Invalid("", "not JSON: %s, at byte %d", syntax, syntax.Offset)
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		name = strings.Trim(name, `"`)
		return Invalid(name[:min(len(name), 64)], "no such field")
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return Invalid("", "the JSON text ends too early")
	}
	return Invalid("", "not JSON: %s", err)
}

// fieldOf is a path of fields as JSON has it: encoding/json names Go's embedded structs too,
// alone in capitals.
func fieldOf(path string) string {
	names := slices.DeleteFunc(strings.Split(path, "."), func(n string) bool { return n != "" && n[0] >= 'A' && n[0] <= 'Z' })
	return strings.Join(names, ".")
}

// kind names a Go type as a client knows it.
func kind(t string) string {
	switch {
	case strings.HasPrefix(t, "[]"):
		return "an array"
	case strings.Contains(t, "float"), strings.Contains(t, "int"):
		return "a number"
	case strings.Contains(t, "string"):
		return "a string"
	case strings.Contains(t, "bool"):
		return "true or false"
	}
	return "an object"
}

// A Text is one to answer: in JSON a string, or an object with an id of the client's own.
type Text struct {
	ID, Text string
	named    bool // it has an id
}

// UnmarshalJSON reads a string or an object.
func (t *Text) UnmarshalJSON(b []byte) error {
	if b = bytes.TrimSpace(b); len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &t.Text)
	}
	if len(b) == 0 || b[0] != '{' {
		return Invalid("", "a text is a string, or an object with text and id")
	}
	var o struct {
		ID   *string `json:"id"`
		Text *string `json:"text"`
	}
	if err := Decode(b, &o); err != nil {
		return err
	}
	if o.Text == nil {
		return Invalid("text", "an object of a text needs it")
	}
	t.Text = *o.Text
	if o.ID != nil {
		t.ID, t.named = *o.ID, true
	}
	return nil
}

// Texts are those of a request.
type Texts []Text

// mostTexts bounds the memory of a request before its limits are looked at.
const mostTexts = 1 << 16

// UnmarshalJSON reads an array of strings and objects.
func (t *Texts) UnmarshalJSON(b []byte) error {
	parts, err := Elements(b, "texts")
	if err != nil {
		return err
	}
	*t = make(Texts, len(parts))
	for i, part := range parts {
		if err := (*t)[i].UnmarshalJSON(part); err != nil {
			e := AsError(decodeError(err))
			e.Field = strings.TrimSuffix(fmt.Sprintf("texts[%d].%s", i, e.Field), ".")
			return e
		}
	}
	return nil
}

// Names are the heads that a request names: as many at most as Elements cuts.
type Names []string

// UnmarshalJSON reads an array of strings.
func (n *Names) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	parts, err := Elements(b, "heads")
	if err != nil {
		return err
	}
	*n = make(Names, len(parts))
	for i, part := range parts {
		if err := json.Unmarshal(part, &(*n)[i]); err != nil {
			return Invalid(fmt.Sprintf("heads[%d]", i), "want a string")
		}
	}
	return nil
}

// Elements cuts a JSON array, which is well formed, into its elements: 65,536 at most.
func Elements(array []byte, field string) ([]json.RawMessage, error) {
	array = bytes.TrimSpace(array)
	if len(array) == 0 || array[0] != '[' {
		return nil, Invalid(field, "want an array")
	}
	var parts []json.RawMessage
	depth, quoted, start := 0, false, 1
	for i := 0; i < len(array); i++ {
		switch c := array[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			depth--
		}
		if quoted || depth > 1 || depth == 1 && array[i] != ',' || i == 0 {
			continue
		}
		if part := bytes.TrimSpace(array[start:i]); len(part) > 0 {
			if len(parts) == mostTexts {
				return nil, Errorf(413, field, "more than %d elements", mostTexts)
			}
			parts = append(parts, part)
		}
		start = i + 1
	}
	return parts, nil
}

// Limits bound what one request may hold. Zero fields mean no bound.
type Limits struct {
	Texts int // in a request
	Bytes int // of a text, in UTF-8
}

// Check says whether n texts fit; length gives the bytes of one, field its name.
func (l Limits) Check(field string, n int, text func(i int) string) error {
	if l.Texts > 0 && n > l.Texts {
		return Errorf(413, field, "%d texts, at most %d may come at once", n, l.Texts)
	}
	for i := range n {
		if size := len(text(i)); l.Bytes > 0 && size > l.Bytes {
			return Errorf(413, fmt.Sprintf("%s[%d]", field, i), "a text of %d bytes, at most %d are read", size, l.Bytes)
		}
	}
	return nil
}
