package page

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// ReadHistory reads the learning curves of a training from the JSON lines that
// watch.Console prints of it, such as those of train --log-json. Lines of other programs
// in the same log are passed over. A second training, on the dev texts as well, is a line
// of its own, and where a log begins again its lines have a gap. name is that of the log,
// for errors.
func ReadHistory(r io.Reader, name string) ([]Series, error) {
	var h history
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	for n := 1; s.Scan(); n++ {
		var line historyLine
		if !strings.HasPrefix(strings.TrimSpace(s.Text()), "{") {
			continue // another program's line in the same log
		}
		if err := json.Unmarshal(s.Bytes(), &line); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		h.add(&line)
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if h.series == nil {
		return nil, fmt.Errorf("%s: no lines of train --log-json", name)
	}
	return h.series, nil
}

// Refit is what the name of a series says of a second training.
const Refit = "once more with the dev texts"

// A historyLine is what is read of a line of the log.
type historyLine struct {
	Member     int
	Refit      bool
	Step       float64
	Loss, Rate *float64
	GradNorm   *float64 `json:"grad_norm"`
	PerSecond  *float64 `json:"tokens_per_s"`
	Dev        *struct {
		Metric  string
		Score   *float64
		LogLoss *float64 `json:"log_loss"`
	}
}

// A history is the series of the lines so far.
type history struct{ series []Series }

func (h *history) add(line *historyLine) {
	h.point(line, "loss", "train", line.Loss)
	if d := line.Dev; d != nil {
		h.point(line, "loss", "dev", d.LogLoss)
		if metric := strings.ReplaceAll(d.Metric, "_", " "); metric != "log loss" {
			h.point(line, "dev "+metric, "dev", d.Score)
		}
	}
	h.point(line, "learning rate", "rate", line.Rate)
	h.point(line, "gradient norm", "norm", line.GradNorm)
	h.point(line, "tokens per second", "speed", line.PerSecond)
}

// point adds a point to a series of the line's member and training.
func (h *history) point(line *historyLine, group, name string, y *float64) {
	if y == nil {
		return
	}
	if line.Member > 0 {
		name = fmt.Sprintf("%s, member %d", name, line.Member)
	}
	if line.Refit {
		name += ", " + Refit
	}
	i := slices.IndexFunc(h.series, func(s Series) bool { return s.Group == group && s.Name == name })
	if i < 0 {
		i = len(h.series)
		h.series = append(h.series, Series{Group: group, Name: name, Unit: "step"})
	}
	s := &h.series[i]
	if n := len(s.X); n > 0 && line.Step < s.X[n-1] {
		s.X, s.Y = append(s.X, line.Step), append(s.Y, math.NaN())
	}
	s.X, s.Y = append(s.X, line.Step), append(s.Y, *y)
}
