package settings

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/textlstm/textlstm/internal/escape"
	"github.com/textlstm/textlstm/internal/fsx"
)

// WriteFile writes the settings as a file that Read reads, whole or not at all: in JSON
// if the name ends in .json, else in TOML.
func (t Tree) WriteFile(file string) error {
	return fsx.WriteFile(fsx.OS{}, file, func(w io.Writer) error {
		if !isJSON(file) {
			return t.WriteTOML(w)
		}
		e := json.NewEncoder(escape.Writer(w))
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(t)
	})
}

// WriteTOML writes the settings in TOML. Keys are sorted; what a terminal would obey is
// escaped, for which strings and names of TOML have the escapes of JSON.
func (t Tree) WriteTOML(w io.Writer) error {
	var b bytes.Buffer
	e := toml.NewEncoder(&b)
	e.Indent = ""
	if err := e.Encode(map[string]any(t)); err != nil {
		return err
	}
	_, err := w.Write(escape.JSON(b.Bytes()))
	return err
}

func isJSON(file string) bool { return strings.EqualFold(filepath.Ext(file), ".json") }

// Of returns the settings of config, a struct with JSON tags, but for those that are zero
// where their tags leave that out. A whole number that TOML cannot hold is an error.
func Of(config any) (Tree, error) {
	b, err := json.Marshal(config)
	if err != nil {
		return nil, err
	}
	var tree Tree
	if err := unmarshal(b, &tree); err != nil {
		return nil, err
	}
	_, err = simplify(map[string]any(tree))
	return tree, err
}

// AllOf returns all settings of config, a struct with JSON tags, so that a file of them
// leaves nothing to defaults. Lists of groups and tables that are empty are left out.
func AllOf(config any) (Tree, error) { return allOf(reflect.ValueOf(config)) }

func allOf(config reflect.Value) (map[string]any, error) {
	tree := map[string]any{}
	for _, f := range Fields(config.Type()) {
		v := config.FieldByIndex(f.Index)
		if f.Setting == derived {
			continue
		}
		group, list := f.Group()
		if group != nil && !list {
			group, err := allOf(v)
			if err != nil {
				return nil, err
			}
			tree[f.Setting] = group
			continue
		}
		if (list || v.Kind() == reflect.Map) && v.Len() == 0 {
			continue
		}
		b, err := json.Marshal(v.Interface())
		if err != nil {
			return nil, err
		}
		var x any
		if err := unmarshal(b, &x); err != nil {
			return nil, err
		}
		if x == nil && v.Kind() == reflect.Slice {
			x = []any{}
		}
		if tree[f.Setting], err = simplify(x); err != nil {
			return nil, err
		}
	}
	return tree, nil
}

// simplify turns JSON into what TOML can say: numbers are whole ones or floats,
// and there is no null.
func simplify(v any) (_ any, err error) {
	switch v := v.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i, nil
		}
		if !strings.ContainsAny(string(v), ".eE") {
			return nil, fmt.Errorf("settings: %s is above the whole numbers of TOML, at most 2^63-1", v)
		}
		return v.Float64()
	case []any:
		for i := range v {
			if v[i], err = simplify(v[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for key, x := range v {
			if x == nil {
				delete(v, key)
			} else if v[key], err = simplify(x); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}
