package sentiment

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/cli/input"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/report/page"
	"github.com/textlstm/textlstm/report/studies"
	"github.com/textlstm/textlstm/train/watch"
)

// An evaluation is what the flags of eval ask for.
type evaluation struct {
	in                    input.Flags
	model, branch, head   string
	binary                bool
	style                 report.Style
	all, slices, coverage bool
	errors, explain       int
	abstain, precision    float64
	dev                   []string
	gates                 []string
	resamples             int
	level                 float64
	seed                  uint64
	page                  pageFlags
}

func newEval() *cobra.Command {
	var e evaluation
	cmd := &cobra.Command{
		Use:   "eval FILE...",
		Short: "Judge a model on labelled texts",
		Long: `Eval compares a model's answers with the labels of the files, which are read as
one data set. The figures are scikit-learn's.

A column of labels is scored on the head of its name; a file with one column of
another name on the head that knows its labels. Where a file has only some of a
head's labels, only those are compared.

It prints scikit-learn's report, the headline figures with their intervals, and
the confusion matrix; --all adds the rest. --output html is a page of its own,
with plots and the worst mistakes to browse.

--precision P finds the least probability from which on answers are right with
that share, which --abstain P sets. On the texts that it was found on its result
is a little too good; with --dev FILE it is found on those texts, as are the
thresholds of heads with several labels to a text.`,
		Example: `  sentiment eval reviews.tsv
  sentiment eval --output html test.tsv > test.html
  sentiment eval --slices --errors 10 --precision 0.95 --dev dev.tsv test.tsv
  sentiment eval --model my.model --min macro_f1=0.85 --output json test.tsv`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			return e.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), files)
		},
	}
	addModelFlag(cmd, &e.model)
	e.in.Add(cmd, true)
	f := cmd.Flags()
	f.StringVar(&e.branch, "branch", "joint", "`part` of the model: joint, deep (the LSTM) or wide (the n-grams)")
	cli.AddOutput(cmd, &e.style)
	f.StringVar(&e.head, "score", "", "score this `head` only")
	f.BoolVar(&e.binary, "binary", false, "only texts labelled negative or positive")
	f.BoolVar(&e.all, "all", false, "every metric, the calibration, --slices, --coverage and --errors 20")
	f.BoolVar(&e.slices, "slices", false, "also by length, share of unknown words, file and language")
	f.BoolVar(&e.coverage, "coverage", false, "what is right where only the surer answers are given")
	f.IntVar(&e.errors, "errors", 0, "list the worst `n` mistakes")
	f.IntVar(&e.explain, "explain", 50, "on a page, mark the words behind the worst `n` mistakes; 0 for none")
	f.Float64Var(&e.abstain, "abstain", 0, "what is right where answers below this `probability` are not given")
	f.Float64Var(&e.precision, "precision", 0, "find the probabilities from which on answers are right with this `share`")
	f.StringArrayVar(&e.dev, "dev", nil, "labelled `file` to choose thresholds on; may be repeated")
	f.StringArrayVar(&e.gates, "min", nil, "fail with exit code 5 below `metric=value`; may be repeated")
	f.IntVar(&e.resamples, "resamples", 1000, "bootstrap resamples for the intervals; 0 for none")
	f.Float64Var(&e.level, "level", 0.95, "of the intervals")
	f.Uint64Var(&e.seed, "seed", 0, "seed of the resamples")
	e.page.add(cmd)
	cli.Complete(cmd, "branch", "joint", "deep", "wide")
	cli.Must(cmd.MarkFlagFilename("dev"))
	return cmd
}

