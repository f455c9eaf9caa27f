package training

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/train"
)

// Devices are what a program trains networks on: classifiers and, as a lm.Device, language
// models.
type Devices struct {
	Find func(name string) (train.Device, error) // nil for this processor
	List func() ([]string, error)                // a line for each but this processor; an error says why there are none
}

// CPU returns the devices of a program that has this processor alone.
func CPU() Devices {
	alone := errors.New("this program trains on cpu alone; sentiment-device trains on GPUs as well: go -C device build -o sentiment-device ./sentiment-device")
	return Devices{
		Find: func(name string) (train.Device, error) {
			if name == "cpu" || name == "auto" {
				return nil, nil
			}
			return nil, alone
		},
		List: func() ([]string, error) { return nil, alone },
	}
}

// AddDevice adds the flag for what trains the network. It is found before the command runs:
// on is nil for this processor.
func AddDevice(cmd *cobra.Command, devices Devices, on *train.Device) {
	name := cmd.Flags().String("device", "auto", "`device` that trains the network: cpu; cuda, opencl or a part of a name that sentiment-device devices lists; or auto, the first GPU or else cpu")
	cli.Complete(cmd, "device", "auto", "cpu", "cuda", "opencl")
	cmd.PreRunE = func(*cobra.Command, []string) (err error) {
		if *on, err = devices.Find(*name); err != nil {
			return cli.Usagef("--device %s: %w", *name, err)
		}
		return nil
	}
}
