// Command forecast predicts what comes next in time series with LSTM models, trains
// them and judges them.
package main

import (
	"errors"

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
