package sentiment

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/answer"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/explain"
	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/cli/input"
	"github.com/textlstm/textlstm/pretrained/langid"
	"github.com/textlstm/textlstm/pretrained/multilingual"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/report/answers"
	"github.com/textlstm/textlstm/train/watch"
)

// Classify flags are those of classify.
type classifyFlags struct {
	in    input.Flags
	model string
	style report.Style
	why   bool
	all   bool // languages
	answers.Options
}

func newClassify() *cobra.Command {
	var c classifyFlags
	cmd := &cobra.Command{
		Use:   "classify [file...]",
		Short: "Label texts",
		Long: `Classify labels texts: one document per file, one per line with --lines, one per
row of a table (its labels are ignored), or those of --text. Without a file, or for
"-", it reads standard input, and answers each line or row as it comes: where it is
interrupted, all that was read has its answer.

One record goes out for each that comes in, in the same order, empty texts too: they
have no label. --keep writes the columns of a table, or the fields of JSON, as they
are, and the answers behind them. A row that cannot be read, or a file beside tables
or directories that are read, is named on standard error and the exit code is then 3;
with --bad-records skip it is counted there and the code is 0, with mark it has a
record too, which says why, with stop the first one ends the run; a number skips so
many, and one more ends the run.

With --sentences each sentence is labelled as well: JSON records then list them
and the share of each label, tables have a row for each. Where a text may have several
labels, JSON lists them and tables join them by a comma, beside the probability of the
likeliest. With --explain each answer comes with the words that weigh most in it, see
sentiment explain for more; a text that is too long for that has its answer and is named
on standard error, and the exit code is 3. --summary counts the labels of each file instead.

With --abstain P a text whose label has less than that probability gets none: null
in JSON, empty in tables. sentiment eval --precision tells which P to use.

A model may say which languages it reads, as the embedded one does: English. A text
that is surely of another gets no label; JSON names its language, standard error says
how many there were. --any-language labels them all the same. Without --model the
sentiment of such a text is that by the multilingual model, if this reads its language.`,
		Example: `  sentiment classify review.txt
  sentiment classify --text "I love it"
  cut -f3 tweets.tsv | sentiment classify --lines --output jsonl
  sentiment classify --keep --head sentiment --output csv reviews.csv > answered.csv
  sentiment classify --sort negative --top 10 reviews.csv`,
		RunE: func(cmd *cobra.Command, files []string) error { return c.run(cmd, files) },
	}
	addModelFlag(cmd, &c.model)
	c.in.Add(cmd, false)
	c.in.AddTexts("label")
	f := cmd.Flags()
	cli.AddOutput(cmd, &c.style)
	f.StringArrayVar(&c.Heads, "head", nil, "only this `head`; may be repeated")
	f.BoolVar(&c.Keep, "keep", false, "write the columns of the input too, before the answers")
	f.BoolVar(&c.Probs, "probs", false, "columns for the probabilities of all labels in tables")
	f.StringVar(&c.Sort, "sort", "", "in the order of the probability of this `label`, or head:label, the highest first")
	f.IntVar(&c.Top, "top", 0, "with --sort: the first `n`")
	f.BoolVar(&c.Summary, "summary", false, "how many texts have each label, by file and head")
	f.BoolVar(&c.Sentences, "sentences", false, "label each sentence too, and count them by label")
	f.Float64Var(&c.Abstain, "abstain", 0, "give no label below this `probability`")
	f.Float64Var(&c.Neutral, "neutral", 0, "neutral below this `probability`, where a head knows negative and positive alone")
	f.BoolVar(&c.all, "any-language", false, "label texts of languages that the model does not read too")
	f.BoolVar(&c.why, "explain", false, "name the words that weigh most in each answer")
	return cmd
}

