package report

import (
	"fmt"
	"strings"

	"github.com/olekukonko/tablewriter/tw"

	"github.com/textlstm/textlstm/evaluate"
)

// ClassificationReport is scikit-learn's classification_report of e, with that
// many digits and all of the head's labels: the same text to the character, of
// labels in ASCII.
func ClassificationReport(e *evaluate.Evaluation, digits int) string {
	total := 0 // rows, or decisions that are gold
	for _, l := range e.PerLabel {
		total += l.Support
	}
	support := fmt.Sprint(total)
	num := func(v evaluate.Score) string { return fmt.Sprintf("%.*f", digits, v) }

	cells := [][]string{{"", "precision", "recall", "f1-score", "support"}}
	for _, l := range e.PerLabel {
		cells = append(cells, []string{l.Label, num(l.Precision), num(l.Recall), num(l.F1), fmt.Sprint(l.Support)})
	}
	average := func(name string, p, r, f evaluate.Score) {
		cells = append(cells, []string{name, num(p), num(r), num(f), support})
	}
	if e.MultiLabel {
		average("micro avg", e.MicroPrecision, e.MicroRecall, e.MicroF1)
	} else {
		cells = append(cells, []string{"accuracy", "", "", num(e.Accuracy), support})
	}
	average("macro avg", e.MacroPrecision, e.MacroRecall, e.MacroF1)
	average("weighted avg", e.WeightedPrecision, e.WeightedRecall, e.WeightedF1)
	if e.MultiLabel {
		average("samples avg", e.SamplesPrecision, e.SamplesRecall, e.SamplesF1)
	}

	align := make([]tw.Align, len(cells[0]))
	for i := range align {
		align[i] = tw.AlignRight
	}
	for _, row := range cells {
		row[0] = fmt.Sprintf("%*s ", len("weighted avg"), Clean(row[0]))
		for i := range row[1:] {
			row[i+1] = fmt.Sprintf("%9s", row[i+1])
		}
	}
	lines, err := layOut(cells[0], cells[1:], align, " ")
	if err != nil {
		panic(err) // the cells are whole: nothing in it depends on the data
	}
	var b strings.Builder
	for i, l := range lines {
		b.WriteString(l + "\n")
		if i == 0 || i == len(e.PerLabel) {
			b.WriteByte('\n')
		}
	}
	return b.String()
}
