// Package drawings has what all plots share: colours, a typeface, and their files as
// SVG and PNG.
package drawings

import (
	"image/color"
	"io"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/textlstm/textlstm/internal/fsx"
)

// Blue, Orange and Ink are the first two colours of the palette and its last.
var (
	Blue   = color.RGBA{0x00, 0x72, 0xb2, 0xff}
	Orange = color.RGBA{0xd5, 0x5e, 0x00, 0xff}
	Ink    = color.RGBA{0x33, 0x3a, 0x44, 0xff}
)

// Palette returns the colours of lines, in order: those of Okabe & Ito 2008, which
// colour-blind readers can tell apart, and a grey and a dark one.
func Palette() []color.Color {
	return []color.Color{
		Blue, Orange, color.RGBA{0x00, 0x9e, 0x73, 0xff}, color.RGBA{0xcc, 0x79, 0xa7, 0xff},
		color.RGBA{0xe6, 0x9f, 0x00, 0xff}, color.RGBA{0x56, 0xb4, 0xe9, 0xff}, color.RGBA{0x80, 0x80, 0x80, 0xff}, Ink,
	}
}

// Sans returns the typeface of a size in points.
func Sans(size float64) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Points(size)}
}

// A Sheet is what a plot is drawn on.
type Sheet struct {
	Width, Height vg.Length

	// Left, Right, Bottom and Top are free at the edges, in points: room for the half
	// of the last tick's label that stands outside the axis.
	Left, Right, Bottom, Top float64

	DPI int // of PNG
}

func (s Sheet) draw(p *plot.Plot, c vg.CanvasSizer) {
	p.Draw(draw.Crop(draw.New(c), vg.Points(s.Left), vg.Points(-s.Right), vg.Points(s.Bottom), vg.Points(-s.Top)))
}

// SVG writes a plot as an SVG document.
func (s Sheet) SVG(w io.Writer, p *plot.Plot) error {
	c := vgsvg.New(s.Width, s.Height)
	s.draw(p, c)
	_, err := c.WriteTo(w)
	return err
}

// PNG writes a plot as a PNG image.
func (s Sheet) PNG(w io.Writer, p *plot.Plot) error {
	c := vgimg.NewWith(vgimg.UseWH(s.Width, s.Height), vgimg.UseDPI(s.DPI))
	s.draw(p, c)
	_, err := vgimg.PngCanvas{Canvas: c}.WriteTo(w)
	return err
}

// Files writes a plot into dir as name.svg and name.png, each whole or not at all,
// and returns the names of those that it has written.
func (s Sheet) Files(dir, name string, p *plot.Plot) (names []string, err error) {
	for _, f := range []struct {
		ending string
		write  func(io.Writer, *plot.Plot) error
	}{{".svg", s.SVG}, {".png", s.PNG}} {
		file := name + f.ending
		if err := fsx.WriteFile(fsx.OS{}, filepath.Join(dir, file), func(w io.Writer) error { return f.write(w, p) }); err != nil {
			return names, err
		}
		names = append(names, file)
	}
	return names, nil
}
