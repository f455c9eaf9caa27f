package sentiment

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/cli/input"
	"github.com/textlstm/textlstm/internal/cli/training"
	"github.com/textlstm/textlstm/internal/memlimit"
	"github.com/textlstm/textlstm/internal/stop"
	"github.com/textlstm/textlstm/recipe"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/watch"
)

// Train flags are those of train.
type trainFlags struct {
	in               input.Flags
	recipe           training.Recipe
	checkpoint       cli.Checkpoint
	files, dev, more []string
	devSplit         float64
	out, name        string
	begin            recipe.Options
	teacher          string
	onDisk           bool
	budget           recipe.Budget
	device           train.Device
	boardDir         string
	show             bool
	logJSON, quiet   bool
}

// trainHelp is what "train --help" says.
const trainHelp = `Train learns a model from labelled texts and keeps the weights of the epoch that
does best on the dev texts. Without --dev a tenth of the training texts, at most
1,000, is set aside for that.

Every setting has a default that suits the texts: their language, number and
length. A config file (TOML or JSON) changes some, --set
changes one: --set model.lstm.hidden_size=256. docs/settings.md lists them all;
--print-config prints what they come to, in TOML, which --config reads.

With --loss squared the labels are numbers, such as stars or a price, and the model
answers with a number: --loss stars=squared where other heads have labels. absolute
minds outliers less.

With --set adversarial.weight=1 it also learns from word vectors that are moved the
way that hurts most, in twice the time; with --set adversarial.vat=1 from those that
change the answer most, which --unlabelled texts serve for as well.

With --init it starts from the words, the word vectors and the LSTM of another model,
which helps most where labels are few: a language model of "sentiment pretrain" or a
classifier of "sentiment train". For English texts two are embedded: language has
read many kinds of texts without labels, default is the model that classify uses.
Pipeline and sizes are then those of that model; heads and the n-gram branch are new.
A file of such a name is ./default or ./language.
Fewer than 10,000 English texts, or less than 4 MiB of them, start from language,
unless --init says otherwise (none is random weights), --vectors or --stream is given,
or the settings ask for other words or another network than its own.

Where there are fewer than 15,000 texts, the n-grams learn a second time, with the dev
texts as well; --set refit=true trains the network a second time, too.

With --teacher it learns what another model answers, such as an ensemble, beside what the
labels say, which --set distill.labels=1 gives as much weight; see sentiment distill, which
needs no labels.

With --budget 2m the model is there after about that time: the n-grams learn alone first, in
seconds, then a network of a size and for a number of epochs that fit into what is left, as
measured; it is left out where nothing fits, and where the dev texts say that it does not
help. Train says what it chose, which the model's info has too, and what more time would
try. There are no checkpoints.

With --stream the training texts stay on disk, for corpora that are larger than
memory: they are copied to a temporary file beside MODEL, and read anew in every
epoch. Without --dev at most 10,000 texts or 8 MiB are set aside. The n-gram
branch learns from 200,000 texts at most. --resume reads all texts again, and those of
the epoch up to where it was.

A training that is interrupted, by a signal or worse, keeps what it has learned
in the directory MODEL.checkpoint until --resume goes on with it, to the same
model that it would have made uninterrupted.`

func newTrain(devices training.Devices) *cobra.Command {
	t := new(trainFlags)
	cmd := &cobra.Command{
		Use:   "train --train FILE --out MODEL",
		Short: "Train a model on labelled texts",
		Long:  trainHelp,
		Example: `  sentiment train --train reviews.tsv --out reviews.model
  sentiment train --train train.csv --dev dev.csv --head topic=category --out topics.model
  sentiment train --train reviews.csv --head stars=rating --loss squared --out stars.model
  sentiment train --init default --train reviews.tsv --out reviews.model`,
		Args: cli.FilesBy("--train"),
		RunE: func(cmd *cobra.Command, _ []string) error { return t.run(cmd) },
	}
	t.in.Add(cmd, true)
	t.recipe.Add(cmd, recipe.Recipe{}, "")
	t.recipe.AddDataDir(cmd)
	t.recipe.AddRun(cmd, "passes over the training texts")
	t.checkpoint.Add(cmd, "MODEL")
	training.AddStart(cmd, &t.begin)
	training.AddVectors(cmd, &t.begin)
	training.AddDevice(cmd, devices, &t.device)
	f := cmd.Flags()
	f.StringArrayVar(&t.files, "train", nil, "training `file`; may be repeated")
	f.StringArrayVar(&t.dev, "dev", nil, "dev `file`; may be repeated")
	f.Float64Var(&t.devSplit, "dev-split", 0.1, "share of the training texts set aside for dev without --dev, unless given at most 1,000 texts; 0 for none")
	f.Var(&t.budget, "budget", "`time` such as 2m that the training may take: n-grams first, then the network that fits into what is left")
	f.StringVar(&t.out, "out", "", "model `file` to write")
	f.StringArrayVar(&t.more, "unlabelled", nil, "`file` of texts for virtual adversarial training; may be repeated")
	f.StringVar(&t.teacher, "teacher", "", "model `file` whose answers to the training texts are learned beside their labels")
	f.StringVar(&t.name, "name", "", "name of the model, for its card")
	f.BoolVar(&t.onDisk, "stream", false, "keep the training texts on disk, for corpora larger than memory")
	f.StringVar(&t.boardDir, "tensorboard", "", "`directory` for an event file that TensorBoard shows")
	f.BoolVar(&t.show, "print-config", false, "print the settings, those that suit the texts of --train or the config file among them, as a config file, and train nothing")
	cli.AddLog(cmd, &t.logJSON, &t.quiet)
	return cmd
}

