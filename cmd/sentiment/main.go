// Command sentiment labels texts with LSTM models, trains them and judges them.
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/evaluate/checklist"
	"github.com/textlstm/textlstm/explain"
	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/cli/training"
	_ "github.com/textlstm/textlstm/tokenize/prose"
)

func main() { cli.Main(newRoot(), exitCode) }

// exitCode is the exit code of the library's errors.
func exitCode(err error) int {
	if code := training.ExitCode(err); code != 0 {
		return code
	}
	if errors.Is(err, score.ErrLabels) || errors.Is(err, checklist.ErrSuite) || errors.Is(err, explain.ErrTooLong) {
		return cli.Data
	}
	return 0
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "sentiment",
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
					err = fmt.Errorf("%w; to label a file: sentiment classify %s", err, cli.Quote(args[0]))
				}
			}
			return err
		},
	}
	root.AddCommand(newClassify(), newTrain(), newPretrain(), newDistill(), newFindLR(), newEval(), newCompare(), newChecklist(), newExplain(), newCrossval(), newTune(), newDiagnose(), newCorpus(), newModel(), newEncode(), newServe())
	completeByModel(root)
	return cli.Prepare(root)
}
