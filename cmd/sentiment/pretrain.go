package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/lm"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/train"
)

func newPretrain() *cobra.Command {
	var (
		in      input
		files   []string
		exclude []string
		out     string
		config  string
		sets    []string
		epochs  int
		seed    uint64
		state   string
		every   time.Duration
		resume  bool
		quiet   bool
	)
	cmd := &cobra.Command{
		Use:   "pretrain --text FILE --out FILE",
		Short: "Learn words and their order from texts without labels",
		Long: `Pretrain learns a language model: word vectors and an LSTM that name the next
word and the word before. "sentiment train --init FILE" then starts from them,
which makes up for few labelled texts if there are many without labels. Labels in
the files are not looked at.

Never give it the texts of a test set. Texts that also stand in a file of
--exclude, but for case and white space, are left out.

A training that is interrupted keeps what it has learned in a checkpoint until
--resume goes on with it, to the same file that it would have made uninterrupted.`,
		Example: `  sentiment pretrain --text reviews.csv --text train.tsv --exclude test.tsv --out reviews.lm
  sentiment train --init reviews.lm --train train.tsv --out reviews.model`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts, err := in.options()
			if err != nil {
				return err
			}
			switch {
			case len(files) == 0:
				return usagef("pretrain needs --text FILE")
			case out == "":
				return usagef("pretrain needs --out FILE")
			case every <= 0:
				return usagef("--checkpoint-every %v: want more than 0", every)
			}
			if cmd.Flags().Changed("epochs") {
				sets = append(sets, fmt.Sprintf("epochs=%d", epochs))
			}
			if cmd.Flags().Changed("seed") {
				sets = append(sets, fmt.Sprintf("seed=%d", seed))
			}
			if !cmd.Flags().Changed("checkpoint") {
				state = out + ".checkpoint"
			}
			t := lm.Trainer{Checkpoint: state, Every: every, Resume: resume}
			settings, err := readSettings(config, sets)
			if err != nil {
				return err
			}
			d := json.NewDecoder(bytes.NewReader(settings))
			d.DisallowUnknownFields()
			if err := d.Decode(&t.Config); err != nil {
				return settingsError(err)
			}
			if err := t.Config.Resolve().Validate(); err != nil {
				return usageError{err}
			}
			if err := checkOut("--out", out, slices.Concat(files, exclude, []string{config})); err != nil {
				return err
			}
			texts, left, err := readUnlabelled(opts, files, exclude)
			if err != nil {
				return err
			}
			if t.Pipeline == "" {
				t.Pipeline = train.Recommend(texts).Model.Pipeline
			}
			err2 := cmd.ErrOrStderr()
			if !quiet {
				fmt.Fprintf(err2, "learning from %d texts", texts.Len())
				if left > 0 {
					fmt.Fprintf(err2, ", %d left out", left)
				}
				fmt.Fprintln(err2)
				t.OnProgress = newProgress(err2, false, false).reportLanguage
			}
			limitMemory()
			list := make([]string, texts.Len())
			for i := range list {
				list[i] = texts.Examples[i].Text
			}
			r, err := t.Fit(cmd.Context(), list)
			if err != nil {
				if cmd.Context().Err() != nil && state != "" {
					fmt.Fprintf(err2, "go on with:\n  %s\n", resumeCommand(cmd))
				}
				return err
			}
			if err := r.Model.Save(out); err != nil {
				return err
			}
			if state != "" {
				if err := lm.RemoveCheckpoint(state); err != nil {
					return err
				}
			}
			if !quiet {
				fmt.Fprintf(err2, "%s tokens, %.1f %% unknown; wrote %s\n", thousands(float64(r.Tokens)), 100*float64(r.Unknown)/math.Max(float64(r.Tokens), 1), report.Clean(out))
			}
			return nil
		},
	}
	in.addFlags(cmd, false)
	f := cmd.Flags()
	f.StringArrayVar(&files, "text", nil, "`file` of texts; may be repeated")
	f.StringArrayVar(&exclude, "exclude", nil, "`file` of texts to leave out, such as a test set; may be repeated")
	f.StringVar(&out, "out", "", "`file` to write")
	f.StringVar(&config, "config", "", "config `file`, TOML or JSON")
	f.StringArrayVar(&sets, "set", nil, "one setting, `path=value`; may be repeated")
	f.IntVar(&epochs, "epochs", 0, "passes over the texts (default 3)")
	f.Uint64Var(&seed, "seed", 0, "seed of everything random")
	f.StringVar(&state, "checkpoint", "", "`file` for checkpoints (default FILE.checkpoint; '' for none)")
	f.DurationVar(&every, "checkpoint-every", 5*time.Minute, "time between checkpoints")
	f.BoolVar(&resume, "resume", false, "go on from the checkpoint of an interrupted training, if there is one")
	f.BoolVarP(&quiet, "quiet", "q", false, "no progress")
	must(cmd.MarkFlagFilename("config"))
	return cmd
}

// addStartFlag adds the flag that names a language model to start from.
func addStartFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "init", "", "language model to start from: a `file` of sentiment pretrain")
}

// loadStart reads the language model in a file; nil for "".
func loadStart(file string) (*lm.Model, error) {
	if file == "" {
		return nil, nil
	}
	m, err := lm.Load(file)
	if err != nil {
		return nil, modelError{fmt.Errorf("--init %s: %w", file, err)}
	}
	return m, nil
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
