package main

import (
	"fmt"
	"image/color"
	"io"
	"math"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/textlstm/textlstm/explain/gradflow"
	"github.com/textlstm/textlstm/internal/fsx"
)

// plotDiagnosis writes the curves of each direction of each layer as one plot,
// SVG and PNG, into dir, which it makes if need be: gradient-forward.svg,
// gradient-reverse-layer-1.png.
func plotDiagnosis(dir string, curves []gradflow.Curve) error {
	if err := fsx.MkdirAll(fsx.OS{}, dir, 0o777); err != nil {
		return err
	}
	type place struct {
		layer   int
		reverse bool
	}
	var places []place
	groups := map[place][]gradflow.Curve{}
	top := 0
	for _, c := range curves {
		p := place{c.Layer, c.Reverse}
		if groups[p] == nil {
			places = append(places, p)
		}
		groups[p] = append(groups[p], c)
		top = max(top, c.Layer)
	}
	for _, g := range places {
		name := "gradient-forward"
		if g.reverse {
			name = "gradient-reverse"
		}
		if g.layer < top {
			name += fmt.Sprintf("-layer-%d", g.layer+1)
		}
		p, err := gradientPlot(groups[g])
		if err != nil {
			return err
		}
		const width, height = 6 * vg.Inch, 4 * vg.Inch
		for ending, write := range map[string]func(io.Writer) error{
			".svg": func(w io.Writer) error {
				c := vgsvg.New(width, height)
				p.Draw(margin(draw.New(c)))
				_, err := c.WriteTo(w)
				return err
			},
			".png": func(w io.Writer) error {
				c := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(144))
				p.Draw(margin(draw.New(c)))
				_, err := vgimg.PngCanvas{Canvas: c}.WriteTo(w)
				return err
			},
		} {
			if err := fsx.WriteFile(fsx.OS{}, filepath.Join(dir, name+ending), write); err != nil {
				return err
			}
		}
	}
	return nil
}

func margin(c draw.Canvas) draw.Canvas {
	return draw.Crop(c, vg.Points(4), vg.Points(-12), vg.Points(4), vg.Points(-8))
}

// The palette of Okabe & Ito 2008, which colour-blind readers can tell apart.
var curveColors = []color.Color{
	color.RGBA{0x00, 0x72, 0xb2, 0xff}, color.RGBA{0xd5, 0x5e, 0x00, 0xff}, color.RGBA{0x00, 0x9e, 0x73, 0xff}, color.RGBA{0xcc, 0x79, 0xa7, 0xff},
	color.RGBA{0xe6, 0x9f, 0x00, 0xff}, color.RGBA{0x56, 0xb4, 0xe9, 0xff}, color.RGBA{0x80, 0x80, 0x80, 0xff}, color.RGBA{0x33, 0x3a, 0x44, 0xff},
}

// gradientPlot draws curves on a logarithmic scale; those that clipping changes
// come a second time, dashed, as it leaves them.
func gradientPlot(curves []gradflow.Curve) (*plot.Plot, error) {
	const lowest = -20 // powers of ten; what is below cannot be learned from
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = "steps before the last one read", "norm of dL/dh"
	p.Y.Tick.Marker = powers{}
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Label.TextStyle.Font = sans(10)
		a.Tick.Label.Font = sans(9)
	}
	p.Legend.TextStyle.Font = sans(9)
	p.Legend.Left = true // at the bottom, where only gradients that have vanished are
	p.Add(plotter.NewGrid())
	for i, c := range curves {
		for _, clipped := range []bool{false, true} {
			factor := 1.0
			if clipped {
				if factor = c.Scale; !(factor > 0 && factor < 1) {
					continue
				}
			}
			var points plotter.XYs
			for k, v := range c.Norms {
				if y := math.Log10(v * factor); y >= lowest && !math.IsInf(y, 0) {
					points = append(points, plotter.XY{X: float64(k), Y: y})
				}
			}
			if len(points) == 0 {
				continue
			}
			line, err := plotter.NewLine(points)
			if err != nil {
				return nil, err
			}
			line.Color, line.Width = curveColors[i%len(curveColors)], vg.Points(1.4)
			name := c.Name
			if clipped {
				line.Dashes = []vg.Length{vg.Points(4), vg.Points(3)}
				name += ", clipped"
			}
			p.Add(line)
			p.Legend.Add(name, line)
		}
	}
	p.Y.Min, p.Y.Max = math.Floor(min(p.Y.Min, -1)), math.Ceil(max(p.Y.Max, 0))
	return p, nil
}

func sans(size float64) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Points(size)}
}

// powers are the ticks of an axis of logarithms.
type powers struct{}

func (powers) Ticks(low, high float64) []plot.Tick {
	step := max(1, math.Ceil((high-low)/8))
	var out []plot.Tick
	for v := math.Ceil(low/step) * step; v <= high; v += step {
		out = append(out, plot.Tick{Value: v, Label: fmt.Sprintf("1e%.0f", v)})
	}
	return out
}
