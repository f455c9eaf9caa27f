package recipe

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

// Settings are what a config file and the flags of a command line say, to be laid
// over a config.
type Settings struct{ tree map[string]any }

// An Error says what is wrong with settings, whatever the data.
type Error struct{ Err error }

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

func errorf(format string, args ...any) error { return &Error{fmt.Errorf(format, args...)} }

// ReadSettings reads a config file, if one is named, in JSON if its name ends in
// .json, else in TOML, and then path=value settings: a value is JSON or else a bare
// string. A file of more than 1 MiB, or nested more than 32 deep, is not parsed. An
// *Error says what is wrong with the settings; other errors are the system's.
func ReadSettings(file string, sets []string) (Settings, error) {
	tree := map[string]any{}
	if file != "" {
		b, err := readBounded(file)
		if err != nil {
			return Settings{}, err
		}
		if isJSON(file) {
			err = unmarshal(b, &tree)
		} else {
			err = toml.Unmarshal(b, &tree)
		}
		if err != nil {
			return Settings{}, errorf("%s: %w", file, err)
		}
	}
	for _, s := range sets {
		path, value, ok := strings.Cut(s, "=")
		if !ok {
			return Settings{}, errorf("--set %s: want path=value", s)
		}
		if err := set(tree, strings.Split(path, "."), value); err != nil {
			return Settings{}, errorf("--set %s: %w", s, err)
		}
	}
	return Settings{tree}, nil
}

// Over puts the settings in the place of those of config, a pointer to a struct
// with JSON tags. Its other fields stay. A setting that it has not, or of another
// type, is an *Error; the first names those that may have been meant.
func (s Settings) Over(config any) error {
	if path := unknown(s.tree, "", reflect.TypeOf(config).Elem()); path != "" {
		err := fmt.Errorf("settings: unknown field %q", path)
		if near := nearest(s.leaf(path), Keys(config)); len(near) > 0 {
			err = fmt.Errorf("%w\ndid you mean %s?", err, strings.Join(near[:min(len(near), 4)], ", "))
		}
		return &Error{err}
	}
	b, err := json.Marshal(s.tree)
	if err != nil {
		return &Error{err}
	}
	if err := json.Unmarshal(b, config); err != nil {
		return settingsError(err)
	}
	return nil
}

// leaf returns path, the path of a setting, or if that is a group of settings, the
// path of the first in it.
func (s Settings) leaf(path string) string {
	tree := s.tree
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

// set puts a value, JSON or else a bare string, at a path of a tree.
func set(tree map[string]any, path []string, value string) error {
	var v any
	if unmarshal([]byte(value), &v) != nil {
		v = value
	}
	return put(tree, path, v)
}

// put puts a value at a path of a tree.
func put(tree map[string]any, path []string, value any) error {
	for _, key := range path[:len(path)-1] {
		next, ok := tree[key].(map[string]any)
		if !ok {
			if tree[key] != nil {
				return fmt.Errorf("%s is no group of settings", key)
			}
			next = map[string]any{}
			tree[key] = next
		}
		tree = next
	}
	tree[path[len(path)-1]] = value
	return nil
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