func (e *evaluation) run(ctx context.Context, out, log io.Writer, files []string) error {
	opts, err := e.in.Options()
	if err != nil {
		return err
	}
	opts.Labelled = true
	var gates []evaluate.Gate
	for _, spec := range e.gates {
		g, err := evaluate.ParseGate(spec)
		if err != nil {
			return cli.Usagef("--min %w", err)
		}
		gates = append(gates, g)
	}
	o, err := e.options(e.style == report.HTML)
	if err != nil {
		return err
	}
	if err := e.page.check(slices.Concat(files, e.dev, []string{e.model})...); err != nil {
		return err
	}
	m, err := loadModel(e.model)
	if err != nil {
		return err
	}
	if err := checkScore(e.head, m); err != nil {
		return err
	}
	if m, err = branchOf(m, e.branch); err != nil {
		return err
	}
	predictions, err := e.predict(ctx, log, m, opts, files)
	if err != nil {
		return err
	}
	if err := checkHeads(gates, predictions); err != nil {
		return err
	}
	var dev []score.Predictions
	if e.dev != nil {
		if dev, err = e.predict(ctx, log, m, opts, e.dev); err != nil {
			return err
		}
	}
	evals, heads, err := e.judge(ctx, log, m, predictions, dev, o, e.style == report.HTML || e.page.Wanted())
	if err != nil {
		return err
	}
	pg := page.Page{Title: "Evaluation", Facts: e.facts(m, files), Heads: heads, History: studies.History(m.Card())}
	if err := e.page.Show(out, e.style, pg, func() error {
		if e.all {
			return report.Write(out, e.style, evals...)
		}
		return report.WriteBrief(out, e.style, evals...)
	}); err != nil {
		return err
	}
	return checkGates(gates, evals)
}

// judge evaluates the predictions, with thresholds chosen on those of dev where there are
// any; for a page it marks the words behind mistakes.
func (e *evaluation) judge(ctx context.Context, log io.Writer, m *classify.Model, predictions, dev []score.Predictions, o evaluate.Options, marked bool) (evals []*evaluate.Evaluation, heads []page.Head, err error) {
	for _, p := range predictions {
		if !p.Labelled() && (e.abstain > 0 || e.precision > 0) {
			return nil, nil, cli.Usagef("--abstain and --precision are of probabilities, head %s answers with numbers: name another one with --score", p.Head)
		}
		chosenOn := p
		if i := slices.IndexFunc(dev, func(d score.Predictions) bool { return d.Head == p.Head }); i >= 0 {
			chosenOn = dev[i]
		}
		at, found, err := p.Choose(chosenOn, e.precision, o)
		if err != nil {
			return nil, nil, err
		}
		if !found {
			fmt.Fprintf(log, "%s: no probability from which on %g of the answers are right\n", report.Clean(p.Head), e.precision)
		}
		if o.Slices {
			if err := p.SetLanguages(ctx); err != nil {
				return nil, nil, err
			}
		}
		ev, err := p.Evaluate(at)
		if err != nil {
			return nil, nil, err
		}
		evals = append(evals, ev)
		head := page.Head{Evaluation: ev, Rows: p.Rows()}
		if marked && e.explain > 0 {
			if head.Highlights, err = studies.Highlights(ctx, m, ev, e.explain); err != nil {
				return nil, nil, err
			}
		}
		heads = append(heads, head)
	}
	return evals, heads, nil
}

// options says what to compute: for a page, everything.
func (e *evaluation) options(html bool) (evaluate.Options, error) {
	switch {
	case !(e.abstain >= 0 && e.abstain <= 1):
		return evaluate.Options{}, cli.Usagef("--abstain %g: want 0 to 1", e.abstain)
	case !(e.precision >= 0 && e.precision <= 1):
		return evaluate.Options{}, cli.Usagef("--precision %g: want 0 to 1", e.precision)
	case e.abstain > 0 && e.precision > 0:
		return evaluate.Options{}, cli.Usagef("--abstain and --precision both say what is answered: use one")
	case e.resamples < 0:
		return evaluate.Options{}, cli.Usagef("--resamples %d: want 0 or more", e.resamples)
	case !(e.level > 0 && e.level < 1):
		return evaluate.Options{}, cli.Usagef("--level %g: want between 0 and 1", e.level)
	case e.errors < 0:
		return evaluate.Options{}, cli.Usagef("--errors %d: want 0 or more", e.errors)
	case e.explain < 0:
		return evaluate.Options{}, cli.Usagef("--explain %d: want 0 or more", e.explain)
	}
	o := evaluate.Options{
		Resamples: e.resamples, Level: e.level, Seed: e.seed,
		Slices: e.slices, Coverage: e.coverage, Mistakes: e.errors,
		Abstain: e.abstain, Precision: e.precision,
	}
	if html || e.page.Wanted() {
		o.Slices, o.Coverage, o.Curves = true, true, true
		o.Mistakes = max(o.Mistakes, 200)
	}
	if e.all {
		o.Slices, o.Coverage = true, true
		o.Mistakes = max(o.Mistakes, 20)
	}
	return o, nil
}

