package nn

import (
	"errors"
	"fmt"
	"math"
)

// A ScheduleKind names the course of a learning rate.
type ScheduleKind string

// The schedules, after their warm-up. The empty string is Constant.
const (
	Constant ScheduleKind = "constant"  // Rate throughout
	Steps    ScheduleKind = "step"      // times Gamma after every Every of the way
	Cosine   ScheduleKind = "cosine"    // half a cosine from Rate to Final*Rate (Loshchilov & Hutter 2017)
	Linear   ScheduleKind = "linear"    // a straight line from Rate to Final*Rate
	OneCycle ScheduleKind = "one-cycle" // a cosine up to Rate, then a cosine down (Smith & Topin 2018; PyTorch's OneCycleLR)
)

// A Schedule is the learning rate as a function of the step. It is plain data
// and speaks of fractions of the whole training, so it means the same for any
// number of steps.
//
// The slanted triangle of Howard & Ruder (2018) is
// {Kind: Linear, Warmup: 0.1, Start: 1. / 32, Final: 1. / 32}.
type Schedule struct {
	// Kind is the course of the rate; "" means Constant, or OneCycle where a
	// training has no Rate either.
	Kind ScheduleKind `json:"kind,omitempty"`

	// Rate > 0 is the highest learning rate.
	Rate float64 `json:"rate"`

	// Warmup in [0, 1) is the share of the steps in which the rate rises, in a
	// straight line (OneCycle: in a cosine) from Start*Rate; 0 means none, for
	// OneCycle 0.3.
	Warmup float64 `json:"warmup,omitempty"`

	// Start in [0, 1] is the rate before the warm-up, as a share of Rate. 0
	// means 0 (the first step already takes a part of the rise), for OneCycle
	// 1/25.
	Start float64 `json:"start,omitempty"`

	// Final in [0, 1] is the rate at the end as a share of Rate, for Cosine,
	// Linear and OneCycle; 0 means 0, for OneCycle Start/10000.
	Final float64 `json:"final,omitempty"`

	// Gamma in (0, 1] and Every in (0, 1] are for Steps; 0 means 0.1 and 1/3.
	Gamma float64 `json:"gamma,omitempty"`
	Every float64 `json:"every,omitempty"`
}

// Validate reports everything that is wrong with s.
func (s Schedule) Validate() error {
	var errs []error
	switch s.Kind {
	case "", Constant, Steps, Cosine, Linear, OneCycle:
	default:
		errs = append(errs, fmt.Errorf("nn: unknown schedule %q, want %s, %s, %s, %s or %s", string(s.Kind), Constant, Steps, Cosine, Linear, OneCycle))
	}
	if !(s.Rate > 0) || math.IsInf(s.Rate, 0) {
		errs = append(errs, fmt.Errorf("nn: schedule: Rate is %v, want a number > 0", s.Rate))
	}
	if !(s.Warmup >= 0 && s.Warmup < 1) {
		errs = append(errs, fmt.Errorf("nn: schedule: Warmup is %v, want it in [0, 1)", s.Warmup))
	}
	for _, f := range []struct {
		name  string
		value float64
	}{{"Start", s.Start}, {"Final", s.Final}, {"Gamma", s.Gamma}, {"Every", s.Every}} {
		if !(f.value >= 0 && f.value <= 1) {
			errs = append(errs, fmt.Errorf("nn: schedule: %s is %v, want it in [0, 1]", f.name, f.value))
		}
	}
	return errors.Join(errs...)
}

// Resolved is s with its defaults filled in.
func (s Schedule) Resolved() Schedule {
	def := func(v *float64, d float64) {
		if *v == 0 {
			*v = d
		}
	}
	switch s.Kind {
	case "":
		s.Kind = Constant
	case Steps:
		def(&s.Gamma, 0.1)
		def(&s.Every, 1./3)
	case OneCycle:
		def(&s.Warmup, 0.3)
		def(&s.Start, 1./25)
		def(&s.Final, s.Start/1e4)
	}
	return s
}

// LR is the learning rate of step 0 <= step < total. Steps outside are taken
// as the first or the last.
func (s Schedule) LR(step, total int) float64 {
	s = s.Resolved()
	total = max(total, 1)
	step = min(max(step, 0), total-1)
	if s.Kind == OneCycle {
		// PyTorch's phases: the peak is step Warmup*total-1, the end total-1.
		peak, end, at := s.Warmup*float64(total)-1, float64(total-1), float64(step)
		if at <= peak {
			return s.Rate * anneal(s.Start, 1, share(at, peak))
		}
		return s.Rate * anneal(1, s.Final, share(at-peak, end-peak))
	}

	warm := int(math.Round(s.Warmup * float64(total)))
	if step < warm {
		return s.Rate * (s.Start + (1-s.Start)*float64(step+1)/float64(warm+1))
	}
	done := share(float64(step-warm), float64(total-1-warm)) // 0 at the peak, 1 at the last step
	switch s.Kind {
	case Steps:
		// 30/100/0.1 must be 3 drops, though in floating point it is below 3.
		n := math.Floor(float64(step)/float64(total)/s.Every + 1e-9)
		return s.Rate * math.Pow(s.Gamma, n)
	case Cosine:
		return s.Rate * anneal(1, s.Final, done)
	case Linear:
		return s.Rate * (1 + (s.Final-1)*done)
	}
	return s.Rate
}

// anneal goes from a to b along half a cosine as x goes from 0 to 1.
func anneal(a, b, x float64) float64 { return b + (a-b)*(1+math.Cos(math.Pi*x))/2 }

// share is a/b, 0 if there is no way to go.
func share(a, b float64) float64 {
	if b <= 0 {
		return 0
	}
	return a / b
}
