package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/forecast"
	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/memlimit"
	"github.com/textlstm/textlstm/internal/progress"
	"github.com/textlstm/textlstm/internal/stop"
	"github.com/textlstm/textlstm/recipe/settings"
	"github.com/textlstm/textlstm/train/loop"
)

// A training is the flags of commands that train.
type training struct {
	table           table
	settings        cli.Settings
	season, horizon int
	logJSON         bool
}

func (t *training) add(cmd *cobra.Command) {
	t.table.add(cmd)
	t.table.addCovariates(cmd)
	t.settings.Add(cmd, forecast.Config{}, "")
	t.settings.AddRun(cmd, "most passes over the windows")
	f := cmd.Flags()
	f.IntVar(&t.season, "season", 0, "`steps` after which a pattern comes again; 0 for none (default: by the times, such as 12 for months)")
	cli.Positive(cmd, &t.horizon, "horizon", 0, "`steps` to forecast at once (default: a season, at most 24, or 10 without one)")
	cli.AddLog(cmd, &t.logJSON, &t.table.quiet)
}

// read reads the series and what is to be learned of them.
func (t *training) read(cmd *cobra.Command, files []string) ([]forecast.Series, forecast.TableConfig, forecast.Config, error) {
	var given forecast.Config
	if err := t.settings.Over(cmd, &given); err != nil {
		return nil, forecast.TableConfig{}, given, err
	}
	covariates := t.table.covariates()
	if covariates == nil {
		covariates = given.Covariates
	}
	table, err := t.table.config(cmd, forecast.TableConfig{}, covariates)
	if err != nil {
		return nil, table, given, err
	}
	series, err := t.table.read(cmd, table, files)
	if err != nil {
		return nil, table, given, err
	}
	dated := series
	if cmd.Flags().Changed("season") && t.season < 2 {
		dated = undated(series) // what suits them has no season
	}
	c := forecast.Recommend(covariates, dated...)
	if err := t.settings.Over(cmd, &c); err != nil {
		return nil, table, c, err
	}
	c.Covariates = covariates
	t.over(cmd, &c, given.Horizon > 0)
	return series, table, c, c.Resolve().Validate()
}

// over puts the season and the horizon of the flags in the place of those of c. The horizon
// follows from the season of a flag, unless that is given too or set.
func (t *training) over(cmd *cobra.Command, c *forecast.Config, set bool) {
	if cmd.Flags().Changed("season") {
		c.Season = t.season
		if !set && t.season > 1 {
			c.Horizon = min(24, t.season)
		}
	}
	if cmd.Flags().Changed("horizon") {
		c.Horizon = t.horizon
	}
}

// undated are series whose steps have no times, from which a season follows.
func undated(series []forecast.Series) []forecast.Series {
	list := slices.Clone(series)
	for i := range list {
		list[i].Times = nil
	}
	return list
}

// say tells what is about to be learned.
func say(p *progress.Console, series []forecast.Series, c forecast.Config) {
	steps, least := 0, len(series[0].Values)
	for _, s := range series {
		steps += len(s.Values)
		least = min(least, len(s.Values))
	}
	what := fmt.Sprintf("series %s, %d steps", series[0].Name, steps)
	if len(series) > 1 {
		what = fmt.Sprintf("%d series, %d steps and more", len(series), least)
	}
	if calendar, _, ok := forecast.CalendarOf(series[0].Times); ok && calendar.Regular() {
		what += " of " + calendar.String()
	}
	season := "no season"
	if c.Season > 1 {
		season = fmt.Sprintf("season %d", c.Season)
	}
	p.Say("%s; %s, window %d, horizon %d", what, season, c.Resolve().Window, c.Resolve().Horizon)
}

// watch returns what shows the progress of a training.
func watch(cmd *cobra.Command, p *progress.Console) func(forecast.Progress) {
	start, shown := time.Now(), ""
	return stop.Holding(cmd.Context(), func(x forecast.Progress) {
		part := fmt.Sprintf("config %d/%d: base %s", x.Try, x.Tries, x.Config.Base)
		if x.Chosen {
			part = fmt.Sprintf("network %d/%d", x.Member+1, max(1, x.Config.Members))
		}
		switch {
		case x.Warning != nil:
			p.Warn(strings.TrimPrefix(x.Warning.Error(), "forecast: "))
		case p.Quiet:
		case p.JSON:
			if x.Batch == 0 && x.Epoch > 0 || x.Resumed || p.Every(time.Second) {
				p.Line(struct {
					Part    string  `json:"part"`
					Epoch   int     `json:"epoch"`
					Epochs  int     `json:"epochs"`
					Loss    float64 `json:"loss"`
					Dev     float64 `json:"dev,omitempty"`
					Seconds float64 `json:"seconds"`
					Resumed bool    `json:"resumed,omitempty"`
				}{part, x.Epoch, x.Config.Epochs, x.Loss, x.Dev, time.Since(start).Seconds(), x.Resumed})
			}
		case x.Resumed:
			p.Say("going on with %s, epoch %d", part, x.Epoch+1)
		default:
			if part != shown {
				shown = part
				if !x.Chosen || x.Member == 0 {
					p.Say("%s", part)
				}
			}
			dev := ""
			if x.DevKnown && !x.Chosen {
				dev = fmt.Sprintf("  dev %.4f", x.Dev)
			}
			p.Paint("%s  epoch %d  loss %.4f%s  %s", part, x.Epoch+1, x.Loss, dev, progress.Short(time.Since(start)))
		}
	})
}

