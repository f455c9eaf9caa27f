package forecast_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/forecast"
)

// The names of steps go on as they began.
func TestCalendar(t *testing.T) {
	for names, want := range map[string]struct {
		ahead, every string
		season       int
	}{
		"2025-11 2025-12 2026-01":                                {"2026-02 2026-03", "a month", 12},
		"2025-12-31 2026-01-31 2026-02-28":                       {"2026-03-31 2026-04-30", "a month", 12},
		"2024-01-31 2024-03-31 2024-05-31":                       {"2024-07-31 2024-09-30", "2 months", 6},
		"2025-10-30 2025-11-30 2025-12-30":                       {"2026-01-30 2026-02-28", "a month", 12},
		"2023-11-29 2023-12-29 2024-01-29":                       {"2024-02-29 2024-03-29", "a month", 12},
		"2025-02-28 2026-02-28 2027-02-28":                       {"2028-02-28 2029-02-28", "a year", 0},
		"2024 2025 2026":                                         {"2027 2028", "1", 0},
		"2025Q3 2025Q4 2026Q1":                                   {"2026Q2 2026Q3", "3 months", 4},
		"2026-02-27 2026-02-28 2026-03-01":                       {"2026-03-02 2026-03-03", "a day", 7},
		"2026-01-02 2026-01-09 2026-01-16":                       {"2026-01-23 2026-01-30", "7 days", 52},
		"2026-01-06 2026-01-07 2026-01-08 2026-01-09 2026-01-12": {"2026-01-13 2026-01-14", "a weekday", 5},
		"28.02.2026 01.03.2026 02.03.2026":                       {"03.03.2026 04.03.2026", "a day", 7},
		"12/30/2025 12/31/2025 01/01/2026":                       {"01/02/2026 01/03/2026", "a day", 7},
		"2026-01-01T22:00 2026-01-01T23:00 2026-01-02T00:00":     {"2026-01-02T01:00 2026-01-02T02:00", "1h0m0s", 24},
		"20251230 20251231 20260101":                             {"20260102 20260103", "a day", 7},
		"03-01-00 04-01-00 05-01-00 06-01-00 07-01-00 10-01-00":  {"11-01-00 12-01-00", "a weekday", 5},
		"8 9 10":                           {"11 12", "1", 0},
		"10 20 30":                         {"40 50", "10", 0},
		"2026-01-01 2026-01-05 2026-03-17": {"+1 +2", "unknown", 0},
		"1-01 1-02 1-03":                   {"+1 +2", "unknown", 0},
		"2026-01-03 2026-01-01 2026-01-02": {"2026-01-03 2026-01-04", "a day", 7}, // in any order
		"2026-01-01 2026-01-02 elephant":   {"+1 +2", "unknown", 0},
	} {
		list := strings.Fields(names)
		c, times, ok := forecast.CalendarOf(list)
		if ok != (c != forecast.Calendar{}) || ok && len(times) != len(list) {
			t.Errorf("%s: %v, %d times", names, ok, len(times))
		}
		if diff := cmp.Diff(strings.Fields(want.ahead), c.Ahead(list[len(list)-1], 2)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", names, diff)
		}
		if c.String() != want.every || c.Season() != want.season {
			t.Errorf("%s: every %s, season %d; want %s, %d", names, c, c.Season(), want.every, want.season)
		}
	}
	if _, times, ok := forecast.CalendarOf([]string{"02.03.2026"}); !ok || !times[0].Equal(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("one date is %v", times)
	}
}