func (c *classifyFlags) run(cmd *cobra.Command, files []string) error {
	files, err := c.in.Files(files)
	if err != nil {
		return err
	}
	opts, err := c.in.Options()
	if err != nil {
		return err
	}
	opts.Keep = c.Keep
	c.Errors = opts.OnBad == corpora.MarkBad
	m, err := loadModel(c.model)
	if err != nil {
		return err
	}
	if c.why {
		c.Explainer = explain.New(m)
	}
	if err := c.Validate(m.Heads()); err != nil {
		return cli.Usagef("--%w", err)
	}
	out := bufio.NewWriter(cmd.OutOrStdout())
	w := &counter{Writer: answers.NewWriter(out, c.style, m.Heads(), c.Options), buffer: out, foreign: answers.Languages{}, other: answers.Languages{}}
	if !c.all {
		c.Foreign = langid.ForeignTo(m)
		if c.model == "" {
			c.Other = answer.ReadBy(multilingual.Model)
		}
	}
	console := watch.NewConsole(cmd.ErrOrStderr(), false, term.IsTerminal(int(os.Stdout.Fd())))
	w.show = console.Counter(0)
	err = errors.Join(c.labelFiles(cmd.Context(), m, opts, files, w), w.unexplained.Join())
	console.Done()
	if len(w.other) > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "texts in other languages, whose sentiment is that by the multilingual model: %s\n", w.other)
	}
	if len(w.foreign) > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "texts in languages that the model does not read: %s; they have no label, --any-language gives them one\n", w.foreign)
	}
	var broken *answers.WriteError
	if errors.As(err, &broken) && !errors.Is(err, corpora.ErrData) {
		return broken.Err
	}
	if err != nil && w.n == 0 {
		return err // and not a header alone
	}
	if werr := w.Close(); werr != nil {
		return errors.Join(err, werr)
	}
	return errors.Join(err, out.Flush())
}

// A counter counts records, and empties the buffer behind its writer with it.
type counter struct {
	answer.Writer
	buffer  *bufio.Writer
	n       int
	show    func(int)
	foreign answers.Languages // without a label
	other   answers.Languages // with that of another model

	unexplained input.Errors
}

func (c *counter) Write(r *answer.Record) error {
	c.n++
	c.show(c.n)
	switch {
	case r.Other:
		c.other[r.Language]++
	case r.Language != "":
		c.foreign[r.Language]++
	}
	if r.Unexplained != nil {
		c.unexplained.Add(fmt.Errorf("%s: %w", r.ID, r.Unexplained))
	}
	return c.Writer.Write(r)
}

func (c *counter) Flush() error {
	if err := c.Writer.Flush(); err != nil {
		return err
	}
	return c.buffer.Flush()
}

// labelFiles labels every text of the files. A file or row that cannot be read is
// reported and does not stop the others, unless --bad-records says so; the first such
// error decides the exit code.
func (c *classifyFlags) labelFiles(ctx context.Context, m *classify.Model, opts corpora.Options, files []string, w answer.Writer) error {
	var failed []error
	for _, file := range files {
		err := c.labelFile(ctx, m, opts, file, w)
		var broken *answers.WriteError
		if ctx.Err() != nil || errors.As(err, &broken) {
			return err
		}
		if err != nil {
			failed = append(failed, err)
			if c.in.Ended() {
				break
			}
		}
	}
	return errors.Join(failed...)
}

func (c *classifyFlags) labelFile(ctx context.Context, m *classify.Model, opts corpora.Options, file string, w answer.Writer) error {
	rows, ctx, err := c.in.Open(ctx, opts, file)
	if err != nil {
		return err
	}
	defer rows.Close()
	var refused input.Errors
	err = answers.Rows(ctx, m, rows, c.Options.Options, w, refused.Add)
	if broken := (*answers.WriteError)(nil); errors.As(err, &broken) {
		return err
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w; if it is a text and no file: sentiment classify --text %s", err, cli.Quote(file))
	}
	return errors.Join(refused.Join(), err)
}
