package page

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/internal/drawings"
	"github.com/textlstm/textlstm/report"
)

// drawings are the plots of a head, those that it has data for.
func (h *Head) drawings() []drawing {
	e := h.Evaluation
	var out []drawing
	if !e.MultiLabel && len(e.Labels) > 1 {
		out = append(out, confusion(e))
	}
	if len(e.Points) > 0 {
		out = append(out, scatter(e))
	}
	if len(e.Reliability) > 0 {
		out = append(out, reliability(e))
	}
	if len(e.Curves) > 0 {
		out = append(out, rates(e), precisionRecall(e))
	}
	if len(e.RiskCoverage) > 1 {
		out = append(out, riskCoverage(e))
	}
	if len(e.Reliability) > 0 {
		out = append(out, confidences(e))
	}
	if slices.ContainsFunc(h.Rows, func(r evaluate.Row) bool { return r.Tokens > 0 }) {
		out = append(out, lengths(h.Rows))
	}
	return out
}

// short is a label that fits beside an axis.
func short(label string, n int) string { return report.Excerpt(label, n) }

// rect is a filled rectangle.
func rect(x0, y0, x1, y1 float64, fill color.Color) *plotter.Polygon {
	p, err := plotter.NewPolygon(plotter.XYs{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}})
	if err != nil {
		panic(err) // of numbers that are not finite; counts and shares are
	}
	p.Color = fill
	p.LineStyle.Width = 0
	return p
}

// line is a line through points, which must be finite.
func line(points plotter.XYs, c color.Color, width float64) *plotter.Line {
	l, err := plotter.NewLine(points)
	if err != nil {
		panic(err)
	}
	l.Color, l.Width = c, vg.Points(width)
	return l
}

// dashed is a thin dashed line between two points.
func dashed(x0, y0, x1, y1 float64) *plotter.Line {
	l := line(plotter.XYs{{X: x0, Y: y0}, {X: x1, Y: y1}}, color.RGBA{0x9a, 0xa2, 0xae, 0xff}, 1)
	l.Dashes = []vg.Length{vg.Points(3), vg.Points(3)}
	return l
}

// unit makes an axis run from 0 to 1 in fifths.
func unit(a *plot.Axis) {
	a.Min, a.Max = 0, 1
	var ticks plot.ConstantTicks
	for i := range 6 {
		ticks = append(ticks, plot.Tick{Value: float64(i) / 5, Label: fmt.Sprintf("%.1f", float64(i)/5)})
	}
	a.Tick.Marker = ticks
}

// evenTicks are four to nine labelled ticks at multiples of 1, 2 or 5 and a power of 10,
// of whole numbers alone if whole.
type evenTicks struct{ whole bool }

func (t evenTicks) Ticks(low, high float64) []plot.Tick {
	span := (high - low) / 8
	step := math.Pow(10, math.Floor(math.Log10(span)))
	for _, f := range []float64{1, 2, 5, 10} {
		if f*step >= span*(1-1e-9) {
			step *= f
			break
		}
	}
	if t.whole {
		step = max(step, 1)
	}
	if !(step > 0) || math.IsInf(step, 0) {
		return plot.DefaultTicks{}.Ticks(low, high)
	}
	var out []plot.Tick
	digits := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	for k := math.Ceil(low/step - 1e-9); k*step <= high+1e-9*step; k++ {
		format := byte('f')
		if digits > 5 || math.Abs(k*step) >= 1e7 {
			format, digits = 'g', -1
		}
		out = append(out, plot.Tick{Value: k * step, Label: strconv.FormatFloat(k*step+0, format, digits, 64)})
	}
	return out
}

