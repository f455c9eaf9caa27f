package page

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/internal/webpage"
	"github.com/textlstm/textlstm/report"
)

// A Page is what to show.
type Page struct {
	Title   string // "" means "Evaluation"
	Facts   []Fact // shown under the title, such as the model, the data, the command
	Heads   []Head
	History []Series // learning curves, in the order of their groups' first series

	Sections    []Section // before the heads
	Comparisons []report.Comparison
}

// A Section is what is neither an evaluation nor a comparison: words, forecasts, bars, a
// table.
type Section struct {
	Title  string
	Note   string // a paragraph, "" for none
	Fans   []Fan
	Bars   []Bars
	Header []string // of a report.Table; nil for none
	Rows   [][]any
}

// A Fact is a name and a value.
type Fact struct{ Name, Value string }

// A Head is one head's evaluation and what may be shown beside it.
type Head struct {
	Evaluation *evaluate.Evaluation

	// Rows gives the lengths for their histogram: all rows, or nil.
	Rows []evaluate.Row

	// Highlights are the words to mark in the texts of Evaluation.Mistakes, by
	// Mistake.Index.
	Highlights map[int][]Highlight
}

// A Highlight marks the bytes text[Start:End] by what they added to the score
// of the predicted label. Highlights must be in order and apart; others are
// passed over.
type Highlight struct {
	Start, End int
	Score      float64
}

// A Series is one line of a learning curve. The series of one group share a
// plot, whose title is the group ("loss") and whose legend has the names
// ("train", "dev").
type Series struct {
	Group, Name string
	Unit        string    // of X, such as "epoch" or "step"
	X, Y        []float64 // of equal length; points that are not finite are left out
}

//go:embed page.html
var source string

//go:embed page.css
var style string

//go:embed page.js
var script string

// Write renders p. It fails if a series has more values of one kind than of the
// other, or if w does.
func Write(w io.Writer, p Page) error {
	v, err := p.view()
	if err != nil {
		return err
	}
	if err := webpage.Write(w, source, template.FuncMap{"rows": rows}, v); err != nil {
		return fmt.Errorf("page: %w", err)
	}
	return nil
}

// rows are the classes of a grid of n plots, by which no row of two or three has a gap.
func rows(n int) string { return fmt.Sprintf("by-2-%d by-3-%d", n%2, n%3) }

// A view is a page as the template reads it.
type view struct {
	Title  string
	Policy string
	Style  template.CSS
	Script template.JS
	Facts  []Fact
	Heads  []headView
	Curves []figure

	Sections    []sectionView
	Overviews   []overviewView
	Comparisons []comparisonView
}

type sectionView struct {
	Title, Note string
	Plots       []figure
	Table       template.HTML
}

type headView struct {
	Anchor   string
	Name     string
	N        int
	Kind     string // of answers, and how many are wrong
	Words    report.Kind
	Cards    []card
	Labelled template.HTML // figures by label
	Figures  template.HTML // all figures
	Note     string        // on them
	Plots    []figure
	Slices   []sliceView
	Coverage template.HTML
	Abstain  template.HTML // the one point asked for
	Precise  template.HTML // thresholds by label
	Mistakes []mistakeView
	Wrong    int      // texts that are answered wrongly; 0 of numbers
	Marked   bool     // words of them
	Gold     []string // labels to choose from
	Answers  []string
}

// A card is a figure in large print.
type card struct{ Name, Value, Span string }

// drawings are the plots of a section.
func (s *Section) drawings() ([]drawing, error) {
	forecasts, err := fans(s.Fans)
	if err != nil {
		return nil, err
	}
	bars, err := barCharts(s.Bars)
	return append(forecasts, bars...), err
}

// A figure is a plot with its caption.
type figure struct {
	Class   string
	Caption string
	SVG     template.HTML
}

type sliceView struct {
	By    string
	Names []string // of the figures
	Rows  []sliceRow
}

type sliceRow struct {
	Value            string
	N                int
	Accuracy, F1     string // or other figures
	Span             string
	Width, Low, High float64 // per cent of the bar
	Loss             string
}

type mistakeView struct {
	ID, Source      string
	Gold, Predicted string
	Probability     string
	Loss            string
	Text            []piece
}

// A piece is a stretch of text; Class names its highlight.
type piece struct{ Text, Class, Note string }

