package tokenize

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/textlstm/textlstm/tokenize/internal/plugin"
)

// Default is a pipeline for English text of any sort: reviews, tweets, news.
const Default = "html|unify|words|camel|quotes|lower|elongate|repeat|urls|mentions|stem:en"

// maxSpec is the length of the longest spec that Parse takes.
const maxSpec = 4096

// Parse returns the pipeline that spec describes: stages separated by |, each a
// name and perhaps arguments, separated by colons. The package comment lists
// them. An error names the stage at fault by its place, from 1.
//
// Parse(p.String()) is a pipeline equal to p.
func Parse(spec string) (*Pipeline, error) {
	if len(spec) > maxSpec {
		return nil, fmt.Errorf("tokenize: a spec of %d bytes, limit %d", len(spec), maxSpec)
	}
	p := &Pipeline{}
	needsLang := ""
	for i, part := range strings.Split(spec, "|") {
		part = strings.TrimSpace(part)
		name, arg, hasArg := strings.Cut(part, ":")
		err := p.add(name, arg, hasArg)
		if err != nil {
			return nil, fmt.Errorf("tokenize: stage %d, %q: %w", i+1, part, err)
		}
		if (name == "stem" || name == "stop") && !hasArg {
			needsLang = part
		}
	}
	if needsLang != "" && p.prep.lang == "" && !p.prep.detect {
		return nil, fmt.Errorf("tokenize: %q needs a language: write %s:en, or add lang:en or lang:auto", needsLang, needsLang)
	}
	p.plan = compile(p.stages)
	return p, nil
}

// MustParse is Parse for specs known to be good. It panics on an error.
func MustParse(spec string) *Pipeline {
	p, err := Parse(spec)
	if err != nil {
		panic(err)
	}
	return p
}

// String returns the canonical spec of p: what is done to the text before
// segmentation, the segmenter, then the filters in order.
func (p *Pipeline) String() string {
	parts := p.prep.specs()
	parts = append(parts, p.segmenter().spec())
	for _, s := range p.stages {
		parts = append(parts, s.spec)
	}
	return strings.Join(parts, "|")
}

// MarshalText returns the spec of p.
func (p *Pipeline) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText sets p to the pipeline that a spec describes. Call it before
// sharing p.
func (p *Pipeline) UnmarshalText(text []byte) error {
	q, err := Parse(string(text))
	if err != nil {
		return err
	}
	p.prep, p.seg, p.stages, p.plan = q.prep, q.seg, q.stages, q.plan
	p.states = sync.Pool{}
	return nil
}

func (p *preparation) specs() []string {
	var parts []string
	if p.maxBytes > 0 {
		parts = append(parts, "maxbytes:"+strconv.Itoa(p.maxBytes))
	}
	if p.html {
		parts = append(parts, "html")
	}
	if p.unify {
		parts = append(parts, "unify")
	}
	switch {
	case p.lang != "":
		parts = append(parts, "lang:"+string(p.lang))
	case p.detect && p.among == nil:
		parts = append(parts, "lang:auto")
	case p.detect:
		names := make([]string, len(p.among))
		for i, l := range p.among {
			names[i] = string(l)
		}
		parts = append(parts, "lang:auto:"+strings.Join(names, ","))
	}
	return parts
}

// add adds to p the stage that name and arg describe.
func (p *Pipeline) add(name, arg string, hasArg bool) error {
	if hasArg && arg == "" {
		return fmt.Errorf("empty argument")
	}
	switch name {
	case "maxbytes":
		n, err := number(arg, 1, 1<<30)
		p.prep.maxBytes = n
		return err
	case "html":
		p.prep.html = true
		return noArg(hasArg)
	case "unify":
		p.prep.unify = true
		return noArg(hasArg)
	case "lang":
		return p.prep.setLang(arg)
	case "words", "fields", "runes", "chars", "treebank":
		if p.seg != nil {
			return fmt.Errorf("a second segmenter, after %q", p.seg.spec())
		}
		if len(p.stages) > 0 {
			return fmt.Errorf("a segmenter must come before the filters")
		}
		var err error
		p.seg, err = newSegmenter(name, arg, hasArg)
		return err
	}
	s, err := newFilter(name, arg, hasArg)
	if err != nil {
		return err
	}
	if s.spec == "" { // not made canonical by newFilter
		s.spec = name
		if hasArg {
			s.spec += ":" + arg
		}
	}
	p.stages = append(p.stages, s)
	return nil
}

