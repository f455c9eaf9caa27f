// Package audit describes labelled files and looks for what spoils a training or makes
// figures too good: unreadable rows, texts that occur twice, that have two labels or are
// almost one, rare and probably wrong labels, and texts that a later file shares with
// an earlier one, as train and test should not. It puts what package corpora finds in
// one file or two together, and prints it.
package audit

import (
	"fmt"
	"io"
	"strings"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/report"
)

// excerptLength is the number of characters of a text in a table.
const excerptLength = 60

// An Audit is what was found in files. Its zero value has none.
type Audit struct {
	Options corpora.CheckOptions // for each file; a negative Near looks for no near duplicates
	Files   []*File              // in the order in which texts should not be shared with a later one
}

// A File is what was found in one file.
type File struct {
	Name     string
	Data     *corpora.Dataset
	Report   *corpora.Report
	Findings *corpora.Findings

	// Wrong are labels that are probably wrong, for who has looked for them, as
	// crossval.LabelErrors does.
	Wrong []corpora.WrongLabel
}

// Add checks one more file, which corpora.ReadFiles has read, and returns what was
// found.
func (a *Audit) Add(name string, d *corpora.Dataset, r *corpora.Report) *File {
	f := &File{Name: name, Data: d, Report: r, Findings: corpora.Check(d, a.Options)}
	a.Files = append(a.Files, f)
	return f
}

// Write renders the findings: as Text or Markdown a table of each kind with the first
// limit of its findings, or all with 0; as JSON all counts, and the first findings of
// each kind by the IDs of their rows.
func (a *Audit) Write(w io.Writer, style report.Style, limit int) error {
	if style == report.JSON {
		return report.WriteJSON(w, a.document(limit))
	}
	return report.WriteSections(w, style, a.sections(limit)...)
}

// leaks returns the texts of an earlier file in a later one.
func (a *Audit) leaks(earlier, later *File) ([]corpora.Leak, []corpora.NearDuplicate) {
	exact := corpora.Leaks(earlier.Data, later.Data)
	if a.Options.Near < 0 {
		return exact, nil
	}
	return exact, corpora.NearLeaks(earlier.Data, later.Data, a.Options.Near)
}

// place names an example.
func (f *File) place(n int) string { return f.Data.Place(n).Name() }

func (f *File) places(group []int) []string {
	var ids []string
	for _, n := range group {
		ids = append(ids, f.place(n))
	}
	return ids
}

// text is the beginning of an example's text.
func (f *File) text(n int) string { return report.Excerpt(f.Data.Examples[n].Text, excerptLength) }

// shown returns the findings that are shown: all if limit is 0.
func shown[T any](findings []T, limit int) []T {
	if limit == 0 {
		return findings
	}
	return findings[:min(len(findings), limit)]
}

// details has the table of one kind of findings of one file, with a row for each that
// is shown.
func details[T any](f *File, title string, limit int, findings []T, header []string, row func(T) []any) report.Section {
	s := report.Section{Title: fmt.Sprintf("%s: %s", f.Name, title), Header: header}
	some := shown(findings, limit)
	if len(some) < len(findings) {
		s.Title += fmt.Sprintf(" (the first %d of %d)", len(some), len(findings))
	}
	for _, x := range some {
		s.Rows = append(s.Rows, row(x))
	}
	return s
}

func (a *Audit) sections(limit int) []report.Section {
	summary := report.Section{Title: "Files", Header: []string{"file", "rows", "refused", "bad bytes", "empty", "duplicates", "conflicts", "near pairs", "rare labels"}}
	leaks := report.Section{Title: "Texts of one file in a later one", Header: []string{"file", "in", "rows", "share", "near pairs"}}
	var rest []report.Section
	for i, f := range a.Files {
		rare := 0
		for _, r := range f.Findings.Rare {
			rare += len(r)
		}
		summary.Rows = append(summary.Rows, []any{f.Name, f.Report.Rows, f.Report.Refused, f.Report.BadBytes, len(f.Findings.Empty),
			f.Findings.DuplicateRows, len(f.Findings.Conflicts), len(f.Findings.Near), rare})
		rest = append(rest, f.sections(limit)...)
		for _, earlier := range a.Files[:i] {
			exact, near := a.leaks(earlier, f)
			leaks.Rows = append(leaks.Rows, []any{earlier.Name, f.Name, len(exact), percent(len(exact), f.Data.Len()), len(near)})
			rest = append(rest, details(f, "rows that are in "+earlier.Name, limit, exact, []string{"row", "there", "text"}, func(x corpora.Leak) []any {
				return []any{f.place(x.Test), earlier.place(x.Train), f.text(x.Test)}
			}), details(f, "rows that are almost in "+earlier.Name, limit, near, []string{"similarity", "row", "there", "text"}, func(x corpora.NearDuplicate) []any {
				return []any{fmt.Sprintf("%.2f", x.Similarity), f.place(x.B), earlier.place(x.A), f.text(x.B)}
			}))
		}
	}
	return append([]report.Section{summary, leaks}, rest...)
}

// sections are the findings in one file.
func (f *File) sections(limit int) []report.Section {
	all := []report.Section{
		details(f, "refused rows", limit, f.Report.Errors, []string{"row"}, func(err *corpora.ParseError) []any { return []any{err.Error()} }),
		details(f, "texts that occur more than once", limit, f.Findings.Duplicates, []string{"times", "first", "text"}, func(group []int) []any {
			return []any{len(group), f.place(group[0]), f.text(group[0])}
		}),
		details(f, "texts with several labels", limit, f.Findings.Conflicts, []string{"head", "labels", "first", "text"}, func(x corpora.Conflict) []any {
			return []any{f.Data.Heads[x.Head], strings.Join(x.Labels, ", "), f.place(x.Indices[0]), f.text(x.Indices[0])}
		}),
		details(f, "texts that are almost one", limit, f.Findings.Near, []string{"similarity", "first", "second", "text"}, func(x corpora.NearDuplicate) []any {
			return []any{fmt.Sprintf("%.2f", x.Similarity), f.place(x.A), f.place(x.B), f.text(x.A)}
		}),
	}
	for h, labels := range f.Findings.Rare {
		all = append(all, details(f, "rare labels of "+f.Data.Heads[h], limit, labels, []string{"label", "rows"}, func(l corpora.RareLabel) []any {
			return []any{l.Label, l.Count}
		}))
	}
	return append(all, details(f, "labels that are probably wrong", limit, f.Wrong, []string{"head", "label", "rather", "margin", "row", "text"}, func(w corpora.WrongLabel) []any {
		return []any{w.Head, w.Given, w.Suggested, fmt.Sprintf("%.3f", w.Margin), f.place(w.Index), f.text(w.Index)}
	}))
}
