// Package sentiment is the command that labels texts with LSTM models, trains them and
// judges them.
package sentiment

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate/checklist"
	"github.com/textlstm/textlstm/explain"
	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/cli/training"
	"github.com/textlstm/textlstm/recipe"
	_ "github.com/textlstm/textlstm/tokenize/prose"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/vocab"
)

// ExitCode is the exit code of the library's errors, 0 for others.
func ExitCode(err error) int {
	var config *train.ConfigError
	var few *vocab.TooFewError
	var start *recipe.ModelError
	switch {
	case errors.As(err, &config):
		return cli.Usage
	case errors.As(err, &start), errors.Is(err, classify.ErrFormat):
		return cli.Model
	case errors.Is(err, corpora.ErrData), errors.As(err, &few),
		errors.Is(err, score.ErrLabels), errors.Is(err, checklist.ErrSuite), errors.Is(err, explain.ErrTooLong):
		return cli.Data
	}
	return 0
}

// New returns the command, ready to run, under the name of a program that trains on those
// devices.
func New(name string, devices training.Devices) *cobra.Command {
	root := &cobra.Command{
		Use:   name,
		Short: "Label texts by sentiment, topic or whatever you train it for",
		Long: `Sentiment labels texts with LSTM models.

It comes with a model for the sentiment and topic of English texts, learns other
labels from your own examples, and tells how good a model is.`,
		Example: `  sentiment classify review.txt
  sentiment train --train reviews.tsv --out my.model
  sentiment eval --model my.model test.tsv`,
		Args: func(cmd *cobra.Command, args []string) error {
			err := cli.NoArgs(cmd, args)
			if err != nil && !strings.Contains(err.Error(), "did you mean") {
				if _, missing := os.Stat(args[0]); missing == nil {
					err = fmt.Errorf("%w; to label a file: %s classify %s", err, name, cli.Quote(args[0]))
				}
			}
			return err
		},
	}
	root.AddCommand(newClassify(), newTrain(devices), newPretrain(devices), newDistill(devices), newFindLR(devices), newEval(), newCompare(), newChecklist(), newExplain(), newCrossval(devices), newTune(devices), newDiagnose(), newCorpus(), newModel(), newEncode(), newServe(), newDevices(devices))
	completeByModel(root)
	renameExamples(root, name)
	return cli.Prepare(root)
}

// renameExamples makes the examples those of a program of that name.
func renameExamples(cmd *cobra.Command, name string) {
	cmd.Example = strings.ReplaceAll(cmd.Example, "  sentiment ", "  "+name+" ")
	for _, sub := range cmd.Commands() {
		renameExamples(sub, name)
	}
}
