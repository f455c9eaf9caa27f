package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/recommend"
)

// A distill is the flags of the command.
type distill struct {
	in                input
	teacher           string
	texts, files, dev []string
	share             float64
	out, name         string
	config            string
	sets              []string
	epochs            int
	seed              uint64
	state             string
	every             time.Duration
	resume            bool
	quiet, logJSON    bool
}

func newDistill() *cobra.Command {
	d := new(distill)
	cmd := &cobra.Command{
		Use:   "distill --teacher MODEL --text FILE --out MODEL",
		Short: "Teach a small model what a large one answers",
		Long: `Distill trains a model towards the probabilities that another one, the teacher,
gives to texts: an ensemble becomes one small network. The texts of --text need no
labels. Those of --train have some, which count beside the teacher's answers.

The settings are those of train, with an LSTM of 64 units. A share of the texts is
set aside to measure how often the two models agree. The epoch is chosen by that, or
by the labels of --dev.`,
		Example: `  sentiment train --train reviews.tsv --set model.members=3 --out large.model
  sentiment distill --teacher large.model --text more.txt --train reviews.tsv --out small.model`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return d.run(cmd) },
	}
	d.in.addFlags(cmd, true)
	f := cmd.Flags()
	f.StringVar(&d.teacher, "teacher", "", "model `file` to learn from")
	f.StringArrayVar(&d.texts, "text", nil, "`file` of texts without labels; may be repeated")
	f.StringArrayVar(&d.files, "train", nil, "`file` of texts with labels; may be repeated")
	f.StringArrayVar(&d.dev, "dev", nil, "dev `file` with labels; may be repeated")
	f.Float64Var(&d.share, "held-out", 0.1, "share of the texts set aside to measure agreement, at most 1,000 texts")
	f.StringVar(&d.out, "out", "", "model `file` to write")
	f.StringVar(&d.config, "config", "", "config `file`, TOML or JSON")
	f.StringArrayVar(&d.sets, "set", nil, "one setting, `path=value`; may be repeated")
	f.StringVar(&d.name, "name", "", "name of the model, for its card")
	f.IntVar(&d.epochs, "epochs", 0, "passes over the training texts")
	f.Uint64Var(&d.seed, "seed", 0, "seed of everything random")
	f.StringVar(&d.state, "checkpoint", "", "`directory` for checkpoints (default MODEL.checkpoint; '' for none)")
	f.DurationVar(&d.every, "checkpoint-every", 5*time.Minute, "time between checkpoints")
	f.BoolVar(&d.resume, "resume", false, "go on from the checkpoint of an interrupted training, if there is one")
	f.BoolVar(&d.logJSON, "log-json", false, "progress as JSON lines on standard error")
	f.BoolVarP(&d.quiet, "quiet", "q", false, "no progress")
	return cmd
}

