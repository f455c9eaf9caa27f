package corpora

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// The names by which columns are found, the better ones first.
var (
	defaultTextColumns  = []string{"text", "sentence", "review", "content", "body", "message", "tweet", "comment", "document", "phrase", "description"}
	defaultLabelColumns = []string{"label", "labels", "sentiment", "category", "class", "topic", "target", "polarity"}
)

// findColumn returns the first of the fields, in any case, that the earliest
// possible name names, or -1.
func findColumn(fields, names []string) int {
	for _, name := range names {
		for i, f := range fields {
			if strings.EqualFold(strings.TrimSpace(f), name) {
				return i
			}
		}
	}
	return -1
}

// columns are the indices of the columns of a table.
type columns struct {
	text     []int
	labels   []labelColumn // per head
	id       int           // -1 is absent, as for weight
	weight   int
	numbered bool // a column was found by its number
}

// A labelColumn is where the labels of a head stand.
type labelColumn struct {
	at    []int    // none if absent; several are columns of 0 and 1
	names []string // of the columns of 0 and 1
}

// columnIndex finds a column by its exact name, its name in another case or its
// number from 1.
func (c *columns) columnIndex(header []string, name string) int {
	if i := slices.Index(header, name); i >= 0 {
		return i
	}
	if i := findColumn(header, []string{name}); i >= 0 {
		return i
	}
	if n, err := strconv.Atoi(name); err == nil && n >= 1 && n <= len(header) {
		c.numbered = true
		return n - 1
	}
	return -1
}

// find finds the column that spec names, or else the several that it lists. Where
// one is missing it returns no column, and the names of the others.
func (c *columns) find(header []string, spec string) (at []int, names []string, missing string) {
	if i := c.columnIndex(header, spec); i >= 0 {
		return []int{i}, []string{spec}, ""
	}
	for _, name := range splitQuoted(spec, ',') {
		name = unquote(name)
		if i := c.columnIndex(header, name); i >= 0 {
			at, names = append(at, i), append(names, name)
		} else {
			missing = name
		}
	}
	if missing != "" {
		at = nil
	}
	return at, names, missing
}

// resolve finds the columns that the options ask for in a header. Where sparse,
// the header is that of one row, and only its text must be there.
func (o *Options) resolve(header []string, sparse bool) (columns, error) {
	c := columns{id: -1, weight: -1, labels: make([]labelColumn, len(o.heads()))}
	missing := func(name string) error {
		return fmt.Errorf("no column %q, the columns are %s: %w", name, quoteList(header), ErrColumns)
	}
	for _, spec := range o.TextColumns {
		at, _, name := c.find(header, spec)
		if at == nil {
			return c, missing(name)
		}
		c.text = append(c.text, at...)
	}
	if len(o.TextColumns) == 0 {
		var err error
		if c.text, err = guessText(header, sparse); err != nil {
			return c, err
		}
	}
	found := len(o.Heads) == 0
	for h := range c.labels {
		if len(o.Heads) == 0 {
			if i := findColumn(header, defaultLabelColumns); i >= 0 {
				c.labels[h].at = []int{i}
			}
			continue
		}
		at, names, name := c.find(header, o.Heads[h].Column)
		if at == nil && len(names) > 0 && !sparse {
			return c, missing(name) // one of several
		}
		if len(at) < 2 {
			names = nil
		}
		c.labels[h] = labelColumn{at, names}
		found = found || at != nil
	}
	if !found && !sparse && !o.Unlabelled {
		return c, o.noLabels(header)
	}
	for _, col := range []struct {
		name, def string
		index     *int
	}{{o.IDColumn, "id", &c.id}, {o.WeightColumn, "", &c.weight}} {
		switch {
		case col.name != "":
			if *col.index = c.columnIndex(header, col.name); *col.index < 0 && !sparse {
				return c, missing(col.name)
			}
		case col.def != "":
			*col.index = findColumn(header, []string{col.def})
		}
	}
	return c, nil
}

// noLabels says that a table lacks the label columns.
func (o *Options) noLabels(header []string) error {
	if len(o.Heads) == 0 {
		return fmt.Errorf("no label column, the columns are %s: name it (--label-col), or several of 0 and 1 (--head NAME=a,b,c): %w", quoteList(header), ErrColumns)
	}
	var names []string
	for _, h := range o.Heads {
		names = append(names, h.Column)
	}
	return fmt.Errorf("none of the label columns %s, the columns are %s: %w", quoteList(names), quoteList(header), ErrColumns)
}

// guessText finds the text column by its name: none if no name fits. Where
// several fit and none is called text, that is no guess to be made. Two of one name
// are a fault of a sparse header, not for here.
func guessText(header []string, sparse bool) ([]int, error) {
	i := findColumn(header, defaultTextColumns)
	if i < 0 {
		return nil, nil
	}
	var fit []string
	for _, name := range header {
		if findColumn([]string{name}, defaultTextColumns) >= 0 && !(sparse && slices.Contains(fit, name)) {
			fit = append(fit, name)
		}
	}
	isText := func(name string) bool { return findColumn([]string{name}, defaultTextColumns[:1]) >= 0 }
	if texts := slices.DeleteFunc(slices.Clone(fit), func(n string) bool { return !isText(n) }); len(fit) > 1 && len(texts) != 1 {
		return nil, fmt.Errorf("the columns %s could each be the text: say which (--text-col): %w", quoteList(fit), errAmbiguous)
	}
	return []int{i}, nil
}

