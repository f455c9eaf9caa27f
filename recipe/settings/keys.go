package settings

import (
	"encoding"
	"reflect"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
)

// A Key is a setting that a config has.
type Key struct {
	// Path is its name, such as model.lstm.hidden_size. Those of the groups in a
	// list have [] behind the list: model.heads[].name.
	Path string

	// Type says in words what it holds: "whole number", "list of numbers".
	Type string

	// Values are all that it may be, or its elements, if there are but a few; else nil.
	Values []string
}

// derived is a field that follows from others, so that setting it changes nothing.
const derived = "input_size"

// Keys returns the settings of config, a struct with JSON tags or a pointer to one,
// in the order of its fields. It may be a [Chooser].
func Keys(config any) []Key {
	var few map[string][]string
	if c, ok := config.(Chooser); ok {
		few = c.Choices()
	}
	t := reflect.TypeOf(config)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return appendKeys(nil, "", t, few)
}

func appendKeys(keys []Key, prefix string, t reflect.Type, few map[string][]string) []Key {
	for _, f := range Fields(t) {
		path := prefix + f.Setting
		group, list := f.Group()
		switch {
		case f.Setting == derived:
		case group != nil && list:
			keys = appendKeys(keys, path+"[].", group, few)
		case group != nil:
			keys = appendKeys(keys, path+".", group, few)
		default:
			values := few[path]
			if values == nil {
				values = enums[element(f.Type)]
			}
			keys = append(keys, Key{path, typeName(f.Type), values})
		}
	}
	return keys
}

// A Field is a field of a config that is a setting or a group of them.
type Field struct {
	reflect.StructField
	Setting string       // its name as one
	Owner   reflect.Type // the struct that declares it
}

// Fields returns the fields of a struct that JSON sets, those of embedded structs
// included.
func Fields(t reflect.Type) []Field {
	var list []Field
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct:
			for _, inner := range Fields(f.Type) {
				inner.Index = slices.Concat(f.Index, inner.Index)
				list = append(list, inner)
			}
		case f.IsExported() && name != "" && name != "-":
			list = append(list, Field{f, name, t})
		}
	}
	return list
}

// Group returns the struct of a field that is a group of settings, or a list of such; nil
// for a setting.
func (f Field) Group() (group reflect.Type, list bool) {
	group = element(f.Type)
	if group.Kind() != reflect.Struct || reflect.PointerTo(group).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return nil, false
	}
	return group, group != f.Type
}

// element is the type of a list's elements, or of what is no list itself.
func element(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Slice {
		return t.Elem()
	}
	return t
}

// enums are the values of the types that have a few.
var enums = map[reflect.Type][]string{
	reflect.TypeFor[bool]():             {"true", "false"},
	reflect.TypeFor[lstm.Direction]():   {lstm.Forward.String(), lstm.Reverse.String(), lstm.Bidirectional.String()},
	reflect.TypeFor[nn.LossKind]():      values(nn.LossKinds()...),
	reflect.TypeFor[nn.OptimizerKind](): values(nn.OptimizerKinds()...),
	reflect.TypeFor[nn.Pooling]():       values(nn.Poolings()...),
	reflect.TypeFor[nn.Merge]():         values(nn.Merges()...),
	reflect.TypeFor[nn.Activation]():    values(nn.Activations()...),
	reflect.TypeFor[nn.ScheduleKind]():  values(nn.Constant, nn.Steps, nn.Cosine, nn.Linear, nn.OneCycle),
}

// A Chooser is a config that says which values its settings have, by their paths, where
// a type does not say so.
type Chooser interface{ Choices() map[string][]string }

func values[T ~string](all ...T) (names []string) {
	for _, v := range all {
		names = append(names, string(v))
	}
	return names
}

// typeName is what a setting of a type holds, in words.
func typeName(t reflect.Type) string {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return "text"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "number"
	case reflect.String:
		return "text"
	case reflect.Slice:
		return "list of " + typeName(t.Elem()) + "s"
	case reflect.Map:
		return "table"
	}
	return "whole number"
}

// unknown returns the path of the first key in tree, sorted, that a config of type
// t has not, or "". A group that the config has not is named as a whole.
func unknown(tree map[string]any, prefix string, t reflect.Type) string {
	all := Fields(t)
	names := make([]string, 0, len(tree))
	for name := range tree {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		i := slices.IndexFunc(all, func(f Field) bool { return strings.EqualFold(f.Setting, name) }) // as encoding/json
		if i < 0 {
			return prefix + name
		}
		inner, _ := all[i].Group()
		if inner == nil {
			continue
		}
		groups := []map[string]any{}
		switch v := tree[name].(type) {
		case map[string]any:
			groups = append(groups, v)
		case []map[string]any:
			groups = v
		case []any:
			for _, x := range v {
				if group, ok := x.(map[string]any); ok {
					groups = append(groups, group)
				}
			}
		}
		for _, g := range groups {
			if path := unknown(g, prefix+name+".", inner); path != "" {
				return path
			}
		}
	}
	return ""
}

// nearest returns the keys that someone may have meant by a path: those that end
// in it, or whose last part its last part ends in, else those whose last part takes
// the fewest changes, before others those of its group.
func nearest(path string, keys []Key) []string {
	var found []string
	group, last := cutLast(path)
	if last == "lr" { // as most others call it
		last = "learning_rate"
	}
	if !strings.Contains(path, "gru") { // what it does not say itself follows model.lstm
		keys = slices.DeleteFunc(keys, func(k Key) bool { return strings.HasPrefix(k.Path, "model.gru.") })
	}
	for _, k := range keys {
		name := strings.ReplaceAll(k.Path, "[]", "")
		if strings.HasSuffix(name, "."+path) && group != "" {
			return []string{name}
		}
		if _, short := cutLast(name); short == last || strings.HasSuffix(last, "_"+short) && len(short) > 2 {
			found = append(found, name)
		}
	}
	if len(found) > 0 {
		return found
	}
	best := 2 * min(3, 1+len(last)/2) // more changes make another word
	for _, k := range keys {
		name := strings.ReplaceAll(k.Path, "[]", "")
		other, short := cutLast(name)
		d := 2 * distance(last, short)
		if other != group {
			d++
		}
		switch {
		case d < best:
			best, found = d, []string{name}
		case d == best && len(found) > 0:
			found = append(found, name)
		}
	}
	return found
}

// cutLast cuts a path behind its last dot.
func cutLast(path string) (group, name string) {
	i := strings.LastIndexByte(path, '.')
	return path[:i+1], path[i+1:]
}

// distance is Levenshtein's: how many bytes to insert, delete or replace.
func distance(a, b string) int {
	row := make([]int, len(b)+1) // of the part of a that has been read
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
