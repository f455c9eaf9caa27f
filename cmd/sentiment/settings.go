package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/BurntSushi/toml"
)

// readSettings returns a config file, if one is named, as JSON, with the
// settings applied.
func readSettings(file string, sets []string) ([]byte, error) {
	tree := map[string]any{}
	if file != "" {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if strings.EqualFold(filepath.Ext(file), ".json") {
			err = json.Unmarshal(b, &tree)
		} else {
			err = toml.Unmarshal(b, &tree)
		}
		if err != nil {
			return nil, usagef("%s: %w", file, err)
		}
	}
	for _, s := range sets {
		path, value, ok := strings.Cut(s, "=")
		if !ok {
			return nil, usagef("--set %s: want path=value", s)
		}
		if err := set(tree, strings.Split(path, "."), value); err != nil {
			return nil, usagef("--set %s: %w", s, err)
		}
	}
	b, err := json.Marshal(tree)
	if err != nil {
		return nil, usageError{err}
	}
	return b, nil
}

// set puts a value, JSON or else a bare string, at a path of a tree.
func set(tree map[string]any, path []string, value string) error {
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
	var v any
	if json.Unmarshal([]byte(value), &v) != nil {
		v = value
	}
	tree[path[len(path)-1]] = v
	return nil
}

// settingsError is an error of decoding settings in the words of who wrote them.
func settingsError(err error) error {
	wrong, ok := errors.AsType[*json.UnmarshalTypeError](err)
	if !ok {
		return usagef("settings: %s", strings.TrimPrefix(err.Error(), "json: "))
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
	return usagef("settings: %s is a %s, want %s", strings.Join(path, "."), wrong.Value, want)
}
