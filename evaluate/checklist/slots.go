package checklist

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A budget is what is left of the limits of a file.
type budget struct{ cases, bytes int }

func (b *budget) spend(texts ...string) error {
	b.cases--
	for _, t := range texts {
		b.bytes -= len(t)
	}
	if b.cases < 0 || b.bytes < 0 {
		return fmt.Errorf("the slots make more than %d cases or %d MiB of text", maxCases, maxBytes>>20)
	}
	return nil
}

// A template is a text cut at its slots: part, slot, part, slot, ..., part.
type template []string

// parseTemplate cuts a text.
func parseTemplate(text string) (template, error) {
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("an empty text")
	}
	var t template
	rest := text
	for {
		at := strings.IndexAny(rest, "{}")
		if at < 0 {
			return append(t, rest), nil
		}
		end := strings.IndexAny(rest[at+1:], "{}")
		if rest[at] != '{' || end < 0 || rest[at+1+end] != '}' {
			return nil, fmt.Errorf("%q has a brace without its other half", text)
		}
		t = append(t, rest[:at], rest[at+1:at+1+end])
		rest = rest[at+1+end+1:]
	}
}

// slots adds the names of the slots to names, each once.
func (t template) slots(names []string) []string {
	for i := 1; i < len(t); i += 2 {
		if !slices.Contains(names, t[i]) {
			names = append(names, t[i])
		}
	}
	return names
}

// fill returns the text with the slots filled.
func (t template) fill(with map[string]string) string {
	var b strings.Builder
	for i, part := range t {
		if i%2 == 1 {
			part = with[part]
		}
		b.WriteString(part)
	}
	return b.String()
}

// expand appends the cases of one group of texts to t and marks the slots used.
func (r *rawTest) expand(t *Test, group []string, used map[string]bool, b *budget) error {
	var templates []template
	var names []string
	for _, text := range group {
		one, err := parseTemplate(text)
		if err != nil {
			return err
		}
		templates = append(templates, one)
		names = one.slots(names)
	}
	for _, name := range names {
		if len(r.Fill[name]) == 0 {
			return fmt.Errorf("nothing fills the slot {%s}", name)
		}
		used[name] = true
	}
	if r.Vary != "" {
		if !slices.Contains(names, r.Vary) || len(r.Fill[r.Vary]) < 2 {
			return fmt.Errorf("vary = %q: want a slot of each text, with at least two fillings", r.Vary)
		}
		names = slices.DeleteFunc(names, func(n string) bool { return n == r.Vary })
	}
	for with := range r.fillings(names) {
		var texts []string
		if r.Vary == "" {
			for _, one := range templates {
				texts = append(texts, one.fill(with))
			}
		} else {
			for _, word := range r.Fill[r.Vary] {
				with[r.Vary] = word
				texts = append(texts, templates[0].fill(with))
				if err := b.spend(texts[len(texts)-1]); err != nil {
					return err
				}
			}
		}
		if t.Type == MFT {
			if err := b.spend(texts[0]); err != nil {
				return err
			}
			t.Cases = append(t.Cases, texts)
			continue
		}
		for _, changed := range texts[1:] {
			if err := b.spend(texts[0], changed); err != nil {
				return err
			}
			t.Cases = append(t.Cases, []string{texts[0], changed})
		}
	}
	return nil
}

// fillings yields every combination of words for the slots, the last slot the
// fastest. The map is the same one every time.
func (r *rawTest) fillings(names []string) func(yield func(map[string]string) bool) {
	return func(yield func(map[string]string) bool) {
		at := make([]int, len(names))
		with := make(map[string]string, len(names)+1)
		for {
			for i, name := range names {
				with[name] = r.Fill[name][at[i]]
			}
			if !yield(with) {
				return
			}
			k := len(at) - 1
			for ; k >= 0; k-- {
				if at[k]++; at[k] < len(r.Fill[names[k]]) {
					break
				}
				at[k] = 0
			}
			if k < 0 {
				return
			}
		}
	}
}
