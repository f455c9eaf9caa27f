package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/evaluate"
)

// A Kind says how an evaluation is told, by what its head answers with.
type Kind struct {
	Answers string // "3 labels"
	Loss    string // what Mistake.Loss is
	Worst   string // what mistakes are listed by

	// Marks are what words behind a mistake did, on either side, and to what.
	Marks [4]string

	// Slices are the metrics to tell of a slice: names for people, and those of package
	// evaluate.
	Slices [3]struct{ Title, Name string }

	// brief are the metrics of a brief report, nil for all.
	brief []string
}

// KindOf returns how e is told.
func KindOf(e *evaluate.Evaluation) Kind {
	if e.ValueScores != nil {
		return Kind{
			Answers: "a number each", Loss: "error", Worst: "largest error", Marks: [4]string{"", "raised", "lowered", "the number"},
			Slices: [3]struct{ Title, Name string }{{"R²", "r2"}, {"RMSE", "rmse"}, {"MAE", "mae"}},
		}
	}
	return Kind{
		Answers: fmt.Sprintf("%d labels", len(e.Labels)), Loss: "loss", Worst: "highest loss", Marks: [4]string{"spoke ", "for", "against", "the predicted label"},
		Slices: [3]struct{ Title, Name string }{{"accuracy", "accuracy"}, {"macro F1", "macro_f1"}, {"log loss", "log_loss"}},
		brief:  headlines,
	}
}

// headlines are the metrics of a brief report on labels.
var headlines = []string{
	"accuracy", "macro_f1", "micro_f1", "samples_f1", "mcc", "log_loss", "ece", "roc_auc",
	"top2_accuracy", "top3_accuracy", "top5_accuracy",
}

// MetricRows is the table of the single metrics with their intervals, without those that
// equal the accuracy or are not defined; a brief one has those to look at first.
func MetricRows(e *evaluate.Evaluation, brief bool) (header []string, rows [][]any) {
	header = []string{"figure", "value"}
	if e.Intervals != nil {
		header = append(header, fmt.Sprintf("%g %% interval", 100*e.Level))
	}
	if e.Baseline != nil {
		header = append(header, "the mean alone")
	}
	some := KindOf(e).brief
	for _, name := range e.Names() {
		v, _ := e.Get(name)
		if strings.HasPrefix(name, "micro_") && !e.MultiLabel || math.IsNaN(v) || brief && some != nil && !slices.Contains(some, name) {
			continue
		}
		row := []any{strings.ReplaceAll(name, "_", " "), v}
		if e.Intervals != nil {
			cell := span(e.Intervals[name])
			if Outside(v, e.Intervals[name]) {
				cell += outsideMark
			}
			row = append(row, cell)
		}
		if e.Baseline != nil {
			v, _ := (&evaluate.Scores{KindScores: evaluate.KindScores{ValueScores: e.Baseline}}).Get(name)
			row = append(row, v)
		}
		rows = append(rows, row)
	}
	return header, rows
}
