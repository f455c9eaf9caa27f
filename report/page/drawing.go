package page

import (
	"bytes"
	"fmt"
	"html"
	"html/template"
	"image/color"
	"io"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/textlstm/textlstm/report"
)

// A drawing is a plot with its size and names.
type drawing struct {
	name          string // of its file, without an ending
	caption       string
	width, height vg.Length
	plot          *plot.Plot
}

// The colours of the plots: the palette of Okabe & Ito 2008, which colour-blind
// readers can tell apart, and a grey.
var (
	blue   = color.RGBA{0x00, 0x72, 0xb2, 0xff}
	orange = color.RGBA{0xd5, 0x5e, 0x00, 0xff}
	ink    = color.RGBA{0x33, 0x3a, 0x44, 0xff}
)

// colors are the colours of lines, in order.
func colors() []color.Color {
	return []color.Color{
		blue, orange, color.RGBA{0x00, 0x9e, 0x73, 0xff}, color.RGBA{0xcc, 0x79, 0xa7, 0xff},
		color.RGBA{0xe6, 0x9f, 0x00, 0xff}, color.RGBA{0x56, 0xb4, 0xe9, 0xff}, color.RGBA{0x80, 0x80, 0x80, 0xff}, ink,
	}
}

// newDrawing returns an empty plot in the page's look.
func newDrawing(name, caption, x, y string) drawing {
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = report.Excerpt(x, 40), report.Excerpt(y, 40)
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		look(&a.Label.TextStyle, 10)
		look(&a.Tick.Label, 9)
		a.LineStyle.Color, a.Tick.LineStyle.Color = ink, ink
		a.LineStyle.Width, a.Tick.LineStyle.Width = vg.Points(0.7), vg.Points(0.7)
		a.Tick.Length = vg.Points(4)
		a.Padding = vg.Points(2)
	}
	p.X.Label.Padding, p.Y.Label.Padding = vg.Points(4), vg.Points(4)
	look(&p.Legend.TextStyle, 9)
	p.Legend.Padding = vg.Points(2)
	p.Legend.ThumbnailWidth = vg.Points(16)
	p.Legend.XOffs = vg.Points(-4)
	return drawing{name, report.Clean(caption), vg.Points(330), vg.Points(260), p}
}

// look sets the page's typeface.
func look(s *text.Style, size float64) {
	s.Font = font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Points(size)}
	s.Color = ink
}

// svg draws d as an element for the page.
func (d drawing) svg() (template.HTML, error) {
	var b bytes.Buffer
	if err := d.writeSVG(&b); err != nil {
		return "", fmt.Errorf("page: %s: %w", d.name, err)
	}
	s := b.String()
	at := strings.Index(s, "<svg")
	if at < 0 {
		return "", fmt.Errorf("page: %s: the plot has no <svg", d.name)
	}
	return template.HTML(`<svg role="img" aria-label="` + html.EscapeString(d.caption) + `"` + s[at+len("<svg"):]), nil
}

// margin leaves room for the half of the last tick's label that stands outside
// the axis.
func margin(c draw.Canvas) draw.Canvas {
	return draw.Crop(c, vg.Points(2), vg.Points(-10), vg.Points(2), vg.Points(-6))
}

func (d drawing) writeSVG(w io.Writer) error {
	c := vgsvg.New(d.width, d.height)
	d.plot.Draw(margin(draw.New(c)))
	_, err := c.WriteTo(w)
	return err
}

func (d drawing) writePNG(w io.Writer) error {
	c := vgimg.NewWith(vgimg.UseWH(d.width, d.height), vgimg.UseDPI(192))
	d.plot.Draw(margin(draw.New(c)))
	_, err := vgimg.PngCanvas{Canvas: c}.WriteTo(w)
	return err
}
