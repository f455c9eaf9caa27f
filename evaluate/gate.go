package evaluate

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A Gate is the least value that a figure may have, or the largest where less is better.
type Gate struct {
	Head   string // "" for all
	Figure string // one of Names
	Value  float64
}

// ParseGate reads a gate as "figure=value" or "head:figure=value", such as
// "macro_f1=0.85".
func ParseGate(spec string) (Gate, error) {
	name, value, ok := strings.Cut(spec, "=")
	v, err := strconv.ParseFloat(value, 64)
	if !ok || err != nil || math.IsNaN(v) {
		return Gate{}, fmt.Errorf("%s: want figure=value, such as macro_f1=0.85", spec)
	}
	g := Gate{Figure: name, Value: v}
	if head, figure, ok := strings.Cut(name, ":"); ok {
		g.Head, g.Figure = head, figure
	}
	if !slices.Contains(Names(), g.Figure) {
		return Gate{}, fmt.Errorf("%s: figure %q is not one of %s", spec, g.Figure, strings.Join(Names(), ", "))
	}
	return g, nil
}

// Check says what keeps e from passing the gate: nil if its figure is good enough, or e
// is of another head. err is for a figure that an evaluation like e has not.
func (g Gate) Check(e *Evaluation) (failed, err error) {
	if g.Head != "" && g.Head != e.Head {
		return nil, nil
	}
	v, err := e.Get(g.Figure)
	if err != nil {
		return nil, err
	}
	passed, word := v >= g.Value, "below"
	if LowerIsBetter(g.Figure) {
		passed, word = v <= g.Value, "above"
	}
	if !passed {
		return fmt.Errorf("%s of %s is %.4f, %s %g", g.Figure, e.Head, v, word, g.Value), nil
	}
	return nil, nil
}
