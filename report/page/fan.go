package page

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"github.com/textlstm/textlstm/internal/drawings"
)

// A Fan is a series of numbers and forecasts of it, each in bands that widen.
type Fan struct {
	Caption string
	Unit    string    // of the numbers
	Times   []string  // names of steps, for the axis; those that are missing have their number
	Values  []float64 // of the steps from 0; those that are not finite leave a gap
	Ahead   []Ahead
}

// An Ahead is one forecast of a Fan.
type Ahead struct {
	Origin    int  // the step of its first point
	Line      bool // a dashed line marks it
	Points    []float64
	Low, High [][]float64 // bands [bands][len(Points)], the widest first
}

// fans has a plot for each of all.
func fans(all []Fan) ([]drawing, error) {
	var out []drawing
	for i, f := range all {
		if err := f.check(); err != nil {
			return nil, err
		}
		d := newDrawing(fmt.Sprintf("forecast-%d", i+1), f.Caption, "", f.Unit)
		d.width, d.height, d.wide = vg.Points(560), vg.Points(250), true
		d.plot.Add(plotter.NewGrid())
		d.plot.Y.Tick.Marker = evenTicks{}
		f.draw(d.plot)
		widen(&d.plot.X)
		widen(&d.plot.Y)
		out = append(out, d)
	}
	return out, nil
}

func (f *Fan) check() error {
	for _, a := range f.Ahead {
		if len(a.Low) != len(a.High) || a.Origin < 0 {
			return fmt.Errorf("page: forecast %q: %d lower bounds, %d upper, origin %d", f.Caption, len(a.Low), len(a.High), a.Origin)
		}
		for b := range a.Low {
			if len(a.Low[b]) != len(a.Points) || len(a.High[b]) != len(a.Points) {
				return fmt.Errorf("page: forecast %q: a band of %d and %d bounds for %d points", f.Caption, len(a.Low[b]), len(a.High[b]), len(a.Points))
			}
		}
	}
	return nil
}

// draw draws the bands, then what lies on them.
func (f *Fan) draw(p *plot.Plot) {
	for _, a := range f.Ahead {
		for b := range a.Low {
			p.Add(f.band(&a, b))
		}
	}
	past, err := (&Series{X: count(0, len(f.Values)), Y: f.Values}).lines()
	if err != nil {
		panic(err) // as many x as y
	}
	for _, pts := range past {
		p.Add(line(pts, drawings.Ink, 1.1))
	}
	steps := len(f.Values)
	low, high := p.Y.Min, p.Y.Max
	for i, a := range f.Ahead {
		steps = max(steps, a.Origin+len(a.Points))
		pts := f.joined(&a, a.Points)
		l := line(pts, drawings.Blue, 1.5)
		p.Add(l)
		low, high = min(low, p.Y.Min), max(high, p.Y.Max)
		if i == 0 {
			if len(past) > 0 {
				p.Legend.Add("values", line(past[0], drawings.Ink, 1.1))
			}
			p.Legend.Add("forecast", l)
		}
	}
	for _, a := range f.Ahead {
		if a.Line {
			p.Add(dashed(float64(a.Origin)-0.5, p.Y.Min, float64(a.Origin)-0.5, p.Y.Max))
		}
	}
	p.Legend.Top, p.Legend.Left = true, true
	p.Legend.XOffs = vg.Points(6)
	p.Y.Max += 0.16 * (p.Y.Max - p.Y.Min) // room for the legend
	p.X.Tick.Marker = f.ticks(steps)
}

// joined are the points of a forecast, behind the last value before them.
func (f *Fan) joined(a *Ahead, y []float64) plotter.XYs {
	var pts plotter.XYs
	if k := a.Origin - 1; k >= 0 && k < len(f.Values) && finite(f.Values[k]) {
		pts = append(pts, plotter.XY{X: float64(k), Y: f.Values[k]})
	}
	for i, v := range y {
		if finite(v) {
			pts = append(pts, plotter.XY{X: float64(a.Origin + i), Y: v})
		}
	}
	return pts
}

// band is the area between the bounds, from the last value before them.
func (f *Fan) band(a *Ahead, b int) plot.Plotter {
	low, high := f.joined(a, a.Low[b]), f.joined(a, a.High[b])
	for i := len(high) - 1; i >= 0; i-- {
		low = append(low, high[i])
	}
	area, err := plotter.NewPolygon(low)
	if err != nil {
		panic(err) // the points are finite
	}
	area.Color = mix(drawings.Blue, 0.08+0.5*float64(b+1)/float64(len(a.Low)+1))
	area.LineStyle.Width = 0
	return area
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// count is from, from+1 and so on, n numbers.
func count(from, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(from + i)
	}
	return x
}

// ticks are the names of about six steps of n.
func (f *Fan) ticks(n int) plot.Ticker {
	every := max(1, (n+5)/6)
	for _, nice := range []int{1, 2, 3, 6, 12, 24, 36, 60, 120} { // whole years of months
		if nice >= every && nice < 2*every {
			every = nice
			break
		}
	}
	var ticks plot.ConstantTicks
	for i := 0; i < n; i += every {
		label := fmt.Sprint(i + 1)
		if i < len(f.Times) {
			label = short(f.Times[i], 16)
		}
		ticks = append(ticks, plot.Tick{Value: float64(i), Label: label})
	}
	return ticks
}