// errAmbiguous is ErrColumns of a guess that is not safe.
var errAmbiguous = fmt.Errorf("%w", ErrColumns)

// quoteList names at most ten columns.
func quoteList(names []string) string {
	var b strings.Builder
	for i, n := range names {
		if i == 10 {
			fmt.Fprintf(&b, " and %d more", len(names)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		if len(n) > 40 {
			n = n[:40]
		}
		fmt.Fprintf(&b, "%q", strings.ToValidUTF8(n, ""))
	}
	return b.String()
}

// used returns the columns whose values are read.
func (c *columns) used() []int {
	used := slices.Clone(c.text)
	for _, l := range c.labels {
		used = append(used, l.at...)
	}
	for _, i := range []int{c.id, c.weight} {
		if i >= 0 {
			used = append(used, i)
		}
	}
	slices.Sort(used)
	return slices.Compact(used)
}

// guessColumns notes the columns that no option named.
func (f *file) guessColumns(c *columns, header []string) {
	name := func(at []int) string {
		names := make([]string, len(at))
		for i, at := range at {
			names[i] = header[at]
		}
		return quoteList(names)
	}
	if len(f.opts.TextColumns) == 0 {
		f.guess("text", name(c.text))
	}
	if !f.opts.Unlabelled && len(f.opts.Heads) == 0 && c.labels[0].at != nil {
		f.guess("label", name(c.labels[0].at))
	}
	if f.opts.IDColumn == "" && c.id >= 0 {
		f.guess("id", name([]int{c.id}))
	}
}

// example fills ex from the fields of a row; a nil field is null.
func (f *file) example(ex *Example, c *columns, fields [][]byte) error {
	text := fields[c.text[0]]
	if len(c.text) > 1 {
		f.joined = f.joined[:0]
		for _, i := range c.text {
			if part := bytes.TrimSpace(fields[i]); len(part) > 0 {
				if len(f.joined) > 0 {
					f.joined = append(f.joined, ' ')
				}
				f.joined = append(f.joined, part...)
			}
		}
		text = f.joined
	}
	ex.Text = f.text(text)
	ex.Labels = f.slot()
	if !f.opts.Unlabelled {
		for h := range c.labels {
			cell, err := f.labelCell(&c.labels[h], fields)
			if err != nil {
				return err
			}
			if ex.Labels[h], err = f.label(h, cell); err != nil {
				return err
			}
		}
	}
	if c.weight >= 0 {
		w, err := parseWeight(string(fields[c.weight]))
		if err != nil {
			return err
		}
		ex.Weight = w
	}
	ex.Line = f.at
	if c.id >= 0 {
		ex.ID = f.text(fields[c.id])
	}
	if ex.ID == "" {
		ex.ID = f.rowID()
	}
	return nil
}

// cells returns the fields of a row under the names of the columns.
func (f *file) cells(fields [][]byte) []Field {
	kept := make([]Field, len(f.header))
	for i, name := range f.header {
		kept[i] = Field{Name: name, Value: f.text(fields[i])}
	}
	return kept
}

// labelCell returns the cell of a head: that of its column, or the set of those
// of its columns that hold 1. Where all are empty or -1 there is no label.
func (f *file) labelCell(l *labelColumn, fields [][]byte) ([]byte, error) {
	switch len(l.at) {
	case 0:
		return nil, nil
	case 1:
		return fields[l.at[0]], nil
	}
	f.cell = append(f.cell[:0], setMark...)
	known := false
	for i, at := range l.at {
		switch v := strings.ToLower(string(bytes.TrimSpace(fields[at]))); v {
		case "1", "1.0", "true", "yes":
			f.cell = append(append(f.cell, DefaultSeparator...), l.names[i]...)
			known = true
		case "0", "0.0", "false", "no":
			known = true
		case "", "-1":
		default:
			return nil, fmt.Errorf("column %q holds %.40q, want 0 or 1 in each of several columns of one head: %w", l.names[i], v, ErrSyntax)
		}
	}
	if !known {
		return nil, nil
	}
	return f.cell, nil
}

// rowID names a row by its number in the file.
func (f *file) rowID() string {
	b := make([]byte, 0, len(f.name)+12)
	b = append(b, f.name...)
	b = append(b, ':')
	return string(strconv.AppendInt(b, int64(f.records), 10))
}

// parseWeight parses the weight of an example; an empty one is 1.
func parseWeight(s string) (float32, error) {
	if s = strings.TrimSpace(s); s == "" {
		return 1, nil
	}
	w, err := strconv.ParseFloat(s, 32)
	switch exact, _ := strconv.ParseFloat(s, 64); {
	case errors.Is(err, strconv.ErrRange) && w > 0:
		return 0, fmt.Errorf("weight %q is too large for 32 bits: %w", s, ErrSyntax)
	case w == 0 && exact > 0:
		return 0, fmt.Errorf("weight %q is too small for 32 bits: %w", s, ErrSyntax)
	case err != nil || math.IsInf(w, 0) || !(w > 0):
		return 0, fmt.Errorf("weight %q is not a finite number above 0: %w", s, ErrSyntax)
	}
	return float32(w), nil
}