// confusion is the confusion matrix as a heat map: colours are shares of the
// gold label's rows, and where there is room, so are the numbers.
func confusion(e *evaluate.Evaluation) drawing {
	d := newDrawing("confusion", "Confusion matrix: share of each gold label's texts, and their number", "predicted", "gold")
	c := len(e.Labels)
	share := e.NormalizedConfusion()
	var words plotter.XYLabels
	var dark []bool
	for g := range c {
		for k := range c {
			x, y := float64(k), float64(c-1-g)
			d.plot.Add(rect(x-0.5, y-0.5, x+0.5, y+0.5, mix(drawings.Blue, share[g][k])))
			if c > 8 {
				continue
			}
			at := func(dy float64, s string) {
				words.XYs = append(words.XYs, plotter.XY{X: x, Y: y + dy})
				words.Labels = append(words.Labels, s)
				dark = append(dark, share[g][k] > 0.55)
			}
			at(0.09, fmt.Sprintf("%.0f %%", 100*share[g][k]))
			at(-0.16, fmt.Sprint(e.Confusion[g][k]))
		}
	}
	if len(words.Labels) > 0 {
		l, err := plotter.NewLabels(words)
		if err != nil {
			panic(err) // the positions are small integers
		}
		for i := range l.TextStyle {
			look(&l.TextStyle[i], 12-float64(i%2)*2)
			l.TextStyle[i].XAlign, l.TextStyle[i].YAlign = draw.XCenter, draw.YCenter
			if dark[i] {
				l.TextStyle[i].Color = color.White
			}
		}
		d.plot.Add(l)
	}
	var xs, ys plot.ConstantTicks
	longest := 0
	for k, label := range e.Labels {
		label = short(label, 16)
		longest = max(longest, len([]rune(label)))
		xs = append(xs, plot.Tick{Value: float64(k), Label: label})
		ys = append(ys, plot.Tick{Value: float64(c - 1 - k), Label: label})
	}
	d.plot.X.Tick.Marker, d.plot.Y.Tick.Marker = xs, ys
	d.plot.X.Tick.Length, d.plot.Y.Tick.Length = 0, 0
	d.plot.X.LineStyle.Width, d.plot.Y.LineStyle.Width = 0, 0
	d.plot.X.Min, d.plot.X.Max = -0.5, float64(c)-0.5
	d.plot.Y.Min, d.plot.Y.Max = -0.5, float64(c)-0.5
	if c*longest > 36 {
		d.plot.X.Tick.Label.Rotation = math.Pi / 4
		d.plot.X.Tick.Label.XAlign, d.plot.X.Tick.Label.YAlign = draw.XRight, draw.YCenter
	}
	if c > 15 { // one line of small print per label
		size := max(4, 180/float64(c))
		look(&d.plot.X.Tick.Label, size)
		look(&d.plot.Y.Tick.Label, size)
		d.width, d.height = vg.Points(430), vg.Points(400)
	}
	return d
}

// scatter has a dot for each row, and the line on which answers are right.
func scatter(e *evaluate.Evaluation) drawing {
	d := newDrawing("scatter", "Answers beside the gold numbers; on the dashed line they are equal", "gold", "predicted")
	low, high := e.Points[0].Gold, e.Points[0].Gold
	dots := make(plotter.XYs, len(e.Points))
	for i, p := range e.Points {
		dots[i] = plotter.XY{X: p.Gold, Y: p.Predicted}
		low, high = min(low, p.Gold, p.Predicted), max(high, p.Gold, p.Predicted)
	}
	s, err := plotter.NewScatter(dots)
	if err != nil {
		panic(err) // of numbers that are not finite; those of an evaluation are
	}
	blue := drawings.Blue
	s.GlyphStyle = draw.GlyphStyle{Color: color.NRGBA{blue.R, blue.G, blue.B, 0x60}, Radius: vg.Points(1.6), Shape: draw.CircleGlyph{}}
	d.plot.Add(dashed(low, low, high, high), s)
	d.plot.X.Tick.Marker, d.plot.Y.Tick.Marker = evenTicks{}, evenTicks{}
	return d
}

// mix is c on white paper, from 0, white, to 1.
func mix(c color.RGBA, share float64) color.Color {
	at := func(v uint8) uint8 { return uint8(math.Round(255 - share*(255-float64(v)))) }
	if share > 0 {
		share = 0.06 + 0.94*share // a few are not none
	}
	return color.RGBA{at(c.R), at(c.G), at(c.B), 0xff}
}