func (p *Page) view() (*view, error) {
	v := &view{
		Title: report.Clean(p.Title),
		// Inline styles are what the plots are made of; without any other
		// source allowed they cannot fetch.
		Policy: webpage.Policy("img-src data:; style-src 'unsafe-inline'; script-src " + webpage.Hash(script)),
		Style:  template.CSS(style),
		Script: template.JS(script),
	}
	for _, f := range p.Facts {
		v.Facts = append(v.Facts, Fact{report.Clean(f.Name), report.Clean(f.Value)})
	}
	if v.Title == "" {
		v.Title = "Evaluation"
	}
	for i, h := range p.Heads {
		hv, err := h.view()
		if err != nil {
			return nil, err
		}
		hv.Anchor = fmt.Sprintf("head-%d", i+1)
		v.Heads = append(v.Heads, hv)
	}
	for _, s := range p.Sections {
		sv, err := s.view()
		if err != nil {
			return nil, err
		}
		v.Sections = append(v.Sections, sv)
	}
	var err error
	if v.Overviews, err = overviews(p.Comparisons); err != nil {
		return nil, err
	}
	for i, c := range p.Comparisons {
		cv, err := newComparisonView(&c)
		if err != nil {
			return nil, err
		}
		cv.Anchor = fmt.Sprintf("comparison-%d", i+1)
		v.Comparisons = append(v.Comparisons, cv)
	}
	plots, err := curves(p.History)
	if err != nil {
		return nil, err
	}
	v.Curves, err = figures(plots)
	return v, err
}

func (s *Section) view() (sectionView, error) {
	v := sectionView{Title: report.Clean(s.Title), Note: report.Clean(s.Note)}
	var err error
	if s.Header != nil {
		if v.Table, err = table(s.Header, s.Rows); err != nil {
			return v, err
		}
	}
	plots, err := s.drawings()
	if err != nil {
		return v, err
	}
	v.Plots, err = figures(plots)
	return v, err
}

// figures draws plots as SVG.
func figures(plots []drawing) ([]figure, error) {
	var out []figure
	for _, d := range plots {
		svg, err := d.svg()
		if err != nil {
			return nil, err
		}
		class := ""
		if d.wide {
			class = "wide"
		}
		out = append(out, figure{class, d.caption, svg})
	}
	return out, nil
}

func (h *Head) view() (headView, error) {
	e := h.Evaluation
	v := headView{Name: report.Clean(e.Head), N: e.N, Words: report.KindOf(e), Kind: report.KindOf(e).Answers, Cards: cards(e)}
	if v.Name == "" {
		v.Name = "Labels"
	}
	var err error
	if len(e.Labels) > 0 {
		v.Wrong = e.N - int(math.Round(float64(e.Accuracy)*float64(e.N)))
		v.Kind += fmt.Sprintf(", %d wrong", v.Wrong)
		if v.Labelled, err = table(labelRows(e)); err != nil {
			return v, err
		}
	}
	header, rows := report.MetricRows(e, false)
	v.Note = report.MetricNote(rows)
	if v.Figures, err = table(header, rows); err != nil {
		return v, err
	}
	if len(e.RiskCoverage) > 0 {
		var rows [][]any
		for _, p := range e.RiskCoverage {
			rows = append(rows, []any{p.Threshold, p.Answered, percent(p.Coverage), percent(float64(p.Accuracy))})
		}
		if v.Coverage, err = table([]string{"confidence at least", "answered", "coverage", "accuracy"}, rows); err != nil {
			return v, err
		}
	}
	if err := v.thresholds(e); err != nil {
		return v, err
	}
	v.Slices = slicesOf(e)
	v.mistakes(h)
	v.Plots, err = figures(h.drawings())
	return v, err
}

func (v *headView) thresholds(e *evaluate.Evaluation) error {
	var err error
	if p := e.Abstention; p != nil {
		accuracy := "n/a"
		if p.Accuracy.Defined() {
			accuracy = percent(float64(p.Accuracy))
		}
		v.Abstain, err = table([]string{"answering from", "answered", "coverage", "accuracy"},
			[][]any{{p.Threshold, p.Answered, percent(p.Coverage), accuracy}})
	}
	if e.AtPrecision == nil || err != nil {
		return err
	}
	var rows [][]any
	for _, p := range e.AtPrecision {
		rows = append(rows, []any{p.Label, p.Threshold, p.Predicted, p.Precision, p.Recall})
	}
	v.Precise, err = table([]string{"label", "given from", "predicted", "precision", "recall"}, rows)
	return err
}

