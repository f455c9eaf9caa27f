package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/forecast"
	"github.com/textlstm/textlstm/forecast/chart"
	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/report/page"
)

// Predict flags are those of forecast itself.
type predictFlags struct {
	table table
	model string
	steps int
	style report.Style
	page  page.Output
}

func newRoot() *cobra.Command {
	p := new(predictFlags)
	root := &cobra.Command{
		Use:   "forecast --model MODEL [FILE]...",
		Short: "Forecast time series with LSTM models",
		Long: `Forecast tells what comes next in time series, by a model that "forecast train" has
learned from them: for each step a number, and the intervals that it is in with a
probability of 90, 80 and 50 %. "forecast backtest" says how good that is.

The tables are read as those of the training were, unless flags say otherwise. A
series may have gone on since; one that the model has not seen is scaled by its own
values. JSON, CSV and TSV have all quantiles, q0.05 being the value that one in twenty
is below; the other forms have the widest interval.`,
		Example: `  forecast train sales.csv --out sales.model
  forecast --model sales.model sales.csv
  forecast --model sales.model sales.csv --steps 6 --output csv --report sales.html
  forecast backtest sales.csv`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 || p.model != "" {
				return nil
			}
			if _, err := os.Stat(args[0]); err == nil {
				return errors.New("forecast needs --model MODEL: forecast train FILE --out MODEL makes one")
			}
			if filepath.Ext(args[0]) != "" {
				return fmt.Errorf("forecast needs --model MODEL, and there is no file %s", cli.Quote(args[0]))
			}
			return cli.NoArgs(cmd, args[:1])
		},
		RunE: plain(p.run),
	}
	p.table.add(root)
	f := root.Flags()
	f.StringVarP(&p.model, "model", "m", "", "model `file`")
	f.IntVar(&p.steps, "steps", 0, "`steps` to forecast (default: the horizon of the model)")
	f.BoolVarP(&p.table.quiet, "quiet", "q", false, "do not say how the tables are read")
	cli.AddOutput(root, &p.style)
	cli.AddPage(root, &p.page.File, &p.page.Plots)
	cli.Must(root.MarkFlagFilename("model"))
	root.AddCommand(newTrain(), newBacktest())
	return cli.Prepare(root)
}

func (p *predictFlags) run(cmd *cobra.Command, files []string) error {
	if p.model == "" {
		if len(files) == 0 && cmd.Flags().NFlag() == 0 {
			return cmd.Help()
		}
		return cli.Usagef("forecast needs --model MODEL: forecast train FILE --out MODEL makes one")
	}
	files = cli.OrStdin(cmd, files)
	if err := cli.CheckOutput("--report", p.page.File, append(files, p.model)...); err != nil {
		return err
	}
	m, err := forecast.Load(p.model)
	if err != nil {
		return err
	}
	table, err := p.table.config(cmd, m.Table(), m.Config().Covariates)
	if err != nil {
		return err
	}
	series, err := p.table.read(cmd, table, files)
	if err != nil {
		return err
	}
	steps := p.steps
	if !cmd.Flags().Changed("steps") {
		steps = m.Config().Horizon
	} else if steps < 1 || !m.Config().Recursive && steps > m.Config().Horizon {
		return cli.Usagef("--steps %d: the model answers 1 to %d", steps, m.Config().Horizon)
	}
	var list []*forecast.Forecast
	section := page.Section{Title: "Forecasts"}
	for _, s := range series {
		f, err := m.Forecast(cmd.Context(), s, steps)
		if err != nil {
			return err
		}
		list = append(list, f)
		if p.page.Wanted() || p.style == report.HTML {
			section.Fans = append(section.Fans, chart.Ahead(s, f))
		}
	}
	section.Header, section.Rows = rows(series, list, report.HTML)
	facts := []page.Fact{{Name: "model", Value: p.model}, {Name: "steps", Value: strconv.Itoa(steps)}}
	out := cmd.OutOrStdout()
	return p.page.Show(out, p.style, page.Page{Title: "Forecast", Facts: facts, Sections: []page.Section{section}}, func() error {
		header, rows := rows(series, list, p.style)
		return report.Table(out, header, rows, p.style)
	})
}

// rows is the table of forecasts in a style.
func rows(series []forecast.Series, list []*forecast.Forecast, style report.Style) (header []string, out [][]any) {
	exact := style == report.CSV || style == report.TSV || style == report.JSON || style == report.JSONL
	header = []string{"series", "time", "forecast"}
	levels := list[0].Levels
	widest := list[0].Intervals()
	switch {
	case exact:
		for _, l := range levels {
			header = append(header, fmt.Sprintf("q%g", l))
		}
	case len(widest) > 0:
		header = append(header, fmt.Sprintf("%.4g %% from", 100*widest[0]), "to")
	}
	for i, f := range list {
		show := decimals(series[i].Values)
		for h, y := range f.Points {
			row := []any{f.Name, fmt.Sprintf("+%d", h+1)}
			if f.Times != nil {
				row[1] = f.Times[h]
			}
			switch {
			case exact:
				row = append(row, y)
				for _, q := range f.Quantiles[h] {
					row = append(row, q)
				}
			case len(widest) > 0:
				q := f.Quantiles[h]
				row = append(row, show(y), show(q[0]), show(q[len(q)-1]))
			default:
				row = append(row, show(y))
			}
			out = append(out, row)
		}
	}
	return header, out
}

// decimals returns what writes numbers with as many places as tell those of a series
// apart: about four digits.
func decimals(values []float64) func(float64) string {
	largest := 0.0
	for _, v := range values {
		largest = max(largest, math.Abs(v))
	}
	places := 4
	if largest > 0 {
		places = min(max(3-int(math.Floor(math.Log10(largest))), 0), 8)
	}
	return func(v float64) string { return strconv.FormatFloat(v, 'f', places, 64) }
}
