package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/textlstm/textlstm/classify"
)

// complete completes the values of flags by what their usage lists, as in "table, json or
// md", and those that name a head or a label by the model's.
func complete(cmd *cobra.Command) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		switch f.Name {
		case "output", "color", "method":
			must(cmd.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(choices(f.Usage), cobra.ShellCompDirectiveNoFileComp)))
		case "init":
			must(cmd.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions([]string{"auto", "default", "language", "none"}, cobra.ShellCompDirectiveDefault)))
		case "head", "score", "label", "against", "sort":
			if cmd.Flags().Lookup("model") == nil {
				return
			}
			must(cmd.RegisterFlagCompletionFunc(f.Name, ofModel(func(h *classify.Head) []string {
				if f.Name == "head" || f.Name == "score" {
					return []string{h.Name}
				}
				return h.Labels
			})))
		}
	})
	for _, sub := range cmd.Commands() {
		complete(sub)
	}
}

// choices are the words that a usage lists before the first semicolon.
func choices(usage string) []string {
	usage, _, _ = strings.Cut(usage, ";")
	return strings.FieldsFunc(strings.ReplaceAll(usage, " or ", ","), func(r rune) bool { return r == ',' || r == ' ' })
}

// ofModel completes by what words gives of each head of the model of --model.
func ofModel(words func(*classify.Head) []string) func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return func(cmd *cobra.Command, _ []string, _ string) (found []cobra.Completion, _ cobra.ShellCompDirective) {
		m, err := loadModel(cmd.Flag("model").Value.String())
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		for _, h := range m.Heads() {
			found = append(found, words(&h)...)
		}
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}
