package main

import (
	"cmp"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/forecast"
	"github.com/textlstm/textlstm/forecast/chart"
	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/memlimit"
	"github.com/textlstm/textlstm/internal/progress"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/report/page"
)

// Backtest flags are those of backtest.
type backtestFlags struct {
	training
	share          float64
	stride, refits int
	style          report.Style
	page           page.Output
}

func newBacktest() *cobra.Command {
	b := new(backtestFlags)
	cmd := &cobra.Command{
		Use:   "backtest [FILE]...",
		Short: "Judge forecasts on the end of time series",
		Long: `Backtest trains on the first 70 % of each series and forecasts the rest from a rolling
origin: from the end of that part, then --stride steps later, and so on. No forecast
sees anything after its origin. Beside the LSTM stand methods that learn nothing: the
last value, that of a season before, and Theta.

MASE is the mean absolute error over that of the last season (or value) within the
training part, so that series can be compared; CRPS judges the quantiles, and is the MAE
for those who have none; the last column is the share of values within the interval of
90 %.`,
		Example: `  forecast backtest sales.csv
  forecast backtest temperatures.csv --season 365 --horizon 30 --stride 10 --report page.html`,
		Args: cobra.ArbitraryArgs,
		RunE: plain(b.run),
	}
	b.add(cmd)
	f := cmd.Flags()
	f.Float64Var(&b.share, "train-share", 0.7, "`share` of each series to learn from before the first origin")
	f.IntVar(&b.stride, "stride", 1, "`steps` from one origin to the next")
	f.IntVar(&b.refits, "refits", 0, "how often a model is trained on the way (default: 5 where a series has fewer than 400 steps, else 1)")
	cli.AddOutput(cmd, &b.style)
	cli.AddPage(cmd, &b.page.File, &b.page.Plots)
	return cmd
}

func (b *backtestFlags) run(cmd *cobra.Command, files []string) error {
	files = cli.OrStdin(cmd, files)
	if err := cli.CheckOutput("--report", b.page.File, append(files, b.settings.Config)...); err != nil {
		return err
	}
	series, _, c, err := b.read(cmd, files)
	if err != nil {
		return err
	}
	test := forecast.BacktestConfig{Train: b.share, Stride: b.stride, Refits: b.refits}
	if !cmd.Flags().Changed("refits") {
		test.Refits = 1
		for _, s := range series {
			if len(s.Values) < 400 {
				test.Refits = 5
			}
		}
	}
	rolled := make([][]chart.Rolled, len(series))
	if b.page.Wanted() || b.style == report.HTML {
		test.OnForecast = func(i, origin int, f *forecast.Forecast) {
			rolled[i] = append(rolled[i], chart.Rolled{Origin: origin, Forecast: f})
		}
	}
	p := progress.New(cmd.ErrOrStderr(), b.logJSON, b.table.quiet)
	say(p, series, c)
	memlimit.Respect()
	results, err := forecast.Backtest(cmd.Context(), forecast.Trainer{Config: c, OnProgress: watch(cmd, p)}, test, series...)
	p.Done()
	if err != nil {
		return err
	}
	section := page.Section{Title: "Rolling origin"}
	section.Header, section.Rows = resultRows(results)
	for i, s := range series {
		if len(rolled[i]) > 0 {
			section.Fans = append(section.Fans, chart.Backtest(s, rolled[i]))
		}
	}
	trained := "once"
	if test.Refits > 1 {
		trained = fmt.Sprintf("%d times", test.Refits)
	}
	facts := []page.Fact{
		{Name: "season", Value: strconv.Itoa(c.Season)}, {Name: "horizon", Value: strconv.Itoa(cmp.Or(c.Horizon, 1))},
		{Name: "origins", Value: fmt.Sprintf("every %d steps after %g %% of the steps; trained %s", test.Stride, 100*test.Train, trained)},
	}
	out := cmd.OutOrStdout()
	return b.page.Show(out, b.style, page.Page{Title: "Back-test", Facts: facts, Sections: []page.Section{section}}, func() error {
		return report.Table(out, section.Header, section.Rows, b.style)
	})
}

// resultRows is the table of a back-test.
func resultRows(results []forecast.Result) (header []string, rows [][]any) {
	header = []string{"series", "method", "MASE", "MAE", "RMSE", "sMAPE", "CRPS", "within 90 %"}
	for _, r := range results {
		var within any
		if r.Coverage > 0 {
			within = fmt.Sprintf("%.1f %%", 100*r.Coverage)
		}
		rows = append(rows, []any{r.Series, r.Method, r.MASE, r.MAE, r.RMSE, r.SMAPE, r.CRPS, within})
	}
	return header, rows
}
