package studies

import (
	"bytes"
	"fmt"
	"io"
	"math"

	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/report/page"
	"github.com/textlstm/textlstm/train/tune"
)

// WriteStudy renders the trials of a search for settings, of which at least one has
// succeeded; for people also the importances of the settings, and whether it was worth
// it. HTML is a whole page, with plots.
func WriteStudy(out io.Writer, style report.Style, s *tune.Study) error {
	best, first := s.Best()
	if style == report.JSON {
		return writeStudyJSON(out, s, best, first)
	}
	header, rows := studyTable(s)
	if style == report.HTML {
		return page.Write(out, studyPage(s, header, byScore(s, rows), studyVerdict(s, best, first)))
	}
	people := forPeople(style)
	if people { // the best first
		rows = byScore(s, rows)
	}
	var b bytes.Buffer
	if err := report.Table(&b, header, rows, style); err != nil {
		return err
	}
	if people {
		b.WriteByte('\n')
		var shares [][]any
		for _, im := range s.Importances() {
			shares = append(shares, []any{im.Path, im.Share})
		}
		if err := report.Table(&b, []string{"setting", "importance"}, shares, style); err != nil {
			return err
		}
		fmt.Fprintf(&b, "\n%s\n", studyVerdict(s, best, first))
	}
	_, err := out.Write(b.Bytes())
	return err
}

// studyPage has the rows of the table of all runs.
func studyPage(s *tune.Study, header []string, rows [][]any, verdict string) page.Page {
	scores := page.Series{Group: s.Metric, Name: "trial", Unit: "run"}
	best := page.Series{Group: s.Metric, Name: "best so far", Unit: "run"}
	for i, r := range s.Runs {
		score := float64(r.Score)
		if n := len(best.Y); n > 0 && !math.IsNaN(best.Y[n-1]) && (math.IsNaN(score) || (score < best.Y[n-1]) != evaluate.LowerIsBetter(s.Metric)) {
			score = best.Y[n-1]
		}
		scores.X, scores.Y = append(scores.X, float64(i+1)), append(scores.Y, float64(r.Score))
		best.X, best.Y = append(best.X, float64(i+1)), append(best.Y, score)
	}
	shares := page.Bars{Caption: "How much of the differences between trials each setting explains", Unit: "share"}
	for _, im := range s.Importances() {
		shares.Names, shares.Values = append(shares.Names, im.Path), append(shares.Values, float64(im.Share))
	}
	return page.Page{
		Title: "Search for settings",
		Facts: []page.Fact{{Name: "Metric", Value: s.Metric}, {Name: "Runs", Value: fmt.Sprint(len(s.Runs))}},
		Sections: []page.Section{
			{Note: verdict, Bars: []page.Bars{shares}},
			{Title: "Trials", Header: header, Rows: rows},
		},
		History: []page.Series{scores, best},
	}
}

// studyTable has a row for each run.
func studyTable(s *tune.Study) (header []string, rows [][]any) {
	header = []string{"trial"}
	if s.Method == tune.Halving {
		header = append(header, "epochs")
	}
	header = append(header, s.Metric)
	if s.Metric != "log_loss" {
		header = append(header, "log_loss")
	}
	for _, p := range s.Space {
		header = append(header, p.Path)
	}
	for _, r := range s.Runs {
		row := []any{r.Trial + 1}
		if s.Method == tune.Halving {
			row = append(row, r.Epochs)
		}
		row = append(row, r.Score)
		if s.Metric != "log_loss" {
			row = append(row, r.LogLoss)
		}
		for _, p := range s.Space {
			v := r.Values[p.Path]
			if v != nil {
				v = fmt.Sprint(v) // not with four decimals
			}
			row = append(row, v)
		}
		rows = append(rows, row)
	}
	return header, rows
}

// byScore sorts the rows of the runs by epochs, most first, then by score.
func byScore(s *tune.Study, rows [][]any) [][]any {
	sorted := make([][]any, 0, len(rows))
	for _, r := range s.Ranking() {
		sorted = append(sorted, rows[r.Task.Run])
	}
	return sorted
}

// studyVerdict says whether the best trial is better than the first.
func studyVerdict(s *tune.Study, best, first *tune.Run) string {
	switch {
	case first == nil:
		return fmt.Sprintf("Trial %d is the best, %s %.4f; the settings that the study began with failed.", best.Trial+1, s.Metric, float64(best.Score))
	case best != first:
		return fmt.Sprintf("Trial %d is better than the settings that the study began with: %s %.4f against %.4f.", best.Trial+1, s.Metric, float64(best.Score), float64(first.Score))
	}
	return fmt.Sprintf("No trial is better than the settings that the study began with: %s %.4f.", s.Metric, float64(first.Score))
}

func writeStudyJSON(out io.Writer, s *tune.Study, best, first *tune.Run) error {
	return writeJSON(out, report.JSON, struct {
		Metric      string            `json:"metric"`
		Method      tune.Method       `json:"method"`
		Improved    bool              `json:"improved"`
		Best        *tune.Run         `json:"best"`
		Default     *tune.Run         `json:"default"`
		Importances []tune.Importance `json:"importances"`
		Runs        []tune.Run        `json:"runs"`
	}{s.Metric, s.Method, best != first, best, first, s.Importances(), s.Runs})
}
