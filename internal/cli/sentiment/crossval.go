package sentiment

import (
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/cli/input"
	"github.com/textlstm/textlstm/internal/cli/training"
	"github.com/textlstm/textlstm/internal/memlimit"
	"github.com/textlstm/textlstm/recipe"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/report/answers"
	"github.com/textlstm/textlstm/report/studies"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/crossval"
	"github.com/textlstm/textlstm/train/watch"
)

// A validation is what the flags of crossval ask for.
type validation struct {
	in          input.Flags
	recipe      training.Recipe
	folds       int
	devShare    float64
	copiesApart bool
	by          string
	state       string
	resume      bool
	shard       crossval.Shard
	merge       []string
	predictions string
	begin       recipe.Options
	device      train.Device
	style       report.Style
	all, quiet  bool
	resamples   int
}

func newCrossval(devices training.Devices) *cobra.Command {
	var v validation
	cmd := &cobra.Command{
		Use:   "crossval FILE...",
		Short: "Judge a way of training by cross-validation",
		Long: `Crossval tells how well models trained like "sentiment train" would do on texts
like those of the files, which are read as one data set. The texts are cut into
folds, each with its share of every label, equal texts in the same one; each fold
is answered by a model trained on the others, a tenth of which chooses the epoch.

It prints the mean of the headline figures over the folds with their standard
deviation, and the evaluation of all the answers together. --predictions keeps the
answers, which sentiment compare reads as one of its systems.

With --copies-apart equal texts may be in different folds. Most published figures
are such; where texts have copies they are higher, as some were learned before.

With --by the folds are kinds of texts, and the figures say how well a model does on
a kind that it has not met. --by source leaves out one file at a time, --by group
all entries of the config file that have the same

    group = "films"

at a time; entries without are learned from in every fold. A text is judged on the
labels that its source tells apart, and beside that on those that all groups have;
VADER's figures on the same texts stand next to the model's, where the labels are
those of sentiment.

With --state a file keeps the folds that are done, and --resume goes on from it.

Several processes or machines can share the folds: each runs the same command with
its --shard, as 1/3, 2/3 and 3/3, and a --state of its own. The command without
--shard and with a --merge for each of those files then prints what one process
would have; a fold that no file has is trained.`,
		Example: `  sentiment crossval reviews.tsv
  sentiment crossval --folds 5 --set model.lstm.hidden_size=64 --output json reviews.tsv
  sentiment crossval --predictions mine.jsonl reviews.tsv
  sentiment compare vader mine.jsonl --data reviews.tsv
  sentiment crossval --by source films.tsv books.tsv hotels.tsv
  sentiment crossval --by group --config recipe.toml --state folds.json --resume
  sentiment crossval --shard 1/2 --state a.json reviews.tsv
  sentiment crossval --shard 2/2 --state b.json reviews.tsv
  sentiment crossval --merge a.json --merge b.json reviews.tsv`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, files []string) error {
			if v.by != "" && cmd.Flags().Changed("folds") {
				return cli.Usagef("--folds %d: with --by there are as many folds as groups", v.folds)
			}
			err := v.run(cmd, files)
			if err != nil && v.state != "" {
				cli.HintResume(cmd, files...)
			}
			return err
		},
	}
	v.in.Add(cmd, true)
	v.recipe.Add(cmd, recipe.Recipe{}, "")
	cmd.Flags().Lookup("config").Usage += ", as for train"
	v.recipe.AddDataDir(cmd)
	v.recipe.AddRun(cmd, "passes over the training texts")
	training.AddStart(cmd, &v.begin)
	training.AddVectors(cmd, &v.begin)
	training.AddDevice(cmd, devices, &v.device)
	f := cmd.Flags()
	f.IntVar(&v.folds, "folds", 10, "number of folds")
	f.BoolVar(&v.copiesApart, "copies-apart", false, "equal texts may be in different folds, as for most published figures")
	f.StringVar(&v.by, "by", "", "leave out one `kind` at a time: group or source")
	f.StringVar(&v.state, "state", "", "`file` that keeps the folds that are done")
	f.BoolVar(&v.resume, "resume", false, "go on from the --state of an interrupted run, if there is one")
	f.Var(&v.shard, "shard", "train every n-th fold from the `i`-th on: i/n")
	f.StringArrayVar(&v.merge, "merge", nil, "take over the folds of a shard's --state `file`; may be repeated")
	f.Float64Var(&v.devShare, "dev-split", 0.1, "share of the texts outside a fold that chooses the epoch")
	f.StringVar(&v.predictions, "predictions", "", "`file` for the answers, JSON lines")
	cli.AddOutput(cmd, &v.style)
	f.BoolVar(&v.all, "all", false, "every metric of the answers together")
	f.IntVar(&v.resamples, "resamples", 1000, "bootstrap resamples for the intervals of the answers together; 0 for none")
	cli.AddLog(cmd, nil, &v.quiet)
	cli.Complete(cmd, "by", "group", "source")
	return cmd
}

