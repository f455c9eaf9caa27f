package tensorfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
)

const (
	maxMembers  = 4096    // of one object of a description, and objects in one list that are larger than their text
	maxGrowth   = 4       // bytes in memory of more objects, for each byte of their text
	maxValues   = 1 << 16 // of any other list, and of a map
	maxNameSize = 1024    // bytes of the name of a member
	maxNesting  = 32
)

// Describe decodes the metadata entry key into v. The entry is a JSON object that
// says what the file holds: v points to a struct with a field for each of its
// members, of which "version" is from 1 to newest.
//
// The text must mean one thing to every reader: a name must stand once in its
// object and be spelled as the field's, and half of a surrogate pair is no text.
func (f *File) Describe(key string, newest int, v any) error {
	meta, ok := f.Meta[key]
	if !ok {
		return fmt.Errorf("a safetensors file without the metadata entry %s", quote(key))
	}
	text := []byte(meta)
	var format struct {
		Version int `json:"version"`
	}
	fail := func(err error) error { return fmt.Errorf("metadata %s: %w", key, err) }
	if err := json.Unmarshal(text, &format); err != nil {
		return fail(err)
	}
	if format.Version < 1 || format.Version > newest {
		return fmt.Errorf("format version %d, this program reads 1 to %d: use a newer program", format.Version, newest)
	}
	p := &parser{b: text}
	if err := p.value(reflect.TypeOf(v), 0); err != nil {
		if fe, ok := errors.AsType[*FormatError](err); ok {
			err = fmt.Errorf("byte %d: %w", fe.Offset-prefixLen, fe.Err)
		}
		return fail(err)
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fail(err)
	}
	return nil
}

// value passes over a value that is to become one of type t, and checks the names
// in it. Where t is nil it decodes itself, and its names are in lower case.
func (p *parser) value(t reflect.Type, depth int) error {
	if depth > maxNesting {
		return p.fail(p.i, "", "%w: more than %d values in each other", ErrTooLarge, maxNesting)
	}
	if t != nil && t.Implements(reflect.TypeFor[json.Unmarshaler]()) {
		t = nil
	}
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t != nil && reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		t = nil
	}
	switch p.peek() {
	case '{':
		return p.object(t, depth)
	case '[':
		most, size, start := math.MaxInt, 0, p.i // what decodes itself counts itself
		if t != nil && t.Kind() == reflect.Slice {
			if t, most = t.Elem(), maxValues; t.Kind() == reflect.Struct {
				most, size = maxMembers, int(t.Size())
			}
		} else {
			t = nil
		}
		return p.items('[', ']', "", func(n int) error {
			if n >= most && (size == 0 || n*size > maxGrowth*(p.i-start)) {
				return p.fail(p.i, "", "%w: a list of more than %d values", ErrTooLarge, most)
			}
			return p.value(t, depth+1)
		})
	case '"':
		_, _, err := p.raw("")
		return err
	}
	for p.i < len(p.b) && !strings.ContainsRune(",]} \t\r\n", rune(p.b[p.i])) {
		p.i++ // a number or a word: encoding/json has seen that it is one
	}
	return nil
}

// object passes over the members of an object.
func (p *parser) object(t reflect.Type, depth int) error {
	var fields map[string]reflect.Type
	if t != nil && t.Kind() == reflect.Struct {
		fields = map[string]reflect.Type{}
		for _, f := range reflect.VisibleFields(t) {
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
				fields[name] = f.Type
			} else if !f.Anonymous && name == "" {
				fields[f.Name] = f.Type
			}
		}
	}
	most := maxMembers
	if t != nil && t.Kind() == reflect.Map {
		most = maxValues
	}
	seen := map[string]struct{}{}
	return p.items('{', '}', "", func(n int) error {
		p.space()
		at := p.i
		name, err := p.key("")
		if err != nil {
			return err
		}
		_, twice := seen[name]
		switch {
		case len(name) > maxNameSize || n >= most:
			return p.fail(at, "", "%w: an object of more than %d members, or a name of more than %d bytes", ErrTooLarge, most, maxNameSize)
		case twice:
			return p.fail(at, "", "%w: %s", ErrDuplicate, quote(name))
		}
		seen[name] = struct{}{}
		var member reflect.Type
		switch {
		case fields != nil:
			var ok bool
			if member, ok = fields[name]; !ok {
				return fmt.Errorf("json: unknown field %s", quote(name))
			}
		case t != nil && t.Kind() == reflect.Map:
			member = t.Elem()
		case strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "":
			return fmt.Errorf("json: unknown field %s", quote(name))
		}
		return p.value(member, depth+1)
	})
}
