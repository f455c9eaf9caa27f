package sentiment

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/answer"
	"github.com/textlstm/textlstm/evaluate/checklist"
	"github.com/textlstm/textlstm/evaluate/compare"
	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/report/studies"
)

// A checkup is what the flags of checklist ask for.
type checkup struct {
	model, head           string
	style                 report.Style
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
	cli.AddOutput(cmd, &c.style)
	f.StringArrayVar(&c.only, "only", nil, "this `capability` alone; may be repeated")
	f.BoolVar(&c.tests, "tests", false, "a line for every test")
	f.BoolVar(&c.failures, "failures", false, "list the cases that failed")
	f.BoolVar(&c.list, "list", false, "print the cases, ask no model")
	f.Float64Var(&c.min, "min", 0, "fail with exit code 5 if the `share` passed of all cases is lower")
	return cmd
}

func (c *checkup) run(ctx context.Context, out io.Writer, files []string) error {
	if !(c.min >= 0 && c.min <= 1) {
		return cli.Usagef("--min %g: want 0 to 1", c.min)
	}
	suite, err := c.suite(files)
	if err != nil {
		return err
	}
	if c.list {
		return studies.WriteSuite(out, c.style, suite)
	}
	s, err := openSystem(c.model)
	if err != nil {
		return err
	}
	if s.Model == nil && s.Baseline != compare.VADER {
		return cli.Usagef("--model %s: want a model, or vader", c.model)
	}
	if s.Model != nil {
		if err := checkScore(c.head, s.Model); err != nil {
			return err
		}
	}
	labels, ask, err := s.Asked(c.head, suite)
	if err != nil {
		return err
	}
	r, err := suite.Run(ctx, labels, ask)
	if err != nil {
		return err
	}
	if err := studies.WriteChecklist(out, c.style, r, studies.ChecklistOptions{Tests: c.tests, Failures: c.failures}); err != nil {
		return err
	}
	if r.All.Rate < c.min {
		return cli.Gatef("%.4f of the cases passed, want at least %g", r.All.Rate, c.min)
	}
	return nil
}

// checkScore refuses a --score that is no head of the model.
func checkScore(head string, m *classify.Model) error {
	if head == "" || m.Head(head) >= 0 {
		return nil
	}
	o := answer.Options{Heads: []string{head}}
	return cli.Usagef("--score: %w", o.Validate(m.Heads()))
}

// suite reads the files, or the embedded suite if there are none, and keeps what
// --only asks for.
func (c *checkup) suite(files []string) (checklist.Suite, error) {
	s, err := checklist.Read(files...)
	if err != nil || c.only == nil {
		return s, err
	}
	if s, err = s.Only(c.only...); err != nil {
		return nil, cli.Usagef("--only %w", err)
	}
	return s, nil
}
