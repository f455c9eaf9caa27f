package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/textlstm/textlstm/evaluate"
)

// Write renders evaluations, one section per head.
//
// Text, Markdown, HTML and LaTeX have scikit-learn's classification report, the other
// figures with their intervals, the confusion matrix, the calibration, and
// whatever else the evaluation holds. CSV and TSV have one figure per line: head, label (empty
// for figures of the whole head), figure, value, low, high. JSON is the
// evaluation itself, or with several an object of them under their heads'
// names; JSONL is one evaluation per line.
func Write(w io.Writer, style Style, evals ...*evaluate.Evaluation) error {
	return write(w, document{style: style}, evals)
}

// WriteBrief is Write with the headline figures alone and without the
// calibration table, in text, Markdown and HTML.
func WriteBrief(w io.Writer, style Style, evals ...*evaluate.Evaluation) error {
	return write(w, document{style: style, brief: true}, evals)
}

func write(w io.Writer, d document, evals []*evaluate.Evaluation) error {
	switch style := d.style; style {
	case JSON:
		return writeJSON(w, evals)
	case JSONL:
		for _, e := range evals {
			b, err := marshal(e)
			if err != nil {
				return err
			}
			if _, err := w.Write(append(b, '\n')); err != nil {
				return err
			}
		}
		return nil
	case CSV, TSV:
		return Table(w, []string{"head", "label", "figure", "value", "low", "high"}, metricRows(evals), style)
	}
	for _, e := range evals {
		d.evaluation(e)
	}
	return d.flush(w)
}

func writeJSON(w io.Writer, evals []*evaluate.Evaluation) error {
	var b []byte
	var err error
	if len(evals) == 1 {
		b, err = marshal(evals[0])
	} else {
		var o bytes.Buffer
		o.WriteByte('{')
		for i, e := range evals {
			if i > 0 {
				o.WriteByte(',')
			}
			k, kerr := marshal(e.Head)
			v, verr := marshal(e)
			if err := errors.Join(kerr, verr); err != nil {
				return fmt.Errorf("report: head %q: %w", e.Head, err)
			}
			o.Write(k)
			o.WriteByte(':')
			o.Write(v)
		}
		o.WriteByte('}')
		b = o.Bytes()
	}
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		return err
	}
	out.WriteByte('\n')
	_, err = w.Write(out.Bytes())
	return err
}

// metricRows lists every figure of evals, one per row.
func metricRows(evals []*evaluate.Evaluation) [][]any {
	var rows [][]any
	add := func(head, label, name string, v any, in map[string]evaluate.Interval) {
		row := []any{head, label, name, v, nil, nil}
		if i, ok := in[name]; ok {
			row[4], row[5] = i.Low, i.High
		}
		rows = append(rows, row)
	}
	for _, e := range evals {
		add(e.Head, "", "n", e.N, nil)
		for _, name := range e.Names() {
			v, _ := e.Get(name)
			add(e.Head, "", name, v, e.Intervals)
		}
		for _, l := range e.PerLabel {
			for _, name := range evaluate.LabelNames() {
				add(e.Head, l.Label, name, l.Get(name), l.Intervals)
			}
			add(e.Head, l.Label, "support", l.Support, nil)
		}
	}
	return rows
}

// A document collects headings, paragraphs and tables in one style.
type document struct {
	style Style
	brief bool
	b     bytes.Buffer
	err   error
}

func (d *document) flush(w io.Writer) error {
	if d.err != nil {
		return d.err
	}
	_, err := w.Write(d.b.Bytes())
	return err
}

func (d *document) gap() {
	if d.b.Len() > 0 {
		d.b.WriteByte('\n')
	}
}

func (d *document) heading(level int, text string) {
	d.gap()
	text = Clean(text)
	switch d.style {
	case Markdown:
		fmt.Fprintf(&d.b, "%s %s\n", strings.Repeat("#", level), escapeMarkdown(text))
	case HTML:
		fmt.Fprintf(&d.b, "<h%d>%s</h%d>\n", level, escapeHTML(text), level)
	case LaTeX:
		fmt.Fprintf(&d.b, "\\%ssection*{%s}\n", strings.Repeat("sub", level-2), escapeLaTeX(text))
	default:
		d.b.WriteString(text + "\n")
	}
}

func (d *document) paragraph(text string) {
	d.gap()
	text = Clean(text)
	switch d.style {
	case Markdown:
		text = escapeMarkdown(text)
	case HTML:
		text = "<p>" + escapeHTML(text) + "</p>"
	case LaTeX:
		text = escapeLaTeX(text)
	}
	d.b.WriteString(text + "\n")
}

