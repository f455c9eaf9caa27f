package sentiment

import (
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/cli/input"
	"github.com/textlstm/textlstm/internal/cli/training"
	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/internal/memlimit"
	"github.com/textlstm/textlstm/internal/progress"
	"github.com/textlstm/textlstm/internal/stop"
	"github.com/textlstm/textlstm/pretrain"
	"github.com/textlstm/textlstm/pretrain/lm"
	"github.com/textlstm/textlstm/pretrain/skipgram"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/loop"
	"github.com/textlstm/textlstm/train/recommend"
	"github.com/textlstm/textlstm/train/watch"
)

// A pretraining is what the flags of pretrain ask for.
type pretraining struct {
	in         input.Flags
	files      []string
	exclude    []string
	out        string
	settings   cli.Settings
	checkpoint cli.Checkpoint
	device     train.Device
	skipGram   bool
	quiet      bool
}

func newPretrain(devices training.Devices) *cobra.Command {
	var p pretraining
	cmd := &cobra.Command{
		Use:   "pretrain --text FILE --out FILE",
		Short: "Learn words and their order from texts without labels",
		Long: `Pretrain learns a language model: word vectors and an LSTM that name the next
word and the word before. "sentiment train --init FILE" then starts from them,
which makes up for few labelled texts if there are many without labels. Labels in
the files are not looked at.

With --skip-gram it learns word vectors alone, from the words around each, in
minutes where a language model takes most of an hour. The file is text in the format of
word2vec, for "sentiment train --vectors FILE" and other programs.

Never give it the texts of a test set. Texts that also stand in a file of
--exclude, but for case and white space, are left out.

A training that is interrupted keeps what it has learned in the directory
FILE.checkpoint until --resume goes on with it, to the same file that it would have
made uninterrupted.`,
		Example: `  sentiment pretrain --text reviews.csv --text train.tsv --exclude test.tsv --out reviews.lm
  sentiment train --init reviews.lm --train train.tsv --out reviews.model
  sentiment pretrain --skip-gram --text reviews.csv --exclude test.tsv --out reviews.vec
  sentiment train --vectors reviews.vec --train train.tsv --out reviews.model`,
		Args: cli.FilesBy("--text"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case len(p.files) == 0:
				return cli.Usagef("pretrain needs --text FILE")
			case p.out == "":
				return cli.Usagef("pretrain needs --out FILE")
			case p.skipGram && p.device != nil && cmd.Flags().Changed("device"):
				return cli.Usagef("--skip-gram learns on this processor: leave out --device")
			}
			if err := p.checkpoint.Check(cmd, p.out); err != nil {
				return err
			}
			if p.skipGram {
				return p.learnVectors(cmd)
			}
			return p.learnLanguage(cmd)
		},
	}
	p.in.Add(cmd, false)
	p.settings.Add(cmd, lm.Config{}, "")
	p.settings.AddRun(cmd, "passes over the texts (default 3, with --skip-gram 5)")
	p.checkpoint.Add(cmd, "FILE")
	training.AddDevice(cmd, devices, &p.device)
	f := cmd.Flags()
	f.StringArrayVar(&p.files, "text", nil, "`file` of texts; may be repeated")
	f.StringArrayVar(&p.exclude, "exclude", nil, "`file` of texts to leave out, such as a test set; may be repeated")
	f.StringVar(&p.out, "out", "", "`file` to write")
	f.BoolVar(&p.skipGram, "skip-gram", false, "learn word vectors alone, for train --vectors")
	cli.AddLog(cmd, nil, &p.quiet)
	return cmd
}

// run is how the training is run.
func (p *pretraining) run() pretrain.Run {
	return pretrain.Run{Checkpoint: p.checkpoint.Path, CheckpointInterval: p.checkpoint.Interval, Resume: p.checkpoint.Resume}
}

