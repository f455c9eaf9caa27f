package sentiment

import (
	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/cli/input"
	"github.com/textlstm/textlstm/internal/cli/training"
	"github.com/textlstm/textlstm/recipe"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/report/studies"
	"github.com/textlstm/textlstm/train"
)

func newFindLR(devices training.Devices) *cobra.Command {
	var (
		in     input.Flags
		flags  training.Recipe
		start  recipe.Start
		device train.Device
		steps  int
		style  report.Style
	)
	cmd := &cobra.Command{
		Use:   "find-lr FILE...",
		Short: "Find a good learning rate",
		Long: `Find-lr trains for some steps while the learning rate rises from 0.00001 to 1, and
prints the loss on the way (the range test of Smith 2017). A tenth of the rate at
which the loss is lowest is a good schedule.rate for train. Nothing is kept of
the training.`,
		Example: `  sentiment find-lr reviews.tsv
  sentiment train --train reviews.tsv --out reviews.model --set schedule.rate=0.002`,
		RunE: func(cmd *cobra.Command, files []string) error {
			opts, err := in.Options()
			if err != nil {
				return err
			}
			opts.Labelled = true
			if steps < 10 {
				return cli.Usagef("--steps %d: want at least 10", steps)
			}
			r, err := flags.Read(cmd, files, nil, "a FILE")
			if err != nil {
				return err
			}
			data, err := recipe.ReadSources(opts, flags.DataDir, r.Data, r.Seed)
			if err != nil {
				return err
			}
			begin, err := r.Begin(cmd.Context(), recipe.InMemory(data, nil), recipe.Options{Start: start})
			if err != nil {
				return err
			}
			t := train.Trainer{Device: device, Config: begin.Config, Start: begin.Start}
			points, best, err := t.FindRate(cmd.Context(), data, steps)
			if err != nil {
				return err
			}
			return studies.WriteRates(cmd.OutOrStdout(), style, points, best)
		},
	}
	in.Add(cmd, true)
	flags.Add(cmd, recipe.Recipe{}, "")
	flags.AddDataDir(cmd)
	training.AddInit(cmd, &start)
	training.AddDevice(cmd, devices, &device)
	f := cmd.Flags()
	f.IntVar(&steps, "steps", 300, "steps to train")
	cli.AddOutput(cmd, &style)
	return cmd
}
