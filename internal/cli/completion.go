package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// complete completes the values of flags by what their usage lists, as in "table, json or
// md".
func complete(cmd *cobra.Command) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		switch f.Name {
		case "output", "color", "method":
			Complete(cmd, f.Name, choices(f.Usage)...)
		}
	})
	for _, sub := range cmd.Commands() {
		complete(sub)
	}
}

// Complete completes the values of a flag by words.
func Complete[T ~string](cmd *cobra.Command, flag string, words ...T) {
	all := make([]cobra.Completion, len(words))
	for i, w := range words {
		all[i] = string(w)
	}
	Must(cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(all, cobra.ShellCompDirectiveNoFileComp)))
}

// choices are the words that a usage lists before the first semicolon.
func choices(usage string) []string {
	usage, _, _ = strings.Cut(usage, ";")
	return strings.FieldsFunc(strings.ReplaceAll(usage, " or ", ","), func(r rune) bool { return r == ',' || r == ' ' })
}

// Must is for what can only fail by a mistake in a program, such as a flag that is not
// there.
func Must(err error) {
	if err != nil {
		panic(err)
	}
}
