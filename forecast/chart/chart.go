// Package chart shows forecasts: as plots of a page, which package page writes as HTML,
// SVG and PNG.
package chart

import (
	"fmt"
	"slices"

	"github.com/textlstm/textlstm/forecast"
	"github.com/textlstm/textlstm/report/page"
)

// Ahead is the plot of a forecast of the steps after s: the end of s, five times as many
// steps as are forecast and at least 40, and the points with the intervals that the
// model's levels have.
func Ahead(s forecast.Series, f *forecast.Forecast) page.Fan {
	from := max(0, len(s.Values)-max(40, 5*len(f.Points)))
	fan := page.Fan{Caption: caption(s, f), Unit: s.Name, Values: s.Values[from:]}
	if len(s.Times) > 0 {
		fan.Times = append(slices.Clone(s.Times[from:]), f.Times...)
	}
	fan.Ahead = []page.Ahead{ahead(f, len(fan.Values), true)}
	return fan
}

// A Rolled is a forecast from an origin of a back-test, the number of steps before it.
type Rolled struct {
	Origin int
	*forecast.Forecast
}

// Backtest is the plot of the forecasts of a back-test of s, in the order of their
// origins, without those that lie over others. Dashed lines mark the origins, where
// there are few.
func Backtest(s forecast.Series, list []Rolled) page.Fan {
	const mostLines = 40
	fan := page.Fan{Unit: s.Name, Values: s.Values, Times: s.Times}
	if len(list) == 0 {
		return fan
	}
	first, end := list[0].Origin, 0
	from := max(0, first-max(20, (len(s.Values)-first)/4))
	fan.Caption = caption(s, list[0].Forecast) + ", from " + fmt.Sprint(len(list)) + " origins"
	if fan.Values = s.Values[from:]; s.Times != nil {
		fan.Times = s.Times[from:]
	}
	for _, r := range list {
		if r.Origin >= end {
			end = r.Origin + len(r.Points)
			fan.Ahead = append(fan.Ahead, ahead(r.Forecast, r.Origin-from, true))
		}
	}
	for i := range fan.Ahead {
		fan.Ahead[i].Line = i == 0 || len(fan.Ahead) <= mostLines
	}
	return fan
}

// ahead is f with its intervals, the widest first.
func ahead(f *forecast.Forecast, origin int, line bool) page.Ahead {
	a := page.Ahead{Origin: origin, Line: line, Points: f.Points}
	for _, share := range f.Intervals() {
		low, high, err := f.Interval(share)
		if err != nil {
			continue // not of these levels
		}
		a.Low, a.High = append(a.Low, low), append(a.High, high)
	}
	return a
}

func caption(s forecast.Series, f *forecast.Forecast) string {
	text := "Forecast"
	if s.Name != "" {
		text = s.Name
	}
	if all := f.Intervals(); len(all) > 0 {
		text += ", with the intervals of"
		for i, share := range all {
			switch {
			case i > 0 && i == len(all)-1:
				text += " and"
			case i > 0:
				text += ","
			}
			text += fmt.Sprintf(" %.4g", 100*share)
		}
		text += " %"
	}
	return text
}
