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

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/evaluate/baseline"
	"github.com/textlstm/textlstm/evaluate/checklist"
	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/report"
)

// maxSuite is far more than any suite written by hand, in bytes.
const maxSuite = 8 << 20

// A checkup is what the flags of checklist ask for.
type checkup struct {
	model, head, style    string
	only                  []string
	tests, failures, list bool
	min                   float64
}

func newChecklist() *cobra.Command {
	var c checkup
	cmd := &cobra.Command{
		Use:   "checklist [SUITE.toml...]",
		Short: "Test what a model can do: negation, emphasis, typos, names",
		Long: `Checklist asks a model for short texts on which any careful reader agrees, sorted
by what it takes to understand them, and prints the share that it gets right. The
embedded suite is of the sentiment of English texts: negative, neutral, positive.

MFT, minimum functionality: the text must get the label.
INV, invariance: a change that does not matter, such as a typo, a name or a fact
    without opinion, must not change the label, or no probability by more than the
    tolerance.
DIR, direction: after a change such as "very", the probability of a label must not
    be lower by more than the tolerance.

The tolerance is 0.1 unless a test says otherwise. "go doc
github.com/textlstm/textlstm/evaluate/checklist" describes the files, for suites of your own
labels; tests about labels that the model lacks are skipped. --model takes vader too,
whose answers have no probabilities: they count as certain.`,
		Example: `  sentiment checklist
  sentiment checklist --only negation --failures
  sentiment checklist --model my.model --output json mine.toml
  sentiment checklist --model my.model --min 0.8`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, files []string) error {
			return c.run(cmd.Context(), cmd.OutOrStdout(), files)
		},
	}
	f := cmd.Flags()
	addModelFlag(cmd, &c.model)
	f.StringVar(&c.head, "score", "", "ask this `head`")
	f.StringVarP(&c.style, "output", "o", "table", "table, json, jsonl, csv, tsv, md or html")
	f.StringArrayVar(&c.only, "only", nil, "this `capability` alone; may be repeated")
	f.BoolVar(&c.tests, "tests", false, "a line for every test")
	f.BoolVar(&c.failures, "failures", false, "list the cases that failed")
	f.BoolVar(&c.list, "list", false, "print the cases, ask no model")
	f.Float64Var(&c.min, "min", 0, "fail with exit code 5 if the `share` passed of all cases is lower")
	return cmd
}

func (c *checkup) run(ctx context.Context, out io.Writer, files []string) error {
	style, err := report.ParseStyle(c.style)
	if err != nil {
		return usageError{err}
	}
	if !(c.min >= 0 && c.min <= 1) {
		return usagef("--min %g: want 0 to 1", c.min)
	}
	suite, err := c.suite(files)
	if err != nil {
		return err
	}
	if c.list {
		return listCases(out, style, suite)
	}
	labels, ask, err := c.classifier(suite)
	if err != nil {
		return err
	}
	r, err := suite.Run(ctx, labels, ask)
	if err != nil {
		return err
	}
	if err := c.print(out, style, r); err != nil {
		return err
	}
	if r.All.Rate < c.min {
		return fmt.Errorf("%w: %.4f of the cases passed, want at least %g", errGate, r.All.Rate, c.min)
	}
	return nil
}

