package report

import (
	"fmt"
	"strings"

	"github.com/olekukonko/tablewriter/tw"

	"github.com/textlstm/textlstm/evaluate"
)

// ClassificationReport is scikit-learn's classification_report of e with that
// many digits: the same text to the character (of labels without control
// characters).
func ClassificationReport(e *evaluate.Evaluation, digits int) string {
	num := func(v evaluate.Score) string { return fmt.Sprintf("%.*f", digits, v) }
	n := fmt.Sprint(e.N)
	head := []string{"", "precision", "recall", "f1-score", "support"}
	var cells [][]string
	for _, l := range e.PerLabel {
		cells = append(cells, []string{l.Label, num(l.Precision), num(l.Recall), num(l.F1), fmt.Sprint(l.Support)})
	}
	cells = append(cells,
		[]string{"accuracy", "", "", num(e.Accuracy), n},
		[]string{"macro avg", num(e.MacroPrecision), num(e.MacroRecall), num(e.MacroF1), n},
		[]string{"weighted avg", num(e.WeightedPrecision), num(e.WeightedRecall), num(e.WeightedF1), n})
	return classificationText(head, cells, len(e.PerLabel))
}

// classificationText lays out a classification report whose first labels rows
// are labels and the rest averages.
func classificationText(head []string, cells [][]string, labels int) string {
	align := make([]tw.Align, len(head))
	for i := range head {
		align[i] = tw.AlignRight
	}
	for _, row := range append([][]string{head}, cells...) {
		for i, c := range row {
			if i == 0 {
				row[i] = fmt.Sprintf("%*s ", len("weighted avg"), Clean(c))
			} else {
				row[i] = fmt.Sprintf("%9s", c)
			}
		}
	}
	lines, err := layOut(head, cells, align, " ")
	if err != nil {
		panic(err) // nothing in it depends on the data
	}
	var b strings.Builder
	for i, l := range lines {
		b.WriteString(l + "\n")
		if i == 0 || i == labels {
			b.WriteByte('\n')
		}
	}
	return b.String()
}