// predict runs m over the files.
func (e *evaluation) predict(ctx context.Context, log io.Writer, m *classify.Model, opts corpora.Options, files []string) ([]score.Predictions, error) {
	if len(opts.Heads) == 0 {
		opts.Heads = score.Columns(opts, files[0], m)
	}
	data, _, err := corpora.ReadFiles(opts, files...)
	if name, ok := e.in.BareHead(); ok && errors.Is(err, corpora.ErrColumns) {
		// No column of that name: the one label column is for that head.
		opts.Heads, e.head = nil, name
		data, _, err = corpora.ReadFiles(opts, files...)
	}
	if err != nil {
		return nil, err
	}
	if e.binary {
		data = data.Filter(func(x *corpora.Example) bool {
			return slices.ContainsFunc(x.Labels, func(l string) bool { return l == "negative" || l == "positive" })
		})
	}
	console := watch.NewConsole(log, false, false)
	predictions, err := score.Watched(ctx, m, data, e.head, console.Counter(data.Len()))
	console.Done()
	for _, p := range predictions {
		for _, label := range slices.Sorted(maps.Keys(p.Foreign)) {
			fmt.Fprintf(log, "%s: %d of %d texts have the label %q, which the model does not know: they count as errors\n",
				report.Clean(p.Head), p.Foreign[label], len(p.Rows()), label)
		}
	}
	return predictions, err
}

// facts stand at the head of a page.
func (e *evaluation) facts(m *classify.Model, files []string) []page.Fact {
	facts := studies.ModelFacts("Model", e.model, m)
	if e.branch != "joint" {
		facts = append(facts, page.Fact{Name: "Branch", Value: e.branch})
	}
	facts = append(facts, page.Fact{Name: "Texts", Value: strings.Join(files, ", ")})
	if e.dev != nil {
		facts = append(facts, page.Fact{Name: "Thresholds chosen on", Value: strings.Join(e.dev, ", ")})
	}
	if e.resamples > 0 {
		facts = append(facts, page.Fact{Name: "Intervals", Value: fmt.Sprintf("%g %%, %d bootstrap resamples, seed %d", 100*e.level, e.resamples, e.seed)})
	}
	return facts
}

// branchOf returns a part of a model.
func branchOf(m *classify.Model, branch string) (*classify.Model, error) {
	if branch == "joint" || branch == "" {
		return m, nil
	}
	if !slices.Contains(classify.BranchNames(), branch) {
		return nil, cli.Usagef("branch %q: want joint, %s", branch, strings.Join(classify.BranchNames(), " or "))
	}
	part := m.Only(branch)
	if part == nil {
		return nil, cli.Usagef("the model has no %s branch", branch)
	}
	return part, nil
}

// checkHeads reports a gate of a head that is not evaluated.
func checkHeads(gates []evaluate.Gate, predictions []score.Predictions) error {
	var heads []string
	for _, p := range predictions {
		heads = append(heads, p.Head)
	}
	for _, g := range gates {
		if g.Head != "" && !slices.Contains(heads, g.Head) {
			return cli.Usagef("--min: no head %q is evaluated, those are %q", g.Head, heads)
		}
	}
	return nil
}

// checkGates reports every figure that is worse than its gate.
func checkGates(gates []evaluate.Gate, evals []*evaluate.Evaluation) error {
	var errs []error
	for _, g := range gates {
		for _, e := range evals {
			failed, err := g.Check(e)
			if err != nil {
				return cli.UsageError(err)
			}
			if failed != nil {
				errs = append(errs, cli.Gatef("%w", failed))
			}
		}
	}
	return errors.Join(errs...)
}
