package answers

import (
	"io"
	"math"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/answer"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/report/page"
)

// A summary counts records by source, head and label, and prints the counts when it is
// closed.
type summary struct {
	w       io.Writer
	style   report.Style
	heads   []classify.Head
	o       Options
	sources []*tally // in the order of their first records
}

// A tally is the counts of one source.
type tally struct {
	source string
	texts  int
	heads  []headTally
	bad    int
}

// A headTally is the counts of one head: the texts by label, "" being none, or what its
// numbers come to.
type headTally struct {
	labels       map[string]int
	n            int
	sum, low, up float64
}

func newSummary(w io.Writer, style report.Style, heads []classify.Head, o Options) *summary {
	return &summary{w: w, style: style, heads: heads, o: o}
}

func newTally(source string, heads int) *tally {
	t := &tally{source: source, heads: make([]headTally, heads)}
	for h := range t.heads {
		t.heads[h] = headTally{labels: map[string]int{}, low: math.Inf(1), up: math.Inf(-1)}
	}
	return t
}

func (s *summary) Write(r *answer.Record) error {
	i := slices.IndexFunc(s.sources, func(t *tally) bool { return t.source == r.Source })
	if i < 0 {
		i = len(s.sources)
		s.sources = append(s.sources, newTally(r.Source, len(s.heads)))
	}
	s.sources[i].add(r, s.heads, s.o.Naming)
	return nil
}

// add counts a record.
func (t *tally) add(r *answer.Record, heads []classify.Head, names answer.Naming) {
	t.texts++
	if r.Bad != nil {
		t.bad++
		return
	}
	for h := range heads {
		head, score, of := &heads[h], r.Scores[h], &t.heads[h]
		switch {
		case answer.Unlabelled(r.Prediction, h):
			of.labels[""]++
		case !head.Labelled():
			v := float64(score.Value)
			of.n, of.sum, of.low, of.up = of.n+1, of.sum+v, min(of.low, v), max(of.up, v)
		default:
			given := names.Labels(head, score)
			if len(given) == 0 {
				of.labels[""]++
			}
			for _, l := range given {
				of.labels[l]++
			}
		}
	}
}

// merge adds the counts of other.
func (t *tally) merge(other *tally) {
	t.texts += other.texts
	t.bad += other.bad
	for h := range t.heads {
		a, b := &t.heads[h], &other.heads[h]
		for l, n := range b.labels {
			a.labels[l] += n
		}
		a.n, a.sum, a.low, a.up = a.n+b.n, a.sum+b.sum, min(a.low, b.low), max(a.up, b.up)
	}
}

func (s *summary) Flush() error { return nil } // the counts go on

func (s *summary) Close() error {
	tallies := s.sources
	if len(tallies) > 1 {
		tallies = append(slices.Clone(tallies), s.all())
	}
	numbers := slices.ContainsFunc(s.heads, func(h classify.Head) bool { return !h.Labelled() })
	header := []string{"file", "head", "label", "texts", "share"}
	if numbers {
		header = append(header, "mean", "lowest", "highest")
	}
	if s.forPeople() {
		header = append(header, "")
	}
	var rows [][]any
	for i, t := range tallies {
		if i > 0 {
			rows = append(rows, nil)
		}
		rows = append(rows, s.rows(t, numbers)...)
	}
	if s.style == report.HTML {
		counts := page.Section{Bars: s.bars(), Header: header[:len(header)-1]}
		for _, row := range rows {
			if row != nil {
				row = row[:len(row)-1]
			}
			counts.Rows = append(counts.Rows, row)
		}
		return page.Write(s.w, page.Page{Title: "Answers", Sections: []page.Section{counts}})
	}
	return report.Table(s.w, header, rows, s.style)
}

// all counts all sources.
func (s *summary) all() *tally {
	all := newTally("", len(s.heads))
	for _, t := range s.sources {
		all.merge(t)
	}
	return all
}

// bars are a plot for each head with labels: how many texts have each.
func (s *summary) bars() (bars []page.Bars) {
	all := s.all()
	for h := range s.heads {
		head := &s.heads[h]
		if !head.Labelled() || all.texts == 0 {
			continue
		}
		b := page.Bars{Caption: head.Name, Unit: "texts"}
		for _, l := range all.labels(head, h) {
			b.Names, b.Values = append(b.Names, l), append(b.Values, float64(all.heads[h].labels[l]))
		}
		if n := all.heads[h].labels[""] + all.bad; n > 0 {
			b.Names, b.Values = append(b.Names, "(none)"), append(b.Values, float64(n))
		}
		bars = append(bars, b)
	}
	return bars
}

// labels are those of a head as answers have them.
func (t *tally) labels(head *classify.Head, h int) []string {
	labels := make([]string, 0, len(head.Labels)+1)
	for _, l := range head.Labels {
		labels = append(labels, head.Spell(l))
	}
	if t.heads[h].labels["neutral"] > 0 && !slices.Contains(labels, "neutral") { // by Naming
		labels = append(labels, "neutral")
	}
	return labels
}

func (s *summary) forPeople() bool {
	return slices.Contains([]report.Style{report.Text, report.Markdown, report.HTML, report.LaTeX}, s.style)
}

// rows are those of a source: one for each label, with a bar for its share.
func (s *summary) rows(t *tally, numbers bool) (rows [][]any) {
	file, none := any(t.source), any(nil)
	if t.source == "" {
		file = nil
	}
	if s.forPeople() {
		none = "(none)"
		if t.source == "" {
			file = "all"
		}
	}
	add := func(head string, label any, n int, figures ...any) {
		share := float64(n) / float64(max(t.texts, 1))
		row := []any{file, head, label, n, share}
		if numbers {
			row = append(row, append(figures, make([]any, 3-len(figures))...)...)
		}
		if s.forPeople() {
			row = append(row, strings.Repeat("█", int(math.Round(20*share))))
		}
		rows = append(rows, row)
	}
	for h := range s.heads {
		head, of := &s.heads[h], &t.heads[h]
		if !head.Labelled() && of.n > 0 {
			add(head.Name, nil, of.n, of.sum/float64(of.n), of.low, of.up)
		}
		for _, l := range t.labels(head, h) {
			add(head.Name, l, of.labels[l])
		}
		if n := of.labels[""] + t.bad; n > 0 {
			add(head.Name, none, n)
		}
	}
	return rows
}