func (d *document) table(header []string, rows [][]any) {
	if d.err == nil {
		d.gap()
		d.err = Table(&d.b, header, rows, d.style)
	}
}

func (d *document) evaluation(e *evaluate.Evaluation) {
	title := fmt.Sprintf("%d texts, %s", e.N, KindOf(e).Answers)
	if e.Head != "" {
		title = e.Head + ": " + title
	}
	d.heading(2, title)
	if len(e.Labels) == 0 {
		d.metrics(e)
		d.slices(e)
		d.mistakes(e)
		return
	}
	d.classification(e)
	d.metrics(e)
	if e.MultiLabel {
		d.decisions(e)
	} else {
		d.confusion(e)
	}
	if !d.brief {
		d.reliability(e)
	}
	d.slices(e)
	d.riskCoverage(e)
	d.abstention(e)
	d.atPrecision(e)
	d.mistakes(e)
}

// classification is scikit-learn's classification_report: in text to the
// character.
func (d *document) classification(e *evaluate.Evaluation) {
	if d.style == Text {
		d.gap()
		d.b.WriteString(ClassificationReport(e, 2))
		return
	}
	var rows [][]any
	for _, l := range e.PerLabel {
		rows = append(rows, []any{l.Label, l.Precision, l.Recall, l.F1, l.Support})
	}
	if e.MultiLabel {
		rows = append(rows, []any{"micro avg", e.MicroPrecision, e.MicroRecall, e.MicroF1, nil})
	} else {
		rows = append(rows, []any{"accuracy", nil, nil, e.Accuracy, nil})
	}
	rows = append(rows,
		[]any{"macro avg", e.MacroPrecision, e.MacroRecall, e.MacroF1, nil},
		[]any{"weighted avg", e.WeightedPrecision, e.WeightedRecall, e.WeightedF1, nil})
	if e.MultiLabel {
		rows = append(rows, []any{"samples avg", e.SamplesPrecision, e.SamplesRecall, e.SamplesF1, nil})
	}
	d.table([]string{"label", "precision", "recall", "f1-score", "support"}, rows)
}

// WhyOutside says why an interval may not hold its figure.
const WhyOutside = "The value lies outside its interval: resamples have texts twice, which makes their calibration errors larger than that of the texts."

const outsideMark = " *"

// metrics is the table of MetricRows and what is to be said of it.
func (d *document) metrics(e *evaluate.Evaluation) {
	header, rows := MetricRows(e, d.brief)
	d.table(header, rows)
	if note := MetricNote(rows); note != "" {
		d.paragraph(note)
	}
}

// MetricNote is what the mark in some rows of MetricRows means, "" where none has it.
func MetricNote(rows [][]any) string {
	for _, r := range rows {
		for _, cell := range r {
			if s, ok := cell.(string); ok && strings.HasSuffix(s, outsideMark) {
				return "* " + WhyOutside
			}
		}
	}
	return ""
}

// Outside says whether a figure lies outside its interval, as a calibration error may.
func Outside(v float64, i evaluate.Interval) bool {
	return v < float64(i.Low) || v > float64(i.High)
}

func span(i evaluate.Interval) string { return fmt.Sprintf("[%.4f, %.4f]", i.Low, i.High) }

// wide is the number of labels beyond which a confusion matrix is given as the
// list of its largest errors.
const wide = 12

// confusion is the confusion matrix: counts, and in brackets the share of the
// gold label's rows.
func (d *document) confusion(e *evaluate.Evaluation) {
	share := e.NormalizedConfusion()
	if len(e.Labels) > wide {
		d.confusions(e, share)
		return
	}
	header := []string{"gold \\ predicted"}
	var rows [][]any
	for g, label := range e.Labels {
		header = append(header, label)
		row := []any{label}
		for k, v := range e.Confusion[g] {
			row = append(row, fmt.Sprintf("%d (%.1f %%)", v, 100*share[g][k]))
		}
		rows = append(rows, row)
	}
	d.table(header, rows)
}

// confusions lists the largest cells off the diagonal.
func (d *document) confusions(e *evaluate.Evaluation, share [][]float64) {
	type cell struct{ gold, pred, n int }
	var cells []cell
	for g, row := range e.Confusion {
		for k, v := range row {
			if g != k && v > 0 {
				cells = append(cells, cell{g, k, v})
			}
		}
	}
	slices.SortStableFunc(cells, func(a, b cell) int { return b.n - a.n })
	var rows [][]any
	for _, c := range cells[:min(20, len(cells))] {
		rows = append(rows, []any{e.Labels[c.gold], e.Labels[c.pred], c.n, fmt.Sprintf("%.1f %%", 100*share[c.gold][c.pred])})
	}
	d.table([]string{"gold", "predicted", "n", "of gold"}, rows)
}

