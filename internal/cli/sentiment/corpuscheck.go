package sentiment

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/corpora/audit"
	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/cli/input"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/crossval"
)

// Check flags are those of corpus check.
type checkFlags struct {
	in          input.Flags
	style       report.Style
	limit       int
	options     corpora.CheckOptions
	noNear      bool
	labelErrors bool
	folds       int
	epochs      int
	seed        uint64
}

func newCorpusCheck() *cobra.Command {
	var x checkFlags
	cmd := &cobra.Command{
		Use:   "check FILE...",
		Short: "Look for duplicates, leaks, conflicting and wrong labels",
		Long: `Check looks for what spoils training and makes figures too good: unreadable
rows, texts that occur twice, that have two labels, that are almost one, labels
with few texts; and, of several files, texts that one shares with a later one,
as train and test should not. Texts are compared without regard to case and
white space.

With --label-errors models are trained on all folds but one and asked about the
remaining one: what they contradict with confidence is named, the surest first
(confident learning, Northcutt et al. 2021).`,
		Example: `  sentiment corpus check train.tsv test.tsv
  sentiment corpus check --label-errors reviews.tsv`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error { return x.run(cmd, files) },
	}
	x.in.Add(cmd, true)
	f := cmd.Flags()
	addCorpusOutput(cmd, &x.style)
	f.IntVar(&x.limit, "limit", 10, "findings of a kind to show; 0 for all")
	f.Float64Var(&x.options.Near, "near", 0.8, "similarity from which texts are near duplicates")
	f.BoolVar(&x.noNear, "no-near", false, "do not look for near duplicates")
	f.IntVar(&x.options.Rare, "rare", 5, "a label of fewer texts is rare")
	f.BoolVar(&x.labelErrors, "label-errors", false, "train models to find labels that are probably wrong")
	f.IntVar(&x.folds, "folds", 4, "folds for --label-errors")
	cli.Positive(cmd, &x.epochs, "epochs", 4, "passes over the texts of a fold for --label-errors")
	f.Uint64Var(&x.seed, "seed", 0, "seed of the folds and the models")
	return cmd
}

func (x *checkFlags) run(cmd *cobra.Command, files []string) error {
	opts, err := x.in.Options()
	if err != nil {
		return err
	}
	opts.Limits.BadRecords = -1
	switch {
	case x.folds < 2:
		return cli.Usagef("--folds %d: want at least 2", x.folds)
	case x.limit < 0:
		return cli.Usagef("--limit %d: want 0 for all, or more", x.limit)
	case !(x.options.Near > 0 && x.options.Near <= 1):
		return cli.Usagef("--near %v: want a similarity above 0 and up to 1", x.options.Near)
	case x.options.Rare < 0:
		return cli.Usagef("--rare %d: want a number of texts", x.options.Rare)
	}
	if x.noNear {
		x.options.Near = -1
	}
	a := &audit.Audit{Options: x.options}
	for _, path := range files {
		d, rep, err := corpora.ReadFiles(opts, path)
		if err != nil {
			return err
		}
		f := a.Add(path, d, rep)
		if !x.labelErrors {
			continue
		}
		if d.Separator != "" {
			return fmt.Errorf("--label-errors wants one label per text: %w", corpora.ErrData)
		}
		t := train.Trainer{Config: train.Config{Seed: x.seed, Epochs: x.epochs}}
		for h := range d.Heads {
			found, err := crossval.LabelErrors(cmd.Context(), t, d, h, x.folds, func(fold int) {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s: fold %d of %d\n", report.Clean(path), fold, x.folds)
			})
			if err != nil {
				return err
			}
			f.Wrong = append(f.Wrong, found...)
		}
	}
	return a.Write(cmd.OutOrStdout(), x.style, x.limit)
}
