package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/cli/input"
	"github.com/textlstm/textlstm/internal/escape"
	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/internal/progress"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/seq2seq"
)

// Search flags say how translations are looked for.
type searchFlags struct {
	model string
	seq2seq.Search
}

func (s *searchFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&s.model, "model", "m", "", "model `file`")
	f.IntVar(&s.Beam, "beam", 5, "hypotheses that are kept at every step; 1 is greedy")
	f.Float64Var(&s.Length, "length", 1, "how much longer translations are favoured")
	f.Float64Var(&s.Coverage, "coverage", 0, "how much translations of all of the source are favoured")
}

// load checks the flags and reads the model.
func (s *searchFlags) load() (*seq2seq.Model, error) {
	if s.model == "" {
		return nil, cli.Usagef("--model: want a model; translate train makes one")
	}
	if s.Beam == 0 || s.Length < 0 {
		return nil, cli.Usagef("--beam %d, --length %v: want a beam of at least 1 and a length of at least 0", s.Beam, s.Length)
	}
	if s.Length == 0 {
		s.Length = -1 // 0 is the default there
	}
	if err := s.Resolve().Validate(); err != nil {
		return nil, cli.UsageError(err)
	}
	return seq2seq.Load(s.model)
}

// Translate flags are those of the command without a name.
type translateFlags struct {
	searchFlags
	output    report.Style
	attention string
	pictures  []seq2seq.Translation
}

func newTranslate() *cobra.Command {
	var t translateFlags
	cmd := &cobra.Command{
		Use:   "translate [file...]",
		Short: "Translate texts, with models that you train",
		Long: `Translate writes a translation of each line of the files, or of standard input,
in the same order and as the lines come.

With --n-best N there are N lines for each, with the number of the line, the score
and the translation between tabs; --output jsonl writes the hypotheses of each line
as a record. --attention draws which pieces of a line each piece of its translation
looked at.`,
		Example: `  translate train --train train.de train.en --dev dev.de dev.en --out de-en.model
  translate --model de-en.model < letter.de > letter.en
  translate eval --model de-en.model test.de test.en`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, files []string) error {
			if t.model == "" && len(files) == 0 {
				return cmd.Help()
			}
			return t.run(cmd, files)
		},
	}
	t.add(cmd)
	cmd.Flags().IntVar(&t.Best, "n-best", 1, "translations of each line, at most --beam")
	cmd.Flags().StringVar(&t.attention, "attention", "", "HTML `file` for pictures of what each piece looked at, of the first 200 lines")
	cli.AddOutput(cmd, &t.output, report.Text, report.JSONL)
	return cmd
}

func (t *translateFlags) run(cmd *cobra.Command, files []string) error {
	inputs := append(slices.Clone(files), t.model)
	if len(files) == 0 {
		inputs = append(inputs, cli.Stdin)
	}
	if err := cli.CheckOutput("--attention", t.attention, inputs...); err != nil {
		return err
	}
	if t.Best < 1 {
		return cli.Usagef("--n-best %d: want at least 1", t.Best)
	}
	m, err := t.load()
	if err != nil {
		return err
	}
	out := bufio.NewWriter(cli.Raw(cmd))
	show := progress.New(cmd.ErrOrStderr(), false, false)
	n, count := 0, show.Counter(0)
	write := func(text string, tr seq2seq.Translation) error {
		n++
		count(n)
		return t.write(out, n, text, tr)
	}
	for _, file := range cli.OrStdin(cmd, files) {
		if err = t.translate(cmd.Context(), m, file, out, write); err != nil {
			err = cli.FileError(file, err)
			break
		}
	}
	show.Done()
	if err := errors.Join(err, out.Flush()); err != nil {
		return err
	}
	if t.attention == "" {
		return nil
	}
	return fsx.WriteFile(fsx.OS{}, t.attention, func(w io.Writer) error { return writeAttention(w, t.pictures) })
}

// translate answers the lines of a file as they come.
func (t *translateFlags) translate(ctx context.Context, m *seq2seq.Model, file string, out *bufio.Writer, write func(string, seq2seq.Translation) error) error {
	r, ctx, err := new(input.Flags).Open(ctx, corpora.Options{Format: corpora.Text, Lines: true, Unlabelled: true}, file)
	if err != nil {
		return err
	}
	defer r.Close()
	const most = 256
	for done := 0; ; {
		var lines []string
		var end error
		for more := true; more && len(lines) < most; more = r.Ready() {
			e, err := r.Read()
			if err != nil {
				end = err
				break
			}
			lines = append(lines, e.Text)
		}
		if err := t.answer(ctx, m, lines, write); err != nil {
			if long, ok := errors.AsType[*seq2seq.LongError](err); ok {
				long.Text += done
			}
			return err
		}
		done += len(lines)
		if err := out.Flush(); err != nil {
			return err
		}
		if end == io.EOF {
			return nil
		}
		if end != nil {
			return end
		}
	}
}

// answer translates lines, and those before one that is too long.
func (t *translateFlags) answer(ctx context.Context, m *seq2seq.Model, lines []string, write func(string, seq2seq.Translation) error) error {
	answers, err := m.Translate(ctx, lines, t.Search)
	if long, ok := errors.AsType[*seq2seq.LongError](err); ok { // those before it are answered
		if err := t.answer(ctx, m, lines[:long.Text], write); err != nil {
			return err
		}
		return long
	}
	if err != nil {
		return err
	}
	for i, a := range answers {
		if err := write(lines[i], a); err != nil {
			return err
		}
	}
	return nil
}

// A record is what --output jsonl writes.
type record struct {
	Text         string       `json:"text"`
	Translations []hypothesis `json:"translations"`
}

type hypothesis struct {
	Text    string  `json:"text"`
	Score   float64 `json:"score"`
	LogProb float64 `json:"log_prob"`
}

func (t *translateFlags) write(w io.Writer, n int, text string, tr seq2seq.Translation) error {
	const mostPictures = 200
	if t.attention != "" && len(t.pictures) < mostPictures {
		t.pictures = append(t.pictures, tr)
	}
	if t.output == report.JSONL {
		r := record{Text: text}
		for _, h := range tr.Hypotheses {
			r.Translations = append(r.Translations, hypothesis{h.Text, h.Score, h.LogProb})
		}
		e := json.NewEncoder(escape.Writer(w))
		e.SetEscapeHTML(false)
		return e.Encode(r)
	}
	for _, h := range tr.Hypotheses {
		line := strings.ReplaceAll(h.Text, "\n", " ")
		if t.Best > 1 {
			line = fmt.Sprintf("%d\t%.4f\t%s", n, h.Score, line)
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}
