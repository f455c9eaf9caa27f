// Command sentiment-device is sentiment with GPUs: what trains a network takes --device.
package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/device"
	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/cli/sentiment"
	"github.com/textlstm/textlstm/internal/cli/training"
)

func main() { cli.Main(newRoot(), sentiment.ExitCode) }

func newRoot() *cobra.Command {
	return sentiment.New("sentiment-device", training.Devices{Find: device.Find, List: list})
}

// list returns a line for each device.
func list() ([]string, error) {
	var lines []string
	found, err := device.List()
	for _, d := range found {
		lines = append(lines, fmt.Sprintf("%s, %d MiB", d.Name(), d.Memory()>>20))
	}
	return lines, err
}
