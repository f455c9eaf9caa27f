package sentiment

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/cli"
)

// completeByModel completes the values of flags that name a head or a label by those of
// the model.
func completeByModel(cmd *cobra.Command) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		switch f.Name {
		case "head", "score", "label", "against", "sort":
			if cmd.Flags().Lookup("model") == nil {
				return
			}
			cli.Must(cmd.RegisterFlagCompletionFunc(f.Name, ofModel(func(h *classify.Head) []string {
				if f.Name == "head" || f.Name == "score" {
					return []string{h.Name}
				}
				return h.Labels
			})))
		}
	})
	for _, sub := range cmd.Commands() {
		completeByModel(sub)
	}
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
