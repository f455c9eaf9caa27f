package forecast

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Calendar is how the names of a series' steps follow one another: months, days,
// whole numbers. The zero Calendar is that of names which tell nothing.
type Calendar struct {
	layout   string        // of package time, or quarters, or numbers
	months   int           // from a step to the next,
	step     time.Duration // or the time, where months is 0; of numbers, a nanosecond stands for 1
	monthEnd bool          // steps are the last days of months
	weekdays bool          // steps are days but Saturdays and Sundays
}

// Layouts that package time has not: 2026Q3, and whole numbers.
const (
	quarters = "Q"
	numbers  = "#"
)

// layouts are the forms of times, in the order in which they are tried.
var layouts = func() []string {
	list := []string{
		"2006-01-02", "2006-01", "20060102", "200601",
		"2006/01/02", "02.01.2006", "2.1.2006", "01/02/2006", "02/01/2006", "1/2/2006", "2/1/2006", "02-01-2006", "01-02-2006",
		"2006/01", "01/2006", "01.2006", "2006.01.02", "02.01.06", "01/02/06", "02/01/06", "1/2/06", "02-01-06", "01-02-06",
		"Jan 2006", "Jan-2006", "Jan-06", "January 2006", "2006 Jan", "2-Jan-2006", "02-Jan-06", "2 Jan 2006", "Jan 2, 2006", time.RFC3339, time.RFC3339Nano,
		quarters, numbers,
	}
	for _, day := range []string{"2006-01-02", "2006/01/02", "02.01.2006", "2.1.2006", "01/02/2006", "02/01/2006", "1/2/2006", "2/1/2006"} {
		for _, clock := range []string{" 15:04", " 15:04:05", "T15:04", "T15:04:05", " 15:04:05-07:00", " 03:04 PM", " 3:04:05 PM", " 15"} {
			list = append(list, day+clock)
		}
	}
	return list
}()

// CalendarOf returns the calendar of the names of steps, in any order and without one
// twice, and the time of each; ok is false where the names are of no known form, or
// of several.
func CalendarOf(names []string) (c Calendar, times []time.Time, ok bool) {
	for _, layout := range layouts {
		ts, parsed := parseAll(names, layout)
		if !parsed {
			continue
		}
		d := calendarOf(layout, ts)
		if regular := d.months > 0 || d.step > 0; !ok || regular && c.months == 0 && c.step == 0 {
			c, times, ok = d, ts, true
		}
		if c.months > 0 || c.step > 0 {
			break
		}
	}
	return c, times, ok
}

func parseAll(names []string, layout string) ([]time.Time, bool) {
	times := make([]time.Time, len(names))
	for i, name := range names {
		var err error
		if times[i], err = parseTime(layout, strings.TrimSpace(name)); err != nil {
			return nil, false
		}
	}
	return times, len(names) > 0
}

// maxTime bounds the bytes of a time: what is longer is none.
const maxTime = 100

var errLong = errors.New("too long for a time")

func parseTime(layout, name string) (time.Time, error) {
	if len(name) > maxTime {
		return time.Time{}, errLong
	}
	switch layout {
	case numbers:
		n, err := strconv.ParseInt(name, 10, 64)
		return time.Unix(0, n).UTC(), err
	case quarters:
		year, quarter := 0, 0
		form := strings.NewReplacer(" ", "", "-", "", "/", "", "q", "Q").Replace(name)
		if _, err := fmt.Sscanf(form, "%4dQ%1d", &year, &quarter); err != nil || len(form) != 6 || quarter < 1 || quarter > 4 {
			return time.Time{}, fmt.Errorf("%q is no quarter", name)
		}
		return time.Date(year, time.Month(3*quarter-2), 1, 0, 0, 0, 0, time.UTC), nil
	}
	return time.Parse(layout, name)
}

// calendarOf finds how times follow one another: most by one distance, all by multiples
// of it.
func calendarOf(layout string, times []time.Time) Calendar {
	c := Calendar{layout: layout}
	ts := slices.SortedFunc(slices.Values(times), time.Time.Compare)
	n := len(ts)
	if n < 3 {
		return c
	}
	between := func(i int) int64 { return int64(ts[i].Sub(ts[i-1])) }
	if layout == numbers {
		c.step = time.Duration(common(n, between))
		return c
	}
	first, ends, late, weekends := true, true, false, 0
	for i, t := range ts {
		first = first && t.Day() == ts[0].Day() && t.Sub(t.Truncate(day)) == ts[0].Sub(ts[0].Truncate(day))
		ends = ends && t.AddDate(0, 0, 1).Day() == 1
		late = late || t.Day() > 28
		if i > 0 && t.Weekday() == time.Monday && t.Sub(ts[i-1]) == 3*day {
			weekends++
		}
	}
	if first || ends {
		c.months = int(common(n, func(i int) int64 { return int64(monthsBetween(ts[i-1], ts[i])) }))
		c.monthEnd = c.months > 0 && ends && late
	}
	if c.months == 0 {
		c.step = time.Duration(common(n, between))
		c.weekdays = c.step == day && weekends > 0 && !slices.ContainsFunc(ts, weekend)
	}
	return c
}

