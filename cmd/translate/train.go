package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/progress"
	"github.com/textlstm/textlstm/pretrain"
	"github.com/textlstm/textlstm/seq2seq"
	"github.com/textlstm/textlstm/train/loop"
)

// Train flags are those of train.
type trainFlags struct {
	columns
	cli.Settings
	cli.Checkpoint
	train, dev, out string
	logJSON, quiet  bool
}

func newTrain() *cobra.Command {
	var t trainFlags
	cmd := &cobra.Command{
		Use:   "train --train file [file] --dev file [file] --out model",
		Short: "Train a model on pairs of texts",
		Long: `Train learns to translate from pairs of texts: two files, of which line N of the
second is the translation of line N of the first, or one table with a column for each.

Words are cut into pieces that are learned from the texts, so that any word can be
read and said. The pairs of --dev choose the epoch whose greedy translations have the
highest chrF; --seed, pairs and settings decide the model, to the last byte.

Settings are those of seq2seq.Config: --set hidden=512 --set layers=2.`,
		Example: `  translate train --train train.de train.en --dev val.de val.en --out de-en.model
  translate train --train cmn-eng.tsv --source-col 2 --target-col 1 --out zh-en.model
  translate train --train pairs.tsv --set shared=true --epochs 30 --out my.model`,
		Args: cobra.MaximumNArgs(2),
		RunE: func(cmd *cobra.Command, files []string) error { return t.run(cmd, files) },
	}
	f := cmd.Flags()
	f.StringVar(&t.train, "train", "", "`file` of the texts to learn from; the file of their translations follows, unless it is a table of pairs")
	f.StringVar(&t.dev, "dev", "", "the same of pairs that choose the epoch")
	f.StringVar(&t.out, "out", "", "model `file` to write")
	t.columns.add(cmd)
	t.Settings.Add(cmd, seq2seq.Config{}, "")
	t.AddRun(cmd, "passes over the pairs (default 20)")
	t.Checkpoint.Add(cmd, "OUT")
	cli.AddLog(cmd, &t.logJSON, &t.quiet)
	return cmd
}

func (t *trainFlags) run(cmd *cobra.Command, rest []string) error {
	if t.train == "" || t.out == "" {
		return cli.Usagef("want --train, pairs to learn from, and --out, a file for the model")
	}
	train, rest, err := pair("--train", t.train, rest)
	if err != nil {
		return err
	}
	var dev []string
	if t.dev != "" {
		if dev, rest, err = pair("--dev", t.dev, rest); err != nil {
			return err
		}
	}
	if len(rest) > 0 {
		return cli.Usagef("%s: a file that belongs to no flag", cli.Quote(rest[0]))
	}
	if err := t.Check(cmd, t.out); err != nil {
		return err
	}
	if err := cli.CheckOutput("--out", t.out, slices.Concat(train, dev, []string{t.Config})...); err != nil {
		return err
	}
	var c seq2seq.Config
	if err := t.Over(cmd, &c); err != nil {
		return err
	}
	if err := c.Resolve().Validate(); err != nil {
		return cli.UsageError(err)
	}
	ctx := cmd.Context()
	pairs, err := t.read(ctx, train)
	if err != nil {
		return err
	}
	var devPairs []seq2seq.Pair
	if dev != nil {
		if devPairs, err = t.read(ctx, dev); err != nil {
			return err
		}
	}
	return t.fit(cmd, c, pairs, devPairs)
}

func (t *trainFlags) fit(cmd *cobra.Command, c seq2seq.Config, pairs, dev []seq2seq.Pair) error {
	show := progress.New(cmd.ErrOrStderr(), t.logJSON, t.quiet)
	tr := seq2seq.Trainer{Config: c, OnProgress: func(p seq2seq.Progress) { show.Training(step(p)) }}
	tr.Run = pretrain.Run{Checkpoint: t.Path, CheckpointInterval: t.Interval, Resume: t.Resume}
	r, err := tr.Fit(cmd.Context(), pairs, dev)
	show.Done()
	switch {
	case errors.Is(err, loop.ErrUnfinished):
		return cli.Usagef("%w; --resume goes on with it", err)
	case errors.Is(err, context.Canceled):
		t.Hint(cmd, cmd.Flags().Args()...)
		return err
	case err != nil:
		return err
	}
	if r.Long > 0 {
		show.Say("%d pairs are empty or have more than %d pieces on a side: left out", r.Long, r.Model.Config().MaxPieces)
	}
	if err := r.Model.Save(t.out); err != nil {
		return err
	}
	if t.Path != "" {
		if err := loop.RemoveCheckpoints(t.Path); err != nil {
			return err
		}
	}
	show.Say("%s: %s pairs, %s pieces", t.out, progress.Thousands(float64(r.Pairs)), progress.Thousands(float64(r.Pieces)))
	return nil
}

// step is what is shown of a training.
func step(p seq2seq.Progress) progress.Step {
	s := progress.Step{
		Epoch: p.Epoch, Epochs: p.Epochs, Step: p.Step, Steps: p.Steps, Loss: p.Loss, Units: "pieces",
		PerSecond: p.TokensPerSecond(), Elapsed: p.Elapsed, Resumed: p.Resumed, Warning: p.Warning,
	}
	if p.Dev != nil {
		s.Ended, s.Epoch, s.Loss = true, p.Dev.Epoch, p.Dev.Loss
		if p.Dev.Perplexity > 0 {
			s.More = fmt.Sprintf("  dev perplexity %.2f  BLEU %.2f  chrF %.1f", p.Dev.Perplexity, p.Dev.BLEU, p.Dev.ChrF)
			if p.Dev.Best {
				s.More += " *"
			}
		}
	}
	return s
}