// table is report.Table as a fragment of the page.
func table(header []string, rows [][]any) (template.HTML, error) {
	var b strings.Builder
	err := report.Table(&b, header, rows, report.HTML)
	return template.HTML(b.String()), err
}

func percent(v float64) string { return fmt.Sprintf("%.1f %%", 100*v) }

func span(i evaluate.Interval) string { return fmt.Sprintf("%.3f – %.3f", i.Low, i.High) }

// cards are the figures to look at first, those that are defined.
func cards(e *evaluate.Evaluation) []card {
	names := []struct{ metric, title string }{
		{"accuracy", "accuracy"}, {"macro_f1", "macro F1"}, {"micro_f1", "micro F1"}, {"mcc", "MCC"},
		{"log_loss", "log loss"}, {"ece", "ECE"}, {"roc_auc", "ROC-AUC"}, {"pr_auc", "PR-AUC"},
		{"rmse", "RMSE"}, {"mae", "MAE"}, {"r2", "R²"}, {"pearson", "Pearson"}, {"spearman", "Spearman"},
	}
	var out []card
	for _, n := range names {
		v, err := e.Get(n.metric)
		if err != nil || math.IsNaN(v) || n.metric == "micro_f1" && !e.MultiLabel {
			continue
		}
		c := card{Name: n.title, Value: fmt.Sprintf("%.3f", v)}
		if i, ok := e.Intervals[n.metric]; ok {
			c.Span = span(i)
			if report.Outside(v, i) {
				c.Span += " *"
			}
		}
		out = append(out, c)
	}
	return out
}

// labelRows is the table of figures by label, with intervals of F1 if there are
// any, and the averages.
func labelRows(e *evaluate.Evaluation) ([]string, [][]any) {
	header := []string{"label", "precision", "recall", "F1", "ROC-AUC", "PR-AUC", "support", "predicted"}
	withSpan := e.Intervals != nil
	if withSpan {
		header = slices.Insert(header, 4, fmt.Sprintf("F1, %g %%", 100*e.Level))
	}
	var rows [][]any
	add := func(span any, cells ...any) {
		if withSpan {
			cells = slices.Insert(cells, 4, span)
		}
		rows = append(rows, cells)
	}
	for _, l := range e.PerLabel {
		var in any
		if i, ok := l.Intervals["f1"]; ok {
			in = fmt.Sprintf("[%.3f, %.3f]", i.Low, i.High)
		}
		add(in, l.Label, l.Precision, l.Recall, l.F1, l.ROCAUC, l.PRAUC, l.Support, l.Predicted)
	}
	average := func(name, key string, p, r, f evaluate.Score) {
		var in any
		if i, ok := e.Intervals[key]; ok {
			in = fmt.Sprintf("[%.3f, %.3f]", i.Low, i.High)
		}
		add(in, name, p, r, f, nil, nil, nil, nil)
	}
	if e.MultiLabel {
		average("micro average", "micro_f1", e.MicroPrecision, e.MicroRecall, e.MicroF1)
	}
	average("macro average", "macro_f1", e.MacroPrecision, e.MacroRecall, e.MacroF1)
	average("weighted average", "weighted_f1", e.WeightedPrecision, e.WeightedRecall, e.WeightedF1)
	if e.MultiLabel {
		average("samples average", "samples_f1", e.SamplesPrecision, e.SamplesRecall, e.SamplesF1)
	}
	return header, rows
}

