package settings

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// A Tree is settings by their names, with groups of them as trees in it.
type Tree map[string]any

// An Error says what is wrong with settings, whatever the data.
type Error struct{ Err error }

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

func errorf(format string, args ...any) error { return &Error{fmt.Errorf(format, args...)} }

// Read reads a config file, if one is named, in JSON if its name ends in
// .json, else in TOML, and then path=value settings: a value is JSON or else a bare
// string. A file of more than 128 KiB, or nested more than 32 deep, is not parsed. An
// *Error says what is wrong with the settings; other errors are the system's.
func Read(file string, sets []string) (Tree, error) {
	tree := Tree{}
	if file != "" {
		b, err := readBounded(file)
		if err != nil {
			return nil, err
		}
		if isJSON(file) {
			err = unmarshal(b, &tree)
		} else {
			err = toml.Unmarshal(b, &tree)
		}
		if err != nil {
			return nil, errorf("%s: %w", file, err)
		}
	}
	for _, s := range sets {
		path, value, ok := strings.Cut(s, "=")
		if !ok {
			return nil, errorf("--set %s: want path=value", s)
		}
		if err := tree.parse(path, value); err != nil {
			return nil, errorf("--set %s: %w", s, err)
		}
	}
	return tree, nil
}

// Over puts the settings in the place of those of config, a pointer to a struct
// with JSON tags. Its other fields stay; a list is replaced as a whole. A setting that it has not, or of another
// type, is an *Error; the first names those that may have been meant.
func (t Tree) Over(config any) error {
	if err := checkLists(t, ""); err != nil {
		return &Error{err}
	}
	if path := unknown(t, "", reflect.TypeOf(config).Elem()); path != "" {
		err := fmt.Errorf("settings: unknown field %q", path)
		if near := nearest(t.leaf(path), Keys(config)); len(near) > 0 {
			err = fmt.Errorf("%w\ndid you mean %s?", err, strings.Join(near[:min(len(near), 4)], ", "))
		}
		return &Error{err}
	}
	b, err := json.Marshal(t)
	if err != nil {
		return &Error{err}
	}
	clearLists(t, reflect.ValueOf(config).Elem())
	if err := json.Unmarshal(b, config); err != nil {
		return settingsError(err)
	}
	return nil
}

// clearLists sets the lists of config that a tree sets to nil: encoding/json would decode
// into their elements, which others may share, and keep what the tree does not name there.
func clearLists(tree map[string]any, config reflect.Value) {
	for _, f := range Fields(config.Type()) {
		for name, v := range tree {
			if !strings.EqualFold(f.Setting, name) {
				continue
			}
			field := config.FieldByIndex(f.Index)
			if group, ok := v.(map[string]any); ok && field.Kind() == reflect.Struct {
				clearLists(group, field)
			} else if field.Kind() == reflect.Slice {
				field.SetZero()
			}
		}
	}
}

// leaf returns path, the path of a setting, or if that is a group of settings, the
// path of the first in it.
func (t Tree) leaf(path string) string {
	tree := map[string]any(t)
	for name := range strings.SplitSeq(path, ".") {
		tree, _ = tree[name].(map[string]any) // nil in a list of groups
	}
	for len(tree) > 0 {
		name := slices.Min(slices.Collect(maps.Keys(tree)))
		path += "." + name
		tree, _ = tree[name].(map[string]any)
	}
	return path
}

// unmarshal is json.Unmarshal with every digit of a number.
func unmarshal(b []byte, v any) error {
	if !json.Valid(b) {
		return json.Unmarshal(b, v) // for its error
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	return d.Decode(v)
}

// parse puts a value, JSON or else a bare string, at a path.
func (t Tree) parse(path, value string) error {
	var v any
	if unmarshal([]byte(value), &v) != nil {
		v = value
	}
	return t.Put(path, v)
}

// Put puts a value at a path, and makes the groups on the way. It fails where a value
// that is no group is on the way.
func (t Tree) Put(path string, value any) error {
	names := strings.Split(path, ".")
	group := map[string]any(t)
	for _, name := range names[:len(names)-1] {
		next, ok := group[name].(map[string]any)
		if !ok {
			if group[name] != nil {
				return fmt.Errorf("%s is no group of settings", name)
			}
			next = map[string]any{}
			group[name] = next
		}
		group = next
	}
	group[names[len(names)-1]] = value
	return nil
}

// At returns the value at a path, if there is one.
func (t Tree) At(path string) (v any, ok bool) {
	v = map[string]any(t)
	for name := range strings.SplitSeq(path, ".") {
		group, is := v.(map[string]any)
		if !is {
			return nil, false
		}
		if v, ok = group[name]; !ok {
			return nil, false
		}
	}
	return v, true
}

// Paths returns the paths of the values, in no order.
func (t Tree) Paths() (paths []string) {
	for name, v := range t {
		group, ok := v.(map[string]any)
		if !ok {
			paths = append(paths, name)
		}
		for _, path := range Tree(group).Paths() {
			paths = append(paths, name+"."+path)
		}
	}
	return paths
}

// settingsError is an error of decoding settings in the words of who wrote them.
func settingsError(err error) error {
	wrong, ok := errors.AsType[*json.UnmarshalTypeError](err)
	if !ok {
		return errorf("settings: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	var path []string
	for name := range strings.SplitSeq(wrong.Field, ".") {
		if name != "" && name == strings.ToLower(name) { // not an embedded struct
			path = append(path, name)
		}
	}
	want := "a group of settings"
	switch kind := strings.TrimRight(wrong.Type.Kind().String(), "123468"); kind {
	case "bool":
		want = "true or false"
	case "int":
		want = "a whole number"
	case "uint":
		want = "a whole number from 0"
	case "float":
		want = "a number"
	case "string":
		want = "a string"
	case "slice":
		want = "a list"
	}
	return errorf("settings: %s is a %s, want %s", strings.Join(path, "."), wrong.Value, want)
}
