package studies

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/report/page"
	"github.com/textlstm/textlstm/train/crossval"
)

// WriteFolds renders the figures of a cross-validation by fold and, in JSON and in the
// styles for people, the evaluations of all answers together, pooled; with all every
// figure of these. HTML is a whole page, with plots.
func WriteFolds(out io.Writer, style report.Style, r *crossval.Result, pooled []*evaluate.Evaluation, all bool) error {
	if style == report.JSON || style == report.JSONL {
		return writeFoldsJSON(out, style, r, pooled)
	}
	b := bufio.NewWriter(out)
	people := forPeople(style)
	header := []string{"head", "figure", "mean", "sd", "low", "high", "folds"}
	var rows [][]any
	for _, h := range r.Heads {
		for _, metric := range r.Summary(h.Name) {
			s, err := r.Spread(h.Name, metric)
			if err != nil {
				return err
			}
			if people && s.N == 0 {
				continue
			}
			rows = append(rows, []any{h.Name, metric, s.Mean, s.SD, s.Low, s.High, s.N})
		}
	}
	if style == report.HTML {
		return page.Write(out, foldsPage(r, pooled, header, rows))
	}
	if err := report.Table(b, header, rows, style); err != nil {
		return err
	}
	if people {
		fmt.Fprintln(b)
		write := report.WriteBrief
		if all {
			write = report.Write
		}
		if err := write(b, style, pooled...); err != nil {
			return err
		}
	}
	return b.Flush()
}

// foldsPage has the rows of the table of all metrics, and bars of the first of each head.
func foldsPage(r *crossval.Result, pooled []*evaluate.Evaluation, header []string, rows [][]any) page.Page {
	p := page.Page{Title: "Cross-validation", Facts: []page.Fact{{Name: "Folds", Value: fmt.Sprint(len(r.Folds))}}}
	folds := page.Section{Title: "Folds", Header: header, Rows: rows}
	for _, e := range pooled {
		p.Heads = append(p.Heads, page.Head{Evaluation: e})
		metric := e.Headlines()[0]
		bars := page.Bars{Caption: strings.TrimPrefix(e.Head+": "+strings.ReplaceAll(metric, "_", " ")+" by fold", ": "), Unit: strings.ReplaceAll(metric, "_", " ")}
		for i, f := range r.Folds {
			v := math.NaN()
			if one := f.Heads[e.Head]; one != nil {
				v, _ = one.Get(metric)
			}
			bars.Names, bars.Values = append(bars.Names, fmt.Sprintf("fold %d", i+1)), append(bars.Values, v)
		}
		folds.Bars = append(folds.Bars, bars)
	}
	p.Sections = []page.Section{folds}
	return p
}

// writeFoldsJSON prints one object: by head the spreads, the folds and the
// evaluation of all answers.
func writeFoldsJSON(w io.Writer, style report.Style, r *crossval.Result, pooled []*evaluate.Evaluation) error {
	type head struct {
		Spread map[string]crossval.Spread `json:"spread"`
		Pooled *evaluate.Evaluation       `json:"pooled"`
	}
	all := struct {
		Folds []crossval.Fold `json:"folds"`
		Heads map[string]head `json:"heads"`
	}{r.Folds, map[string]head{}}
	for _, e := range pooled {
		h := head{map[string]crossval.Spread{}, e}
		for _, metric := range r.Summary(e.Head) {
			s, err := r.Spread(e.Head, metric)
			if err != nil {
				return err
			}
			h.Spread[metric] = s
		}
		all.Heads[e.Head] = h
	}
	return writeJSON(w, style, all)
}
