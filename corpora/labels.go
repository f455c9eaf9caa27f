package corpora

import (
	"bytes"
	"fmt"
)

const maxLabelBytes = 1024 // a longer one is not a label but a text

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
		l.source = f.source
	}
	return l.text, nil
}

func (r *Reader) parseLabel(head int, cell string) *label {
	l := &label{source: -1}
	parts := []string{cell}
	if to, ok := r.opts.LabelMap[cell]; ok {
		parts = SplitLabels(to, r.opts.Separator)
	} else if r.opts.Separator != "" {
		parts = SplitLabels(cell, r.opts.Separator)
	}
	for _, p := range parts {
		if to, ok := r.opts.LabelMap[p]; ok {
			p = to
		}
		if !r.opts.KeepSpelling {
			p = CanonicalLabel(p)
		}
		if p == "" {
			continue
		}
		if known := r.known[head]; known != nil && !known[p] {
			l.err = fmt.Errorf("label %q of head %q: %w", p, r.heads[head], ErrUnknownLabel)
			return l
		}
		if len(l.parts) > 0 {
			l.text += r.opts.Separator
		}
		l.text += p
		l.parts = append(l.parts, p)
	}
	return l
}

// setLabels fills the labels of ex from one cell per head; a nil cell is a
// missing label. It returns the head whose label is at fault.
func (f *file) setLabels(ex *Example, cells [][]byte) (int, error) {
	ex.Labels = f.slot()
	for h, cell := range cells {
		l, err := f.label(h, cell)
		if err != nil {
			return h, err
		}
		ex.Labels[h] = l
	}
	return 0, nil
}
