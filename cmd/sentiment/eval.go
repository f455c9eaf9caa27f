package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/score"
)

func newEval() *cobra.Command {
	var (
		in        input
		model     string
		output    string
		head      string
		binary    bool
		gates     []string
		resamples int
		seed      uint64
	)
	cmd := &cobra.Command{
		Use:   "eval FILE...",
		Short: "Judge a model on labelled texts",
		Long: `Eval compares a model's answers with the labels of the files, which are read as
one data set. The figures are scikit-learn's.

A column of labels is scored on the head of its name; a file with one column of
another name on the head that knows its labels. Where a file has only some of a
head's labels, only those are compared.`,
		Example: `  sentiment eval reviews.tsv
  sentiment eval --model my.model --min macro_f1=0.85 --output json test.tsv`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			opts, err := in.options()
			if err != nil {
				return err
			}
			style, err := report.ParseStyle(output)
			if err != nil {
				return usageError{err}
			}
			limits, err := parseGates(gates)
			if err != nil {
				return err
			}
			m, err := loadModel(model)
			if err != nil {
				return err
			}
			data, _, err := corpora.ReadFiles(opts, files...)
			if err != nil {
				return err
			}
			if binary {
				data = data.Filter(func(e *corpora.Example) bool {
					return slices.ContainsFunc(e.Labels, func(l string) bool { return l == "negative" || l == "positive" })
				})
			}
			predictions, err := score.Dataset(cmd.Context(), m, data, head)
			if err != nil {
				return err
			}
			var evals []*evaluate.Evaluation
			for _, p := range predictions {
				e, err := p.Evaluate(evaluate.Options{Resamples: resamples, Seed: seed})
				if err != nil {
					return err
				}
				evals = append(evals, e)
			}
			if err := report.Write(cmd.OutOrStdout(), style, evals...); err != nil {
				return err
			}
			return checkGates(limits, evals)
		},
	}
	addModelFlag(cmd, &model)
	in.addFlags(cmd, true)
	f := cmd.Flags()
	f.StringVarP(&output, "output", "o", "table", "table, json, csv, tsv, md or html")
	f.StringVar(&head, "score", "", "score this `head` only")
	f.BoolVar(&binary, "binary", false, "only texts labelled negative or positive")
	f.StringArrayVar(&gates, "min", nil, "fail with exit code 5 below `figure=value`; may be repeated")
	f.IntVar(&resamples, "resamples", 1000, "bootstrap resamples for the 95 % intervals; 0 for none")
	f.Uint64Var(&seed, "seed", 0, "seed of the resamples")
	return cmd
}

// A gate is the least value of a figure, of one head or of all.
type gate struct {
	head, figure string
	least        float64
}

func parseGates(specs []string) ([]gate, error) {
	var gates []gate
	for _, spec := range specs {
		name, value, ok := strings.Cut(spec, "=")
		least, err := strconv.ParseFloat(value, 64)
		if !ok || err != nil || math.IsNaN(least) {
			return nil, usagef("--min %s: want figure=value, such as macro_f1=0.85", spec)
		}
		g := gate{figure: name, least: least}
		if head, figure, ok := strings.Cut(name, ":"); ok {
			g.head, g.figure = head, figure
		}
		if !slices.Contains(evaluate.Names(), g.figure) {
			return nil, usagef("--min %s: figure %q is not one of %s", spec, g.figure, strings.Join(evaluate.Names(), ", "))
		}
		gates = append(gates, g)
	}
	return gates, nil
}

// checkGates reports every figure below its gate; for figures of which less is
// better, above it.
func checkGates(gates []gate, evals []*evaluate.Evaluation) error {
	var errs []error
	for _, g := range gates {
		for _, e := range evals {
			if g.head != "" && g.head != e.Head {
				continue
			}
			v, err := e.Get(g.figure)
			if err != nil {
				return usageError{err}
			}
			below, word := !(v >= g.least), "below"
			if evaluate.LowerIsBetter(g.figure) {
				below, word = !(v <= g.least), "above"
			}
			if below {
				errs = append(errs, fmt.Errorf("%w: %s of %s is %.4f, %s %g", errGate, g.figure, e.Head, v, word, g.least))
			}
		}
	}
	return errors.Join(errs...)
}
