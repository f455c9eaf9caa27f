// Command translate translates texts with LSTM models, trains them on pairs of texts and
// judges them.
package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/seq2seq"
)

func main() { cli.Main(newRoot(), exitCode) }

func newRoot() *cobra.Command {
	root := newTranslate()
	root.AddCommand(newTrain(), newEval())
	return cli.Prepare(root)
}

// exitCode is that of the errors of models and data.
func exitCode(err error) int {
	switch {
	case errors.Is(err, seq2seq.ErrFormat):
		return cli.Model
	case errors.Is(err, corpora.ErrData), errors.Is(err, seq2seq.ErrFew), errors.Is(err, errPairs):
		return cli.Data
	}
	if _, long := errors.AsType[*seq2seq.LongError](err); long {
		return cli.Data
	}
	return 0
}