// begin puts the settings over a config, checks it and reads the texts.
func (p *pretraining) begin(cmd *cobra.Command, config any, check func() error, pipeline *string) ([]string, error) {
	if err := p.settings.Over(cmd, config); err != nil {
		return nil, err
	}
	if err := check(); err != nil {
		return nil, cli.UsageError(err)
	}
	return p.texts(cmd.ErrOrStderr(), pipeline)
}

// texts reads the texts to learn from. It gives the pipeline a default that suits
// them.
func (p *pretraining) texts(log io.Writer, pipeline *string) ([]string, error) {
	opts, err := p.in.Options()
	if err != nil {
		return nil, err
	}
	if err := cli.CheckOutput("--out", p.out, slices.Concat(p.files, p.exclude, []string{p.settings.Config})...); err != nil {
		return nil, err
	}
	texts, _, err := corpora.ReadFiles(opts, p.files...)
	if err != nil {
		return nil, err
	}
	left := 0
	if len(p.exclude) > 0 {
		out, _, err := corpora.ReadFiles(opts, p.exclude...)
		if err != nil {
			return nil, err
		}
		texts, left = texts.Without(out)
	}
	if *pipeline == "" {
		*pipeline = recommend.For(texts).WithWords().Model.Pipeline
	}
	if !p.quiet {
		fmt.Fprintf(log, "learning from %d texts", texts.Len())
		if left > 0 {
			fmt.Fprintf(log, ", %d left out", left)
		}
		fmt.Fprintln(log)
	}
	return texts.Texts(), nil
}

// learnLanguage makes a language model.
func (p *pretraining) learnLanguage(cmd *cobra.Command) error {
	t, log := lm.Trainer{Run: p.run()}, cmd.ErrOrStderr()
	texts, err := p.begin(cmd, &t.Config, func() error { return t.Config.Resolve().Validate() }, &t.Pipeline)
	if err != nil {
		return err
	}
	console := watch.NewConsole(log, false, p.quiet)
	if p.device != nil {
		t.Device = p.device.(lm.Device) // as all of a program
	}
	console.On(p.device)
	t.OnProgress = stop.Holding(cmd.Context(), console.Language)
	memlimit.Respect()
	r, err := t.Fit(cmd.Context(), texts)
	if err != nil {
		p.checkpoint.Hint(cmd)
		return err
	}
	if err := r.Model.Save(p.out); err != nil {
		return err
	}
	return p.finish(log, r.Tokens, r.Unknown)
}

// learnVectors makes word vectors alone.
func (p *pretraining) learnVectors(cmd *cobra.Command) error {
	t, log := skipgram.Trainer{Run: p.run()}, cmd.ErrOrStderr()
	texts, err := p.begin(cmd, &t.Config, func() error { return t.Config.Resolve().Validate() }, &t.Pipeline)
	if err != nil {
		return err
	}
	t.OnProgress = stop.Holding(cmd.Context(), watch.NewConsole(log, false, p.quiet).Vectors)
	memlimit.Respect()
	r, err := t.Fit(cmd.Context(), texts)
	if err != nil {
		p.checkpoint.Hint(cmd)
		return err
	}
	if err := fsx.WriteFile(fsx.OS{}, p.out, func(w io.Writer) error { return r.Embed.WriteText(w, r.Vocab) }); err != nil {
		return err
	}
	return p.finish(log, r.Tokens, r.Unknown)
}

// finish removes the checkpoints, and says what was learned from and where the result
// is.
func (p *pretraining) finish(log io.Writer, tokens, unknown int64) error {
	if p.checkpoint.Path != "" {
		if err := loop.RemoveCheckpoints(p.checkpoint.Path); err != nil {
			return err
		}
	}
	if !p.quiet {
		fmt.Fprintf(log, "%s tokens, %.1f %% unknown; wrote %s\n", progress.Thousands(float64(tokens)), 100*float64(unknown)/math.Max(float64(tokens), 1), report.Clean(p.out))
	}
	return nil
}
