// Package diagram draws the curves of package gradflow as SVG and PNG. It is apart
// from that package so that a program that draws nothing links no plots.
package diagram

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"github.com/textlstm/textlstm/explain/gradflow"
	"github.com/textlstm/textlstm/internal/drawings"
	"github.com/textlstm/textlstm/internal/fsx"
)

// Write draws the curves of each direction of each layer as one plot,
// SVG and PNG, into dir, which it makes if need be: gradient-forward.svg,
// gradient-reverse-layer-1.png. Files of the same names are replaced, each whole or
// not at all.
func Write(dir string, curves []gradflow.Curve) error {
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
		if _, err := sheet.Files(dir, name, p); err != nil {
			return err
		}
	}
	return nil
}

var sheet = drawings.Sheet{Width: 6 * vg.Inch, Height: 4 * vg.Inch, Left: 4, Right: 12, Bottom: 4, Top: 8, DPI: 144}

// gradientPlot draws curves on a logarithmic scale; those that clipping changes
// come a second time, dashed, as it leaves them.
func gradientPlot(curves []gradflow.Curve) (*plot.Plot, error) {
	const lowest = -20 // powers of ten; what is below cannot be learned from
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = "steps before the last one read", "norm of dL/dh"
	p.Y.Tick.Marker = powers{}
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Label.TextStyle.Font = drawings.Sans(10)
		a.Tick.Label.Font = drawings.Sans(9)
	}
	p.Legend.TextStyle.Font = drawings.Sans(9)
	p.Legend.Left = true // at the bottom, where only gradients that have vanished are
	p.Add(plotter.NewGrid())
	colors := drawings.Palette()
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
			line.Color, line.Width = colors[i%len(colors)], vg.Points(1.4)
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
