// Package training holds the flags of the commands that train classifiers.
package training

import (
	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/recipe"
)

// A Recipe says by flags where the settings of a training come from, and its files.
type Recipe struct {
	cli.Settings
	DataDir string
}

// AddDataDir adds the flag for commands that read the files of a config file.
func (r *Recipe) AddDataDir(cmd *cobra.Command) {
	cmd.Flags().StringVar(&r.DataDir, "data-dir", "", "`directory` that the files of a config file are relative to; ./FILE is beside the config file")
}

// Read reads the recipe; files of flags take the place of those that it names. It
// fails if there are none at all: wants says what the command needs then. A budget is for
// commands that have a flag for it.
func (r *Recipe) Read(cmd *cobra.Command, data, dev []string, wants string) (*recipe.Recipe, error) {
	read, err := recipe.Read(r.Config, r.Sets(cmd))
	if err != nil {
		return nil, err
	}
	if read.Budget > 0 && cmd.Flag("budget") == nil {
		return nil, cli.Usagef("budget = %s: %s trains without a limit of time; --set budget=0s does without one", read.Budget, cmd.Name())
	}
	if len(data) > 0 {
		read.Data = recipe.Files(data...)
	}
	if len(dev) > 0 {
		read.Dev = recipe.Files(dev...)
	}
	if len(read.Data) == 0 && wants != "" {
		return nil, cli.Usagef("%s needs %s, or a config file that names its data", cmd.Name(), wants)
	}
	return read, nil
}

// Inputs are the files that the recipe read is from and those that it names, none of which
// an output may replace.
func (r *Recipe) Inputs(read *recipe.Recipe) []string {
	return append(read.Paths(r.DataDir), r.Config)
}

// AddStart adds the flags for what a training starts from, and which heads answer with a
// number.
func AddStart(cmd *cobra.Command, o *recipe.Options) {
	AddInit(cmd, &o.Start)
	cmd.Flags().StringArrayVar((*[]string)(&o.Losses), "loss", nil, recipe.LossesUsage)
}

// AddInit adds the flag for the model that a training starts from.
func AddInit(cmd *cobra.Command, s *recipe.Start) {
	cmd.Flags().StringVar((*string)(s), "init", string(recipe.Auto), "language model or classifier to start from: a `file` of sentiment pretrain or train; language or default for one of the embedded models; none; or auto, which is language for little English text and none for other")
	cli.Must(cmd.RegisterFlagCompletionFunc("init", cobra.FixedCompletions([]string{"auto", "default", "language", "none"}, cobra.ShellCompDirectiveDefault)))
}

// AddVectors adds the flag for the word vectors that a training starts from.
func AddVectors(cmd *cobra.Command, o *recipe.Options) {
	cmd.Flags().StringVar((*string)(&o.Vectors), "vectors", "", "word vectors to start from: GloVe, word2vec, fastText or pretrain --skip-gram `file`")
}
