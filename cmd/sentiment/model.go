package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/report"
)

func newModel() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "model",
		Short: "Look at model files",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, args []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newModelInfo())
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
	add("vocabulary", thousands(float64(m.Vocab().Known()))+" tokens")
	l := c.LSTM
	add("encoder", fmt.Sprintf("%s LSTM, %d layer(s) of %d, word vectors of %d", l.Direction, l.NumLayers(), l.HiddenSize, c.Embed))
	pool := ""
	for _, k := range c.Pool {
		pool += " " + string(k)
	}
	add("pooling", strings.TrimSpace(pool))
	add("parameters", thousands(float64(m.NumParams())))
	add("trained on", strings.Join(card.Data, ", "))
	add("seed", fmt.Sprint(card.Seed))
	add("epochs", fmt.Sprint(card.Epochs))
	for _, name := range slices.Sorted(maps.Keys(card.Figures)) {
		add(name, fmt.Sprintf("%.4f", card.Figures[name]))
	}
	return rows
}
