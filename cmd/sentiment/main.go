// Command sentiment labels texts with LSTM models, trains them and judges them.
package main

import (
	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/cli/sentiment"
	"github.com/textlstm/textlstm/internal/cli/training"
)

func main() { cli.Main(newRoot(), sentiment.ExitCode) }

func newRoot() *cobra.Command { return sentiment.New("sentiment", training.CPU()) }
