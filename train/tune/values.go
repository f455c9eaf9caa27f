package tune

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/train"
)

// Values are settings by path.
type Values map[string]any

// String lists the settings in the order of their paths, the values as JSON.
func (v Values) String() string {
	var parts []string
	for _, path := range slices.Sorted(maps.Keys(v)) {
		b, err := json.Marshal(v[path]) // 1000000 before and after a study is read again
		if err != nil {
			b = fmt.Append(nil, v[path])
		}
		parts = append(parts, path+"="+string(b))
	}
	return strings.Join(parts, " ")
}

// Apply returns c with the settings v. Its errors are about paths and values
// that do not fit.
func (v Values) Apply(c train.Config) (train.Config, error) {
	tree := map[string]any{}
	for path, value := range v {
		at := tree
		keys := strings.Split(path, ".")
		for _, key := range keys[:len(keys)-1] {
			next, ok := at[key].(map[string]any)
			if !ok {
				next = map[string]any{}
				at[key] = next
			}
			at = next
		}
		at[keys[len(keys)-1]] = value
	}
	b, err := json.Marshal(tree)
	if err != nil {
		return c, fmt.Errorf("tune: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return c, fmt.Errorf("tune: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	return c, nil
}

// Of returns the settings of c that are parameters of s; those with a value that
// c leaves open are left out.
func (s Space) Of(c train.Config) (Values, error) {
	b, err := json.Marshal(c.Resolve())
	if err != nil {
		return nil, fmt.Errorf("tune: %w", err)
	}
	var tree map[string]any
	if err := json.Unmarshal(b, &tree); err != nil {
		return nil, fmt.Errorf("tune: %w", err)
	}
	v := Values{}
	for _, p := range s {
		var at any = tree
		for key := range strings.SplitSeq(p.Path, ".") {
			group, _ := at.(map[string]any)
			at = group[key]
		}
		switch {
		case at != nil:
			v[p.Path] = at
		case p.Kind != Choice:
			v[p.Path] = 0.0 // JSON leaves zeros out
		}
	}
	return v, nil
}
