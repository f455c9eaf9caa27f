package evaluate

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A Gate is the least value that a metric may have, or the largest where less is better.
type Gate struct {
	Head   string // "" for all
	Metric string // one of Names
	Value  float64
}

// ParseGate reads a gate as "metric=value" or "head:metric=value", such as
// "macro_f1=0.85".
func ParseGate(spec string) (Gate, error) {
	name, value, ok := strings.Cut(spec, "=")
	v, err := strconv.ParseFloat(value, 64)
	if !ok || err != nil || math.IsNaN(v) {
		return Gate{}, fmt.Errorf("%s: want metric=value, such as macro_f1=0.85", spec)
	}
	g := Gate{Metric: name, Value: v}
	if head, metric, ok := strings.Cut(name, ":"); ok {
		g.Head, g.Metric = head, metric
	}
	if !slices.Contains(Names(), g.Metric) {
		return Gate{}, fmt.Errorf("%s: metric %q is not one of %s", spec, g.Metric, strings.Join(Names(), ", "))
	}
	return g, nil
}

// Check says what keeps e from passing the gate: nil if its metric is good enough, or e
// is of another head. err is for a metric that an evaluation like e has not.
func (g Gate) Check(e *Evaluation) (failed, err error) {
	if g.Head != "" && g.Head != e.Head {
		return nil, nil
	}
	v, err := e.Get(g.Metric)
	if err != nil {
		return nil, err
	}
	passed, word := v >= g.Value, "below"
	if LowerIsBetter(g.Metric) {
		passed, word = v <= g.Value, "above"
	}
	if !passed {
		return fmt.Errorf("%s of %s is %.4f, %s %g", g.Metric, e.Head, v, word, g.Value), nil
	}
	return nil, nil
}
