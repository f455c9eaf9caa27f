package sentiment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/cli/input"
	"github.com/textlstm/textlstm/internal/cli/training"
	"github.com/textlstm/textlstm/internal/memlimit"
	"github.com/textlstm/textlstm/recipe"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/report/studies"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/tune"
	"github.com/textlstm/textlstm/train/watch"
)

// A tuning is what the flags of tune ask for.
type tuning struct {
	in               input.Flags
	files, dev       []string
	devSplit         float64
	recipe           training.Recipe
	begin            recipe.Options
	device           train.Device
	out, study       string
	resume           bool
	shard            tune.Shard
	merge            []string
	space, method    string
	trials, parallel int
	minEpochs        int
	memory           int64 // MiB
	style            report.Style
	quiet, show      bool
}

func newTune(devices training.Devices) *cobra.Command {
	var u tuning
	cmd := &cobra.Command{
		Use:   "tune --train FILE --out CONFIG",
		Short: "Look for better settings of a training",
		Long: `Tune trains with many settings and writes those with the best dev score to a
config file, which sentiment train --config takes. The first trial has the
settings that train would use with the same flags; tune says whether any is better.

The settings to choose from are a file that --space names: --print-space prints
the usual one. It goes without the sizes of the network where that starts from a
model, as train would with the same --init; a trial of other sizes starts from
random weights. Methods: tpe tries what resembles the best trials so far; random
draws; halving trains many for an epoch, the better third of them longer, and so on.

The study is kept in a file beside CONFIG, and --resume goes on with one that was
interrupted, to the same end. The same seed gives the same study. With --parallel N
as many trials are chosen at once and run side by side, as far as there is memory.

Several processes or machines can share the trials of --method random: each runs the
same command with its --shard, as 1/3, 2/3 and 3/3, and a --study of its own. The
command without --shard and with a --merge for each of those files then ends as one
process would have; a trial that no file has is run. The trials of the other methods
follow from those before them.

The importance of a setting is the share of the variance of the scores that goes
with its value, by itself. The best of many dev scores is a little too good: judge
the model on other texts.`,
		Example: `  sentiment tune --train train.tsv --dev dev.tsv --out best.toml
  sentiment train --train train.tsv --dev dev.tsv --config best.toml --out best.model
  sentiment tune --train train.tsv --out best.toml --method halving --trials 40 --epochs 9
  sentiment tune --train train.tsv --method random --shard 1/2 --study a.study
  sentiment tune --train train.tsv --method random --shard 2/2 --study b.study
  sentiment tune --train train.tsv --method random --merge a.study --merge b.study --out best.toml`,
		Args: cli.FilesBy("--train"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if u.show {
				_, err := tune.DefaultSpace().WriteTo(cmd.OutOrStdout())
				return err
			}
			err := u.run(cmd)
			if err != nil {
				cli.HintResume(cmd)
			}
			return err
		},
	}
	u.in.Add(cmd, true)
	u.recipe.Add(cmd, recipe.Recipe{}, " to begin with")
	u.recipe.AddDataDir(cmd)
	u.recipe.AddRun(cmd, "passes over the training texts; for halving the most")
	training.AddStart(cmd, &u.begin)
	training.AddDevice(cmd, devices, &u.device)
	f := cmd.Flags()
	f.StringArrayVar(&u.files, "train", nil, "training `file`; may be repeated")
	f.StringArrayVar(&u.dev, "dev", nil, "dev `file`; may be repeated")
	f.Float64Var(&u.devSplit, "dev-split", 0.1, "share of the training texts set aside for dev without --dev")
	f.StringVar(&u.out, "out", "", "config `file` to write, TOML or JSON by its name")
	f.StringVar(&u.study, "study", "", "`file` of the study (default CONFIG.study)")
	f.BoolVar(&u.resume, "resume", false, "go on with the study of an interrupted run, if there is one")
	f.Var(&u.shard, "shard", "run every n-th trial from the `i`-th on: i/n")
	f.StringArrayVar(&u.merge, "merge", nil, "take over the trials of a shard's --study `file`; may be repeated")
	f.StringVar(&u.space, "space", "", "TOML `file` of the settings to choose from")
	f.BoolVar(&u.show, "print-space", false, "print the usual settings to choose from")
	f.StringVar(&u.method, "method", string(tune.TPE), "tpe, random or halving")
	f.IntVar(&u.trials, "trials", 20, "settings to try")
	f.IntVar(&u.parallel, "parallel", 1, "trials chosen and run at the same time")
	f.IntVar(&u.minEpochs, "min-epochs", 1, "for halving, the epochs that all get")
	f.Int64Var(&u.memory, "memory", 0, "`MiB` that trials at the same time may need (default: what there is)")
	cli.AddOutput(cmd, &u.style)
	cli.AddLog(cmd, nil, &u.quiet)
	return cmd
}

