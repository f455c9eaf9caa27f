package sentiment

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/cli/input"
	"github.com/textlstm/textlstm/internal/cli/training"
	"github.com/textlstm/textlstm/internal/memlimit"
	"github.com/textlstm/textlstm/internal/stop"
	"github.com/textlstm/textlstm/recipe"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/recommend"
	"github.com/textlstm/textlstm/train/watch"
)

// A distill is the flags of the command.
type distill struct {
	in                input.Flags
	recipe            training.Recipe
	checkpoint        cli.Checkpoint
	teacher           string
	texts, files, dev []string
	share             float64
	device            train.Device
	out, name         string
	quiet, logJSON    bool
}

func newDistill(devices training.Devices) *cobra.Command {
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
		Args: cli.FilesBy("--text and --train"),
		RunE: func(cmd *cobra.Command, _ []string) error { return d.run(cmd) },
	}
	d.in.Add(cmd, true)
	d.recipe.Add(cmd, recipe.Recipe{}, "")
	d.recipe.AddRun(cmd, "passes over the training texts")
	d.checkpoint.Add(cmd, "MODEL")
	training.AddDevice(cmd, devices, &d.device)
	f := cmd.Flags()
	f.StringVar(&d.teacher, "teacher", "", "model `file` to learn from")
	f.StringArrayVar(&d.texts, "text", nil, "`file` of texts without labels; may be repeated")
	f.StringArrayVar(&d.files, "train", nil, "`file` of texts with labels; may be repeated")
	f.StringArrayVar(&d.dev, "dev", nil, "dev `file` with labels; may be repeated")
	f.Float64Var(&d.share, "held-out", 0.1, "share of the texts set aside to measure agreement, at most 1,000 texts")
	f.StringVar(&d.out, "out", "", "model `file` to write")
	f.StringVar(&d.name, "name", "", "name of the model, for its card")
	cli.AddLog(cmd, &d.logJSON, &d.quiet)
	return cmd
}

func (d *distill) run(cmd *cobra.Command) error {
	ctx := cmd.Context()
	opts, err := d.in.Options()
	if err != nil {
		return err
	}
	r, err := d.check(cmd)
	if err != nil {
		return err
	}
	teacher, err := loadModel(d.teacher)
	if err != nil {
		return err
	}
	data, held, err := recipe.ReadForStudent(opts, teacher, d.files, d.texts, d.share, r.Seed)
	if err != nil {
		return err
	}
	answered, err := train.PseudoLabels(ctx, teacher, held)
	if err != nil {
		return err
	}
	dev := answered
	if len(d.dev) > 0 {
		opts.Labelled = true
		if dev, err = recipe.ReadSources(opts, "", recipe.Files(d.dev...), r.Seed); err != nil {
			return err
		}
	}
	c := d.checkpoint
	t := &train.Trainer{Device: d.device, Card: r.CardOf(d.name, recipe.Files(slices.Concat(d.files, d.texts)...)), Checkpoint: c.Path, CheckpointInterval: c.Interval, Resume: c.Resume, Teacher: teacher}
	if t.Config, err = r.Over(recommend.ForStudent(data)); err != nil {
		return err
	}
	p := watch.NewConsole(cmd.ErrOrStderr(), d.logJSON, d.quiet)
	p.On(d.device)
	t.OnProgress = stop.Holding(cmd.Context(), p.Report)
	memlimit.Respect()
	result, err := recipe.Run(ctx, t, recipe.InMemory(data, dev), d.out)
	p.Done()
	if err != nil {
		c.Hint(cmd)
		return err
	}
	if err := d.agreement(cmd, result.Model, answered); err != nil {
		return err
	}
	if len(d.dev) > 0 {
		p.Summary(result, d.out)
	}
	return nil
}

// check checks the flags and reads the recipe.
func (d *distill) check(cmd *cobra.Command) (*recipe.Recipe, error) {
	switch {
	case d.teacher == "":
		return nil, cli.Usagef("distill needs --teacher MODEL")
	case len(d.texts)+len(d.files) == 0:
		return nil, cli.Usagef("distill needs --text FILE")
	case d.out == "":
		return nil, cli.Usagef("distill needs --out MODEL")
	case !(d.share > 0 && d.share < 1):
		return nil, cli.Usagef("--held-out %v: want a share above 0 and below 1", d.share)
	}
	if err := d.checkpoint.Check(cmd, d.out); err != nil {
		return nil, err
	}
	r, err := d.recipe.Read(cmd, nil, nil, "")
	if err != nil {
		return nil, err
	}
	return r, cli.CheckOutput("--out", d.out, slices.Concat(d.recipe.Inputs(r), d.texts, d.files, d.dev, []string{d.teacher})...)
}

// agreement says how often the student answers held-out texts as the teacher.
func (d *distill) agreement(cmd *cobra.Command, student *classify.Model, answered *corpora.Dataset) error {
	if d.quiet || d.logJSON {
		return nil
	}
	predictions, err := score.Dataset(cmd.Context(), student, answered, "")
	if err != nil {
		return err
	}
	for _, x := range predictions {
		e, err := x.Evaluate(evaluate.Options{})
		if err != nil {
			return err
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: agrees with the teacher on %.2f %% of %d texts set aside\n", report.Clean(x.Head), 100*float64(e.Accuracy), e.N)
	}
	return nil
}
