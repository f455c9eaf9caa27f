package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/answer"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/explain"
	"github.com/textlstm/textlstm/report"
)

func newClassify() *cobra.Command {
	var (
		in     input
		model  string
		output string
		lines  bool
		o      answer.Options
		why    bool
	)
	cmd := &cobra.Command{
		Use:   "classify [file...]",
		Short: "Label texts",
		Long: `Classify labels texts: one document per file, one per line with --lines, one per
row of a table (its labels are ignored). Without a file, or for "-", it reads
standard input, and answers each line or row as it comes: where it is interrupted,
all that was read has its answer.

One record goes out for each that comes in, in the same order, empty texts too.
With --sentences each sentence is labelled as well: JSON records then list them
and the share of each label, tables have a row for each. With --explain each answer
comes with the words that weigh most in it; see sentiment explain for more.

With --abstain P a text whose label has less than that probability gets none: null
in JSON, empty in tables. sentiment eval --precision tells which P to use.`,
		Example: `  sentiment classify review.txt
  cut -f3 tweets.tsv | sentiment classify --lines --output jsonl`,
		RunE: func(cmd *cobra.Command, files []string) error {
			opts, err := in.options()
			if err != nil {
				return err
			}
			if err := checkNaming(o.Naming); err != nil {
				return err
			}
			style, err := report.ParseStyle(output)
			if err != nil {
				return usageError{err}
			}
			opts.Unlabelled, opts.Lines = true, lines
			m, err := loadModel(model)
			if err != nil {
				return err
			}
			if why {
				o.Explainer = explain.New(m)
			}
			out := bufio.NewWriter(cmd.OutOrStdout())
			w := flusher{answer.NewWriter(out, style, m.Heads(), o), out}
			err = classifyFiles(cmd.Context(), m, opts, orStdin(files), o, w)
			if we := (writeError{}); errors.As(err, &we) {
				return we.error
			}
			if werr := w.Close(); werr != nil {
				return errors.Join(err, werr)
			}
			return errors.Join(err, out.Flush())
		},
	}
	addModelFlag(cmd, &model)
	in.addFlags(cmd, false)
	cmd.Flags().StringVarP(&output, "output", "o", "table", "table, jsonl, json, csv, tsv, md or html")
	cmd.Flags().BoolVar(&lines, "lines", false, "one document per line")
	cmd.Flags().BoolVar(&o.Sentences, "sentences", false, "label each sentence too, and count them by label")
	cmd.Flags().Float64Var(&o.Abstain, "abstain", 0, "give no label below this `probability`")
	cmd.Flags().Float64Var(&o.Neutral, "neutral", 0, "neutral below this `probability`, where a head knows negative and positive alone")
	cmd.Flags().BoolVar(&why, "explain", false, "name the words that weigh most in each answer")
	return cmd
}

func checkNaming(n answer.Naming) error {
	if !(n.Abstain >= 0 && n.Abstain <= 1) {
		return usagef("--abstain %g: want 0 to 1", n.Abstain)
	}
	if !(n.Neutral >= 0 && n.Neutral <= 1) {
		return usagef("--neutral %g: want 0 to 1", n.Neutral)
	}
	return nil
}

// classifyFiles labels every text of the files. A file or row that cannot be
// read is reported and does not stop the others; the first such error decides
// the exit code.
func classifyFiles(ctx context.Context, m *classify.Model, opts corpora.Options, files []string, o answer.Options, w answer.Writer) error {
	var failed []error
	for _, file := range files {
		if err := classifyFile(ctx, m, opts, file, o, w); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if we := (writeError{}); errors.As(err, &we) {
				return err
			}
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// A writeError is a failure of the output, which ends the run.
type writeError struct{ error }

// A flusher writes through a buffer, which Flush empties too.
type flusher struct {
	answer.Writer
	buffer *bufio.Writer
}

func (f flusher) Flush() error {
	if err := f.Writer.Flush(); err != nil {
		return err
	}
	return f.buffer.Flush()
}

// classifyFile answers what has come of a file whenever more of it would have to be
// waited for. Rows that have been read of standard input cannot be read again: they are
// answered even where ctx has ended.
func classifyFile(ctx context.Context, m *classify.Model, opts corpora.Options, file string, o answer.Options, w answer.Writer) error {
	r, err := openInput(ctx, opts, file)
	if err != nil {
		return err
	}
	defer r.Close()
	release := func() {}
	defer func() { release() }()
	if file == corpora.Stdin {
		ctx = context.WithoutCancel(ctx)
	}
	const mostErrors = 10
	var refused []error
	var end error
	more := 0
	rows := false // of standard input have been read
	ready := func(yield func(answer.Text) bool) {
		for {
			e, err := r.Read()
			if file == corpora.Stdin && !rows && (opts.Lines || r.Report().Files[0].Format != corpora.Text) {
				rows, release = true, hold(ctx)
			}
			switch {
			case corpora.Refused(err) && len(refused) < mostErrors:
				refused = append(refused, err)
			case corpora.Refused(err):
				more++
			case err != nil:
				end = err
				return
			case !yield(answer.Text{ID: e.ID, Text: e.Text}):
				return
			}
			if !r.Ready() {
				return
			}
		}
	}
	for end == nil {
		for record, err := range answer.All(ctx, m, ready, o) {
			if err != nil {
				return err
			}
			if err := w.Write(record); err != nil {
				return writeError{err}
			}
		}
		if end == nil {
			if err := w.Flush(); err != nil {
				return writeError{err}
			}
		}
	}
	if more > 0 {
		refused = append(refused, fmt.Errorf("%s: %d more rows refused", file, more))
	}
	if end != io.EOF {
		refused = append(refused, end)
	}
	return errors.Join(refused...)
}
