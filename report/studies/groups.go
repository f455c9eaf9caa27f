package studies

import (
	"io"
	"math"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/report/page"
	"github.com/textlstm/textlstm/train/crossval"
)

// A groupRow is a line of the table of groups.
type groupRow struct {
	Head          string         `json:"head"`
	Group         string         `json:"group,omitempty"` // "" for the mean
	Labels        []string       `json:"labels"`
	N             int            `json:"n"`
	Accuracy      evaluate.Score `json:"accuracy"`
	MacroF1       evaluate.Score `json:"macro_f1"`
	VADERAccuracy evaluate.Score `json:"vader_accuracy"`
	VADERMacroF1  evaluate.Score `json:"vader_macro_f1"`
}

func newGroupRow(l crossval.GroupResult) groupRow {
	row := groupRow{
		Head: l.Head, Group: l.Group, Labels: l.Labels, N: l.Model.N, Accuracy: l.Model.Accuracy, MacroF1: l.Model.MacroF1,
		VADERAccuracy: evaluate.Score(math.NaN()), VADERMacroF1: evaluate.Score(math.NaN()),
	}
	if l.VADER != nil {
		row.VADERAccuracy, row.VADERMacroF1 = l.VADER.Accuracy, l.VADER.MacroF1
	}
	return row
}

// groupRows are the figures of each group on its own labels and, where they are
// others, on those that all have; and the means of what can be set side by side.
func groupRows(r *crossval.Groups) (rows, means []groupRow, err error) {
	for _, h := range r.Heads {
		comparable := r.Comparable(h.Name)
		if comparable == nil {
			continue
		}
		for _, own := range r.Own {
			if own.Head != h.Name {
				continue
			}
			rows = append(rows, newGroupRow(own))
			for _, l := range comparable {
				if l.Group == own.Group && !slices.Equal(l.Labels, own.Labels) {
					rows = append(rows, newGroupRow(l))
				}
			}
		}
		mean := groupRow{Head: h.Name, Labels: comparable[0].Labels}
		for _, l := range comparable {
			mean.N += l.Model.N
		}
		for _, x := range []struct {
			to     *evaluate.Score
			metric string
			vader  bool
		}{
			{&mean.Accuracy, "accuracy", false}, {&mean.MacroF1, "macro_f1", false},
			{&mean.VADERAccuracy, "accuracy", true}, {&mean.VADERMacroF1, "macro_f1", true},
		} {
			s, err := r.Spread(h.Name, x.metric, x.vader)
			if err != nil {
				return nil, nil, err
			}
			*x.to = s.Mean
		}
		means = append(means, mean)
	}
	return rows, means, nil
}

// WriteGroups renders how models did on kinds of texts that they had not met: the
// figures of each group, and their means. HTML is a whole page, with plots.
func WriteGroups(out io.Writer, style report.Style, r *crossval.Groups) error {
	rows, means, err := groupRows(r)
	if err != nil {
		return err
	}
	if style == report.JSON || style == report.JSONL {
		return writeJSON(out, style, struct {
			Folds  []crossval.Fold `json:"folds"`
			Groups []groupRow      `json:"groups"`
			Means  []groupRow      `json:"means"`
		}{r.Folds, rows, means})
	}
	var cells [][]any
	add := func(g groupRow, name string) {
		cells = append(cells, []any{g.Head, name, strings.Join(g.Labels, ","), g.N, g.Accuracy, g.MacroF1, g.VADERAccuracy, g.VADERMacroF1})
	}
	for _, g := range rows {
		add(g, g.Group)
	}
	cells = append(cells, nil)
	for _, g := range means {
		add(g, "(mean)")
	}
	header := []string{"head", "group", "labels", "n", "accuracy", "macro_f1", "vader_accuracy", "vader_macro_f1"}
	if style == report.HTML {
		return page.Write(out, groupsPage(rows, header, cells))
	}
	return report.Table(out, header, cells, style)
}

// groupsPage has bars of the macro-F1 of each group.
func groupsPage(groups []groupRow, header []string, rows [][]any) page.Page {
	s := page.Section{Header: header, Rows: rows}
	for _, g := range groups {
		if n := len(s.Bars); n == 0 || s.Bars[n-1].Caption != g.Head {
			s.Bars = append(s.Bars, page.Bars{Caption: g.Head, Unit: "macro F1 of the group that the model had not met"})
		}
		bars := &s.Bars[len(s.Bars)-1]
		bars.Names, bars.Values = append(bars.Names, g.Group), append(bars.Values, float64(g.MacroF1))
	}
	return page.Page{Title: "Left-out groups", Sections: []page.Section{s}}
}
