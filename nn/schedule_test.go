package nn_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/nn"
)

var everySchedule = []nn.Schedule{
	{Rate: 0.1},
	{Kind: nn.Constant, Rate: 0.1, Warmup: 0.2},
	{Kind: nn.Steps, Rate: 0.1, Warmup: 0.1},
	{Kind: nn.Cosine, Rate: 0.1, Warmup: 0.05, Start: 0.3, Final: 0.01},
	{Kind: nn.Linear, Rate: 0.1, Warmup: 0.1, Start: 1. / 32, Final: 1. / 32},
	{Kind: nn.OneCycle, Rate: 0.1},
}

func TestScheduleStaysInRange(t *testing.T) {
	for _, s := range everySchedule {
		if err := s.Validate(); err != nil {
			t.Fatal(err)
		}
		for _, total := range []int{0, 1, 2, 3, 7, 1000} {
			top, prev, falling := 0.0, 0.0, false
			for step := -1; step <= total+1; step++ {
				r := s.LR(step, total)
				if !(r >= 0 && r <= s.Rate*(1+1e-12)) {
					t.Fatalf("%+v: rate of step %d of %d is %v", s, step, total, r)
				}
				if r < prev {
					falling = true
				} else if r > prev && falling {
					t.Fatalf("%+v: the rate rises again at step %d of %d", s, step, total)
				}
				top, prev = max(top, r), r
			}
			if total == 1000 && top < 0.999*s.Rate {
				t.Errorf("%+v: the highest rate is %v, want %v", s, top, s.Rate)
			}
		}
	}
}

func TestScheduleWarmup(t *testing.T) {
	s := nn.Schedule{Kind: nn.Linear, Rate: 1, Warmup: 0.4}
	for step, want := range []float64{0.2, 0.4, 0.6, 0.8, 1, 0.8, 0.6, 0.4, 0.2, 0} {
		if got := s.LR(step, 10); math.Abs(got-want) > 1e-12 {
			t.Errorf("rate of step %d = %v, want %v", step, got, want)
		}
	}
}

func TestScheduleSteps(t *testing.T) {
	s := nn.Schedule{Kind: nn.Steps, Rate: 1, Gamma: 0.5, Every: 0.1}
	for step := range 100 {
		if got, want := s.LR(step, 100), math.Pow(0.5, float64(step/10)); got != want {
			t.Errorf("rate of step %d = %v, want %v", step, got, want)
		}
	}
}

func TestScheduleJSON(t *testing.T) {
	for _, s := range everySchedule {
		data, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back nn.Schedule
		if err := json.Unmarshal(data, &back); err != nil || back != s {
			t.Errorf("%s came back as %+v, %v", data, back, err)
		}
		for _, step := range []int{0, 3, 9} {
			if a, b := s.LR(step, 10), s.Resolved().LR(step, 10); a != b {
				t.Errorf("%+v: rate %v, with its defaults filled in %v", s, a, b)
			}
		}
	}
}

func TestScheduleValidate(t *testing.T) {
	err := nn.Schedule{Kind: "zigzag", Warmup: 1, Start: 2, Final: -1, Gamma: math.NaN(), Every: 3}.Validate()
	for _, want := range []string{`"zigzag"`, "Rate is 0", "Warmup is 1", "Start is 2", "Final is -1", "Gamma is NaN", "Every is 3"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}