// decisions is the confusion matrix of a multi-label head, label by label.
func (d *document) decisions(e *evaluate.Evaluation) {
	var rows [][]any
	for k, label := range e.Labels {
		m := e.Confusion[k]
		rows = append(rows, []any{label, e.Thresholds[k], m[3], m[1], m[2], m[0]})
	}
	d.table([]string{"label", "threshold", "true pos", "false pos", "false neg", "true neg"}, rows)
}

// slices has a table for each property that the rows were cut by.
func (d *document) slices(e *evaluate.Evaluation) {
	for at := 0; at < len(e.Slices); {
		by := e.Slices[at].By
		header := []string{by, "n"}
		for i, metric := range e.Headlines() {
			if header = append(header, strings.ReplaceAll(metric, "_", " ")); i < 2 && e.Level > 0 {
				header = append(header, fmt.Sprintf("%g %% interval", 100*e.Level))
			}
		}
		var rows [][]any
		for ; at < len(e.Slices) && e.Slices[at].By == by; at++ {
			s := e.Slices[at]
			row := []any{s.Value, s.N}
			for i, metric := range e.Headlines() {
				v, _ := s.Get(metric)
				if row = append(row, v); i < 2 && s.Intervals != nil {
					row = append(row, span(s.Intervals[metric]))
				}
			}
			rows = append(rows, row)
		}
		d.table(header, rows)
	}
}

// reliability compares what the head believes with what is so.
func (d *document) reliability(e *evaluate.Evaluation) {
	var rows [][]any
	for _, b := range e.Reliability {
		if b.N > 0 {
			rows = append(rows, []any{fmt.Sprintf("%.2f-%.2f", b.Low, b.High), b.N, b.Confidence, b.Accuracy, b.Accuracy - b.Confidence})
		}
	}
	if rows != nil {
		d.table([]string{"confidence", "n", "mean", "right", "gap"}, rows)
	}
}

// abstention says what is answered where the head may decline.
func (d *document) abstention(e *evaluate.Evaluation) {
	if p := e.Abstention; p != nil {
		d.table([]string{"answering from", "answered", "coverage", "accuracy", "risk"},
			[][]any{{p.Threshold, p.Answered, p.Coverage, p.Accuracy, p.Risk}})
	}
}

func (d *document) atPrecision(e *evaluate.Evaluation) {
	if e.AtPrecision == nil {
		return
	}
	var rows [][]any
	for _, p := range e.AtPrecision {
		rows = append(rows, []any{p.Label, p.Threshold, p.Predicted, p.Precision, p.Recall})
	}
	d.table([]string{"label", "given from", "predicted", "precision", "recall"}, rows)
}

func (d *document) riskCoverage(e *evaluate.Evaluation) {
	if len(e.RiskCoverage) == 0 {
		return
	}
	var rows [][]any
	for _, p := range e.RiskCoverage {
		rows = append(rows, []any{p.Threshold, p.Answered, p.Coverage, p.Accuracy, p.Risk})
	}
	d.table([]string{"confidence at least", "answered", "coverage", "accuracy", "risk"}, rows)
}

// excerpt is how many characters of a text a table shows.
const excerpt = 100

func (d *document) mistakes(e *evaluate.Evaluation) {
	if len(e.Mistakes) == 0 {
		return
	}
	var rows [][]any
	for _, m := range e.Mistakes {
		id := m.ID
		if id == "" {
			id = fmt.Sprint(m.Index + 1)
		}
		row := []any{id, strings.Join(m.Gold, ", "), strings.Join(m.Predicted, ", ")}
		if len(e.Labels) > 0 {
			row = append(row, m.Probability)
		}
		rows = append(rows, append(row, m.Loss, Excerpt(m.Text, excerpt)))
	}
	header := []string{"row", "gold", "predicted"}
	if len(e.Labels) > 0 {
		header = append(header, "probability")
	}
	d.table(append(header, KindOf(e).Loss, "text"), rows)
}

// Excerpt is at most the first n characters of text on one line, with an
// ellipsis for what was left out.
func Excerpt(text string, n int) string {
	at := 0
	for i := range text {
		if at == n-1 && utf8.RuneCountInString(text[i:]) > 1 {
			return Clean(text[:i]) + "…"
		}
		at++
	}
	return Clean(text)
}
