package sentiment

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/explain"
	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/cli/input"
	"github.com/textlstm/textlstm/report/answers"
)

// An explanation is what the flags of explain ask for.
type explanation struct {
	in       input.Flags
	model    string
	output   string
	errorsOf string
	most     int
	top      int
	colored  func() (bool, error)
	o        explain.Options
}

func newExplain() *cobra.Command {
	var x explanation
	cmd := &cobra.Command{
		Use:   "explain [file...]",
		Short: "Show which words made the model answer as it does",
		Long: `Explain gives every word of a text its part of the score of a label: by integrated
gradients for the LSTM, exactly for the n-grams. The parts and the base, the score
of no words, sum to the score. For a head of one label a text the score is the
label's logit less the mean of the others; with --against, less that of one other.

Texts come from files as for classify, or from --text. With --errors-of they are
the mistakes on a labelled file, the worst first, and what is explained is why the
model prefers its answer to the true label.

A table shows the text with its words marked, orange for the label and blue
against it on a terminal, elsewhere [+++for] and [---against].`,
		Example: `  sentiment explain --text "Not bad at all, but far too long."
  sentiment explain --label negative --leave-out review.txt
  sentiment explain --errors-of test.tsv --output html > errors.html`,
		RunE: func(cmd *cobra.Command, files []string) error { return x.run(cmd, files) },
	}
	addModelFlag(cmd, &x.model)
	x.in.Add(cmd, false)
	x.in.AddTexts("explain")
	f := cmd.Flags()
	f.StringVar(&x.in.LabelColumn, "label-col", "", "with --errors-of: column of the labels, by name or number")
	f.StringVar(&x.in.LabelMap, "label-map", "", "with --errors-of: rename labels: `from=to,...`")
	f.StringVar(&x.o.Head, "head", "", "the `head` to explain (default: the model's first)")
	f.StringVar(&x.o.Label, "label", "", "the `label` to explain (default: the predicted one)")
	f.StringVar(&x.o.Against, "against", "", "the `label` to compare it with (default: the mean of the others)")
	f.StringVar(&x.errorsOf, "errors-of", "", "explain the mistakes on a labelled `file`")
	f.IntVar(&x.most, "errors", 20, "with --errors-of: that many mistakes")
	f.IntVar(&x.top, "top", 10, "words and n-grams listed, those of the largest parts; -1 for all")
	f.BoolVar(&x.o.LeaveOut, "leave-out", false, "also leave out each word in turn, as a check")
	f.Float64Var(&x.o.Tolerance, "tolerance", 0.01, "error of the parts, as a share of the difference they sum to")
	f.StringVarP(&x.output, "output", "o", "table", "table, text, json, jsonl, csv, tsv or html")
	x.colored = cli.AddColor(cmd)
	return cmd
}

func (x *explanation) run(cmd *cobra.Command, files []string) error {
	if x.errorsOf != "" && (len(files) > 0 || x.in.Given() || x.o.Label != "" || x.o.Against != "") {
		return cli.Usagef("--errors-of explains the mistakes of one file: leave out other texts, --label and --against")
	}
	if !(x.o.Tolerance > 0) || x.most < 1 {
		return cli.Usagef("--tolerance %v, --errors %d: want both above 0", x.o.Tolerance, x.most)
	}
	opts, err := x.in.Options()
	if err != nil {
		return err
	}
	m, err := loadModel(x.model)
	if err != nil {
		return err
	}
	if x.o.Head == "" {
		x.o.Head = m.Heads()[0].Name
	}
	x.o.Ngrams = x.top
	out := bufio.NewWriter(cmd.OutOrStdout())
	ew, err := explain.NewWriter(out, x.output)
	if err != nil {
		return cli.Usagef("--output %s: want one of %s", x.output, strings.Join(explain.Outputs(), ", "))
	}
	w := flusher{ew, out}
	w.Top = x.top
	if w.Color, err = x.colored(); err != nil {
		return err
	}
	e := explain.New(m)
	switch {
	case x.errorsOf != "":
		w.Title = "Mistakes on " + filepath.Base(x.errorsOf)
		opts.Unlabelled, opts.Labelled = false, true
		err = explainErrors(cmd.Context(), e, m, opts, x.errorsOf, x.most, x.o, w)
	default:
		if files, err = x.in.Files(files); err != nil {
			return err
		}
		err = x.explainTexts(cmd.Context(), e, opts, files, w)
	}
	var broken *answers.WriteError
	if errors.As(err, &broken) {
		return broken.Err
	}
	if errors.Is(err, explain.ErrHead) || errors.Is(err, explain.ErrLabel) {
		return cli.UsageError(err)
	}
	if werr := w.Close(); werr != nil {
		return errors.Join(err, werr)
	}
	return errors.Join(err, out.Flush())
}

// A flusher lets nobody wait for what is written.
type flusher struct {
	*explain.Writer
	buffer *bufio.Writer
}

func (f flusher) Write(x *explain.Explanation) error {
	err := f.Writer.Write(x)
	if err == nil {
		err = f.buffer.Flush()
	}
	if err != nil {
		return &answers.WriteError{Err: err}
	}
	return nil
}

// explainTexts explains every text. One that cannot be read, or is too long, is reported
// and does not stop the others.
func (x *explanation) explainTexts(ctx context.Context, e *explain.Explainer, opts corpora.Options, files []string, w flusher) error {
	var failed input.Errors
	err := x.in.Each(ctx, opts, files, func(ctx context.Context, rows iter.Seq2[corpora.Example, error]) error {
		for example, err := range rows {
			if err != nil {
				failed.Add(err)
				continue
			}
			why, err := e.Explain(ctx, example.Text, x.o)
			if errors.Is(err, explain.ErrTooLong) {
				failed.Add(fmt.Errorf("%s: %w", example.ID, err))
				continue
			}
			if err != nil {
				return err
			}
			if !x.in.Given() {
				why.ID = example.ID
			}
			if err := w.Write(why); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return failed.Join()
}

// explainErrors explains the worst mistakes on a labelled file: the answer
// against the true label.
func explainErrors(ctx context.Context, e *explain.Explainer, m *classify.Model, opts corpora.Options, file string, most int, o explain.Options, w flusher) error {
	if m.Head(o.Head) < 0 {
		return cli.Usagef("the model has no head %q", o.Head)
	}
	data, _, err := corpora.ReadFiles(opts, file)
	if err != nil {
		return err
	}
	predictions, err := score.Dataset(ctx, m, data, o.Head)
	if err != nil {
		return err
	}
	for _, p := range predictions {
		v, err := p.Evaluate(evaluate.Options{Mistakes: most})
		if err != nil {
			return err
		}
		found, err := e.Mistakes(ctx, v, o)
		if err != nil {
			return err
		}
		for i, x := range found {
			if x == nil {
				return fmt.Errorf("%s: %w", v.Mistakes[i].ID, explain.ErrTooLong)
			}
			if err := w.Write(x); err != nil {
				return err
			}
		}
	}
	return nil
}
