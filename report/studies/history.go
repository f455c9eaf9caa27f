package studies

import (
	"fmt"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/report/page"
)

// History is the learning curves that a model keeps: the losses in one plot, a second
// training as a line of its own.
func History(card classify.Card) []page.Series {
	var out []page.Series
	add := func(e classify.Epoch, group, name string, y float64) {
		if e.Member > 0 {
			name = fmt.Sprintf("%s, member %d", name, e.Member)
		}
		if e.Refit {
			name += ", " + page.Refit
		}
		i := slices.IndexFunc(out, func(s page.Series) bool { return s.Group == group && s.Name == name })
		if i < 0 {
			i = len(out)
			out = append(out, page.Series{Group: group, Name: name, Unit: "epoch"})
		}
		out[i].X, out[i].Y = append(out[i].X, float64(e.Epoch)), append(out[i].Y, y)
	}
	for _, e := range card.History {
		add(e, "loss", "train", e.Loss)
		if e.DevLoss != 0 {
			add(e, "loss", "dev", e.DevLoss)
		}
		if e.Score != 0 && card.Metric != "log_loss" {
			add(e, "dev "+strings.ReplaceAll(card.Metric, "_", " "), "dev", e.Score)
		}
	}
	return out
}
