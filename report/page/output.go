package page

import (
	"io"
	"os"

	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/report"
)

// An Output says where a page goes beside standard output; "" is nowhere.
type Output struct {
	File    string // of the page
	Plots   string // directory for its plots, as SVG and PNG
	History string // file of the learning curves to show, the log of a training
}

// Wanted says whether the page or its plots go anywhere.
func (o *Output) Wanted() bool { return o.File != "" || o.Plots != "" }

// Write writes the page and its plots, and returns it with the history.
func (o *Output) Write(p Page) (Page, error) {
	if o.History != "" {
		f, err := os.Open(o.History)
		if err != nil {
			return p, err
		}
		defer f.Close()
		if p.History, err = ReadHistory(f, o.History); err != nil {
			return p, err
		}
	}
	if o.Plots != "" {
		if _, err := WritePlots(o.Plots, p); err != nil {
			return p, err
		}
	}
	if o.File == "" {
		return p, nil
	}
	return p, fsx.WriteFile(fsx.OS{}, o.File, func(w io.Writer) error { return Write(w, p) })
}

// Show writes the page and its plots where o says, and to out the page if style is HTML,
// else what text prints.
func (o *Output) Show(out io.Writer, style report.Style, p Page, text func() error) error {
	p, err := o.Write(p)
	if err != nil {
		return err
	}
	if style == report.HTML {
		return Write(out, p)
	}
	return text()
}
