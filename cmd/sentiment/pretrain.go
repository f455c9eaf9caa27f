package main

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/pretrain/lm"
	"github.com/textlstm/textlstm/pretrain/skipgram"
	"github.com/textlstm/textlstm/recipe"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/train/loop"
	"github.com/textlstm/textlstm/train/recommend"
)

// A pretraining is what the flags of pretrain ask for.
type pretraining struct {
	in       input
	files    []string
	exclude  []string
	out      string
	config   string
	sets     []string
	epochs   int
	seed     uint64
	skipGram bool
	export   bool
	state    string
	every    time.Duration
	resume   bool
	quiet    bool
}

func newPretrain() *cobra.Command {
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
made uninterrupted.

With --export it writes the words that a language model would learn from, for
another program to train it: pretrained/pretrain.py of this repository does so on a
GPU, and makes a file like that of this command.`,
		Example: `  sentiment pretrain --text reviews.csv --text train.tsv --exclude test.tsv --out reviews.lm
  sentiment train --init reviews.lm --train train.tsv --out reviews.model
  sentiment pretrain --skip-gram --text reviews.csv --exclude test.tsv --out reviews.vec
  sentiment train --vectors reviews.vec --train train.tsv --out reviews.model`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			set := cmd.Flags().Changed
			if set("epochs") {
				p.sets = append(p.sets, fmt.Sprintf("epochs=%d", p.epochs))
			}
			if set("seed") {
				p.sets = append(p.sets, fmt.Sprintf("seed=%d", p.seed))
			}
			switch {
			case len(p.files) == 0:
				return usagef("pretrain needs --text FILE")
			case p.out == "":
				return usagef("pretrain needs --out FILE")
			case p.every <= 0:
				return usagef("--checkpoint-every %v: want more than 0", p.every)
			case p.skipGram && p.export:
				return usagef("--export is for language models: leave out --skip-gram or --export")
			case p.export && (set("checkpoint") || set("checkpoint-every") || set("resume")):
				return usagef("--export keeps no checkpoints: leave out --checkpoint, --checkpoint-every and --resume")
			}
			if p.export {
				return p.exportWords(cmd)
			}
			if !set("checkpoint") {
				p.state = p.out + ".checkpoint"
			}
			if p.resume && p.state == "" {
				return usagef("--resume needs a --checkpoint directory")
			}
			if p.skipGram {
				return p.learnVectors(cmd)
			}
			return p.learnLanguage(cmd)
		},
	}
	p.in.addFlags(cmd, false)
	f := cmd.Flags()
	f.StringArrayVar(&p.files, "text", nil, "`file` of texts; may be repeated")
	f.StringArrayVar(&p.exclude, "exclude", nil, "`file` of texts to leave out, such as a test set; may be repeated")
	f.StringVar(&p.out, "out", "", "`file` to write")
	f.BoolVar(&p.skipGram, "skip-gram", false, "learn word vectors alone, for train --vectors")
	f.BoolVar(&p.export, "export", false, "write what to learn from, for another program to train the model")
	f.StringVar(&p.config, "config", "", "config `file`, TOML or JSON")
	f.StringArrayVar(&p.sets, "set", nil, "one setting, `path=value`; may be repeated")
	f.IntVar(&p.epochs, "epochs", 0, "passes over the texts (default 3, with --skip-gram 5)")
	f.Uint64Var(&p.seed, "seed", 0, "seed of everything random")
	f.StringVar(&p.state, "checkpoint", "", "`directory` for checkpoints (default FILE.checkpoint; '' for none)")
	f.DurationVar(&p.every, "checkpoint-every", 5*time.Minute, "time between checkpoints")
	f.BoolVar(&p.resume, "resume", false, "go on from the checkpoint of an interrupted training, if there is one")
	f.BoolVarP(&p.quiet, "quiet", "q", false, "no progress")
	must(cmd.MarkFlagFilename("config"))
	return cmd
}

// settings reads the settings of the config file and the flags into config.
func (p *pretraining) settings(config any) error {
	s, err := recipe.ReadSettings(p.config, p.sets)
	if err != nil {
		return err
	}
	return s.Over(config)
}

// texts reads the texts to learn from. It gives the pipeline a default that suits
// them.
func (p *pretraining) texts(log io.Writer, pipeline *string) ([]string, error) {
	opts, err := p.in.options()
	if err != nil {
		return nil, err
	}
	if err := checkOut("--out", p.out, slices.Concat(p.files, p.exclude, []string{p.config})); err != nil {
		return nil, err
	}
	texts, left, err := readUnlabelled(opts, p.files, p.exclude)
	if err != nil {
		return nil, err
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

// trainer returns what trains a language model, and the texts for it.
func (p *pretraining) trainer(cmd *cobra.Command) (lm.Trainer, []string, error) {
	t := lm.Trainer{Checkpoint: p.state, CheckpointInterval: p.every, Resume: p.resume}
	if err := p.settings(&t.Config); err != nil {
		return t, nil, err
	}
	if err := t.Config.Resolve().Validate(); err != nil {
		return t, nil, usageError{err}
	}
	texts, err := p.texts(cmd.ErrOrStderr(), &t.Pipeline)
	return t, texts, err
}

// exportWords writes what a language model would learn from.
func (p *pretraining) exportWords(cmd *cobra.Command) error {
	t, texts, err := p.trainer(cmd)
	if err != nil {
		return err
	}
	return t.Export(cmd.Context(), texts, p.out)
}

// learnLanguage makes a language model.
func (p *pretraining) learnLanguage(cmd *cobra.Command) error {
	t, texts, err := p.trainer(cmd)
	if err != nil {
		return err
	}
	log := cmd.ErrOrStderr()
	if !p.quiet {
		t.OnProgress = newProgress(log, false, false).reportLanguage
	}
	limitMemory()
	r, err := t.Fit(cmd.Context(), texts)
	if err != nil {
		return p.interrupted(cmd, err)
	}
	if err := r.Model.Save(p.out); err != nil {
		return err
	}
	return p.finish(log, r.Tokens, r.Unknown)
}

// interrupted tells how to go on where it was the context that ended a training.
func (p *pretraining) interrupted(cmd *cobra.Command, err error) error {
	if cmd.Context().Err() != nil && p.state != "" {
		fmt.Fprintf(cmd.ErrOrStderr(), "go on with:\n  %s\n", resumeCommand(cmd))
	}
	return err
}

// learnVectors makes word vectors alone.
func (p *pretraining) learnVectors(cmd *cobra.Command) error {
	t := skipgram.Trainer{Checkpoint: p.state, CheckpointInterval: p.every, Resume: p.resume}
	if err := p.settings(&t.Config); err != nil {
		return err
	}
	if err := t.Config.Resolve().Validate(); err != nil {
		return usageError{err}
	}
	log := cmd.ErrOrStderr()
	texts, err := p.texts(log, &t.Pipeline)
	if err != nil {
		return err
	}
	if !p.quiet {
		t.OnProgress = newProgress(log, false, false).reportVectors
	}
	limitMemory()
	r, err := t.Fit(cmd.Context(), texts)
	if err != nil {
		return p.interrupted(cmd, err)
	}
	if err := fsx.WriteFile(fsx.OS{}, p.out, func(w io.Writer) error { return r.Embed.WriteText(w, r.Vocab) }); err != nil {
		return err
	}
	return p.finish(log, r.Tokens, r.Unknown)
}

// finish removes the checkpoints, and says what was learned from and where the result
// is.
func (p *pretraining) finish(log io.Writer, tokens, unknown int64) error {
	if p.state != "" {
		if err := loop.RemoveCheckpoints(p.state); err != nil {
			return err
		}
	}
	if !p.quiet {
		fmt.Fprintf(log, "%s tokens, %.1f %% unknown; wrote %s\n", thousands(float64(tokens)), 100*float64(unknown)/math.Max(float64(tokens), 1), report.Clean(p.out))
	}
	return nil
}

// readUnlabelled reads the texts of files but those that stand in exclude, and
// says how many it left out.
func readUnlabelled(opts corpora.Options, files, exclude []string) (*corpora.Dataset, int, error) {
	texts, _, err := corpora.ReadFiles(opts, files...)
	if err != nil || len(exclude) == 0 {
		return texts, 0, err
	}
	out, _, err := corpora.ReadFiles(opts, exclude...)
	if err != nil {
		return nil, 0, err
	}
	leaked := map[int]bool{}
	for _, l := range corpora.Leaks(out, texts) {
		leaked[l.Test] = true
	}
	keep := make([]int, 0, texts.Len())
	for i := range texts.Examples {
		if !leaked[i] {
			keep = append(keep, i)
		}
	}
	return texts.Subset(keep), texts.Len() - len(keep), nil
}

// reportLanguage shows the training of a language model.
func (p *progress) reportLanguage(t lm.Progress) {
	switch {
	case t.Warning != nil:
		p.warn(t.Warning)
	case t.Resumed:
		fmt.Fprintf(p.w, "going on with epoch %d/%d, at step %d of %d\n", t.Epoch, t.Epochs, t.Step, t.Steps)
	case t.Dev != nil:
		p.clear()
		fmt.Fprintf(p.w, "epoch %d/%d  loss %.4f", t.Epoch, t.Epochs, t.Loss)
		for _, name := range slices.Sorted(maps.Keys(t.Dev.Perplexity)) {
			fmt.Fprintf(p.w, "  perplexity of the %s word %.1f", name, t.Dev.Perplexity[name])
		}
		fmt.Fprintf(p.w, "  %s  %s tokens/s\n", short(t.Elapsed), thousands(t.TokensPerSecond()))
	case p.tty && time.Since(p.last) > 100*time.Millisecond:
		p.last = time.Now()
		fmt.Fprintf(p.w, "\r\x1b[Kepoch %d/%d  %3.0f%%  loss %.4f  %s tokens/s",
			t.Epoch, t.Epochs, 100*float64(t.Step)/float64(t.Steps), t.Loss, thousands(t.TokensPerSecond()))
	}
}

// reportVectors shows the training of word vectors.
func (p *progress) reportVectors(t skipgram.Progress) {
	switch {
	case t.Warning != nil:
		p.warn(t.Warning)
	case t.Resumed:
		fmt.Fprintf(p.w, "going on with epoch %d/%d, at step %d of %d\n", t.Epoch, t.Epochs, t.Step, t.Steps)
	case t.EndOfEpoch:
		p.clear()
		fmt.Fprintf(p.w, "epoch %d/%d  loss %.4f  %s  %s tokens/s\n", t.Epoch, t.Epochs, t.Loss, short(t.Elapsed), thousands(t.TokensPerSecond()))
	case p.tty && time.Since(p.last) > 100*time.Millisecond:
		p.last = time.Now()
		fmt.Fprintf(p.w, "\r\x1b[Kepoch %d/%d  %3.0f%%  loss %.4f  %s tokens/s",
			t.Epoch, t.Epochs, 100*float64(t.Step)/float64(t.Steps), t.Loss, thousands(t.TokensPerSecond()))
	}
}
