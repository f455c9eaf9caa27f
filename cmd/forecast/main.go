// Command forecast predicts what comes next in time series with LSTM models, trains
// them and judges them.
package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/forecast"
	"github.com/textlstm/textlstm/internal/cli"
)

func main() { cli.Main(newRoot(), exitCode) }

// exitCode is the exit code of the library's errors.
func exitCode(err error) int {
	var config *forecast.ConfigError
	switch {
	case errors.As(err, &config):
		return cli.Usage
	case errors.Is(err, forecast.ErrFormat):
		return cli.Model
	case errors.Is(err, forecast.ErrData), errors.Is(err, forecast.ErrShort):
		return cli.Data
	}
	return 0
}

// plain is run without the name of the library before its errors: it is the command's.
func plain(run func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if err := run(cmd, args); err != nil {
			return plainError{err}
		}
		return nil
	}
}

type plainError struct{ error }

func (e plainError) Error() string { return strings.TrimPrefix(e.error.Error(), "forecast: ") }

func (e plainError) Unwrap() error { return e.error }