func (u *tuning) run(cmd *cobra.Command) error {
	log := cmd.ErrOrStderr()
	opts, err := u.in.Options()
	if err != nil {
		return err
	}
	opts.Labelled = true
	r, err := u.check(cmd)
	if err != nil {
		return err
	}
	t, s, err := u.open(cmd.Context(), r, opts)
	if err != nil {
		return err
	}
	memlimit.Respect()
	p := watch.NewConsole(log, false, u.quiet)
	p.Texts(t.Data.Len(), t.Data, t.Dev)
	p.On(t.Device)
	if u.parallel <= 1 {
		t.OnProgress = p.Painted()
	}
	s.OnRun = p.Trials(s)
	err = s.Run(cmd.Context(), t.Try)
	p.Done()
	if err != nil || !u.shard.Whole() {
		return err
	}
	best, _ := s.Best()
	if best == nil {
		return fmt.Errorf("all %d trials failed, the first: %s", len(s.Runs), s.Runs[0].Error)
	}
	c, err := best.Values.Apply(t.Config)
	if err != nil {
		return err
	}
	if err := r.WriteFile(u.out, c, slices.Collect(maps.Keys(best.Values))...); err != nil {
		return err
	}
	if !u.quiet {
		fmt.Fprintf(log, "wrote %s\n", report.Clean(u.out))
	}
	return studies.WriteStudy(cmd.OutOrStdout(), u.style, s)
}

// check checks the flags and reads the recipe to begin with.
func (u *tuning) check(cmd *cobra.Command) (*recipe.Recipe, error) {
	switch {
	case u.out == "" && u.shard.Whole():
		return nil, cli.Usagef("tune needs --out CONFIG")
	case !u.shard.Whole() && (u.study == "" || u.out != ""):
		return nil, cli.Usagef("--shard %s needs --study FILE, and writes no --out: what merges the shards does", &u.shard)
	case !(u.devSplit > 0 && u.devSplit < 1):
		return nil, cli.Usagef("--dev-split %v: want a share above 0 and below 1", u.devSplit)
	case !u.shard.Whole() && u.method != string(tune.Random):
		return nil, cli.Usagef("--shard %s: the trials of --method %s follow from those before them, want the method %s", &u.shard, u.method, tune.Random)
	case u.trials < 1:
		return nil, cli.Usagef("--trials %d: want at least 1", u.trials)
	case u.parallel < 1:
		return nil, cli.Usagef("--parallel %d: want at least 1", u.parallel)
	case u.memory < 0:
		return nil, cli.Usagef("--memory %d: want 0 or more", u.memory)
	}
	r, err := u.recipe.Read(cmd, u.files, u.dev, "--train FILE")
	if err != nil {
		return nil, err
	}
	return r, cli.CheckOutput("--out", u.out, slices.Concat(u.recipe.Inputs(r), u.merge, []string{u.space, u.begin.Start.File()})...)
}

// open reads the texts and the study, or begins one.
func (u *tuning) open(ctx context.Context, r *recipe.Recipe, opts corpora.Options) (*tune.Trainer, *tune.Study, error) {
	o := tune.Options{Method: tune.Method(u.method), Trials: u.trials, Parallel: u.parallel, MinEpochs: u.minEpochs, Seed: r.Seed}
	var err error
	if u.space != "" {
		if o.Space, err = readSpace(u.space); err != nil {
			return nil, nil, err
		}
	}
	if o.Method != tune.Halving {
		o.MinEpochs = 0
	}
	file := cmp.Or(u.study, u.out+".study")
	if err := u.checkStudy(file, r); err != nil {
		return nil, nil, err
	}
	texts, err := r.ReadTexts(opts, u.recipe.DataDir, u.devSplit)
	if err != nil {
		return nil, nil, err
	}
	t := &tune.Trainer{Data: texts.Train(), Dev: texts.Dev()}
	begin, err := r.Begin(ctx, texts, u.begin)
	if err != nil {
		return nil, nil, err
	}
	t.Start, t.Config, t.Device = begin.Start, begin.Config, u.device
	if o, err = t.Options(o); err != nil {
		return nil, nil, cli.UsageError(err)
	}
	s, err := tune.New(o)
	if err != nil {
		return nil, nil, err
	}
	s.File, s.Memory, s.Need = file, u.memory<<20, t.Need
	if u.memory == 0 {
		s.Memory = memlimit.Budget()
	}
	s.Shard = u.shard
	if err := s.Merge(u.merge...); err != nil {
		return nil, nil, err
	}
	if u.resume {
		if err := s.Resume(); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, nil, err
		}
	}
	return t, s, nil
}

// checkStudy refuses to begin a study where there is one.
func (u *tuning) checkStudy(file string, r *recipe.Recipe) error {
	if err := cli.CheckOutput("--study", file, slices.Concat(u.recipe.Inputs(r), u.merge, []string{u.space})...); err != nil {
		return err
	}
	if _, err := os.Stat(file); err == nil && !u.resume {
		return cli.Usagef("%s is a study: go on with it by --resume, or remove it", file)
	}
	return nil
}

func readSpace(file string) (tune.Space, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s, err := tune.ReadSpace(f)
	if err != nil {
		return nil, cli.Usagef("%s: %w", file, err)
	}
	return s, nil
}
