package torch

import (
	"math"
	"slices"
	"testing"
)

// An empty view, whatever its strides, leaves the budget of the others alone.
func TestBudget(t *testing.T) {
	a := &saved{size: 100, used: 90}
	s := &storage{dtype: "I64", count: 20}
	for _, v := range []*view{
		{s, 0, []int64{0, 0}, []int64{math.MaxInt64, 3}},
		{s, math.MaxInt64, []int64{2, 0, 7}, []int64{1, math.MaxInt64, math.MaxInt64}},
	} {
		x, err := a.tensor(v)
		if want := []int{int(v.shape[0]), 0}; err != nil || a.used != 90 || !slices.Equal(x.Shape[:2], want) {
			t.Errorf("%v: %v, %v, used %d", v.shape, x.Shape, err, a.used)
		}
	}
	for _, v := range []*view{
		{s, 0, []int64{20}, []int64{1}},
		{s, -1, []int64{1}, []int64{1}},
		{s, 0, []int64{2, 1}, []int64{math.MaxInt64, math.MaxInt64}},
	} {
		if x, err := a.tensor(v); err == nil {
			t.Errorf("%v from %d: %v", v.shape, v.offset, x.Shape)
		}
	}
}
