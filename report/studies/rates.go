package studies

import (
	"fmt"
	"io"

	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/train"
)

// WriteRates renders what train.Trainer.FindRate returns: the losses at some twenty
// rates on the way, and for people the best one as a setting.
func WriteRates(w io.Writer, style report.Style, points []train.RatePoint, best float64) error {
	if style == report.JSON {
		return report.WriteJSON(w, map[string]any{"rate": best, "points": points})
	}
	var rows [][]any
	for i := 0; i < len(points); i += max(len(points)/20, 1) {
		rows = append(rows, []any{fmt.Sprintf("%.2g", points[i].Rate), points[i].Loss})
	}
	if err := report.Table(w, []string{"rate", "loss"}, rows, style); err != nil {
		return err
	}
	if style != report.Text {
		return nil
	}
	_, err := fmt.Fprintf(w, "\na tenth of the best: train --set schedule.rate=%.2g\n", best)
	return err
}
