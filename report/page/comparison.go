package page

import (
	"fmt"
	"html/template"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/internal/drawings"
	"github.com/textlstm/textlstm/report"
)

type comparisonView struct {
	Anchor, A, B, Head string
	N                  int
	Verdict            string
	Differences        template.HTML
	Counts             template.HTML
	Plots              []figure
	Changes            []changesView
}

// overviews has a table for each head on which several models meet one.
func overviews(all []report.Comparison) ([]overviewView, error) {
	var out []overviewView
	for _, some := range report.Together(all) {
		if len(some) < 2 {
			continue
		}
		rows, err := table(report.Overview(some))
		if err != nil {
			return nil, err
		}
		out = append(out, overviewView{Title: report.Clean(report.OverviewTitle(some)), Table: rows})
	}
	return out, nil
}

type overviewView struct {
	Title string
	Table template.HTML
}

type changesView struct {
	Title string
	Rows  []changeView
}

type changeView struct{ ID, Gold, A, B, Text string }

func newComparisonView(c *report.Comparison) (comparisonView, error) {
	x := c.Comparison
	v := comparisonView{A: report.Clean(c.A), B: report.Clean(c.B), Head: report.Clean(x.Head), N: x.N}
	v.Verdict = verdict(v.A, v.B, x)
	var rows [][]any
	for _, d := range x.Differences {
		if strings.HasPrefix(d.Metric, "micro_") {
			continue
		}
		rows = append(rows, []any{strings.ReplaceAll(d.Metric, "_", " "), d.A, d.B, d.Diff, fmt.Sprintf("[%.4f, %.4f]", d.Low, d.High), report.Level(d.P)})
	}
	var err error
	if v.Differences, err = table([]string{"figure", v.A, v.B, "difference", fmt.Sprintf("%g %% interval", 100*x.Level), "p"}, rows); err != nil {
		return v, err
	}
	if v.Counts, err = table([]string{"", v.B + " right", v.B + " wrong"}, [][]any{
		{v.A + " right", x.BothRight, x.OnlyA},
		{v.A + " wrong", x.OnlyB, x.BothWrong},
	}); err != nil {
		return v, err
	}
	v.changes("Only "+v.B+" is right", x.OnlyB, x.Wins)
	v.changes("Only "+v.A+" is right", x.OnlyA, x.Regressions)
	v.Plots, err = figures(comparisonDrawings(c))
	return v, err
}

// verdict says in words what McNemar's test does, and which figures tell the models apart
// where it does not.
func verdict(a, b string, c *evaluate.Comparison) string {
	p := fmt.Sprintf("McNemar's exact test: p = %.2g", c.McNemar.Exact)
	if c.McNemar.Exact < 0.0001 {
		p = "McNemar's exact test: p < 0.0001"
	}
	switch {
	case c.McNemar.Exact < 0.05 && c.OnlyB > c.OnlyA:
		return fmt.Sprintf("%s is right more often than %s. %s.", b, a, p)
	case c.McNemar.Exact < 0.05 && c.OnlyB < c.OnlyA:
		return fmt.Sprintf("%s is right less often than %s. %s.", b, a, p)
	}
	var better, worse []string
	for _, d := range c.Differences {
		name := strings.ReplaceAll(d.Metric, "_", " ")
		switch lower := evaluate.LowerIsBetter(d.Metric); {
		case strings.HasPrefix(d.Metric, "micro_"), !(d.Low > 0) && !(d.High < 0):
		case d.Low > 0 && !lower, d.High < 0 && lower:
			better = append(better, name)
		default:
			worse = append(worse, name)
		}
	}
	text := fmt.Sprintf("The number of right answers does not tell %s from %s. %s.", b, a, p)
	for _, told := range []struct {
		word  string
		names []string
	}{{"better", better}, {"worse", worse}} {
		if told.names != nil {
			text += fmt.Sprintf(" But %s is %s by the intervals of %s.", b, told.word, strings.Join(told.names, ", "))
		}
	}
	if better == nil && worse == nil {
		text += " Nor does any other figure: all intervals hold 0."
	}
	return text
}

func (v *comparisonView) changes(title string, n int, changes []evaluate.Change) {
	if len(changes) == 0 {
		return
	}
	if n > len(changes) {
		title = fmt.Sprintf("%s (%d of %d)", title, len(changes), n)
	}
	list := changesView{Title: title}
	for _, c := range changes {
		row := changeView{
			ID:   report.Clean(c.ID),
			Gold: report.Clean(strings.Join(c.Gold, ", ")),
			A:    report.Clean(strings.Join(c.A, ", ")),
			B:    report.Clean(strings.Join(c.B, ", ")),
			Text: cleanLines(c.Text),
		}
		if c.ID == "" {
			row.ID = fmt.Sprintf("row %d", c.Index+1)
		}
		list.Rows = append(list.Rows, row)
	}
	v.Changes = append(v.Changes, list)
}

// comparisonDrawings has one plot: the difference of each figure with its interval.
// Errors and losses are turned round, so that right of the middle is better.
func comparisonDrawings(c *report.Comparison) []drawing {
	x := c.Comparison
	var shown []evaluate.Difference
	for _, d := range x.Differences {
		switch d.Metric {
		case "accuracy", "balanced_accuracy", "macro_f1", "weighted_f1", "samples_f1", "mcc", "brier", "ece", "roc_auc", "pr_auc":
			if evaluate.LowerIsBetter(d.Metric) {
				d.Diff, d.Low, d.High = -d.Diff, -d.High, -d.Low
				d.Metric += ", less"
			}
			shown = append(shown, d)
		}
	}
	if len(shown) == 0 {
		return nil
	}
	d := newDrawing("differences", "Differences and their intervals: right of the line "+c.B+" is better", "difference", "")
	var ticks plot.ConstantTicks
	var dots plotter.XYs
	for i, f := range shown {
		y := float64(len(shown) - 1 - i)
		ticks = append(ticks, plot.Tick{Value: y, Label: strings.ReplaceAll(f.Metric, "_", " ")})
		d.plot.Add(line(plotter.XYs{{X: float64(f.Low), Y: y}, {X: float64(f.High), Y: y}}, drawings.Blue, 2))
		dots = append(dots, plotter.XY{X: float64(f.Diff), Y: y})
	}
	if s, err := plotter.NewScatter(dots); err == nil {
		s.Color, s.Radius, s.Shape = drawings.Blue, vg.Points(3), draw.CircleGlyph{}
		d.plot.Add(s)
	}
	d.plot.Add(dashed(0, -0.5, 0, float64(len(shown))-0.5))
	d.plot.Y.Tick.Marker, d.plot.X.Tick.Marker = ticks, evenTicks{}
	d.plot.Y.Tick.Length, d.plot.Y.LineStyle.Width = 0, 0
	widen(&d.plot.X)
	return []drawing{d}
}