// suite reads the files, or the embedded suite if there are none, and keeps what
// --only asks for.
func (c *checkup) suite(files []string) (checklist.Suite, error) {
	var suites []checklist.Suite
	for _, name := range files {
		b, err := fsx.ReadFile(fsx.OS{}, name, maxSuite)
		if err != nil {
			return nil, err
		}
		s, err := checklist.Parse(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		suites = append(suites, s)
	}
	if len(files) == 0 {
		suites = append(suites, checklist.Default())
	}
	s, err := checklist.Join(suites...)
	if err != nil || c.only == nil {
		return s, err
	}
	var known []string
	for i := range s {
		if !slices.Contains(known, s[i].Capability) {
			known = append(known, s[i].Capability)
		}
	}
	for _, want := range c.only {
		if !slices.Contains(known, want) {
			return nil, usagef("--only %s: want one of %s", want, strings.Join(known, ", "))
		}
	}
	return slices.DeleteFunc(s, func(t checklist.Test) bool { return !slices.Contains(c.only, t.Capability) }), nil
}

// classifier opens what is to be asked, and says which labels it has.
func (c *checkup) classifier(suite checklist.Suite) ([]string, checklist.Classifier, error) {
	if c.model == vaderName {
		v, err := baseline.NewVADER("negative", "neutral", "positive")
		if err != nil {
			return nil, nil, err
		}
		return v.Labels(), certain(v), nil
	}
	s, err := openSystem(c.model)
	if err != nil {
		return nil, nil, err
	}
	if s.model == nil {
		return nil, nil, usagef("--model %s: want a model, or vader", c.model)
	}
	h, err := headFor(s.model, c.head, suite.Labels())
	if err != nil {
		return nil, nil, err
	}
	return s.model.Heads()[h].Labels, func(ctx context.Context, texts []string) ([][]float32, error) {
		answers, err := s.model.PredictBatch(ctx, texts)
		if err != nil {
			return nil, err
		}
		probs := make([][]float32, len(texts))
		for i := range answers {
			probs[i] = answers[i].Scores[h].Probs
		}
		return probs, nil
	}, nil
}

// headFor returns the head of that name, or the one that knows most of the labels.
// A suite without labels suits a model of one head.
func headFor(m *classify.Model, name string, labels []string) (int, error) {
	heads := m.Heads()
	if name != "" {
		if h := m.Head(name); h >= 0 {
			return h, nil
		}
		return 0, fmt.Errorf("%w: the model has no head %q", score.ErrLabels, name)
	}
	if len(labels) == 0 && len(heads) == 1 {
		return 0, nil
	}
	best, most, several := -1, 0, false
	for h := range heads {
		n := 0
		for _, l := range labels {
			if slices.Contains(heads[h].Labels, l) {
				n++
			}
		}
		switch {
		case n > most:
			best, most, several = h, n, false
		case n == most && best >= 0:
			several = true
		}
	}
	if best < 0 || several {
		return 0, fmt.Errorf("%w: the suite is about %q: no head, or more than one, knows them: name one with --score", score.ErrLabels, labels)
	}
	return best, nil
}

// certain gives the label of b all of the probability.
func certain(b baseline.Classifier) checklist.Classifier {
	return func(ctx context.Context, texts []string) ([][]float32, error) {
		probs := make([][]float32, len(texts))
		for i, text := range texts {
			label, _ := b.Classify(nil, text)
			probs[i] = make([]float32, len(b.Labels()))
			probs[i][label] = 1
		}
		return probs, ctx.Err()
	}
}

func (c *checkup) print(out io.Writer, style report.Style, r *checklist.Result) error {
	b := bufio.NewWriter(out)
	if style == report.JSON || style == report.JSONL {
		shown := *r
		if !c.failures {
			shown.Failures = nil
		}
		enc := json.NewEncoder(b)
		enc.SetEscapeHTML(false)
		if style == report.JSON {
			enc.SetIndent("", "  ")
		}
		return errors.Join(enc.Encode(shown), b.Flush())
	}
	rates, header := r.Rates, []string{"capability", "type", "cases", "passed", "rate"}
	if c.tests {
		rates, header = r.Tests, slices.Insert(header, 2, "test")
	}
	var rows [][]any
	add := func(x checklist.Rate) {
		row := []any{x.Capability, string(x.Type), x.Cases, x.Passed, x.Rate}
		if c.tests {
			row = slices.Insert(row, 2, any(x.Test))
		}
		rows = append(rows, row)
	}
	for _, x := range rates {
		add(x)
	}
	rows = append(rows, nil)
	for _, x := range r.Types {
		add(x)
	}
	add(r.All)
	if err := report.Table(b, header, rows, style); err != nil {
		return err
	}
	if r.Skipped > 0 {
		fmt.Fprintf(b, "\n%d cases are about labels that the model does not have\n", r.Skipped)
	}
	if c.failures {
		fmt.Fprintln(b)
		if err := report.Table(b, []string{"capability", "type", "test", "want", "got", "prob", "text"}, failureRows(r.Failures), style); err != nil {
			return err
		}
	}
	return b.Flush()
}

// failureRows are the failed cases, a row for each of their texts.
func failureRows(failures []checklist.Failure) [][]any {
	var rows [][]any
	for _, f := range failures {
		for i, a := range f.Answers {
			want := strings.Join(f.Want, " or ")
			switch {
			case f.Type == checklist.MFT:
			case i == 0:
				want = ""
			case f.Type == checklist.INV:
				want = f.Answers[0].Label
			default:
				want = "no less " + f.Up
			}
			got := a.Label
			if f.Type == checklist.DIR {
				got = f.Up
			}
			rows = append(rows, []any{f.Capability, string(f.Type), f.Test, want, got, a.Prob, a.Text})
		}
	}
	return rows
}

// listCases prints the cases of a suite, the texts of a pair in two columns.
func listCases(out io.Writer, style report.Style, s checklist.Suite) error {
	var rows [][]any
	for i := range s {
		t := &s[i]
		want := strings.Join(t.Want, " or ")
		switch t.Type {
		case checklist.INV:
			want = "the same"
		case checklist.DIR:
			want = "no less " + t.Up
		}
		for _, c := range t.Cases {
			changed := ""
			if len(c) > 1 {
				changed = c[1]
			}
			rows = append(rows, []any{t.Capability, string(t.Type), t.Name, want, c[0], changed})
		}
	}
	return report.Table(out, []string{"capability", "type", "test", "want", "text", "changed"}, rows, style)
}