// Train flags are those of train.
type trainFlags struct {
	training
	checkpoint cli.Checkpoint
	out        string
	show       bool
}

func newTrain() *cobra.Command {
	t := new(trainFlags)
	cmd := &cobra.Command{
		Use:   "train [FILE]... --out MODEL",
		Short: "Train a model on time series",
		Long: `Train learns a model from series in tables of comma-separated values, with the oldest
or the newest step first. A column has dates or other names of the steps, one has the
values; --values names several columns of series, --series the column that says which
series a row is of. One model learns all series, each with a scale of its own.

The season follows from the dates, and the horizon from the season, unless --season and
--horizon say otherwise. Other settings have defaults that suit the series; a config
file (TOML or JSON) changes some, --set changes one: --set lstm.hidden_size=100.
docs/settings.md lists them all; --print-config prints what they come to.

The last fifth of each series chooses how long to train and what a forecast is a
difference from, the last value or that of a season before; then the model learns from
all steps. The answer for a step is its median and the intervals of 90, 80 and 50 %.

A training that is interrupted keeps what it has learned in the directory
MODEL.checkpoint until --resume goes on with it.`,
		Example: `  forecast train sales.csv --out sales.model
  forecast train shops.csv --series shop --values sold --known price --out shops.model
  forecast train prices.csv --values Close --horizon 20 --missing last --out prices.model`,
		Args: cobra.ArbitraryArgs,
		RunE: plain(t.run),
	}
	t.add(cmd)
	t.checkpoint.Add(cmd, "MODEL")
	f := cmd.Flags()
	f.StringVar(&t.out, "out", "", "model `file` to write")
	f.BoolVar(&t.show, "print-config", false, "print the settings, those that suit the series among them, as a config file, and train nothing")
	return cmd
}

func (t *trainFlags) run(cmd *cobra.Command, files []string) error {
	if t.show {
		return t.printConfig(cmd, files)
	}
	if t.out == "" {
		return cli.Usagef("train needs --out MODEL")
	}
	if err := t.checkpoint.Check(cmd, t.out); err != nil {
		return err
	}
	inputs := cli.OrStdin(cmd, files)
	if err := cli.CheckOutput("--out", t.out, append(slices.Clone(inputs), t.settings.Config)...); err != nil {
		return err
	}
	series, table, c, err := t.read(cmd, inputs)
	if err != nil {
		return err
	}
	p := progress.New(cmd.ErrOrStderr(), t.logJSON, t.table.quiet)
	say(p, series, c)
	tr := forecast.Trainer{Config: c, Table: table, Checkpoint: t.checkpoint.CheckpointOptions, OnProgress: watch(cmd, p)}
	memlimit.Respect()
	start := time.Now()
	m, err := tr.Train(cmd.Context(), series...)
	p.Done()
	if err != nil {
		if t.checkpoint.Path != "" {
			cli.HintResume(cmd, files...)
		}
		return err
	}
	if err := m.Save(t.out); err != nil {
		return err
	}
	if err := loop.RemoveCheckpoints(t.checkpoint.Path); t.checkpoint.Path != "" && err != nil {
		p.Warn(err.Error())
	}
	size := int64(0)
	if info, err := os.Stat(t.out); err == nil {
		size = info.Size()
	}
	p.Say("%s: forecasts 1 to %d steps as differences from %s; %s, %s", t.out, m.Config().Horizon,
		map[forecast.Base]string{forecast.Last: "the last value", forecast.Season: "the last season", forecast.None: "the mean"}[m.Config().Base],
		progress.Size(size), progress.Short(time.Since(start)))
	return nil
}

// printConfig prints the settings, those that suit the series where there are any.
func (t *trainFlags) printConfig(cmd *cobra.Command, files []string) error {
	var c forecast.Config
	if len(files) > 0 {
		var err error
		if _, _, c, err = t.read(cmd, files); err != nil {
			return err
		}
	} else {
		if err := t.settings.Over(cmd, &c); err != nil {
			return err
		}
		if covariates := t.table.covariates(); covariates != nil {
			c.Covariates = covariates
		}
		t.over(cmd, &c, c.Horizon > 0)
	}
	c = c.Resolve()
	if err := c.Validate(); err != nil {
		return err
	}
	tree, err := settings.AllOf(c)
	if err != nil {
		return err
	}
	return tree.WriteTOML(cmd.OutOrStdout())
}
