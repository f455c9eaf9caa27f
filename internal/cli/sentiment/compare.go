package sentiment

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/evaluate/compare"
	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/cli/input"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/report/page"
)

// A comparison is what the flags of compare ask for.
type comparison struct {
	in          input.Flags
	data, train []string
	head        string
	style       report.Style
	all         bool
	changes     int
	resamples   int
	level       float64
	seed        uint64
	noWorse     []string
	page        pageFlags
}

func newCompare() *cobra.Command {
	var c comparison
	cmd := &cobra.Command{
		Use:   "compare A B... --data FILE",
		Short: "Tell which of several models is better, and whether it is chance",
		Long: `Compare runs two or more systems over the same labelled texts and judges each of
the others against the first: the difference of every figure with an interval by
the paired bootstrap, McNemar's test of who is right more often, and the texts
that only one of the two gets right.

A system is a model file, of which FILE:deep or FILE:wide takes one branch;
default, the embedded model; one of the baselines
    majority  the most frequent label of the --train texts
    vader     VADER's lexicon and rules, for English sentiment
    nbsvm     a linear model of the n-grams of the --train texts
or a .csv, .tsv or .jsonl file of the answers that any tool gave: a column or key
"predicted" or "label", probabilities in columns prob_LABEL or the object "probs",
perhaps "id", in the order of the texts or with their ids. What classify prints
with --output jsonl is such a file.`,
		Example: `  sentiment compare vader default --data reviews.tsv
  sentiment compare nbsvm my.model --train train.tsv --data test.tsv
  sentiment compare old.model new.model other-tool.csv --data test.tsv --output html > compare.html
  sentiment compare old.model new.model --data test.tsv --no-worse macro_f1`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, names []string) error {
			return c.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), names)
		},
	}
	c.in.Add(cmd, true)
	f := cmd.Flags()
	f.StringArrayVar(&c.data, "data", nil, "labelled `file` to compare on; may be repeated")
	f.StringArrayVar(&c.train, "train", nil, "labelled `file` that majority and nbsvm learn from; may be repeated")
	cli.AddOutput(cmd, &c.style)
	f.StringVar(&c.head, "score", "", "score this `head` only")
	f.BoolVar(&c.all, "all", false, "every metric, and --changes 100")
	f.IntVar(&c.changes, "changes", 5, "list `n` texts that each side alone gets right; -1 for all")
	f.IntVar(&c.resamples, "resamples", 1000, "bootstrap resamples")
	f.Float64Var(&c.level, "level", 0.95, "of the intervals")
	f.Uint64Var(&c.seed, "seed", 0, "seed of the resamples and of nbsvm")
	f.StringArrayVar(&c.noWorse, "no-worse", nil, "fail with exit code 5 if this `metric` is worse beyond chance; may be repeated")
	c.page.add(cmd)
	cli.Must(cmd.MarkFlagFilename("data"))
	cli.Must(cmd.MarkFlagFilename("train"))
	cli.Complete(cmd, "no-worse", evaluate.Names()...)
	return cmd
}

func (c *comparison) run(ctx context.Context, out, log io.Writer, names []string) error {
	if err := c.check(); err != nil {
		return err
	}
	opts, err := c.in.Options()
	if err != nil {
		return err
	}
	if err := c.page.check(slices.Concat(names, c.data, c.train)...); err != nil {
		return err
	}
	var systems []compare.System
	for _, name := range names {
		s, err := openSystem(name)
		if err != nil {
			return err
		}
		if s.Learns() && c.train == nil {
			return cli.Usagef("%s: %[1]s learns from texts: name them with --train", name)
		}
		systems = append(systems, s)
	}
	compare.Shorten(systems)
	data, train, err := c.read(opts, log)
	if err != nil {
		return err
	}
	many := c.style == report.HTML || c.page.Wanted()
	o := compare.Options{Head: c.head, LabelMap: opts.LabelMap}
	o.CompareOptions = evaluate.CompareOptions{Resamples: c.resamples, Level: c.level, Seed: c.seed, Changes: c.changes}
	if many && c.changes >= 0 {
		o.Changes = max(c.changes, 100)
	}
	done, err := compare.Run(ctx, systems, data, train, o)
	if err != nil {
		return err
	}
	if c.changes == 0 && !many {
		for _, d := range done {
			d.Wins, d.Regressions = nil, nil
		}
	}
	if err := c.page.Show(out, c.style, c.view(names, done), func() error {
		if c.all {
			return report.WriteComparisons(out, c.style, done...)
		}
		return report.WriteBriefComparisons(out, c.style, done...)
	}); err != nil {
		return err
	}
	return c.gate(done)
}

// check reports flags that make no sense.
func (c *comparison) check() error {
	switch {
	case len(c.data) == 0:
		return cli.Usagef("no texts to compare on: name them with --data")
	case c.resamples < 1:
		return cli.Usagef("--resamples %d: want at least 1", c.resamples)
	case !(c.level > 0 && c.level < 1):
		return cli.Usagef("--level %g: want between 0 and 1", c.level)
	}
	for _, metric := range c.noWorse {
		if !slices.Contains(evaluate.Names(), metric) {
			return cli.Usagef("--no-worse %s: want one of %s", metric, strings.Join(evaluate.Names(), ", "))
		}
	}
	if c.all && c.changes >= 0 {
		c.changes = max(c.changes, 100)
	}
	return nil
}

// read returns the texts to compare on, and those to learn from; nil without --train.
func (c *comparison) read(opts corpora.Options, log io.Writer) (data, train *corpora.Dataset, err error) {
	opts.Labelled = true
	if data, _, err = corpora.ReadFiles(opts, c.data...); err != nil || c.train == nil {
		return data, nil, err
	}
	if train, _, err = corpora.ReadFiles(opts, c.train...); err != nil {
		return nil, nil, err
	}
	if n := len(corpora.Leaks(train, data)); n > 0 {
		fmt.Fprintf(log, "%d of the %d texts to compare on are also among those of --train\n", n, data.Len())
	}
	return data, train, nil
}

// view is the comparison as a page.
func (c *comparison) view(names []string, done []report.Comparison) page.Page {
	p := page.Page{Title: "Comparison", Facts: []page.Fact{
		{Name: "Systems", Value: strings.Join(names, ", ")},
		{Name: "Texts", Value: strings.Join(c.data, ", ")},
	}}
	if c.train != nil {
		p.Facts = append(p.Facts, page.Fact{Name: "Baselines learnt from", Value: strings.Join(c.train, ", ")})
	}
	p.Facts = append(p.Facts, page.Fact{Name: "Intervals", Value: fmt.Sprintf("%g %%, paired bootstrap of %d resamples, seed %d", 100*c.level, c.resamples, c.seed)})
	p.Comparisons = done
	return p
}

// gate reports figures of which the whole interval is on the worse side.
func (c *comparison) gate(done []report.Comparison) error {
	var errs []error
	for _, metric := range c.noWorse {
		for _, d := range done {
			f, err := d.Metric(metric)
			if err != nil {
				return cli.Usagef("--no-worse %s: not a metric of both %s and %s", metric, d.A, d.B)
			}
			if f.Worse() {
				errs = append(errs, cli.Gatef("%s of %s is %.4f, of %s %.4f", metric, d.B, float64(f.B), d.A, float64(f.A)))
			}
		}
	}
	return errors.Join(errs...)
}
