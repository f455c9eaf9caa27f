package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/report/page"
)

// pageFlags say where a page and its plots go.
type pageFlags struct{ file, plots, history string }

func (p *pageFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&p.file, "report", "", "also write the HTML page to this `file`")
	f.StringVar(&p.plots, "plots", "", "also write the plots as SVG and PNG into this `directory`")
	f.StringVar(&p.history, "history", "", "show the learning curves of this `file`, the log of train --log-json")
	must(cmd.MarkFlagDirname("plots"))
	must(cmd.MarkFlagFilename("report", "html"))
	must(cmd.MarkFlagFilename("history"))
}

func (p *pageFlags) wanted() bool { return p.file != "" || p.plots != "" }

// write puts the page where the flags and the style say; for any other style
// than HTML, text prints to out.
func (p *pageFlags) write(out io.Writer, style report.Style, pg page.Page, text func() error) error {
	if p.history != "" {
		var err error
		if pg.History, err = readHistory(p.history); err != nil {
			return err
		}
	}
	if p.plots != "" {
		if _, err := page.WritePlots(p.plots, pg); err != nil {
			return err
		}
	}
	if p.file != "" {
		if err := fsx.WriteFile(fsx.OS{}, p.file, func(w io.Writer) error { return page.Write(w, pg) }); err != nil {
			return err
		}
	}
	if style == report.HTML {
		return page.Write(out, pg)
	}
	return text()
}

// modelFacts are what a page says of a model.
func modelFacts(name, file string, m *classify.Model) []page.Fact {
	card := m.Card()
	value := file
	switch {
	case file == "" && card.Name != "":
		value = card.Name
	case file == "":
		value = "the embedded model"
	case card.Name != "":
		value = fmt.Sprintf("%s (%s)", card.Name, file)
	}
	facts := []page.Fact{{Name: name, Value: value}}
	if card.Data != nil {
		facts = append(facts, page.Fact{Name: "Trained on", Value: strings.Join(card.Data, ", ")})
	}
	return facts
}

// readHistory reads the lines that train --log-json prints.
func readHistory(file string) ([]page.Series, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var series []page.Series
	member := 0
	add := func(group, name string, x float64, y *float64) {
		if y == nil {
			return
		}
		if member > 0 {
			name = fmt.Sprintf("%s, member %d", name, member)
		}
		i := slices.IndexFunc(series, func(s page.Series) bool { return s.Group == group && s.Name == name })
		if i < 0 {
			i = len(series)
			series = append(series, page.Series{Group: group, Name: name, Unit: "step"})
		}
		series[i].X, series[i].Y = append(series[i].X, x), append(series[i].Y, *y)
	}
	s := bufio.NewScanner(f)
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
			return nil, fmt.Errorf("%s:%d: %w", file, n, err)
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
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if series == nil {
		return nil, fmt.Errorf("%s: no lines of train --log-json", file)
	}
	return series, nil
}
