package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/crossval"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/train"
)

// spreads are the figures that crossval gives for the folds.
var spreads = []string{"accuracy", "macro_f1", "log_loss", "mcc"}

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
	predictions string
	start       string
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
answers, which sentiment compare reads as one of its systems.`,
		Example: `  sentiment crossval reviews.tsv
  sentiment crossval --folds 5 --set model.lstm.hidden_size=64 --output json reviews.tsv
  sentiment crossval --predictions mine.jsonl reviews.tsv
  sentiment compare vader mine.jsonl --data reviews.tsv`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, files []string) error {
			if cmd.Flags().Changed("epochs") {
				v.sets = append(v.sets, fmt.Sprintf("epochs=%d", v.epochs))
			}
			if cmd.Flags().Changed("seed") {
				v.sets = append(v.sets, fmt.Sprintf("seed=%d", v.seed))
			}
			return v.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), files)
		},
	}
	v.in.addFlags(cmd, true)
	f := cmd.Flags()
	f.StringVar(&v.config, "config", "", "config `file`, TOML or JSON, as for train")
	f.StringVar(&v.dataDir, "data-dir", "", "`directory` that the files of a config file are relative to")
	f.StringArrayVar(&v.sets, "set", nil, "one setting, `path=value`; may be repeated")
	f.IntVar(&v.epochs, "epochs", 0, "passes over the training texts")
	f.Uint64Var(&v.seed, "seed", 0, "seed of everything random")
	f.IntVar(&v.folds, "folds", 10, "number of folds")
	f.Float64Var(&v.devShare, "dev-split", 0.1, "share of the texts outside a fold that chooses the epoch")
	addStartFlag(cmd, &v.start)
	f.StringVar(&v.predictions, "predictions", "", "`file` for the answers, JSON lines")
	f.StringVarP(&v.style, "output", "o", "table", "table, json, jsonl, csv, tsv, md or html")
	f.BoolVar(&v.all, "all", false, "every figure of the answers together")
	f.IntVar(&v.resamples, "resamples", 1000, "bootstrap resamples for the intervals of the answers together; 0 for none")
	f.BoolVarP(&v.quiet, "quiet", "q", false, "no progress")
	must(cmd.MarkFlagFilename("config"))
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
	if v.predictions != "" {
		if err := checkOut("--predictions", v.predictions, append(files, v.config)); err != nil {
			return err
		}
	}
	for i := range r.Data {
		r.Data[i].Repeat = 0 // each text is answered once
	}
	data, err := readSources(opts, v.dataDir, r.Data, r.Seed)
	if err != nil {
		return err
	}
	t := train.Trainer{}
	if t.Start, err = loadStart(v.start); err != nil {
		return err
	}
	recommended := train.Recommend(data)
	if t.Start != nil {
		recommended = recommended.From(t.Start)
	}
	if t.Config, err = r.over(recommended); err != nil {
		return err
	}
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
	start := time.Now()
	result, err := crossval.Run(ctx, t, data, crossval.Options{
		Folds: v.folds, DevShare: v.devShare, Seed: t.Seed,
		OnFold: func(x crossval.Progress) { p.fold(x, time.Since(start)) },
	})
	p.done()
	if err != nil {
		return err
	}
	if v.predictions != "" {
		if err := fsx.WriteFile(fsx.OS{}, v.predictions, func(w io.Writer) error {
			lines := &jsonWriter{w: w, heads: result.Heads}
			for i := range data.Examples {
				if err := lines.write(&record{id: data.Examples[i].ID, p: result.Answers[i]}); err != nil {
					return err
				}
			}
			return lines.close()
		}); err != nil {
			return err
		}
	}
	var pooled []*evaluate.Evaluation
	for _, one := range result.Pooled {
		e, err := one.Evaluate(evaluate.Options{Resamples: v.resamples, Seed: t.Seed, Slices: v.all, Coverage: v.all})
		if err != nil {
			return err
		}
		pooled = append(pooled, e)
	}
	return v.print(out, style, result, pooled)
}

// print writes the figures of the folds, and in the styles for people those of
// all answers together.
func (v *validation) print(out io.Writer, style report.Style, r *crossval.Result, pooled []*evaluate.Evaluation) error {
	b := bufio.NewWriter(out)
	if style == report.JSON || style == report.JSONL {
		if err := printFoldsJSON(b, style, r, pooled); err != nil {
			return err
		}
		return b.Flush()
	}
	people := style == report.Text || style == report.Markdown || style == report.HTML
	header := []string{"head", "figure", "mean", "sd", "low", "high", "folds"}
	var rows [][]any
	for _, h := range r.Heads {
		for _, figure := range spreads {
			s, err := r.Spread(h.Name, figure)
			if err != nil {
				return err
			}
			if people && s.N == 0 {
				continue
			}
			rows = append(rows, []any{h.Name, figure, s.Mean, s.SD, s.Low, s.High, s.N})
		}
	}
	if err := report.Table(b, header, rows, style); err != nil {
		return err
	}
	if people {
		fmt.Fprintln(b)
		write := report.WriteBrief
		if v.all {
			write = report.Write
		}
		if err := write(b, style, pooled...); err != nil {
			return err
		}
	}
	return b.Flush()
}

// printFoldsJSON prints one object: by head the spreads, the folds and the
// evaluation of all answers.
func printFoldsJSON(w io.Writer, style report.Style, r *crossval.Result, pooled []*evaluate.Evaluation) error {
	type head struct {
		Spread map[string]crossval.Spread `json:"spread"`
		Pooled *evaluate.Evaluation       `json:"pooled"`
	}
	all := struct {
		Folds []crossval.Fold `json:"folds"`
		Heads map[string]head `json:"heads"`
	}{r.Folds, map[string]head{}}
	for _, e := range pooled {
		h := head{map[string]crossval.Spread{}, e}
		for _, figure := range spreads {
			s, err := r.Spread(e.Head, figure)
			if err != nil {
				return err
			}
			h.Spread[figure] = s
		}
		all.Heads[e.Head] = h
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if style == report.JSON {
		enc.SetIndent("", "  ")
	}
	return enc.Encode(all)
}

// fold says how a fold did.
func (p *progress) fold(x crossval.Progress, elapsed time.Duration) {
	if p.quiet || x.Done == nil {
		return
	}
	p.clear()
	var figures []string
	for _, name := range sortedNames(x.Done.Heads) {
		e := x.Done.Heads[name]
		figures = append(figures, fmt.Sprintf("%s accuracy %.4f macro_f1 %.4f", report.Clean(name), float64(e.Accuracy), float64(e.MacroF1)))
	}
	left := time.Duration(math.Round(float64(elapsed) / float64(x.Fold) * float64(x.Folds-x.Fold)))
	fmt.Fprintf(p.w, "fold %*d/%d  %s  epoch %d  %s, %s to go\n",
		len(fmt.Sprint(x.Folds)), x.Fold, x.Folds, strings.Join(figures, ", "), x.Done.Epoch, short(elapsed), short(left))
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