// reliability is the accuracy of each bin of confidence, beside what it should
// be.
func reliability(e *evaluate.Evaluation) drawing {
	y := "accuracy"
	if e.MultiLabel {
		y = "share gold"
	}
	d := newDrawing("reliability", fmt.Sprintf("Reliability: ECE %.3f, largest gap %.3f; orange: more confident than right, pale: less", e.ECE, e.MCE), "confidence", y)
	for _, b := range e.Reliability {
		if b.N == 0 {
			continue
		}
		const gap = 0.006
		low, high := min(b.Accuracy, b.Confidence), max(b.Accuracy, b.Confidence)
		d.plot.Add(rect(b.Low+gap, 0, b.High-gap, low, mix(drawings.Blue, 0.75)))
		over := mix(drawings.Orange, 0.45) // more confident than right
		if b.Accuracy > b.Confidence {
			over = mix(drawings.Blue, 0.35)
		}
		d.plot.Add(rect(b.Low+gap, low, b.High-gap, high, over))
	}
	d.plot.Add(dashed(0, 0, 1, 1))
	unit(&d.plot.X)
	unit(&d.plot.Y)
	return d
}

// plotted are the labels whose curves a plot has room for: those with the most
// support.
func plotted(e *evaluate.Evaluation) []int {
	at := make([]int, len(e.Labels))
	for k := range at {
		at[k] = k
	}
	slices.SortStableFunc(at, func(a, b int) int { return cmp.Compare(e.PerLabel[b].Support, e.PerLabel[a].Support) })
	at = at[:min(len(at), len(drawings.Palette()))]
	slices.Sort(at)
	return at
}

// rates has the ROC curves.
func rates(e *evaluate.Evaluation) drawing {
	d := newDrawing("roc", "ROC curves, each label against the rest", "false positive rate", "true positive rate")
	d.plot.Add(dashed(0, 0, 1, 1))
	d.curves(e, func(s evaluate.LabelScores) evaluate.Score { return s.ROCAUC }, func(p evaluate.CurvePoint) plotter.XY {
		return plotter.XY{X: p.FalsePositiveRate, Y: p.Recall}
	})
	return d
}

// curves adds the curve of each label, with the area under it.
func (d *drawing) curves(e *evaluate.Evaluation, area func(evaluate.LabelScores) evaluate.Score, at func(evaluate.CurvePoint) plotter.XY) {
	for i, k := range plotted(e) {
		var pts plotter.XYs
		for _, p := range e.Curves[k].Points {
			pts = append(pts, at(p))
		}
		l := line(pts, drawings.Palette()[i], 1.4)
		d.plot.Add(l)
		d.plot.Legend.Add(legend(e.Labels[k], area(e.PerLabel[k])), l)
	}
	unit(&d.plot.X)
	unit(&d.plot.Y)
}

func legend(label string, area evaluate.Score) string {
	if !area.Defined() {
		return short(label, 18)
	}
	return fmt.Sprintf("%s %.3f", short(label, 18), area)
}

// precisionRecall has the precision-recall curves.
func precisionRecall(e *evaluate.Evaluation) drawing {
	d := newDrawing("pr", "Precision and recall, each label against the rest, with average precision", "recall", "precision")
	d.curves(e, func(s evaluate.LabelScores) evaluate.Score { return s.PRAUC }, func(p evaluate.CurvePoint) plotter.XY {
		return plotter.XY{X: p.Recall, Y: p.Precision}
	})
	d.plot.Legend.Left = true
	d.plot.Legend.XOffs = vg.Points(4)
	return d
}

// riskCoverage is the accuracy of the rows answered by their share.
func riskCoverage(e *evaluate.Evaluation) drawing {
	d := newDrawing("coverage", "Accuracy where only the more confident answers are given", "share answered", "accuracy")
	var pts plotter.XYs
	low := 1.0
	for _, p := range e.RiskCoverage {
		pts = append(pts, plotter.XY{X: p.Coverage, Y: float64(p.Accuracy)})
		low = min(low, float64(p.Accuracy))
	}
	d.plot.Add(plotter.NewGrid(), line(pts, drawings.Blue, 1.6))
	unit(&d.plot.X)
	d.plot.Y.Min, d.plot.Y.Max = math.Floor(low*20)/20, 1
	d.plot.Y.Tick.Marker = evenTicks{}
	if d.plot.Y.Min == 1 {
		d.plot.Y.Min = 0.95
	}
	return d
}

