package python

import "testing"

func TestThresholds(t *testing.T) {
	none, a, b := Head{Name: `"n"`}, Head{Name: `"a"`, Thresholds: "0.5, 1"}, Head{Name: `"b"`, Thresholds: "0.25"}
	for want, heads := range map[string][]Head{
		"":                                    {none},
		"THRESHOLDS = [0.5, 1]  # of \"a\"\n": {none, a},
		"THRESHOLDS = {\"a\": [0.5, 1], \"b\": [0.25]}\n": {a, none, b},
	} {
		if got := Thresholds(heads); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
