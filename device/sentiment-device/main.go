// Command sentiment-device trains models on a GPU. What it writes is what sentiment train
// writes, and sentiment does everything else with it.
package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/device"
	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/cli/input"
	"github.com/textlstm/textlstm/internal/cli/training"
	"github.com/textlstm/textlstm/internal/memlimit"
	"github.com/textlstm/textlstm/internal/stop"
	"github.com/textlstm/textlstm/recipe"
	_ "github.com/textlstm/textlstm/tokenize/prose"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/watch"
)

func main() { cli.Main(newRoot(), training.ExitCode) }

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "sentiment-device",
		Short: "Train models for sentiment on a GPU",
		Long: `Sentiment-device trains models on a GPU, and lists those that it can use. It needs no
compiler and no toolkit: the GPU's driver is enough.

A model is the same file as one of sentiment train. On one device the same seed gives
the same bytes; other devices round differently.`,
		Example: `  sentiment-device devices
  sentiment-device train --train reviews.tsv --out my.model
  sentiment eval --model my.model test.tsv`,
		Args: cli.NoArgs,
	}
	root.AddCommand(newDevices(), newTrain())
	return cli.Prepare(root)
}

func newDevices() *cobra.Command {
	return &cobra.Command{
		Use:   "devices",
		Short: "List the devices that can train",
		Long: `Devices lists the GPUs that have a driver, and what OpenCL has beside them: a processor,
for instance, which is slower so than without OpenCL.`,
		Example: "  sentiment-device devices",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := device.List()
			for _, d := range list {
				fmt.Fprintf(cmd.OutOrStdout(), "%s, %d MiB\n", d.Name(), d.Memory()>>20)
			}
			return err
		},
	}
}

// Train flags are those of train.
type trainFlags struct {
	recipe         training.Recipe
	in             input.Flags
	checkpoint     cli.Checkpoint
	files, dev     []string
	out, name, on  string
	begin          recipe.Options
	logJSON, quiet bool
}

func newTrain() *cobra.Command {
	t := new(trainFlags)
	cmd := &cobra.Command{
		Use:   "train --train FILE --out MODEL",
		Short: "Train a model on labelled texts",
		Long: `Train is that of sentiment, whose help says more: the same texts, settings and
checkpoints. The network is trained on a device; what a device cannot train is refused
with the setting. Evaluations and n-grams stay on this processor.`,
		Example: `  sentiment-device train --train reviews.tsv --out reviews.model
  sentiment-device train --device cuda --set batch_size=256 --train reviews.tsv --out reviews.model`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return t.run(cmd) },
	}
	t.in.Add(cmd, true)
	t.recipe.Add(cmd, recipe.Recipe{}, "")
	t.recipe.AddRun(cmd, "passes over the training texts")
	t.checkpoint.Add(cmd, "MODEL")
	training.AddStart(cmd, &t.begin)
	training.AddVectors(cmd, &t.begin)
	f := cmd.Flags()
	f.StringVar(&t.on, "device", "auto", "`device` to train on: auto is the first GPU or, without one, cpu; cuda, opencl or a part of a name is the first of sentiment-device devices that has it")
	f.StringArrayVar(&t.files, "train", nil, "training `file`; may be repeated")
	f.StringArrayVar(&t.dev, "dev", nil, "dev `file`; may be repeated")
	f.StringVar(&t.out, "out", "", "model `file` to write")
	f.StringVar(&t.name, "name", "", "name of the model, for its card")
	cli.AddLog(cmd, &t.logJSON, &t.quiet)
	return cmd
}

func (t *trainFlags) run(cmd *cobra.Command) error {
	ctx, log := cmd.Context(), cmd.ErrOrStderr()
	if t.out == "" {
		return cli.Usagef("train needs --out MODEL")
	}
	if err := t.checkpoint.Check(cmd, t.out); err != nil {
		return err
	}
	if err := cli.CheckOutput("--out", t.out, slices.Concat(t.files, t.dev, []string{t.recipe.Config, string(t.begin.Vectors), t.begin.Start.File()})...); err != nil {
		return err
	}
	on, err := device.Find(t.on)
	if err != nil {
		return err
	}
	opts, err := t.in.Options()
	if err != nil {
		return err
	}
	opts.Labelled = true
	r, err := t.recipe.Read(cmd, t.files, t.dev, "--train FILE")
	if err != nil {
		return err
	}
	texts, err := r.ReadTexts(opts, "", -1)
	if err != nil {
		return err
	}
	defer texts.Close() // nothing was written
	tr := &train.Trainer{Card: r.CardOf(t.name, r.Data), Checkpoint: t.checkpoint.Path, CheckpointInterval: t.checkpoint.Interval, Resume: t.checkpoint.Resume}
	from, err := r.Setup(ctx, tr, texts, t.begin, log)
	if err != nil {
		return err
	}
	p := watch.NewConsole(log, t.logJSON, t.quiet)
	if on != nil {
		tr.Device = on
		p.Say("training on %s", on.Name())
	}
	p.Texts(texts.Len(), texts.Header(), texts.Dev())
	p.From(from)
	tr.OnProgress = stop.Holding(ctx, p.Report)
	memlimit.Respect()
	result, err := recipe.Run(ctx, tr, texts, t.out)
	p.Done()
	if err != nil {
		t.checkpoint.Hint(cmd)
		return err
	}
	p.Summary(result, t.out)
	return nil
}
