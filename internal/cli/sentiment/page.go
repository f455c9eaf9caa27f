package sentiment

import (
	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/report/page"
)

// pageFlags say where a page and its plots go.
type pageFlags struct{ page.Output }

func (p *pageFlags) add(cmd *cobra.Command) {
	cli.AddPage(cmd, &p.File, &p.Plots)
	cmd.Flags().StringVar(&p.History, "history", "", "show the learning curves of this `file`, the log of train --log-json, in place of those that the model keeps")
	cli.Must(cmd.MarkFlagFilename("history"))
}

// check fails where the page could not be written, or would take the place of an input.
func (p *pageFlags) check(inputs ...string) error {
	return cli.CheckOutput("--report", p.File, append(inputs, p.History)...)
}
