package checklist

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
)

// A Classifier gives each of n texts a probability for each of C labels: [n][C].
type Classifier func(ctx context.Context, texts []string) ([][]float32, error)

// A Rate is how many cases a model passed.
type Rate struct {
	Capability string  `json:"capability"`
	Type       Type    `json:"type"`
	Test       string  `json:"test,omitempty"` // "" for all of the capability and type
	Cases      int     `json:"cases"`
	Passed     int     `json:"passed"`
	Rate       float64 `json:"rate"` // Passed / Cases
}

func (r *Rate) add(passed bool) {
	r.Cases++
	if passed {
		r.Passed++
	}
	r.Rate = float64(r.Passed) / float64(r.Cases)
}

// An Answer is what the model said of one text of a failed case.
type Answer struct {
	Text  string  `json:"text"`
	Label string  `json:"label"`
	Prob  float64 `json:"prob"` // of Label, or in a DIR test of the label that should not fall
}

// A Failure is a case that a model did not pass.
type Failure struct {
	Capability string   `json:"capability"`
	Type       Type     `json:"type"`
	Test       string   `json:"test"`
	Want       []string `json:"want,omitempty"` // of an MFT
	Up         string   `json:"up,omitempty"`   // of a DIR
	Answers    []Answer `json:"answers"`        // to the texts of the case
}

// A Result is how a model did.
type Result struct {
	All      Rate      `json:"all"`   // Capability is "all", Type ""
	Types    []Rate    `json:"types"` // Capability is "all"
	Rates    []Rate    `json:"rates"` // by capability and type
	Tests    []Rate    `json:"tests"`
	Failures []Failure `json:"failures,omitempty"`

	// Skipped is the number of cases about labels that the model does not have.
	Skipped int `json:"skipped"`
}

// Only returns the tests of s that are of the given capabilities. It is an error if there
// is none of one of them.
func (s Suite) Only(capabilities ...string) (Suite, error) {
	var known []string
	for i := range s {
		if !slices.Contains(known, s[i].Capability) {
			known = append(known, s[i].Capability)
		}
	}
	for _, want := range capabilities {
		if !slices.Contains(known, want) {
			return nil, fmt.Errorf("%s: want one of %s", want, strings.Join(known, ", "))
		}
	}
	return slices.DeleteFunc(slices.Clone(s), func(t Test) bool { return !slices.Contains(capabilities, t.Capability) }), nil
}

// Run asks classify for the texts of s, each once, and judges the answers. labels
// name the probabilities that classify gives; tests about other labels alone are
// skipped. All lists are in the order of s. It is an error if classify fails, or
// its answers have the wrong size or values that are no probabilities.
func (s Suite) Run(ctx context.Context, labels []string, classify Classifier) (*Result, error) {
	index := map[string]int{}
	var texts []string
	for i := range s {
		if s[i].skipped(labels) {
			continue
		}
		for _, c := range s[i].Cases {
			for _, text := range c {
				if _, ok := index[text]; !ok {
					index[text] = len(texts)
					texts = append(texts, text)
				}
			}
		}
	}
	probs, err := classify(ctx, texts)
	if err != nil {
		return nil, err
	}
	if len(probs) != len(texts) {
		return nil, fmt.Errorf("checklist: %d answers to %d texts", len(probs), len(texts))
	}
	for i, row := range probs {
		if len(row) != len(labels) {
			return nil, fmt.Errorf("checklist: %d probabilities for %q, want one for each of %d labels", len(row), texts[i], len(labels))
		}
		for _, p := range row {
			if !(p >= 0 && p <= 1) {
				return nil, fmt.Errorf("checklist: probability %v for %q, want 0 to 1", p, texts[i])
			}
		}
	}
	r := &Result{All: Rate{Capability: "all"}}
	for i := range s {
		t := &s[i]
		if t.skipped(labels) {
			r.Skipped += len(t.Cases)
			continue
		}
		for _, c := range t.Cases {
			var rows [][]float32
			for _, text := range c {
				rows = append(rows, probs[index[text]])
			}
			passed := t.passes(labels, rows)
			r.count(t, passed)
			if !passed {
				r.Failures = append(r.Failures, t.failure(labels, c, rows))
			}
		}
	}
	return r, nil
}

// count adds a case to the rates that it belongs to.
func (r *Result) count(t *Test, passed bool) {
	r.All.add(passed)
	rate(&r.Types, Rate{Capability: "all", Type: t.Type}).add(passed)
	rate(&r.Rates, Rate{Capability: t.Capability, Type: t.Type}).add(passed)
	rate(&r.Tests, Rate{Capability: t.Capability, Type: t.Type, Test: t.Name}).add(passed)
}

// rate returns the rate of list with the names of one, which it appends if there
// is none.
func rate(list *[]Rate, one Rate) *Rate {
	i := slices.IndexFunc(*list, func(r Rate) bool {
		return r.Capability == one.Capability && r.Type == one.Type && r.Test == one.Test
	})
	if i < 0 {
		i = len(*list)
		*list = append(*list, one)
	}
	return &(*list)[i]
}

// skipped says whether a model with those labels cannot be asked.
func (t *Test) skipped(labels []string) bool {
	switch t.Type {
	case MFT:
		return !slices.ContainsFunc(t.Want, func(l string) bool { return slices.Contains(labels, l) })
	case DIR:
		return !slices.Contains(labels, t.Up)
	}
	return false
}

// passes judges the probabilities [1 or 2][C] of a case.
func (t *Test) passes(labels []string, rows [][]float32) bool {
	switch t.Type {
	case MFT:
		return slices.Contains(t.Want, labels[argmax(rows[0])])
	case DIR:
		up := slices.Index(labels, t.Up)
		return float64(rows[1][up]) >= float64(rows[0][up])-t.Tolerance
	}
	if argmax(rows[0]) == argmax(rows[1]) {
		return true
	}
	for c := range rows[0] {
		if math.Abs(float64(rows[0][c])-float64(rows[1][c])) > t.Tolerance {
			return false
		}
	}
	return true
}

func (t *Test) failure(labels, texts []string, rows [][]float32) Failure {
	f := Failure{Capability: t.Capability, Type: t.Type, Test: t.Name, Want: t.Want, Up: t.Up}
	for i, row := range rows {
		best := argmax(row)
		at := best
		if t.Type == DIR {
			at = slices.Index(labels, t.Up)
		}
		f.Answers = append(f.Answers, Answer{Text: texts[i], Label: labels[best], Prob: float64(row[at])})
	}
	return f
}

// argmax is the index of the first largest element.
func argmax(x []float32) int { return slices.Index(x, slices.Max(x)) }