func (d *distill) run(cmd *cobra.Command) error {
	ctx := cmd.Context()
	opts, err := d.in.options()
	if err != nil {
		return err
	}
	switch {
	case d.teacher == "":
		return usagef("distill needs --teacher MODEL")
	case len(d.texts)+len(d.files) == 0:
		return usagef("distill needs --text FILE")
	case d.out == "":
		return usagef("distill needs --out MODEL")
	case !(d.share > 0 && d.share < 1):
		return usagef("--held-out %v: want a share above 0 and below 1", d.share)
	case d.every <= 0:
		return usagef("--checkpoint-every %v: want more than 0", d.every)
	}
	if cmd.Flags().Changed("epochs") {
		d.sets = append(d.sets, fmt.Sprintf("epochs=%d", d.epochs))
	}
	if cmd.Flags().Changed("seed") {
		d.sets = append(d.sets, fmt.Sprintf("seed=%d", d.seed))
	}
	if !cmd.Flags().Changed("checkpoint") {
		d.state = d.out + ".checkpoint"
	}
	if d.resume && d.state == "" {
		return usagef("--resume needs a --checkpoint directory")
	}
	r, err := readRecipe(d.config, d.sets)
	if err != nil {
		return err
	}
	if err := checkOut("--out", d.out, slices.Concat(d.texts, d.files, d.dev, []string{d.config, d.teacher})); err != nil {
		return err
	}
	teacher, err := loadModel(d.teacher)
	if err != nil {
		return err
	}
	data, held, err := d.read(opts, teacher, r.Seed)
	if err != nil {
		return err
	}
	answered, err := train.Answered(ctx, teacher, held)
	if err != nil {
		return err
	}
	dev := answered
	if len(d.dev) > 0 {
		if dev, err = readSources(opts, "", asSources(d.dev), r.Seed); err != nil {
			return err
		}
	}
	card := r.card(d.name, asSources(slices.Concat(d.files, d.texts)))
	t := &train.Trainer{Card: card, Checkpoint: d.state, CheckpointInterval: d.every, Resume: d.resume, Teacher: teacher}
	recommended := recommend.For(data)
	recommended.Model.LSTM.HiddenSize = 64
	recommended.Refit = false // agreement is that on texts set aside
	if len(d.files) > 0 {
		recommended.Distill.Labels = 0.5
	}
	if t.Config, err = r.over(recommended); err != nil {
		return err
	}
	p := newProgress(cmd.ErrOrStderr(), d.logJSON, d.quiet)
	t.OnProgress = p.report
	limitMemory()
	result, err := t.Fit(ctx, data, dev)
	p.done()
	if err != nil {
		if ctx.Err() != nil && d.state != "" {
			fmt.Fprintf(cmd.ErrOrStderr(), "go on with:\n  %s\n", resumeCommand(cmd))
		}
		return err
	}
	if err := result.Model.Save(d.out); err != nil {
		return err
	}
	if d.state != "" {
		if err := train.RemoveCheckpoints(d.state); err != nil {
			p.warn(err)
		}
	}
	if err := d.agreement(ctx, p, result.Model, answered); err != nil {
		return err
	}
	if len(d.dev) > 0 {
		p.summary(result, d.out)
	}
	return nil
}

// read returns the texts to learn from, and those that are set aside.
func (d *distill) read(opts corpora.Options, teacher *classify.Model, seed uint64) (data, held *corpora.Dataset, err error) {
	all := new(corpora.Dataset)
	if len(d.files) > 0 {
		if all, err = readSources(opts, "", asSources(d.files), seed); err != nil {
			return nil, nil, err
		}
		for _, name := range all.Heads {
			if teacher.Head(name) < 0 {
				return nil, nil, usagef("--train: the teacher has no head %q: name one of its heads, --head NAME=COLUMN", name)
			}
		}
	}
	if len(d.texts) > 0 {
		opts.Unlabelled = true
		more, err := readSources(opts, "", asSources(d.texts), seed)
		if err != nil {
			return nil, nil, err
		}
		if err := all.Append(more); err != nil {
			return nil, nil, err
		}
	}
	const most = 1000
	share := min(d.share, float64(most)/float64(max(all.Len(), 1)))
	parts, err := all.Split(seed, 1-share, share)
	if err != nil {
		return nil, nil, err
	}
	if parts[0].Len() == 0 || parts[1].Len() == 0 {
		return nil, nil, fmt.Errorf("%d texts are too few to set a share of %v aside: %w", all.Len(), d.share, corpora.ErrData)
	}
	return parts[0], parts[1], nil
}

// agreement says how often the student answers held-out texts as the teacher.
func (d *distill) agreement(ctx context.Context, p *progress, student *classify.Model, answered *corpora.Dataset) error {
	if p.quiet || p.json {
		return nil
	}
	predictions, err := score.Dataset(ctx, student, answered, "")
	if err != nil {
		return err
	}
	for _, x := range predictions {
		e, err := x.Evaluate(evaluate.Options{})
		if err != nil {
			return err
		}
		fmt.Fprintf(p.w, "%s: agrees with the teacher on %.2f %% of %d texts set aside\n", report.Clean(x.Head), 100*float64(e.Accuracy), e.N)
	}
	return nil
}
