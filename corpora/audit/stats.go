package audit

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/report"
)

// WriteStats renders the description of a corpus: as JSON the description itself, as
// Text or Markdown a table of each kind of figures.
func WriteStats(w io.Writer, style report.Style, s *corpora.Stats) error {
	if style == report.JSON {
		return report.WriteJSON(w, s)
	}
	return report.WriteSections(w, style, statsSections(s)...)
}

func statsSections(s *corpora.Stats) []report.Section {
	vocabulary := fmt.Sprint(s.Vocabulary)
	if s.Capped {
		vocabulary = "more than " + vocabulary
	}
	figures := report.Section{Title: "Corpus", Header: []string{"figure", "value"}, Rows: [][]any{
		{"rows", s.Rows}, {"refused rows", s.Refused}, {"blank lines", s.Blank}, {"bytes of text", s.Bytes},
		{"texts without a word", s.Empty}, {"bad bytes", s.BadBytes}, {"texts with U+FFFD", s.Replaced},
		{"different words", vocabulary}, {"words that occur once", s.Once},
	}}
	labels := report.Section{Title: "Labels", Header: []string{"head", "label", "rows", "share"}}
	for h, head := range s.Heads {
		counts := s.Labels[h]
		for _, label := range slices.Sorted(maps.Keys(counts)) {
			name := any(label)
			if label == "" {
				name = "(none)"
			}
			labels.Rows = append(labels.Rows, []any{head, name, counts[label], percent(counts[label], s.Rows)})
		}
	}
	lengths := report.Section{Title: "Lengths", Header: []string{"per text", "total", "mean", "min", "median", "90 %", "95 %", "99 %", "max"}}
	for _, l := range []struct {
		name string
		s    corpora.Summary
	}{{"words", s.Tokens}, {"characters", s.Characters}} {
		lengths.Rows = append(lengths.Rows, []any{l.name, l.s.Total, strconv.FormatFloat(l.s.Mean, 'f', 1, 64), l.s.Min, l.s.Median, l.s.P90, l.s.P95, l.s.P99, l.s.Max})
	}
	coverage := report.Section{Title: "Coverage by the most frequent words", Header: []string{"words", "of all words"}}
	for _, c := range s.Coverage {
		coverage.Rows = append(coverage.Rows, []any{c.Words, strconv.FormatFloat(100*c.Share, 'f', 1, 64) + " %"})
	}
	files := report.Section{Title: "Files", Header: []string{"file", "format", "encoding", "rows", "refused", "bad bytes"}}
	for _, f := range s.Files {
		files.Rows = append(files.Rows, []any{f.Name, f.Format, f.Encoding, f.Rows, f.Refused, f.BadBytes})
	}
	faults := report.Section{Title: "Refused rows and notes", Header: []string{"what"}}
	for _, e := range s.Errors {
		faults.Rows = append(faults.Rows, []any{e.Error()})
	}
	if more := s.Refused - len(s.Errors); more > 0 {
		faults.Rows = append(faults.Rows, []any{fmt.Sprintf("and %d more", more)})
	}
	for _, n := range s.Notes {
		faults.Rows = append(faults.Rows, []any{n})
	}
	return []report.Section{figures, labels, lengths, coverage, files, faults}
}

func percent(n, of int) string {
	if of == 0 {
		return "n/a"
	}
	return strconv.FormatFloat(100*float64(n)/float64(of), 'f', 1, 64) + " %"
}