// confidences counts right and wrong rows by confidence.
func confidences(e *evaluate.Evaluation) drawing {
	x, right, wrong := "confidence", "right", "wrong"
	if e.MultiLabel {
		x, right, wrong = "probability of a label", "gold", "not gold"
	}
	d := newDrawing("confidence", "Confidence", x, "texts")
	if e.MultiLabel {
		d.caption, d.plot.Y.Label.Text = "Probabilities", "decisions"
	}
	var samples [2]*plotter.Polygon
	for _, b := range e.Reliability {
		const gap = 0.006
		good := math.Round(b.Accuracy * float64(b.N))
		samples[0] = rect(b.Low+gap, 0, b.High-gap, good, mix(drawings.Blue, 0.75))
		samples[1] = rect(b.Low+gap, good, b.High-gap, float64(b.N), mix(drawings.Orange, 0.75))
		d.plot.Add(samples[0], samples[1])
	}
	d.plot.Legend.Add(right, samples[0])
	d.plot.Legend.Add(wrong, samples[1])
	d.plot.Legend.Top, d.plot.Legend.Left = true, true
	d.plot.Legend.XOffs = vg.Points(4)
	unit(&d.plot.X)
	d.plot.Y.Min, d.plot.Y.Tick.Marker = 0, evenTicks{whole: true}
	d.plot.Y.Max *= 1.2 // room for the legend
	return d
}

// lengths is the histogram of text lengths, the longest hundredth in its last
// bar.
func lengths(rows []evaluate.Row) drawing {
	all := make([]int, len(rows))
	for i, r := range rows {
		all[i] = r.Tokens
	}
	slices.Sort(all)
	top := all[len(all)*99/100]
	const bars = 30
	width := max(1, (top+bars-1)/bars)
	counts := make([]float64, top/width+1)
	for _, n := range all {
		counts[min(n/width, len(counts)-1)]++
	}
	d := newDrawing("length", fmt.Sprintf("Length: median %d tokens, longest %d", all[len(all)/2], all[len(all)-1]), "tokens", "texts")
	for i, n := range counts {
		x := float64(i * width)
		d.plot.Add(rect(x+0.08*float64(width), 0, x+0.92*float64(width), n, mix(drawings.Blue, 0.75)))
	}
	d.plot.X.Min, d.plot.Y.Min = 0, 0
	d.plot.X.Tick.Marker, d.plot.Y.Tick.Marker = evenTicks{whole: true}, evenTicks{whole: true}
	return d
}

// curves has one plot for each group of series.
func curves(history []Series) ([]drawing, error) {
	var out []drawing
	at := make(map[string]int) // group -> drawing
	n := make(map[string]int)  // group -> series drawn
	for _, s := range history {
		lines, err := s.lines()
		if err != nil {
			return nil, err
		}
		if len(lines) == 0 {
			continue
		}
		k, ok := at[s.Group]
		if !ok {
			k = len(out)
			at[s.Group] = k
			d := newDrawing("curve-"+fileName(s.Group), s.Group, s.Unit, s.Group)
			d.plot.Add(plotter.NewGrid())
			d.plot.Legend.Top = true
			d.plot.X.Tick.Marker, d.plot.Y.Tick.Marker = evenTicks{whole: true}, evenTicks{}
			out = append(out, d)
		}
		c := drawings.Palette()[n[s.Group]%len(drawings.Palette())]
		n[s.Group]++
		for i, pts := range lines {
			l := line(pts, c, 1.6)
			out[k].plot.Add(l)
			if s.Name != "" && i == 0 {
				out[k].plot.Legend.Add(short(s.Name, 40), l)
			}
			if len(pts) == 1 {
				if dot, err := plotter.NewScatter(pts); err == nil {
					dot.GlyphStyle = draw.GlyphStyle{Color: c, Radius: vg.Points(3), Shape: draw.CircleGlyph{}}
					out[k].plot.Add(dot)
				}
			}
		}
	}
	for i := range out {
		d := &out[i]
		widen(&d.plot.X)
		widen(&d.plot.Y)
		d.plot.Y.Max += 0.1 * float64(n[d.caption]) * (d.plot.Y.Max - d.plot.Y.Min) // room for the legend
	}
	return out, nil
}

