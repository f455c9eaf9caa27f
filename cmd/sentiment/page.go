package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/report/page"
)

// pageFlags say where a page and its plots go.
type pageFlags struct{ file, plots, history string }

func (p *pageFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&p.file, "report", "", "also write the HTML page to this `file`")
	f.StringVar(&p.plots, "plots", "", "also write the plots as SVG and PNG into this `directory`")
	f.StringVar(&p.history, "history", "", "show the learning curves of this `file`, the log of train --log-json, in place of those that the model keeps")
	must(cmd.MarkFlagDirname("plots"))
	must(cmd.MarkFlagFilename("report", "html"))
	must(cmd.MarkFlagFilename("history"))
}

func (p *pageFlags) wanted() bool { return p.file != "" || p.plots != "" }

// write puts the page where the flags and the style say; for any other style
// than HTML, text prints to out.
func (p *pageFlags) write(out io.Writer, style report.Style, pg page.Page, text func() error) error {
	if p.history != "" {
		f, err := os.Open(p.history)
		if err != nil {
			return err
		}
		defer f.Close()
		if pg.History, err = page.ReadHistory(f, p.history); err != nil {
			return err
		}
	}
	if p.plots != "" {
		if _, err := page.WritePlots(p.plots, pg); err != nil {
			return err
		}
	}
	if p.file != "" {
		if err := fsx.WriteFile(fsx.OS{}, p.file, func(w io.Writer) error { return page.Write(w, pg) }); err != nil {
			return err
		}
	}
	if style == report.HTML {
		return page.Write(out, pg)
	}
	return text()
}

// modelFacts are what a page says of a model.
func modelFacts(name, file string, m *classify.Model) []page.Fact {
	card := m.Card()
	value := file
	switch {
	case file == "" && card.Name != "":
		value = card.Name
	case file == "":
		value = "the embedded model"
	case card.Name != "":
		value = fmt.Sprintf("%s (%s)", card.Name, file)
	}
	facts := []page.Fact{{Name: name, Value: value}}
	if card.Data != nil {
		facts = append(facts, page.Fact{Name: "Trained on", Value: strings.Join(card.Data, ", ")})
	}
	return facts
}
