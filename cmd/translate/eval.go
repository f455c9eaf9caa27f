package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/evaluate/translation"
	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/report"
)

// Eval flags are those of eval.
type evalFlags struct {
	searchFlags
	columns
	translation.Metric
	output         report.Style
	hypotheses     string
	minBLEU        float64
	translationsTo string
}

func newEval() *cobra.Command {
	var e evalFlags
	cmd := &cobra.Command{
		Use:   "eval --model model source reference | pairs",
		Short: "Judge a model, or translations, by BLEU and chrF",
		Long: `Eval translates the first file, compares the translations with the second, or with
the other column of a table of pairs, and prints BLEU and chrF: the figures that
sacreBLEU gives (tokenisation 13a, exponential smoothing, chrF2).

With --translations FILE it compares that file, of any program, line by line, and
needs neither a model nor the source: eval --translations out.en test.en.`,
		Example: `  translate eval --model de-en.model test.de test.en
  translate eval --model zh-en.model --source-col 2 --target-col 1 test.tsv
  translate eval --translations out.en test.en`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, files []string) error { return e.run(cmd, files) },
	}
	e.searchFlags.add(cmd)
	e.columns.add(cmd)
	f := cmd.Flags()
	f.StringVar(&e.hypotheses, "translations", "", "`file` of translations to judge")
	f.StringVar(&e.translationsTo, "save", "", "`file` to write the translations to")
	f.BoolVar(&e.Lowercase, "lowercase", false, "compare lower case")
	f.BoolVar(&e.Characters, "characters", false, "BLEU of characters, for languages that do not part words")
	f.Float64Var(&e.minBLEU, "min-bleu", 0, "end with exit code 5 where BLEU is less")
	cli.AddOutput(cmd, &e.output)
	return cmd
}

func (e *evalFlags) run(cmd *cobra.Command, files []string) error {
	var hyps, refs []string
	var err error
	if err := cli.CheckOutput("--save", e.translationsTo, slices.Concat(files, []string{e.model, e.hypotheses})...); err != nil {
		return err
	}
	if e.hypotheses != "" {
		if hyps, refs, err = e.compared(cmd, files); err != nil {
			return err
		}
	} else if hyps, refs, err = e.translated(cmd, files); err != nil {
		return err
	}
	if e.translationsTo != "" {
		err := fsx.WriteFile(fsx.OS{}, e.translationsTo, func(w io.Writer) error {
			for _, h := range hyps {
				if _, err := fmt.Fprintln(w, h); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	s, err := e.Evaluate(hyps, refs)
	if err != nil {
		return err
	}
	header := []string{"texts", "BLEU", "chrF", "1-gram", "2-gram", "3-gram", "4-gram", "brevity", "tokens", "reference tokens"}
	p := s.Precisions
	row := []any{s.Translations, s.BLEU, s.ChrF, p[0], p[1], p[2], p[3], s.Brevity, s.Tokens, s.ReferenceTokens}
	if err := report.Table(cmd.OutOrStdout(), header, [][]any{row}, e.output); err != nil {
		return err
	}
	if s.BLEU < e.minBLEU {
		return cli.Gatef("BLEU is %.2f, want at least %v", s.BLEU, e.minBLEU)
	}
	return nil
}

// compared reads translations and their references.
func (e *evalFlags) compared(cmd *cobra.Command, files []string) (hyps, refs []string, err error) {
	if e.model != "" || len(files) > 1 {
		return nil, nil, cli.Usagef("--translations: want one file of references, and no --model")
	}
	pairs, err := e.read(cmd.Context(), []string{e.hypotheses, files[0]})
	for _, p := range pairs {
		hyps, refs = append(hyps, p.Source), append(refs, p.Target)
	}
	return hyps, refs, err
}

// translated translates, and reads the references.
func (e *evalFlags) translated(cmd *cobra.Command, files []string) (hyps, refs []string, err error) {
	files, rest, err := pair("eval", files[0], files[1:])
	if err != nil {
		return nil, nil, err
	}
	if len(rest) > 0 {
		return nil, nil, cli.Usagef("%s: a table has the references too", cli.Quote(rest[0]))
	}
	m, err := e.load()
	if err != nil {
		return nil, nil, err
	}
	pairs, err := e.read(cmd.Context(), files)
	if err != nil {
		return nil, nil, err
	}
	sources := make([]string, len(pairs))
	for i, p := range pairs {
		sources[i] = p.Source
		refs = append(refs, p.Target)
	}
	answers, err := m.Translate(cmd.Context(), sources, e.Search)
	for _, a := range answers {
		hyps = append(hyps, a.Text())
	}
	return hyps, refs, err
}