func slicesOf(e *evaluate.Evaluation) []sliceView {
	var out []sliceView
	tell := report.KindOf(e).Slices
	text := func(v float64) string {
		if math.IsNaN(v) {
			return "n/a"
		}
		return fmt.Sprintf("%.3f", v)
	}
	percent := func(v float64) float64 { return 100 * min(max(v, 0), 1) }
	for _, s := range e.Slices {
		if len(out) == 0 || out[len(out)-1].By != s.By {
			out = append(out, sliceView{By: s.By, Names: []string{tell[0].Title, tell[1].Title, tell[2].Title}})
		}
		var figures [3]float64
		for i, t := range tell {
			figures[i], _ = s.Get(t.Name)
		}
		row := sliceRow{Value: report.Clean(s.Value), N: s.N, Accuracy: text(figures[0]), F1: text(figures[1]), Loss: text(figures[2])}
		if !math.IsNaN(figures[0]) {
			row.Width = percent(figures[0])
		}
		if i, ok := s.Intervals[tell[0].Name]; ok && i.Low.Defined() {
			row.Span = span(i)
			row.Low, row.High = percent(float64(i.Low)), percent(float64(i.High))
		}
		last := &out[len(out)-1]
		last.Rows = append(last.Rows, row)
	}
	return out
}

func (v *headView) mistakes(h *Head) {
	gold, answers := make(map[string]bool), make(map[string]bool)
	several := slices.ContainsFunc(h.Evaluation.Mistakes, func(m evaluate.Mistake) bool { return m.Source != h.Evaluation.Mistakes[0].Source })
	file := commonFile(h.Evaluation.Mistakes)
	for _, m := range h.Evaluation.Mistakes {
		if !several {
			m.Source = "" // the page says it once
		}
		if row, ok := strings.CutPrefix(m.ID, file+":"); ok && file != "" {
			m.ID = "row " + row
		}
		mv := mistakeView{
			ID: report.Clean(m.ID), Source: report.Clean(m.Source),
			Gold: report.Clean(strings.Join(m.Gold, ", ")), Predicted: report.Clean(strings.Join(m.Predicted, ", ")),
			Text: pieces(m.Text, h.Highlights[m.Index]),
		}
		if m.ID == "" {
			mv.ID = fmt.Sprintf("row %d", m.Index+1)
		}
		v.Marked = v.Marked || len(h.Highlights[m.Index]) > 0
		if m.Probability.Defined() {
			mv.Probability = percent(float64(m.Probability))
		}
		if m.Loss.Defined() {
			mv.Loss = fmt.Sprintf("%.2f", m.Loss)
		}
		if !gold[mv.Gold] {
			gold[mv.Gold] = true
			v.Gold = append(v.Gold, mv.Gold)
		}
		if !answers[mv.Predicted] {
			answers[mv.Predicted] = true
			v.Answers = append(v.Answers, mv.Predicted)
		}
		v.Mistakes = append(v.Mistakes, mv)
	}
	slices.Sort(v.Gold)
	slices.Sort(v.Answers)
}

// commonFile is the file that all mistakes are of, by their IDs, "" if there is none.
func commonFile(mistakes []evaluate.Mistake) string {
	file := ""
	for i, m := range mistakes {
		at := max(strings.LastIndexByte(m.ID, ':'), 0)
		if i == 0 {
			file = m.ID[:at]
		}
		if m.ID[:at] != file {
			return ""
		}
	}
	return file
}

// shades is how many strengths of highlight there are on either side.
const shades = 5

// pieces cuts text at its highlights. The strongest gets the deepest shade, those
// below a tenth of it none.
func pieces(text string, highlights []Highlight) []piece {
	top := 0.0
	for _, h := range highlights {
		if s := math.Abs(h.Score); s > top && !math.IsInf(s, 0) {
			top = s
		}
	}
	var out []piece
	at := 0
	plain := func(end int) {
		if end > at {
			out = append(out, piece{Text: cleanLines(text[at:end])})
		}
	}
	for _, h := range highlights {
		if h.Start < at || h.End <= h.Start || h.End > len(text) || !(math.Abs(h.Score) <= top) {
			continue
		}
		plain(h.Start)
		p := piece{Text: cleanLines(text[h.Start:h.End]), Note: fmt.Sprintf("%+.4f", h.Score)}
		side := "for"
		if h.Score < 0 {
			side = "against"
		}
		if shade := math.Round(math.Abs(h.Score) / top * shades); shade > 0 { // NaN if all are 0
			p.Class = fmt.Sprintf("%s-%.0f", side, shade)
		}
		out = append(out, p)
		at = h.End
	}
	plain(len(text))
	return out
}

// cleanLines is report.Clean line by line: the lines of a text are kept.
func cleanLines(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i, l := range lines {
		lines[i] = report.Clean(l)
	}
	return strings.Join(lines, "\n")
}
