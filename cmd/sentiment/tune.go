package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/internal/memlimit"
	"github.com/textlstm/textlstm/recipe"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/report/studies"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/recommend"
	"github.com/textlstm/textlstm/train/tune"
)

// A tuning is what the flags of tune ask for.
type tuning struct {
	in               input
	files, dev       []string
	devSplit         float64
	config, dataDir  string
	sets             []string
	start            startModel
	epochs           int
	seed             uint64
	out, study       string
	resume           bool
	space, method    string
	trials, parallel int
	minEpochs        int
	memory           int64 // MiB
	style            string
	quiet, show      bool
}

func newTune() *cobra.Command {
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

The importance of a setting is the share of the variance of the scores that goes
with its value, by itself. The best of many dev scores is a little too good: judge
the model on other texts.`,
		Example: `  sentiment tune --train train.tsv --dev dev.tsv --out best.toml
  sentiment train --train train.tsv --dev dev.tsv --config best.toml --out best.model
  sentiment tune --train train.tsv --out best.toml --method halving --trials 40 --epochs 9`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if u.show {
				_, err := tune.DefaultSpace().WriteTo(cmd.OutOrStdout())
				return err
			}
			if cmd.Flags().Changed("epochs") {
				u.sets = append(u.sets, fmt.Sprintf("epochs=%d", u.epochs))
			}
			if cmd.Flags().Changed("seed") {
				u.sets = append(u.sets, fmt.Sprintf("seed=%d", u.seed))
			}
			err := u.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
			if err != nil && cmd.Context().Err() != nil {
				fmt.Fprintf(cmd.ErrOrStderr(), "go on with:\n  %s\n", resumeCommand(cmd))
			}
			return err
		},
	}
	u.in.addFlags(cmd, true)
	f := cmd.Flags()
	f.StringArrayVar(&u.files, "train", nil, "training `file`; may be repeated")
	f.StringArrayVar(&u.dev, "dev", nil, "dev `file`; may be repeated")
	f.Float64Var(&u.devSplit, "dev-split", 0.1, "share of the training texts set aside for dev without --dev")
	f.StringVar(&u.config, "config", "", "config `file` to begin with, TOML or JSON")
	f.StringVar(&u.dataDir, "data-dir", "", "`directory` that the files of a config file are relative to; ./FILE is beside the config file")
	f.StringArrayVar(&u.sets, "set", nil, "one setting to begin with, `path=value`; may be repeated")
	u.start.addFlag(cmd)
	f.IntVar(&u.epochs, "epochs", 0, "passes over the training texts; for halving the most")
	f.Uint64Var(&u.seed, "seed", 0, "seed of everything random")
	f.StringVar(&u.out, "out", "", "config `file` to write, TOML or JSON by its name")
	f.StringVar(&u.study, "study", "", "`file` of the study (default CONFIG.study)")
	f.BoolVar(&u.resume, "resume", false, "go on with the study of an interrupted run, if there is one")
	f.StringVar(&u.space, "space", "", "TOML `file` of the settings to choose from")
	f.BoolVar(&u.show, "print-space", false, "print the usual settings to choose from")
	f.StringVar(&u.method, "method", string(tune.TPE), "tpe, random or halving")
	f.IntVar(&u.trials, "trials", 20, "settings to try")
	f.IntVar(&u.parallel, "parallel", 1, "trials chosen and run at the same time")
	f.IntVar(&u.minEpochs, "min-epochs", 1, "for halving, the epochs that all get")
	f.Int64Var(&u.memory, "memory", 0, "`MiB` that trials at the same time may need (default: what there is)")
	f.StringVarP(&u.style, "output", "o", "table", "table, json, jsonl, csv, tsv, md or html")
	f.BoolVarP(&u.quiet, "quiet", "q", false, "no progress")
	must(cmd.RegisterFlagCompletionFunc("method", cobra.FixedCompletions([]string{"tpe", "random", "halving"}, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

func (u *tuning) run(ctx context.Context, out, log io.Writer) error {
	opts, err := u.in.options()
	if err != nil {
		return err
	}
	style, err := report.ParseStyle(u.style)
	if err != nil {
		return usageError{err}
	}
	r, err := u.recipe()
	if err != nil {
		return err
	}
	o := tune.Options{Method: tune.Method(u.method), Trials: u.trials, Parallel: u.parallel, MinEpochs: u.minEpochs, Seed: r.Seed}
	if u.space != "" {
		if o.Space, err = readSpace(u.space); err != nil {
			return err
		}
	}
	if o.Method != tune.Halving {
		o.MinEpochs = 0
	}
	file := cmp.Or(u.study, u.out+".study")
	if err := u.checkStudy(file); err != nil {
		return err
	}
	t := &tune.Trainer{}
	if t.Data, t.Dev, err = readTrainingData(opts, u.dataDir, r.Data, r.Dev, u.devSplit, r.Seed); err != nil {
		return err
	}
	if t.Start, _, t.Config, err = u.start.settings(r, "", t.Data, recommend.For(t.Data)); err != nil {
		return err
	}
	if o, err = t.Options(o); err != nil {
		return usageError{err}
	}
	s, err := tune.New(o)
	if err != nil {
		return usageError{err}
	}
	s.File = file
	if u.resume {
		if err := s.Resume(); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	limitMemory()
	s.Memory, s.Need = u.budget(), t.Need
	p := newProgress(log, false, u.quiet)
	p.data(t.Data, t.Dev)
	if p.tty && o.Parallel <= 1 {
		t.OnProgress = func(x train.Progress) {
			if x.Dev == nil { // the line that is painted over
				p.report(x)
			}
		}
	}
	trials := newTrialLog(p, s)
	s.OnRun = trials.add
	err = s.Run(ctx, t.Try)
	p.done()
	if err != nil {
		return err
	}
	best, _ := s.Best()
	if best == nil {
		return fmt.Errorf("all %d trials failed, the first: %s", len(s.Runs), s.Runs[0].Error)
	}
	if err := writeBest(u.out, r, t.Config, best.Values); err != nil {
		return err
	}
	if !u.quiet {
		fmt.Fprintf(log, "wrote %s\n", u.out)
	}
	return studies.WriteStudy(out, style, s)
}

// recipe reads the settings to begin with and names the texts.
func (u *tuning) recipe() (*trainRecipe, error) {
	switch {
	case u.out == "":
		return nil, usagef("tune needs --out CONFIG")
	case !(u.devSplit > 0 && u.devSplit < 1):
		return nil, usagef("--dev-split %v: want a share above 0 and below 1", u.devSplit)
	case u.trials < 1:
		return nil, usagef("--trials %d: want at least 1", u.trials)
	case u.parallel < 1:
		return nil, usagef("--parallel %d: want at least 1", u.parallel)
	case u.memory < 0:
		return nil, usagef("--memory %d: want 0 or more", u.memory)
	}
	r, err := readRecipe(u.config, u.sets)
	if err != nil {
		return nil, err
	}
	if len(u.files) > 0 {
		r.Data = asSources(u.files)
	}
	if len(u.dev) > 0 {
		r.Dev = asSources(u.dev)
	}
	if len(r.Data) == 0 {
		return nil, usagef("tune needs --train FILE, or a config file that names its data")
	}
	return r, checkOut("--out", u.out, slices.Concat(u.files, u.dev, []string{u.space}))
}

// checkStudy refuses to begin a study where there is one.
func (u *tuning) checkStudy(file string) error {
	if err := checkOut("--study", file, slices.Concat(u.files, u.dev, []string{u.space, u.config})); err != nil {
		return err
	}
	if _, err := os.Stat(file); err == nil && !u.resume {
		return usagef("%s is a study: go on with it by --resume, or remove it", file)
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
		return nil, usagef("%s: %w", file, err)
	}
	return s, nil
}

// budget is how many bytes the trials may need together: what the machine leaves
// the process, less a fifth.
func (u *tuning) budget() int64 {
	if u.memory > 0 {
		return u.memory << 20
	}
	limit, _ := memlimit.Get()
	if limit == math.MaxInt64 {
		return limit
	}
	return limit / 5 * 4
}

// A trialLog says how each trial did.
type trialLog struct {
	p     *progress
	s     *tune.Study
	start time.Time
	had   int // runs that an earlier command did
}

func newTrialLog(p *progress, s *tune.Study) *trialLog {
	if n := len(s.Runs); n > 0 && !p.quiet {
		fmt.Fprintf(p.w, "going on after %d runs\n", n)
	}
	return &trialLog{p, s, time.Now(), len(s.Runs)}
}

func (l *trialLog) add(r tune.Run) {
	if l.p.quiet {
		return
	}
	l.p.clear()
	elapsed := time.Since(l.start)
	what := fmt.Sprintf("%s %.4f", l.s.Metric, float64(r.Score))
	if best, _ := l.s.Best(); best != nil && best.Task.Run == r.Task.Run {
		what += " *"
	}
	if r.Error != "" {
		what = "failed: " + report.Clean(r.Error)
	}
	epochs := ""
	if r.Epochs > 0 {
		epochs = fmt.Sprintf("  epochs %d", r.Epochs)
	}
	fmt.Fprintf(l.p.w, "trial %d of %d%s  %s  %s  %s\n", r.Trial+1, l.s.Trials, epochs, what, report.Clean(r.Values.String()), short(elapsed))
}

// writeBest writes a config file: the recipe but for files that flags named, the
// settings to begin with, and the best values.
func writeBest(file string, r *trainRecipe, c train.Config, best tune.Values) error {
	c, err := best.Apply(c)
	if err != nil {
		return err
	}
	here := func(s source) bool { return s.here }
	whole := trainRecipe{
		Config: c, Card: r.Card,
		Data: slices.DeleteFunc(slices.Clone(r.Data), here),
		Dev:  slices.DeleteFunc(slices.Clone(r.Dev), here),
	}
	return recipe.WriteFile(file, whole)
}
