package corpora

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

const maxLabelBytes = 1024 // a longer one is not a label but a text

// setMark begins the cell of a list of labels, joined by DefaultSeparator: they
// are whole, whatever is in them. A DefaultSeparator in front of the first says
// that the head has sets of labels, also where each has one.
const setMark = "\x1e"

// slot returns room for the labels of one example.
func (r *Reader) slot() []string {
	n := len(r.heads)
	if len(r.slab) < n {
		r.slab = make([]string, 256*n)
	}
	s := r.slab[:n:n]
	r.slab = r.slab[n:]
	return s
}

// label returns the label that a cell holds, in its canonical spelling, and
// notes that the source has it.
func (f *file) label(head int, cell []byte) (string, error) {
	if f.opts.Unlabelled {
		return "", nil
	}
	cell = bytes.TrimSpace(cell)
	if len(cell) == 0 {
		return "", nil
	}
	l := f.labels[head][string(cell)]
	if l == nil {
		if len(cell) > maxLabelBytes {
			return "", fmt.Errorf("label of %d bytes, want at most %d: %w", len(cell), maxLabelBytes, ErrTooLong)
		}
		l = f.parseLabel(head, string(cell))
		if len(f.labels[head]) < f.opts.Limits.Labels {
			f.labels[head][string(cell)] = l
		}
	}
	if l.err != nil {
		return "", l.err
	}
	if l.source != f.source {
		labels := &f.sources[f.source].Labels[head]
		for _, part := range l.parts {
			if f.seen[head][part] {
				continue
			}
			if len(*labels) >= f.opts.Limits.Labels {
				return "", &ParseError{File: f.name, Err: fmt.Errorf("head %q has more than %d labels, is this the label column? %w", f.heads[head], f.opts.Limits.Labels, ErrTooLarge)}
			}
			f.seen[head][part] = true
			*labels = append(*labels, part)
		}
		for _, form := range l.forms {
			f.spell(head, form)
		}
		l.source = f.source
	}
	return l.text, nil
}

func (r *Reader) parseLabel(head int, cell string) *label {
	l := &label{source: -1}
	parts := []string{cell}
	list, isList := strings.CutPrefix(cell, setMark)
	if to, ok := r.mapped(cell); ok {
		parts = SplitLabels(to, r.opts.Separator)
	} else if isList {
		parts = SplitLabels(list, DefaultSeparator)
	} else if r.opts.Separator != "" {
		parts = SplitLabels(cell, r.opts.Separator)
	}
	for _, p := range parts {
		if to, ok := r.mapped(p); ok {
			p = to
		}
		p = numberLabel(p)
		if to := CanonicalLabel(p); !r.opts.KeepSpelling && (to != p || to == "negative" || to == "neutral" || to == "positive") {
			l.forms = append(l.forms, Renamed{p, to})
			if to != p {
				r.rename(p, to)
			}
			p = to
		}
		if p == "" {
			continue
		}
		if known := r.known[head]; known != nil && !known[p] {
			l.err = fmt.Errorf("label %q of head %q: %w", p, r.heads[head], ErrUnknownLabel)
			return l
		}
		l.parts = append(l.parts, p)
	}
	l.text = strings.Join(l.parts, DefaultSeparator)
	if isList && (len(l.parts) == 0 || strings.HasPrefix(list, DefaultSeparator)) {
		l.text = DefaultSeparator + l.text // a set, of however many
	}
	r.several = r.several || isList && strings.Contains(l.text, DefaultSeparator)
	return l
}

// spell notes how the source spells a label.
func (f *file) spell(head int, form Renamed) {
	src := &f.sources[f.source]
	before, ok := f.spelled[head][form.To]
	switch {
	case !ok:
		f.spelled[head][form.To] = form.From
		if form.From == form.To {
			return
		}
		if src.Spelling == nil {
			src.Spelling = make([]map[string]string, len(f.heads))
		}
		if src.Spelling[head] == nil {
			src.Spelling[head] = map[string]string{}
		}
		src.Spelling[head][form.To] = form.From
	case before != form.From:
		f.spelled[head][form.To] = ""
		if src.Spelling != nil {
			delete(src.Spelling[head], form.To)
		}
	}
}

// mapped returns what the label map makes of a label, however it spells a number.
func (r *Reader) mapped(label string) (string, bool) {
	to, ok := r.opts.LabelMap[label]
	if !ok {
		to, ok = r.opts.LabelMap[numberLabel(label)]
	}
	return to, ok
}

// numberLabel returns the one spelling of a whole number, which pandas writes as
// 1.0 where a column also has missing values.
func numberLabel(label string) string {
	whole, zeros, ok := strings.Cut(label, ".")
	digits := strings.TrimPrefix(whole, "-")
	if ok && zeros != "" && strings.Trim(zeros, "0") == "" && digits != "" && strings.Trim(digits, "0123456789") == "" {
		return whole
	}
	return label
}

// appendNumber appends a number as a label: without an exponent, unless it is
// huge or tiny.
func appendNumber(b []byte, v float64, bits int) []byte {
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e15) {
		return strconv.AppendFloat(b, v, 'g', -1, bits)
	}
	return strconv.AppendFloat(b, v, 'f', -1, bits)
}

// rename notes that a label is read in another spelling.
func (r *Reader) rename(from, to string) {
	if n := (Renamed{from, to}); !slices.Contains(r.report.Renamed, n) {
		r.report.Renamed = append(r.report.Renamed, n)
	}
}

// checkLabels refuses, at the end of a source, a label column that was guessed
// and is none: where nearly every row has a label of its own; and, if labels are
// needed, a source without any.
func (r *Reader) checkLabels(f *file) error {
	rows := r.report.Files[f.source].Rows
	if rows == 0 || r.opts.Unlabelled {
		return nil
	}
	found := 0
	for _, labels := range r.sources[f.source].Labels {
		found += len(labels)
	}
	var err error
	switch {
	case found == 0 && r.opts.Labelled:
		err = fmt.Errorf("none of the %d rows has a label: %w", rows, ErrColumns)
		switch {
		case f.header != nil && !f.labelled:
			err = r.opts.noLabels(f.header)
		case rows == 1 && r.report.Files[f.source].Format == Text:
			err = fmt.Errorf("read as one document without a label: say if it is a table (--format tsv, or --no-header): %w", ErrColumns)
		}
	case len(r.opts.Heads) == 0 && f.header != nil && !r.several && rows >= uniqueRows && found*10 > rows*9:
		err = fmt.Errorf("the column taken for the label has %d different values in %d rows, the columns are %s: say which it is (--label-col): %w",
			found, rows, quoteList(f.header), ErrColumns)
	}
	if err != nil {
		return &ParseError{File: f.name, Err: err}
	}
	return nil
}

// uniqueRows is how many rows it takes to see that each has its own label.
const uniqueRows = 20
