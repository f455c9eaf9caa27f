package page

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// ReadHistory reads the learning curves of a training from the JSON lines that
// watch.Console prints of it, such as those of train --log-json. Lines of other programs
// in the same log are passed over. name is that of the log, for errors.
func ReadHistory(r io.Reader, name string) ([]Series, error) {
	var series []Series
	member := 0
	add := func(group, line string, x float64, y *float64) {
		if y == nil {
			return
		}
		if member > 0 {
			line = fmt.Sprintf("%s, member %d", line, member)
		}
		i := slices.IndexFunc(series, func(s Series) bool { return s.Group == group && s.Name == line })
		if i < 0 {
			i = len(series)
			series = append(series, Series{Group: group, Name: line, Unit: "step"})
		}
		series[i].X, series[i].Y = append(series[i].X, x), append(series[i].Y, *y)
	}
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	for n := 1; s.Scan(); n++ {
		var line struct {
			Member     int
			Step       float64
			Loss, Rate *float64
			GradNorm   *float64 `json:"grad_norm"`
			PerSecond  *float64 `json:"tokens_per_s"`
			Dev        *struct {
				Metric string
				Score  *float64
			}
		}
		if !strings.HasPrefix(strings.TrimSpace(s.Text()), "{") {
			continue // another program's line in the same log
		}
		if err := json.Unmarshal(s.Bytes(), &line); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		member = line.Member
		add("loss", "train", line.Step, line.Loss)
		if line.Dev != nil {
			add("dev "+strings.ReplaceAll(line.Dev.Metric, "_", " "), "dev", line.Step, line.Dev.Score)
		}
		add("learning rate", "rate", line.Step, line.Rate)
		add("gradient norm", "norm", line.Step, line.GradNorm)
		add("tokens per second", "speed", line.Step, line.PerSecond)
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if series == nil {
		return nil, fmt.Errorf("%s: no lines of train --log-json", name)
	}
	return series, nil
}
