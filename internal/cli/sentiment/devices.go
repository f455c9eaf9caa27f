package sentiment

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/internal/cli/training"
)

func newDevices(devices training.Devices) *cobra.Command {
	return &cobra.Command{
		Use:   "devices",
		Short: "List the devices that train networks beside this processor",
		Long: `Devices lists what --device of train and other commands can name: the GPUs that have a
driver, and what OpenCL has beside them, such as a processor, which is slower so than
without OpenCL.

The program sentiment trains on this processor alone. sentiment-device is the same
program with GPUs, and needs their drivers; docs/device.md tells how to build it.`,
		Example: "  sentiment devices",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := devices.List()
			for _, line := range list {
				fmt.Fprintln(cmd.OutOrStdout(), line)
			}
			return err
		},
	}
}
