package recipe

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/forecast"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/pretrain/lm"
	"github.com/textlstm/textlstm/pretrain/skipgram"
	"github.com/textlstm/textlstm/recipe/settings"
)

var update = flag.Bool("update", false, "write docs/settings.md")

const settingsPage = "../docs/settings.md"

// docs/settings.md is what the configs say of themselves: the types of their
// fields, the values that Resolve gives, what Validate accepts, and their comments.
func TestSettingsPage(t *testing.T) {
	var b bytes.Buffer
	b.WriteString(`# Settings

Written by ` + "`go generate ./recipe`" + ` from the configs of the library; do not edit.

A setting has a default. A config file (` + "`--config FILE`" + `, TOML or JSON) changes some, ` + "`--set model.lstm.hidden_size=256`" + `
changes one, and values of ` + "`--set`" + ` are JSON or bare words: ` + "`--set 'model.pool=[\"max\", \"attention\"]'`" + `. The defaults here are
those of a setting that nobody chooses; a training first takes those that suit its texts, which
` + "`sentiment train --train FILE --print-config`" + ` shows.

The commands read them before anything else, and refuse what is out of range with status 2.
`)
	for _, s := range []struct {
		title, about string
		config       any
		check        func(sets []string) (any, error)
	}{
		{"Training", "For `train`, `crossval`, `tune`, `distill` and `find-lr`; `recipe.Recipe` in Go, whose `train.Config` has all but card, data and dev.", Recipe{}, checkTraining},
		{"Language models", "For `pretrain`; `lm.Config` in Go.", lm.Config{}, func(sets []string) (any, error) {
			var c lm.Config
			err := over(&c, sets)
			c = c.Resolve()
			return c, first(err, c.Validate())
		}},
		{"Word vectors", "For `pretrain --skip-gram`; `skipgram.Config` in Go.", skipgram.Config{}, func(sets []string) (any, error) {
			var c skipgram.Config
			err := over(&c, sets)
			c = c.Resolve()
			return c, first(err, c.Validate())
		}},
		{"Forecasts", "For `forecast train` and `backtest`; `forecast.Config` in Go.", forecast.Config{}, func(sets []string) (any, error) {
			var c forecast.Config
			err := over(&c, sets)
			c = c.Resolve()
			return c, first(err, c.Validate())
		}},
	} {
		p := page{t: t, out: &b, check: s.check, keys: map[string]settings.Key{}, sources: map[string]*source{}}
		for _, k := range settings.Keys(s.config) {
			p.keys[k.Path] = k
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", s.title, s.about)
		p.group("", "", reflect.TypeOf(s.config))
	}
	if *update {
		if err := os.WriteFile(settingsPage, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(settingsPage)
	if err != nil || !bytes.Equal(got, b.Bytes()) {
		t.Errorf("docs/settings.md is not what the configs say (err = %v); go generate ./recipe writes it anew", err)
	}
}

func over(config any, sets []string) error {
	s, err := settings.Read("", sets)
	if err != nil {
		return err
	}
	return s.Over(config)
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// checkTraining is Resolve and Validate, with a head of labels that the data would give
// and one of numbers.
func checkTraining(sets []string) (any, error) {
	var c Recipe
	err := over(&c, sets)
	if len(c.Model.Heads) == 0 {
		c.Model.Heads = []classify.Head{{}, {Name: "number", Loss: nn.Loss{Kind: nn.SquaredError}}}
	}
	for i := range c.Model.Heads {
		if h := &c.Model.Heads[i]; len(h.Labels) == 0 && h.Labelled() {
			h.Name, h.Labels = "label", []string{"yes", "no"}
		}
	}
	c.Config = c.Resolve()
	return c, first(err, c.Validate())
}

// needs are the settings that one has an effect with, or a range of its own.
var needs = map[string][]string{
	"optimizer.alpha":       {"optimizer.kind=rmsprop"},
	"optimizer.momentum":    {"optimizer.kind=sgd"},
	"optimizer.nesterov":    {"optimizer.kind=sgd", "optimizer.momentum=0.9"},
	"schedule.gamma":        {"schedule.kind=step"},
	"schedule.every":        {"schedule.kind=step"},
	"adversarial.epsilon":   {"adversarial.weight=1"},
	"model.subword.min":     {"model.subword.max=16"},
	"model.subword.max":     {"model.subword.min=1"},
	"model.subword.bits":    {"model.subword.min=3"},
	"model.ngrams.char_min": {"model.ngrams.words=1", "model.ngrams.char_max=16"},
	"model.ngrams.char_max": {"model.ngrams.words=1", "model.ngrams.char_min=1"},
	"model.no_deep":         {"model.ngrams.words=1"},
	"model.lstm.dropout":    {"model.lstm.layers=2"},
	"model.gru.dropout":     {"model.gru.layers=2"},
}

// A page writes the settings of a config.
type page struct {
	t       *testing.T
	out     *bytes.Buffer
	check   func(sets []string) (any, error) // the resolved config of settings
	keys    map[string]settings.Key          // by their paths
	sources map[string]*source               // by the path of a package
}

// group writes the settings of a struct, then its groups.
func (p *page) group(prefix, about string, t reflect.Type) {
	var groups []settings.Field
	if prefix != "" {
		fmt.Fprintf(p.out, "\n### %s\n", strings.TrimSuffix(prefix, "."))
	}
	if about != "" {
		fmt.Fprintf(p.out, "\n%s\n", about)
	}
	p.out.WriteString("\n| setting | type | default | range | meaning |\n|---|---|---|---|---|\n")
	for _, f := range settings.Fields(t) {
		if group, _ := f.Group(); group != nil {
			groups = append(groups, f)
		} else if k, ok := p.keys[prefix+f.Setting]; ok {
			fmt.Fprintf(p.out, "| `%s` | %s | %s | %s | %s |\n", k.Path, k.Type, p.def(k.Path), p.limits(k, f.Type), p.meaning(f))
		}
	}
	for _, f := range groups {
		if group, list := f.Group(); list {
			p.group(prefix+f.Setting+"[].", "A list: `[["+prefix+f.Setting+"]]` in TOML. "+p.meaning(f), group)
		} else {
			p.group(prefix+f.Setting+".", p.meaning(f), group)
		}
	}
}

// setting is what sets a path to a value, and what it needs.
func setting(path, value string) []string {
	sets := slices.Clone(needs[path])
	switch {
	case strings.HasPrefix(path, "model.ngrams.") && sets == nil && path != "model.ngrams.words":
		sets = append(sets, "model.ngrams.words=1")
	case strings.HasPrefix(path, "model.gru."):
		sets = append(sets, "model.encoder=gru")
	}
	if value == "" {
		return sets
	}
	list, rest, ok := strings.Cut(path, "[].")
	if !ok {
		return append(sets, path+"="+value)
	}
	for _, name := range slices.Backward(strings.Split(rest, ".")) {
		value = fmt.Sprintf("{%q: %s}", name, value)
	}
	if list == "model.heads" {
		value = `{"name": "label", ` + value[1:]
	}
	return append(sets, list+"=["+value+"]")
}

// def is the default of a setting.
func (p *page) def(path string) string {
	if strings.Contains(path, "[]") {
		return "–"
	}
	config, err := p.check(setting(path, ""))
	if err != nil && !strings.Contains(path, "char_m") && !strings.Contains(path, "subword") {
		p.t.Fatalf("%s: %v", path, err)
	}
	v := reflect.ValueOf(config)
	for name := range strings.SplitSeq(path, ".") {
		for _, f := range settings.Fields(v.Type()) {
			if f.Setting == name {
				v = v.FieldByIndex(f.Index)
				break
			}
		}
	}
	switch text := fmt.Sprint(v.Interface()); text {
	case "", "[]", "map[]":
		return "–"
	default:
		if v.Kind() == reflect.Float64 {
			text = number(v.Float())
		}
		if v.Kind() == reflect.Slice {
			return "`[\"" + strings.Join(strings.Fields(strings.Trim(text, "[]")), `", "`) + "\"]`"
		}
		return "`" + strings.ReplaceAll(text, "|", "\\|") + "`"
	}
}

// number is a number without the plus and the zeros of Go's exponents.
func number(v float64) string {
	return exponent.ReplaceAllString(strconv.FormatFloat(v, 'g', -1, 64), "e$1")
}

var exponent = regexp.MustCompile(`e\+?(-?)0*`)

// limits are the values that Validate accepts.
func (p *page) limits(k settings.Key, t reflect.Type) string {
	if t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	path := k.Path
	accept := func(value string) bool {
		_, err := p.check(setting(path, value))
		return err == nil
	}
	if k.Values != nil && t.Kind() != reflect.Bool {
		switch {
		case t == reflect.TypeFor[string]():
			for _, v := range k.Values {
				if !accept(v) {
					p.t.Errorf("%s=%s is not accepted", path, v)
				}
			}
		case t.Kind() == reflect.String:
			p.checkEnum(t, k.Values)
		}
		return "`" + strings.Join(k.Values, "`, `") + "`"
	}
	zeroIsDefault := p.def(path) != "`0`" && p.def(path) != "–"
	switch strings.TrimSuffix(strings.TrimPrefix(k.Type, "list of "), "s") {
	case "whole number":
		return limits(accept, scale{
			text: func(i int64) string { return strconv.FormatInt(i, 10) },
			of:   func(v float64) int64 { return int64(v) }, max: math.MaxInt32,
		}, zeroIsDefault)
	case "number":
		return limits(accept, scale{
			text: func(i int64) string { return number(math.Float64frombits(uint64(i))) },
			of:   func(v float64) int64 { return int64(math.Float64bits(v)) }, max: int64(math.Float64bits(math.MaxFloat32)),
		}, zeroIsDefault)
	}
	return "–"
}

// A scale numbers the values of a type from 0 on, in order; 0 is 0.
type scale struct {
	text func(i int64) string
	of   func(v float64) int64
	max  int64
}

// limits finds the least and the largest value that are accepted, which lie around
// one that is, and says them in words. zeroIsDefault says that 0 stands for another.
func limits(accept func(string) bool, s scale, zeroIsDefault bool) string {
	inside := int64(0)
	for _, v := range []float64{1, 0.5, 2, 4, 16} {
		if inside = s.of(v); inside > 0 && accept(s.text(inside)) {
			break
		}
		inside = 0
	}
	if inside == 0 {
		return "–"
	}
	least := 1 + int64(sort.Search(int(inside-1), func(i int) bool { return accept(s.text(1 + int64(i))) }))
	zero := accept(s.text(0)) && !zeroIsDefault
	low := s.text(least)
	switch below := s.text(least - 1); {
	case zero && least == 1:
		low = below
	case len(below) < len(low):
		low = "above " + below
	}
	if zero && least > 1 {
		low = "0, or " + low
	}
	if accept(s.text(s.max)) {
		if strings.HasPrefix(low, "above") {
			return low
		}
		return low + " and more"
	}
	most := inside + int64(sort.Search(int(s.max-inside), func(i int) bool { return !accept(s.text(inside + 1 + int64(i))) }))
	high := s.text(most)
	if above := s.text(most + 1); len(above) < len(high) {
		high = "below " + above
	}
	return low + " to " + high
}

// A source is the Go code of a package.
type source struct {
	structs   map[string]*ast.StructType
	constants map[string]string // strings by name
	typed     map[string]string // the types of these, where they are said
}

// source parses the package of a type.
func (p *page) source(path string) *source {
	if s := p.sources[path]; s != nil {
		return s
	}
	s := &source{map[string]*ast.StructType{}, map[string]string{}, map[string]string{}}
	p.sources[path] = s
	dir := strings.TrimPrefix(path, "github.com/textlstm/textlstm/")
	files, err := filepath.Glob("../" + dir + "/*.go")
	if err != nil || len(files) == 0 {
		p.t.Fatalf("%s: %d files, %v", dir, len(files), err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			p.t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.TypeSpec:
				if st, ok := n.Type.(*ast.StructType); ok {
					s.structs[n.Name.Name] = st
				}
			case *ast.ValueSpec:
				for i, v := range n.Values {
					if lit, ok := v.(*ast.BasicLit); ok && lit.Kind == token.STRING {
						s.constants[n.Names[i].Name], _ = strconv.Unquote(lit.Value) // it has been parsed
						if typ, ok := n.Type.(*ast.Ident); ok {
							s.typed[n.Names[i].Name] = typ.Name
						}
					}
				}
			}
			return true
		})
	}
	return s
}

// checkEnum checks that values are all constants of a type.
func (p *page) checkEnum(t reflect.Type, values []string) {
	var all []string
	for name, typ := range p.source(t.PkgPath()).typed {
		if typ == t.Name() && p.source(t.PkgPath()).constants[name] != "" {
			all = append(all, p.source(t.PkgPath()).constants[name])
		}
	}
	values = slices.Sorted(slices.Values(values))
	if slices.Sort(all); !slices.Equal(all, values) {
		p.t.Errorf("%s is one of %q, keys.go has %q", t, all, values)
	}
}

// meaning is the comment of a field, or the one above if it is about several, with
// the names of settings in place of those of Go.
func (p *page) meaning(f settings.Field) string {
	s := p.source(f.Owner.PkgPath())
	comment := ""
	for _, field := range s.structs[f.Owner.Name()].Fields.List {
		switch {
		case field.Doc != nil:
			comment = field.Doc.Text()
		case field.Comment != nil:
			comment = field.Comment.Text()
		}
		if slices.ContainsFunc(field.Names, func(n *ast.Ident) bool { return n.Name == f.Name }) {
			break
		}
	}
	if comment == "" {
		p.t.Errorf("%s.%s has no comment", f.Owner, f.Name)
		return ""
	}
	text := name.ReplaceAllStringFunc(strings.Join(strings.Fields(comment), " "), func(word string) string {
		for _, t := range []reflect.Type{f.Owner, f.Type} {
			if setting, ok := settingOf(t, strings.Split(word, ".")); ok {
				return "`" + setting + "`"
			}
		}
		if value, ok := s.constants[word]; ok {
			return "`" + value + "`"
		}
		if pkg, constant, ok := strings.Cut(word, "."); ok && pkg == "nn" {
			if value, ok := p.source("github.com/textlstm/textlstm/nn").constants[constant]; ok {
				return "`" + value + "`"
			}
		}
		return word
	})
	text = strings.ToUpper(text[:1]) + strings.TrimSuffix(text[1:], ".")
	return strings.NewReplacer("|", `\|`, "*", `\*`, "<", "&lt;").Replace(text)
}

// name matches what may be the name of a field or of a constant.
var name = regexp.MustCompile(`\b(nn\.)?[A-Z]\w*(\.[A-Z]\w*)*\b`)

// settingOf is the path of a field of a struct, or of one of its groups, by its
// names in Go.
func settingOf(t reflect.Type, names []string) (string, bool) {
	if t.Kind() != reflect.Struct {
		return "", false
	}
	for _, f := range settings.Fields(t) {
		if f.Name != names[0] {
			continue
		}
		if len(names) == 1 {
			return f.Setting, true
		}
		rest, ok := settingOf(f.Type, names[1:])
		return f.Setting + "." + rest, ok
	}
	return "", false
}