func newSegmenter(name, arg string, hasArg bool) (segmenter, error) {
	switch name {
	case "chars":
		lo, hi, err := numbers(arg, 1, 16)
		return chars{lo, hi}, err
	case "fields":
		return fields{hasArg}, onlyArg(arg, hasArg, "ascii")
	case "runes":
		return runes{hasArg}, onlyArg(arg, hasArg, "all")
	case "treebank":
		if plugin.Treebank == nil {
			return nil, plugin.ErrMissing
		}
		return treebank{}, noArg(hasArg)
	}
	return words{}, noArg(hasArg)
}

// plainFilters are the filters that take no argument.
var plainFilters = map[string]mapFunc{
	"contractions": contractions,
	"emoji":        emojiWords,
	"lower":        lower,
	"lower:ascii":  lowerASCII,
	"depunct":      depunct,
	"fold":         fold,
	"nfc":          nfc,
	"nfkc":         nfkc,
	"accents":      accents,
	"quotes":       quotes,
	"elision":      elision,
	"elongate":     elongate,
	"repeat":       repeat,
	"numbers":      numbersClass,
	"urls":         urlsClass,
	"mentions":     mentionsClass,
	"hashtags":     hashtagWord,
	"camel":        camelWords,
	"caps":         caps,
}

// argFilters are the filters that may take an argument.
var argFilters = map[string]func(arg string, hasArg bool) (stage, error){
	"stem":   newStem,
	"stop":   newStop,
	"drop":   newDrop,
	"neg":    newNegation,
	"ngrams": newNgrams,
	"cjk":    newBigrams,
	"max":    newMax,
	"pad":    newPad,
	"pos":    newPOS,
}

func newFilter(name, arg string, hasArg bool) (stage, error) {
	if m, ok := plainFilters[name+":"+arg]; ok && hasArg {
		return stage{m: m}, nil
	}
	if m, ok := plainFilters[name]; ok {
		return stage{m: m}, noArg(hasArg)
	}
	if f, ok := argFilters[name]; ok {
		return f(arg, hasArg)
	}
	return stage{}, fmt.Errorf("unknown stage; there are %s", strings.Join(Stages(), ", "))
}

// Stages returns the names of all stages that Parse knows, sorted.
func Stages() []string {
	names := []string{"maxbytes", "html", "unify", "lang", "words", "fields", "runes", "chars", "treebank"}
	for name := range plainFilters {
		names = append(names, name)
	}
	for name := range argFilters {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func noArg(hasArg bool) error {
	if hasArg {
		return fmt.Errorf("takes no argument")
	}
	return nil
}

// onlyArg reports an argument that is not want.
func onlyArg(arg string, hasArg bool, want string) error {
	if hasArg && arg != want {
		return fmt.Errorf("argument %q, want none or %s", arg, want)
	}
	return nil
}

// number parses a decimal number from lo to hi.
func number(s string, lo, hi int) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < lo || n > hi || strconv.Itoa(n) != s {
		return 0, fmt.Errorf("argument %q, want a number from %d to %d", s, lo, hi)
	}
	return n, nil
}

// numbers parses N or N-M.
func numbers(s string, lo, hi int) (a, b int, err error) {
	first, last, ranged := strings.Cut(s, "-")
	if a, err = number(first, lo, hi); err != nil || !ranged {
		return a, a, err
	}
	b, err = number(last, a+1, hi)
	return a, b, err
}