const day = 24 * time.Hour

func weekend(t time.Time) bool { return t.Weekday() == time.Saturday || t.Weekday() == time.Sunday }

func monthsBetween(a, b time.Time) int {
	return 12*(b.Year()-a.Year()) + int(b.Month()) - int(a.Month())
}

// common returns the distance that most of the n-1 distances have, if the others are
// multiples of it; else 0.
func common(n int, distance func(i int) int64) int64 {
	counts := map[int64]int{}
	for i := 1; i < n; i++ {
		counts[distance(i)]++
	}
	for best, k := range counts {
		if best <= 0 || 2*k <= n-1 {
			continue
		}
		for d := range counts {
			if d%best != 0 {
				return 0
			}
		}
		return best
	}
	return 0
}

// steps is how many steps b is after a; 1 where the calendar does not say.
func (c Calendar) steps(a, b time.Time) int {
	switch {
	case c.months > 0:
		return monthsBetween(a, b) / c.months
	case c.step > 0 && !c.weekdays:
		return int(b.Sub(a) / c.step)
	}
	return 1
}

// after is the time n steps after t.
func (c Calendar) after(t time.Time, n int) time.Time {
	switch {
	case c.months > 0:
		first := t.AddDate(0, 0, 1-t.Day()).AddDate(0, n*c.months, 0)
		last := first.AddDate(0, 1, -1)
		if c.monthEnd || t.Day() > last.Day() {
			return last
		}
		return first.AddDate(0, 0, t.Day()-1)
	case !c.weekdays:
		return t.Add(time.Duration(n) * c.step)
	}
	for ; n > 0; n-- {
		for t = t.AddDate(0, 0, 1); weekend(t); t = t.AddDate(0, 0, 1) {
		}
	}
	return t
}

func (c Calendar) name(t time.Time) string {
	switch c.layout {
	case numbers:
		return strconv.FormatInt(t.UnixNano(), 10)
	case quarters:
		return fmt.Sprintf("%dQ%d", t.Year(), (t.Month()+2)/3)
	}
	return t.Format(c.layout)
}

// Ahead returns the names of the n steps after last; +1, +2 and so on where the
// calendar does not say.
func (c Calendar) Ahead(last string, n int) []string {
	out := make([]string, n)
	t, err := parseTime(c.layout, strings.TrimSpace(last))
	for i := range out {
		if out[i] = fmt.Sprintf("+%d", i+1); c.Regular() && err == nil {
			out[i] = c.name(c.after(t, i+1))
		}
	}
	return out
}

// Regular says whether all steps have one distance.
func (c Calendar) Regular() bool { return c.months > 0 || c.step > 0 }

// Season is the number of steps after which a pattern often comes again: a year of
// months, quarters or weeks, a week of days, a day of hours or parts of them; 0 for
// none.
func (c Calendar) Season() int {
	switch {
	case c.layout == numbers:
	case c.months > 0 && c.months < 12 && 12%c.months == 0:
		return 12 / c.months
	case c.weekdays:
		return 5
	case c.step == day:
		return 7
	case c.step == 7*day:
		return 52
	case c.step > 0 && c.step < day && day%c.step == 0 && day/c.step <= 288:
		return int(day / c.step)
	}
	return 0
}

// String is the distance of steps in words.
func (c Calendar) String() string {
	many := func(n int, what string) string {
		if n == 1 {
			return "a " + what
		}
		return fmt.Sprintf("%d %ss", n, what)
	}
	switch {
	case c.layout == numbers && c.step > 0:
		return strconv.FormatInt(int64(c.step), 10)
	case c.months > 0 && c.months%12 == 0:
		return many(c.months/12, "year")
	case c.months > 0:
		return many(c.months, "month")
	case c.weekdays:
		return "a weekday"
	case c.step > 0 && c.step%day == 0:
		return many(int(c.step/day), "day")
	case c.step > 0:
		return c.step.String()
	}
	return "unknown"
}