func (v *validation) run(cmd *cobra.Command, files []string) error {
	ctx, out, log := cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr()
	opts, err := v.in.Options()
	if err != nil {
		return err
	}
	opts.Labelled = true
	r, err := v.check(cmd, files)
	if err != nil {
		return err
	}
	data, groups, err := v.read(opts, r)
	if err != nil {
		return err
	}
	coverage := log
	if v.quiet {
		coverage = io.Discard
	}
	t := train.Trainer{Device: v.device}
	if _, err := r.Setup(ctx, &t, recipe.InMemory(data, nil), v.begin, coverage); err != nil {
		return err
	}
	p := watch.NewConsole(log, false, v.quiet)
	p.Texts(data.Len(), data, nil)
	p.On(t.Device)
	t.OnProgress = p.Painted()
	memlimit.Respect()
	o := crossval.Options{
		Folds: v.folds, DevShare: v.devShare, Seed: t.Seed, SplitDuplicates: v.copiesApart, File: v.state, Resume: v.resume, Shard: v.shard, Merge: v.merge, OnFold: p.Folds(),
	}
	if v.by != "" {
		result, err := crossval.LeaveOut(ctx, t, data, groups, o)
		p.Done()
		if err != nil || !v.shard.Whole() {
			return err
		}
		if err := answers.WriteFile(v.predictions, data, result.Heads, result.Answers); err != nil {
			return err
		}
		return studies.WriteGroups(out, v.style, result)
	}
	result, err := crossval.Run(ctx, t, data, o)
	p.Done()
	if err != nil || !v.shard.Whole() {
		return err
	}
	if err := answers.WriteFile(v.predictions, data, result.Heads, result.Answers); err != nil {
		return err
	}
	var pooled []*evaluate.Evaluation
	for _, one := range result.Pooled {
		e, err := one.Evaluate(evaluate.Options{Resamples: v.resamples, Seed: t.Seed, Slices: v.all, Coverage: v.all})
		if err != nil {
			return err
		}
		pooled = append(pooled, e)
	}
	return studies.WriteFolds(out, v.style, result, pooled, v.all)
}

// check checks the flags and reads the recipe.
func (v *validation) check(cmd *cobra.Command, files []string) (*recipe.Recipe, error) {
	switch {
	case v.folds < 2:
		return nil, cli.Usagef("--folds %d: want at least 2", v.folds)
	case !(v.devShare > 0 && v.devShare < 1):
		return nil, cli.Usagef("--dev-split %v: want a share above 0 and below 1", v.devShare)
	case v.resamples < 0:
		return nil, cli.Usagef("--resamples %d: want 0 or more", v.resamples)
	case v.by != "" && v.by != "group" && v.by != "source":
		return nil, cli.Usagef("--by %s: want group or source", v.by)
	case v.resume && v.state == "":
		return nil, cli.Usagef("--resume needs --state FILE")
	case !v.shard.Whole() && (v.state == "" || v.predictions != ""):
		return nil, cli.Usagef("--shard %s needs --state FILE, and gives no --predictions: what merges the shards does", &v.shard)
	case v.begin.Start.Explicit() && v.begin.Vectors != "":
		return nil, cli.Usagef("--init does not go with --vectors")
	case v.copiesApart && v.by != "":
		return nil, cli.Usagef("--copies-apart does not go with --by")
	case v.by != "" && (v.all || cmd.Flags().Changed("resamples")):
		return nil, cli.Usagef("--all and --resamples are of the answers together, which --by does not judge")
	}
	r, err := v.recipe.Read(cmd, files, nil, "a FILE")
	if err != nil {
		return nil, err
	}
	for _, to := range [][2]string{{"--predictions", v.predictions}, {"--state", v.state}} {
		if err := cli.CheckOutput(to[0], to[1], slices.Concat(v.recipe.Inputs(r), v.merge, []string{v.begin.Start.File(), string(v.begin.Vectors)})...); err != nil {
			return nil, err
		}
	}
	if _, err := os.Stat(v.state); v.state != "" && err == nil && !v.resume {
		return nil, cli.Usagef("--state %s is there: go on with it by --resume, or remove it", v.state)
	}
	return r, nil
}

// read returns the texts and, with --by, the group of each of their sources.
func (v *validation) read(opts corpora.Options, r *recipe.Recipe) (data *corpora.Dataset, groups []string, err error) {
	if v.by != "" {
		return r.ReadGroups(opts, v.recipe.DataDir, v.by)
	}
	data, err = r.ReadOnce(opts, v.recipe.DataDir)
	return data, nil, err
}
