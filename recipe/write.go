package recipe

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/textlstm/textlstm/internal/fsx"
)

// WriteFile writes config as a file that ReadSettings reads, whole or not at all:
// in JSON if the name ends in .json, else in TOML.
func WriteFile(file string, config any) error {
	return fsx.WriteFile(fsx.OS{}, file, func(w io.Writer) error {
		if !isJSON(file) {
			return WriteTOML(w, config)
		}
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		tree, err := plain(config)
		if err != nil {
			return err
		}
		return e.Encode(tree)
	})
}

// WriteTOML writes config, a struct with JSON tags, in TOML. Keys are sorted.
func WriteTOML(w io.Writer, config any) error {
	tree, err := plain(config)
	if err != nil {
		return err
	}
	return writeTOML(w, tree)
}

func writeTOML(w io.Writer, tree map[string]any) error {
	e := toml.NewEncoder(w)
	e.Indent = ""
	return e.Encode(tree)
}

func isJSON(file string) bool { return strings.EqualFold(filepath.Ext(file), ".json") }

// plain returns config as a tree of what both JSON and TOML can say.
func plain(config any) (map[string]any, error) {
	b, err := json.Marshal(config)
	if err != nil {
		return nil, err
	}
	var tree map[string]any
	if err := unmarshal(b, &tree); err != nil {
		return nil, err
	}
	_, err = simplify(tree)
	return tree, err
}

// complete returns config as a tree of all its settings, so that a file of it leaves
// nothing to defaults. Lists of groups and tables that are empty are left out.
func complete(config reflect.Value) (map[string]any, error) {
	tree := map[string]any{}
	for _, f := range fields(config.Type()) {
		v := config.FieldByIndex(f.Index)
		if f.name == derived {
			continue
		}
		if isGroup(f.Type) {
			group, err := complete(v)
			if err != nil {
				return nil, err
			}
			tree[f.name] = group
			continue
		}
		list := f.Type.Kind() == reflect.Slice
		if (list && isGroup(f.Type.Elem()) || f.Type.Kind() == reflect.Map) && v.Len() == 0 {
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
		if x == nil && list {
			x = []any{}
		}
		if tree[f.name], err = simplify(x); err != nil {
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
			return nil, fmt.Errorf("recipe: %s is above the whole numbers of TOML, at most 2^63-1", v)
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
