package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/recipe"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/train/watch"
)

func newModel() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "model",
		Short: "Look at model files",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, args []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newModelInfo(), newModelQuantize())
	return cmd
}

func newModelInfo() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "info [MODEL]",
		Short: "Say what a model is made of and how it was trained",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			style, err := report.ParseStyle(output)
			if err != nil {
				return usageError{err}
			}
			m, err := loadModel(strings.Join(args, ""))
			if err != nil {
				return err
			}
			if style == report.JSON {
				e := json.NewEncoder(cmd.OutOrStdout())
				e.SetIndent("", "  ")
				return e.Encode(map[string]any{"config": m.Config(), "card": m.Card(), "vocabulary": m.Vocab().Known(), "parameters": m.NumParams()})
			}
			return report.Table(cmd.OutOrStdout(), []string{"field", "value"}, infoRows(m), style)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "table", "table, json, csv, tsv, md or html")
	return cmd
}

func infoRows(m *classify.Model) [][]any {
	c, card := m.Config(), m.Card()
	var rows [][]any
	add := func(field, value string) {
		if value != "" {
			rows = append(rows, []any{field, value})
		}
	}
	add("name", card.Name)
	add("description", card.Description)
	add("licence", card.License)
	for _, h := range c.Heads {
		add("head "+h.Name, strings.Join(h.Labels, ", "))
	}
	add("pipeline", m.Pipeline().String())
	add("vocabulary", watch.Thousands(float64(m.Vocab().Known()))+" tokens")
	if s := c.EncoderShape(); !c.NoDeep {
		add("encoder", fmt.Sprintf("%s %s, %d layer(s) of %d, word vectors of %d", s.Direction, strings.ToUpper(c.EncoderName()), s.Layers, s.Hidden, c.Embed))
		if c.Members > 0 {
			members := []string{fmt.Sprintf("%d such networks, their scores averaged", c.Members)}
			for _, d := range c.Directions {
				members = append(members, d.String())
			}
			add("members", strings.Join(members, ", "))
		}
		pool := make([]string, len(c.Pool))
		for i, k := range c.Pool {
			pool[i] = string(k)
		}
		add("pooling", strings.Join(pool, " "))
	}
	add("parameters", watch.Thousands(float64(m.NumParams())))
	add("trained on", strings.Join(card.Data, ", "))
	add("started from", card.Start)
	add("seed", fmt.Sprint(card.Seed))
	add("epochs", fmt.Sprint(card.Epochs))
	for _, name := range slices.Sorted(maps.Keys(card.Figures)) {
		add(name, fmt.Sprintf("%.4f", card.Figures[name]))
	}
	return rows
}

func newModelQuantize() *cobra.Command {
	var (
		in        input
		out, head string
		data      []string
		words     int
	)
	cmd := &cobra.Command{
		Use:   "quantize MODEL --out FILE",
		Short: "Make a model smaller and faster with weights of eight bits",
		Long: `Quantize writes a model whose word vectors and encoder have eight bits and whose
wide branch has sixteen. With --data it says first what that costs on labelled
texts; use dev texts, not those you report on.

MODEL may also be a language model of "sentiment pretrain", of which --words keeps
the most frequent words alone.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if out == "" {
				return usagef("quantize needs --out FILE")
			}
			if err := checkOut("--out", out, data); err != nil {
				return err
			}
			opts, err := in.options()
			if err != nil {
				return err
			}
			language, m, err := recipe.LoadModel(args[0])
			if err != nil {
				return modelFileError(args[0], err)
			}
			if language != nil {
				if len(data) > 0 {
					return usagef("--data goes with a classifier, %s is a language model", args[0])
				}
				small, err := language.Quantize(words)
				if err != nil {
					return usageError{err}
				}
				return small.Save(out)
			}
			if words != 0 {
				return usagef("--words goes with a language model, %s is a classifier", args[0])
			}
			q, err := m.Quantize()
			if err != nil {
				return err
			}
			if len(data) > 0 {
				d, _, err := corpora.ReadFiles(opts, data...)
				if err != nil {
					return err
				}
				if err := compareQuantized(cmd, m, q, d, head); err != nil {
					return err
				}
			}
			return q.Save(out)
		},
	}
	in.addFlags(cmd, true)
	cmd.Flags().StringVar(&out, "out", "", "model `file` to write")
	cmd.Flags().IntVar(&words, "words", 0, "words that a language model keeps, the most frequent (default all)")
	cmd.Flags().StringVar(&head, "score", "", "score this `head` only")
	cmd.Flags().StringArrayVar(&data, "data", nil, "labelled `file` to measure the change on; may be repeated")
	return cmd
}

// compareQuantized prints what the heads of both models reach on d.
func compareQuantized(cmd *cobra.Command, m, q *classify.Model, d *corpora.Dataset, head string) error {
	var rows [][]any
	before, err := score.Dataset(cmd.Context(), m, d, head)
	if err != nil {
		return err
	}
	after, err := score.Dataset(cmd.Context(), q, d, head)
	if err != nil {
		return err
	}
	for i := range before {
		a, err := before[i].Evaluate(evaluate.Options{})
		if err != nil {
			return err
		}
		b, err := after[i].Evaluate(evaluate.Options{})
		if err != nil {
			return err
		}
		for _, figure := range []string{"accuracy", "macro_f1", "log_loss"} {
			x, err := a.Get(figure)
			if err != nil {
				return err
			}
			y, err := b.Get(figure)
			if err != nil {
				return err
			}
			rows = append(rows, []any{a.Head, figure, fmt.Sprintf("%.4f", x), fmt.Sprintf("%.4f", y), fmt.Sprintf("%+.4f", y-x)})
		}
	}
	return report.Table(cmd.OutOrStdout(), []string{"head", "figure", "before", "after", "change"}, rows, report.Text)
}
