package page

import (
	"bytes"
	"fmt"
	"html"
	"html/template"
	"image/color"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"

	"github.com/textlstm/textlstm/internal/drawings"
	"github.com/textlstm/textlstm/report"
)

// A drawing is a plot with its size and names.
type drawing struct {
	name          string // of its file, without an ending
	caption       string
	width, height vg.Length
	wide          bool // as the page
	plot          *plot.Plot
}

// sheet is the page's, for a plot of a size.
func (d drawing) sheet() drawings.Sheet {
	return drawings.Sheet{Width: d.width, Height: d.height, Left: 2, Right: 10, Bottom: 2, Top: 6, DPI: 192}
}

// newDrawing returns an empty plot in the page's look.
func newDrawing(name, caption, x, y string) drawing {
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = report.Excerpt(x, 40), report.Excerpt(y, 40)
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		look(&a.Label.TextStyle, 12)
		look(&a.Tick.Label, 11)
		a.LineStyle.Color, a.Tick.LineStyle.Color = drawings.Ink, drawings.Ink
		a.LineStyle.Width, a.Tick.LineStyle.Width = vg.Points(0.7), vg.Points(0.7)
		a.Tick.Length = vg.Points(4)
		a.Padding = vg.Points(2)
	}
	p.X.Label.Padding, p.Y.Label.Padding = vg.Points(4), vg.Points(4)
	look(&p.Legend.TextStyle, 11)
	p.Legend.Padding = vg.Points(2)
	p.Legend.ThumbnailWidth = vg.Points(16)
	p.Legend.XOffs = vg.Points(-4)
	return drawing{name, report.Clean(caption), vg.Points(330), vg.Points(260), false, p}
}

// look sets the page's typeface.
func look(s *text.Style, size float64) {
	s.Font = drawings.Sans(size)
	s.Color = drawings.Ink
}

// svg draws d as an element for the page, whose paper shows through.
func (d drawing) svg() (template.HTML, error) {
	var b bytes.Buffer
	paper := d.plot.BackgroundColor
	d.plot.BackgroundColor = color.Transparent
	defer func() { d.plot.BackgroundColor = paper }()
	if err := d.sheet().SVG(&b, d.plot); err != nil {
		return "", fmt.Errorf("page: %s: %w", d.name, err)
	}
	s := b.String()
	at := strings.Index(s, "<svg")
	if at < 0 {
		return "", fmt.Errorf("page: %s: the plot has no <svg", d.name)
	}
	return template.HTML(`<svg role="img" aria-label="` + html.EscapeString(d.caption) + `"` + s[at+len("<svg"):]), nil
}