// lines are the stretches of s between points that are not finite.
func (s *Series) lines() (out []plotter.XYs, err error) {
	if len(s.X) != len(s.Y) {
		return nil, fmt.Errorf("page: series %q %q has %d x and %d y values", s.Group, s.Name, len(s.X), len(s.Y))
	}
	open := false
	for i := range s.X {
		v := s.X[i] + s.Y[i]
		if math.IsNaN(v) || math.IsInf(v, 0) {
			open = false
			continue
		}
		if !open {
			out, open = append(out, nil), true
		}
		last := &out[len(out)-1]
		*last = append(*last, plotter.XY{X: s.X[i], Y: s.Y[i]})
	}
	return out, nil
}

// Bars are numbers by name, such as the share of each label, drawn from 0.
type Bars struct {
	Caption string
	Unit    string // of the numbers
	Names   []string
	Values  []float64           // of equal length; those that are not finite have no bar
	Spans   []evaluate.Interval // of the numbers; nil for none
}

// barCharts has a plot for each of all, of their first forty bars.
func barCharts(all []Bars) ([]drawing, error) {
	const most = 40
	var out []drawing
	for i, b := range all {
		if len(b.Names) != len(b.Values) || b.Spans != nil && len(b.Spans) != len(b.Values) {
			return nil, fmt.Errorf("page: bars %q have %d names, %d values and %d spans", b.Caption, len(b.Names), len(b.Values), len(b.Spans))
		}
		n := min(len(b.Names), most)
		if n == 0 {
			continue
		}
		caption := b.Caption
		if n < len(b.Names) {
			caption = fmt.Sprintf("%s: the first %d of %d", caption, n, len(b.Names))
		}
		d := newDrawing(fmt.Sprintf("bars-%d", i+1), caption, b.Unit, "")
		var ticks plot.ConstantTicks
		for k := range n {
			y := float64(n - 1 - k)
			ticks = append(ticks, plot.Tick{Value: y, Label: short(b.Names[k], 24)})
			if v := b.Values[k]; !math.IsNaN(v) && !math.IsInf(v, 0) {
				d.plot.Add(rect(0, y-0.36, v, y+0.36, mix(drawings.Blue, 0.75)))
			}
			if b.Spans != nil && b.Spans[k].Low.Defined() && b.Spans[k].High.Defined() {
				d.plot.Add(line(plotter.XYs{{X: float64(b.Spans[k].Low), Y: y}, {X: float64(b.Spans[k].High), Y: y}}, drawings.Ink, 1.2))
			}
		}
		counts := !slices.ContainsFunc(b.Values, func(v float64) bool { return v != math.Trunc(v) })
		d.plot.Y.Tick.Marker, d.plot.X.Tick.Marker = ticks, evenTicks{whole: counts}
		d.plot.Y.Padding = vg.Points(4)
		d.plot.Y.Tick.Length, d.plot.Y.LineStyle.Width = 0, 0
		d.plot.Y.Min, d.plot.Y.Max = -0.6, float64(n)-0.4
		d.plot.X.Min = min(d.plot.X.Min, 0)
		widen(&d.plot.X)
		d.height = vg.Points(min(max(60+18*float64(n), 120), 520))
		out = append(out, d)
	}
	return out, nil
}

// widen gives a range to an axis whose values are all one.
func widen(a *plot.Axis) {
	if a.Max-a.Min < 1e-12*max(1, math.Abs(a.Max)) {
		a.Min, a.Max = a.Min-0.5, a.Max+0.5
	}
}

// fileName keeps of a name what every file system takes.
func fileName(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, s)
	if len(s) > 60 {
		s = s[:60]
	}
	return s
}