func (t *trainFlags) run(cmd *cobra.Command) error {
	ctx, log := cmd.Context(), cmd.ErrOrStderr()
	opts, err := t.in.Options()
	if err != nil {
		return err
	}
	opts.Labelled = true
	if t.show {
		return t.printConfig(cmd, opts)
	}
	r, err := t.read(cmd)
	if err != nil {
		return err
	}
	tr := &train.Trainer{Device: t.device, Card: r.CardOf(t.name, r.Data), Checkpoint: t.checkpoint.Path, CheckpointInterval: t.checkpoint.Interval, Resume: t.checkpoint.Resume}
	if t.teacher != "" {
		if tr.Teacher, err = loadModel(t.teacher); err != nil {
			return err
		}
	}
	texts, err := t.texts(cmd, r, opts)
	if err != nil {
		return err
	}
	defer texts.Close() // a temporary file at most, which is of no more use
	if len(t.more) > 0 {
		opts.Unlabelled = true
		if tr.Unlabelled, err = recipe.ReadSources(opts, t.recipe.DataDir, recipe.Files(t.more...), r.Seed); err != nil {
			return err
		}
	}
	from, err := r.Setup(ctx, tr, texts, t.begin, log)
	if err != nil {
		return err
	}
	p := watch.NewConsole(log, t.logJSON, t.quiet)
	p.Texts(texts.Len(), texts.Header(), texts.Dev())
	p.From(from)
	p.On(t.device)
	tr.OnProgress = stop.Holding(ctx, p.Report)
	if t.boardDir != "" {
		b, err := watch.OpenBoard(t.boardDir)
		if err != nil {
			return fmt.Errorf("--tensorboard: %w", err)
		}
		defer func() {
			if err := b.Close(); err != nil {
				p.Warn(err)
			}
		}()
		tr.OnProgress = stop.Holding(ctx, func(x train.Progress) {
			p.Report(x)
			b.Report(x)
		})
	}
	memlimit.Respect()
	var result *train.Result
	if r.Budget > 0 {
		result, err = recipe.RunWithin(ctx, r.Budget, tr, texts, t.out, func(what string) { p.Say("%s", what) })
	} else {
		result, err = recipe.Run(ctx, tr, texts, t.out)
	}
	p.Done()
	if err != nil {
		if r.Budget == 0 {
			t.checkpoint.Hint(cmd)
		}
		return err
	}
	p.Summary(result, t.out)
	return nil
}

// printConfig prints the settings of the training, which are those that nobody chooses
// where there are no texts.
func (t *trainFlags) printConfig(cmd *cobra.Command, opts corpora.Options) error {
	r, err := t.readRecipe(cmd, "")
	if err != nil {
		return err
	}
	var texts recipe.Texts
	if len(r.Data) > 0 {
		if texts, err = t.texts(cmd, r, opts); err != nil {
			return err
		}
		defer texts.Close() // as in run
	}
	return r.WriteConfig(cmd.Context(), cmd.OutOrStdout(), texts, t.begin)
}

// read checks the flags and reads the recipe.
func (t *trainFlags) read(cmd *cobra.Command) (*recipe.Recipe, error) {
	switch {
	case t.out == "":
		return nil, cli.Usagef("train needs --out MODEL")
	case !(t.devSplit >= 0 && t.devSplit < 1):
		return nil, cli.Usagef("--dev-split %v: want a share from 0 to below 1", t.devSplit)
	}
	r, err := t.readRecipe(cmd, "--train FILE")
	if err != nil {
		return nil, err
	}
	if t.begin.Start.Explicit() && (t.onDisk || t.begin.Vectors != "") {
		return nil, cli.Usagef("--init goes with neither --stream nor --vectors")
	}
	if r.Budget > 0 && t.checkpoint.Resume {
		return nil, cli.Usagef("--resume goes on from a checkpoint, and a training with a budget keeps none")
	}
	if err := t.checkpoint.Check(cmd, t.out); err != nil {
		return nil, err
	}
	return r, cli.CheckOutput("--out", t.out, slices.Concat(t.recipe.Inputs(r), t.more, []string{string(t.begin.Vectors), t.begin.Start.File(), t.teacher})...)
}

// readRecipe reads the recipe, with the budget of the flag if that is given.
func (t *trainFlags) readRecipe(cmd *cobra.Command, wants string) (*recipe.Recipe, error) {
	r, err := t.recipe.Read(cmd, t.files, t.dev, wants)
	if err == nil && cmd.Flags().Changed("budget") {
		r.Budget = t.budget
	}
	return r, err
}

// texts reads the texts of the recipe.
func (t *trainFlags) texts(cmd *cobra.Command, r *recipe.Recipe, opts corpora.Options) (recipe.Texts, error) {
	if t.onDisk {
		return r.SpoolTexts(cmd.Context(), opts, t.recipe.DataDir, filepath.Dir(t.out), t.devSplit)
	}
	share := t.devSplit
	if !cmd.Flags().Changed("dev-split") {
		share = -1 // a tenth, of so many texts at most
	}
	return r.ReadTexts(opts, t.recipe.DataDir, share)
}
