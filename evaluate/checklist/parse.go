package checklist

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// ErrSuite is what every complaint about the content of a suite wraps.
var ErrSuite = errors.New("checklist: bad suite")

// The most that the texts of one file may expand to.
const (
	maxCases = 20_000
	maxBytes = 16 << 20
)

// A Type says what is asked of a test's texts.
type Type string

// The types.
const (
	MFT Type = "MFT" // minimum functionality
	INV Type = "INV" // invariance
	DIR Type = "DIR" // direction
)

// A Test is one thing that a model should do, with the cases that show whether it
// does.
type Test struct {
	Capability string
	Name       string
	Type       Type
	Want       []string // the right labels of an MFT
	Up         string   // the label of a DIR whose probability must not fall
	Tolerance  float64  // of INV and DIR, in (0, 1]

	// Cases are the texts with their slots filled. A case of an MFT is one text,
	// the others are two: the first and the changed one.
	Cases [][]string

	// Written is the number of texts or groups in the file, before slots were
	// filled.
	Written int
}

// A Suite is a list of tests.
type Suite []Test

// Len returns the number of cases.
func (s Suite) Len() int {
	n := 0
	for i := range s {
		n += len(s[i].Cases)
	}
	return n
}

// Labels returns the labels that the tests name, sorted.
func (s Suite) Labels() []string {
	var all []string
	for i := range s {
		all = append(all, s[i].Want...)
		if s[i].Up != "" {
			all = append(all, s[i].Up)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// A rawTest is a test as the file has it.
type rawTest struct {
	Capability string              `toml:"capability"`
	Name       string              `toml:"name"`
	Type       Type                `toml:"type"`
	Want       []string            `toml:"want"`
	Up         string              `toml:"up"`
	Tolerance  float64             `toml:"tolerance"`
	Vary       string              `toml:"vary"`
	Texts      []string            `toml:"texts"`
	Pairs      [][]string          `toml:"pairs"`
	Fill       map[string][]string `toml:"fill"`
}

// Parse reads a suite. Its errors wrap ErrSuite and say which test is wrong; a
// case that is there twice is one.
func Parse(data []byte) (Suite, error) {
	var file struct {
		Capability string    `toml:"capability"`
		Test       []rawTest `toml:"test"`
	}
	meta, err := toml.Decode(string(data), &file)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSuite, err)
	}
	if keys := meta.Undecoded(); len(keys) > 0 {
		return nil, fmt.Errorf("%w: unknown key %s", ErrSuite, keys[0])
	}
	if len(file.Test) == 0 {
		return nil, fmt.Errorf("%w: no [[test]]", ErrSuite)
	}
	var s Suite
	b := budget{maxCases, maxBytes}
	for i := range file.Test {
		raw := &file.Test[i]
		if raw.Capability == "" {
			raw.Capability = file.Capability
		}
		t, err := raw.test(&b)
		if err != nil {
			return nil, fmt.Errorf("%w: test %d, %q: %w", ErrSuite, i+1, raw.Name, err)
		}
		s = append(s, t)
	}
	return s, s.duplicates()
}

// Join returns the tests of several suites as one, which must not have a case
// twice.
func Join(suites ...Suite) (Suite, error) {
	s := slices.Concat(suites...)
	return s, s.duplicates()
}

// duplicates is the error of a case that is there twice: for MFT, whatever the
// labels wanted.
func (s Suite) duplicates() error {
	type key struct {
		t     Type
		up    string
		texts string
	}
	seen := map[key]string{}
	for i := range s {
		t := &s[i]
		for _, c := range t.Cases {
			k := key{t.Type, t.Up, strings.Join(c, "\x00")}
			if other, ok := seen[k]; ok {
				return fmt.Errorf("%w: %q is a case of %q and again of %q", ErrSuite, c, other, t.Name)
			}
			seen[k] = t.Name
		}
	}
	return nil
}

// test checks a test and fills its slots.
func (r *rawTest) test(b *budget) (Test, error) {
	t := Test{Capability: r.Capability, Name: r.Name, Type: r.Type, Want: r.Want, Up: r.Up, Tolerance: r.Tolerance}
	switch {
	case r.Name == "":
		return t, errors.New("no name")
	case r.Capability == "":
		return t, errors.New("no capability")
	case !slices.Contains([]Type{MFT, INV, DIR}, r.Type):
		return t, fmt.Errorf("type %q, want %s, %s or %s", r.Type, MFT, INV, DIR)
	case (r.Type == MFT) != (len(r.Want) > 0):
		return t, fmt.Errorf("type %s and want = %q: %s tests, and no others, want labels", r.Type, r.Want, MFT)
	case slices.Contains(r.Want, ""):
		return t, fmt.Errorf("want = %q: a label is empty", r.Want)
	case (r.Type == DIR) != (r.Up != ""):
		return t, fmt.Errorf("type %s and up = %q: %s tests, and no others, have a label that goes up", r.Type, r.Up, DIR)
	case r.Type == MFT && r.Tolerance != 0:
		return t, fmt.Errorf("tolerance = %v: %s tests have none", r.Tolerance, MFT)
	case r.Tolerance < 0 || r.Tolerance > 1 || math.IsNaN(r.Tolerance):
		return t, fmt.Errorf("tolerance = %v, want above 0 and at most 1", r.Tolerance)
	case r.Type == MFT && (r.Vary != "" || r.Pairs != nil):
		return t, fmt.Errorf("%s tests have texts, neither pairs nor vary", MFT)
	case r.Type != MFT && r.Vary == "" && r.Texts != nil:
		return t, fmt.Errorf("%s tests have pairs, or texts and vary", r.Type)
	case r.Vary != "" && r.Pairs != nil:
		return t, fmt.Errorf("vary = %q is of texts, not of pairs", r.Vary)
	}
	if t.Type != MFT && t.Tolerance == 0 {
		t.Tolerance = 0.1
	}
	groups := slices.Clone(r.Pairs)
	for _, text := range r.Texts {
		groups = append(groups, []string{text})
	}
	if len(groups) == 0 {
		return t, errors.New("no texts")
	}
	t.Written = len(groups)
	used := map[string]bool{}
	for _, g := range groups {
		if t.Type != MFT && r.Vary == "" && len(g) < 2 {
			return t, fmt.Errorf("the group %q has %d texts, want at least 2", g, len(g))
		}
		if err := r.expand(&t, g, used, b); err != nil {
			return t, err
		}
	}
	for name := range r.Fill {
		if !used[name] {
			return t, fmt.Errorf("fill.%s fills no slot", name)
		}
	}
	return t, nil
}
