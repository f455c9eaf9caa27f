package gradflow

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/textlstm/textlstm/internal/escape"
	"github.com/textlstm/textlstm/report"
)

// TopLayer leaves out the curves of the layers below the last one.
func TopLayer(curves []Curve) []Curve {
	top := 0
	for _, c := range curves {
		top = max(top, c.Layer)
	}
	var out []Curve
	for _, c := range curves {
		if c.Layer == top {
			out = append(out, c)
		}
	}
	return out
}

// fullName says of a curve where it was measured, as far as others differ.
func fullName(c Curve, curves []Curve) string {
	name := c.Name
	layers, directions := map[int]bool{}, map[bool]bool{}
	for _, o := range curves {
		layers[o.Layer], directions[o.Reverse] = true, true
	}
	if len(layers) > 1 {
		name += fmt.Sprintf(", layer %d", c.Layer+1)
	}
	if len(directions) > 1 {
		if c.Reverse {
			name = "← " + name
		} else {
			name = "→ " + name
		}
	}
	return name
}

// WriteJSON prints curves as one line of JSON, with a few readings of each: what is
// left after some steps, its Reach of 1 % and its Verdict.
func WriteJSON(w io.Writer, curves []Curve) error {
	type entry struct {
		Curve
		Left    map[string]float64 `json:"left"`  // by steps before the end
		Reach   int                `json:"reach"` // steps with at least 1 % left
		Verdict string             `json:"verdict"`
	}
	out := struct {
		Curves []entry `json:"curves"`
	}{[]entry{}}
	for _, c := range curves {
		e := entry{Curve: c, Left: map[string]float64{}, Reach: c.Reach(0.01), Verdict: c.Verdict()}
		for _, k := range lags(curves) {
			if k < len(c.Norms) {
				e.Left[fmt.Sprint(k)] = c.Left(k)
			}
		}
		out.Curves = append(out.Curves, e)
	}
	b, err := json.Marshal(out)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", escape.JSON(b))
	return err
}

// lags are the numbers of steps before the end to show.
func lags(curves []Curve) []int {
	longest := 0
	for _, c := range curves {
		longest = max(longest, len(c.Norms))
	}
	var out []int
	for _, k := range []int{1, 10, 50, 100} {
		if k < longest-1 {
			out = append(out, k)
		}
	}
	if longest > 1 {
		out = append(out, longest-1)
	}
	return out
}

// Verdict puts a curve into a word: the gradient explodes (grows more than tenfold),
// stays (a hundredth is left at the first step), fades (a millionth), or vanishes.
func (c *Curve) Verdict() string {
	last := len(c.Norms) - 1
	if last < 1 || !(c.Norms[0] > 0) {
		return "too short to tell"
	}
	growth := c.Norms[last] / c.Norms[0]
	switch {
	case growth > 10:
		return "explodes"
	case c.Left(last) >= 0.01:
		return "stays"
	case c.Left(last) >= 1e-6:
		return "fades"
	}
	return "vanishes"
}

// WriteText prints curves for a terminal: as lines of bars on a common logarithmic
// scale, and what is left after some steps. clip is Options.Clip that they were made
// with.
func WriteText(w io.Writer, curves []Curve, clip float64) error {
	var b strings.Builder
	low, high := scaleOf(curves)
	fmt.Fprintf(&b, "norm of dL/dh by step, the last one that is read on the right; %s is 1e%d or less, %s 1e%d or more\n\n", string(bars[0]), low, string(bars[len(bars)-1]), high)
	width := 0
	for _, c := range curves {
		width = max(width, len([]rune(fullName(c, curves))))
	}
	for _, c := range curves {
		name := fullName(c, curves)
		fmt.Fprintf(&b, "%s%s  %s\n", name, strings.Repeat(" ", width-len([]rune(name))), sparkline(c.Norms, low, high))
	}
	b.WriteByte('\n')
	header := []string{"", "a step"}
	for _, k := range lags(curves) {
		header = append(header, fmt.Sprintf("left after %d", k))
	}
	header = append(header, "reach 1 %", "weights", fmt.Sprintf("clipped at %g", clip), "")
	var rows [][]any
	for _, c := range curves {
		row := []any{fullName(c, curves), fmt.Sprintf("× %.3f", c.Factor)}
		for _, k := range lags(curves) {
			cell := ""
			if k < len(c.Norms) {
				cell = fmt.Sprintf("%.1e", c.Left(k))
			}
			row = append(row, cell)
		}
		row = append(row, c.Reach(0.01))
		if c.Weights > 0 {
			row = append(row, fmt.Sprintf("%.3g", c.Weights), fmt.Sprintf("× %.3g", c.Scale))
		} else {
			row = append(row, "", "")
		}
		rows = append(rows, append(row, c.Verdict()))
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return err
	}
	return report.Table(w, header, rows, report.Text)
}

var bars = []rune("▁▂▃▄▅▆▇█")

// scaleOf is the range of the curves as powers of ten, from -8 to 4 at most.
func scaleOf(curves []Curve) (low, high int) {
	least, most := math.Inf(1), math.Inf(-1)
	for _, c := range curves {
		for _, v := range c.Norms {
			if v > 0 && !math.IsInf(v, 0) {
				least, most = min(least, math.Log10(v)), max(most, math.Log10(v))
			}
		}
	}
	if least > most {
		return -1, 0
	}
	low, high = max(int(math.Floor(least)), -8), min(int(math.Ceil(most)), 4)
	return min(low, 3), max(high, low+1)
}

// sparkline draws norms, first step first, in at most 60 bars of the largest
// norm in each stretch.
func sparkline(norms []float64, low, high int) string {
	const most = 60
	n := min(len(norms), most)
	var b strings.Builder
	for i := range n {
		v := 0.0
		for k := i * len(norms) / n; k < (i+1)*len(norms)/n; k++ {
			v = max(v, norms[len(norms)-1-k])
		}
		level := 0.0
		if v > 0 {
			level = (math.Log10(v) - float64(low)) / float64(max(high-low, 1)) * float64(len(bars)-1)
		}
		b.WriteRune(bars[int(math.Round(min(max(level, 0), float64(len(bars)-1))))])
	}
	return b.String()
}
