package page

import (
	"fmt"

	"github.com/textlstm/textlstm/internal/fsx"
)

// WritePlots writes every plot of p into dir, which it makes if need be, as
// SVG and as PNG, and returns the names of the files in the order of the page:
// "sentiment-confusion.svg", "curve-loss.png". Each file appears whole or not
// at all; files of the same names are replaced.
func WritePlots(dir string, p Page) ([]string, error) {
	var all []drawing
	used := make(map[string]bool)
	for i, h := range p.Heads {
		prefix := fileName(h.Evaluation.Head)
		if prefix == "" || used[prefix] {
			prefix += fmt.Sprint("head-", i+1)
		}
		used[prefix] = true
		for _, d := range h.drawings() {
			d.name = prefix + "-" + d.name
			all = append(all, d)
		}
	}
	for i, c := range p.Comparisons {
		for _, d := range comparisonDrawings(&c) {
			d.name = fmt.Sprintf("comparison-%d-%s", i+1, d.name)
			all = append(all, d)
		}
	}
	for i, s := range p.Sections {
		charts, err := s.drawings()
		if err != nil {
			return nil, err
		}
		for _, d := range charts {
			d.name = fmt.Sprintf("section-%d-%s", i+1, d.name)
			all = append(all, d)
		}
	}
	curves, err := curves(p.History)
	if err != nil {
		return nil, err
	}
	all = append(all, curves...)

	if err := fsx.MkdirAll(fsx.OS{}, dir, 0o777); err != nil {
		return nil, fmt.Errorf("page: %w", err)
	}
	var names []string
	for _, d := range all {
		files, err := d.sheet().Files(dir, d.name, d.plot)
		names = append(names, files...)
		if err != nil {
			return names, fmt.Errorf("page: %w", err)
		}
	}
	return names, nil
}
