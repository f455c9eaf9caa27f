package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/answer"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/report/studies"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/crossval"
	"github.com/textlstm/textlstm/train/recommend"
)

// A validation is what the flags of crossval ask for.
type validation struct {
	in          input
	config      string
	dataDir     string
	sets        []string
	epochs      int
	seed        uint64
	folds       int
	devShare    float64
	copiesApart bool
	by          string
	state       string
	resume      bool
	predictions string
	start       startModel
	vectors     vectorFile
	style       string
	all, quiet  bool
	resamples   int
}

func newCrossval() *cobra.Command {
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

With --state a file keeps the folds that are done, and --resume goes on from it.`,
		Example: `  sentiment crossval reviews.tsv
  sentiment crossval --folds 5 --set model.lstm.hidden_size=64 --output json reviews.tsv
  sentiment crossval --predictions mine.jsonl reviews.tsv
  sentiment compare vader mine.jsonl --data reviews.tsv
  sentiment crossval --by source films.tsv books.tsv hotels.tsv
  sentiment crossval --by group --config recipe.toml --state folds.json --resume`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, files []string) error {
			if cmd.Flags().Changed("epochs") {
				v.sets = append(v.sets, fmt.Sprintf("epochs=%d", v.epochs))
			}
			if cmd.Flags().Changed("seed") {
				v.sets = append(v.sets, fmt.Sprintf("seed=%d", v.seed))
			}
			if v.by != "" && cmd.Flags().Changed("folds") {
				return usagef("--folds %d: with --by there are as many folds as groups", v.folds)
			}
			err := v.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), files)
			if err != nil && v.state != "" && cmd.Context().Err() != nil {
				fmt.Fprintf(cmd.ErrOrStderr(), "go on with:\n  %s\n", resumeCommand(cmd, files...))
			}
			return err
		},
	}
	v.in.addFlags(cmd, true)
	f := cmd.Flags()
	f.StringVar(&v.config, "config", "", "config `file`, TOML or JSON, as for train")
	f.StringVar(&v.dataDir, "data-dir", "", "`directory` that the files of a config file are relative to; ./FILE is beside the config file")
	f.StringArrayVar(&v.sets, "set", nil, "one setting, `path=value`; may be repeated")
	f.IntVar(&v.epochs, "epochs", 0, "passes over the training texts")
	f.Uint64Var(&v.seed, "seed", 0, "seed of everything random")
	f.IntVar(&v.folds, "folds", 10, "number of folds")
	f.BoolVar(&v.copiesApart, "copies-apart", false, "equal texts may be in different folds, as for most published figures")
	f.StringVar(&v.by, "by", "", "leave out one `kind` at a time: group or source")
	f.StringVar(&v.state, "state", "", "`file` that keeps the folds that are done")
	f.BoolVar(&v.resume, "resume", false, "go on from the --state of an interrupted run, if there is one")
	f.Float64Var(&v.devShare, "dev-split", 0.1, "share of the texts outside a fold that chooses the epoch")
	v.start.addFlag(cmd)
	v.vectors.addFlag(cmd)
	f.StringVar(&v.predictions, "predictions", "", "`file` for the answers, JSON lines")
	f.StringVarP(&v.style, "output", "o", "table", "table, json, jsonl, csv, tsv, md or html")
	f.BoolVar(&v.all, "all", false, "every figure of the answers together")
	f.IntVar(&v.resamples, "resamples", 1000, "bootstrap resamples for the intervals of the answers together; 0 for none")
	f.BoolVarP(&v.quiet, "quiet", "q", false, "no progress")
	must(cmd.MarkFlagFilename("config"))
	must(cmd.RegisterFlagCompletionFunc("by", cobra.FixedCompletions([]string{"group", "source"}, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

func (v *validation) run(ctx context.Context, out, log io.Writer, files []string) error {
	opts, err := v.in.options()
	if err != nil {
		return err
	}
	style, err := report.ParseStyle(v.style)
	if err != nil {
		return usageError{err}
	}
	switch {
	case v.folds < 2:
		return usagef("--folds %d: want at least 2", v.folds)
	case !(v.devShare > 0 && v.devShare < 1):
		return usagef("--dev-split %v: want a share above 0 and below 1", v.devShare)
	case v.resamples < 0:
		return usagef("--resamples %d: want 0 or more", v.resamples)
	case v.by != "" && v.by != "group" && v.by != "source":
		return usagef("--by %s: want group or source", v.by)
	case v.resume && v.state == "":
		return usagef("--resume needs --state FILE")
	case v.start.given() && v.vectors != "":
		return usagef("--init does not go with --vectors")
	case v.copiesApart && v.by != "":
		return usagef("--copies-apart does not go with --by")
	}
	r, err := readRecipe(v.config, v.sets)
	if err != nil {
		return err
	}
	if len(files) > 0 {
		r.Data = asSources(files)
	}
	if len(r.Data) == 0 {
		return usagef("crossval needs a FILE, or a config file that names its data")
	}
	for _, to := range [][2]string{{"--predictions", v.predictions}, {"--state", v.state}} {
		if to[1] == "" {
			continue
		}
		if err := checkOut(to[0], to[1], slices.Concat(files, []string{v.config, v.start.file(), string(v.vectors)})); err != nil {
			return err
		}
	}
	if _, err := os.Stat(v.state); v.state != "" && err == nil && !v.resume {
		return usagef("--state %s is there: go on with it by --resume, or remove it", v.state)
	}
	data, groups, err := v.read(opts, r)
	if err != nil {
		return err
	}
	t := train.Trainer{}
	if t.Start, _, t.Config, err = v.start.settings(r, v.vectors, data, recommend.For(data)); err != nil {
		return err
	}
	if t.Fingerprint, err = v.vectors.sum(); err != nil {
		return err
	}
	coverage := log
	if v.quiet {
		coverage = io.Discard
	}
	t.Prepare = v.vectors.prepare(t.Seed, coverage)
	p := newProgress(log, false, v.quiet)
	p.data(data, nil)
	if p.tty {
		t.OnProgress = func(x train.Progress) {
			if x.Dev == nil { // the line that is painted over
				p.report(x)
			}
		}
	}
	limitMemory()
	start, kept := time.Now(), 0
	o := crossval.Options{
		Folds: v.folds, DevShare: v.devShare, Seed: t.Seed, CopiesApart: v.copiesApart, File: v.state, Resume: v.resume,
		OnFold: func(x crossval.Progress) {
			if x.Kept && x.Done != nil {
				kept++
			}
			p.fold(x, kept, time.Since(start))
		},
	}
	if v.by != "" {
		result, err := crossval.LeaveOut(ctx, t, data, groups, o)
		p.done()
		if err != nil {
			return err
		}
		if err := v.writeAnswers(data, result.Heads, result.Answers); err != nil {
			return err
		}
		return studies.WriteGroups(out, style, result)
	}
	result, err := crossval.Run(ctx, t, data, o)
	p.done()
	if err != nil {
		return err
	}
	if err := v.writeAnswers(data, result.Heads, result.Answers); err != nil {
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
	return studies.WriteFolds(out, style, result, pooled, v.all)
}

// read returns the texts and, with --by, the group of each of their sources.
func (v *validation) read(opts corpora.Options, r *trainRecipe) (*corpora.Dataset, []string, error) {
	if v.by == "" {
		for i := range r.Data {
			r.Data[i].Repeat = 0 // each text is answered once
		}
		data, err := readSources(opts, v.dataDir, r.Data, r.Seed)
		return data, nil, err
	}
	names := map[string]bool{}
	for i := range r.Data {
		if v.by == "source" {
			r.Data[i].Group = r.Data[i].File
		}
		if g := r.Data[i].Group; g != "" {
			names[g] = true
		}
	}
	if len(names) < 2 {
		return nil, nil, usagef("--by %s: %d groups, want at least 2: several FILEs, or a config file with group = NAME under its [[data]]", v.by, len(names))
	}
	all := new(corpora.Dataset)
	var groups []string
	for _, s := range r.Data {
		d, err := readSources(opts, v.dataDir, []source{s}, r.Seed)
		if err != nil {
			return nil, nil, err
		}
		if err := all.Append(d); err != nil {
			return nil, nil, err
		}
		groups = append(groups, slices.Repeat([]string{s.Group}, len(d.Sources))...)
	}
	return all, groups, nil
}

// writeAnswers writes the file of --predictions, without the texts that no fold
// has answered.
func (v *validation) writeAnswers(data *corpora.Dataset, heads []classify.Head, answers []classify.Prediction) error {
	if v.predictions == "" {
		return nil
	}
	return fsx.WriteFile(fsx.OS{}, v.predictions, func(w io.Writer) error {
		lines := answer.NewWriter(w, report.JSONL, heads, answer.Options{})
		for i := range data.Examples {
			if answers[i].Scores == nil {
				continue
			}
			if err := lines.Write(&answer.Record{ID: data.Examples[i].ID, Prediction: answers[i]}); err != nil {
				return err
			}
		}
		return lines.Close()
	})
}

// fold says how a fold did; so many of the folds are of an earlier run.
func (p *progress) fold(x crossval.Progress, kept int, elapsed time.Duration) {
	if p.quiet || x.Done == nil {
		return
	}
	p.clear()
	var figures []string
	for _, name := range sortedNames(x.Done.Heads) {
		e := x.Done.Heads[name]
		figures = append(figures, fmt.Sprintf("%s accuracy %.4f macro_f1 %.4f", report.Clean(name), float64(e.Accuracy), float64(e.MacroF1)))
	}
	group := ""
	if x.Group != "" {
		group = report.Clean(x.Group) + "  "
	}
	fmt.Fprintf(p.w, "fold %*d/%d  %s%s  epoch %d  ", len(fmt.Sprint(x.Folds)), x.Fold, x.Folds, group, strings.Join(figures, ", "), x.Done.Epoch)
	if x.Kept {
		fmt.Fprintln(p.w, "kept")
		return
	}
	left := time.Duration(math.Round(float64(elapsed) / float64(x.Fold-kept) * float64(x.Folds-x.Fold)))
	fmt.Fprintf(p.w, "%s, %s to go\n", short(elapsed), short(left))
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
