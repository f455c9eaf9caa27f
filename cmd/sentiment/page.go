package main

import (
	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/report/page"
)

// pageFlags say where a page and its plots go.
type pageFlags struct{ page.Output }

func (p *pageFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&p.File, "report", "", "also write the HTML page to this `file`")
	f.StringVar(&p.Plots, "plots", "", "also write the plots as SVG and PNG into this `directory`")
	f.StringVar(&p.History, "history", "", "show the learning curves of this `file`, the log of train --log-json, in place of those that the model keeps")
	cli.Must(cmd.MarkFlagDirname("plots"))
	cli.Must(cmd.MarkFlagFilename("report", "html"))
	cli.Must(cmd.MarkFlagFilename("history"))
}
