package par_test

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/textlstm/textlstm/internal/par"
)

func TestForCallsEachOnce(t *testing.T) {
	for _, n := range []int{0, 1, 2, 7, 100} {
		for _, workers := range []int{-1, 0, 1, 2, 3, 16, 200} {
			calls := make([]atomic.Int32, n)
			par.For(workers, n, func(i int) { calls[i].Add(1) })
			for i := range calls {
				if c := calls[i].Load(); c != 1 {
					t.Errorf("n = %d, workers = %d: f(%d) was called %d times", n, workers, i, c)
				}
			}
		}
	}
}

func TestForBoundsTheWorkers(t *testing.T) {
	var now, most atomic.Int32
	par.For(3, 200, func(int) {
		n := now.Add(1)
		for {
			m := most.Load()
			if n <= m || most.CompareAndSwap(m, n) {
				break
			}
		}
		now.Add(-1)
	})
	if most.Load() > 3 {
		t.Errorf("%d pieces ran at once, want at most 3", most.Load())
	}
}

// With three workers, three pieces that wait for one another end.
func TestForRunsAtOnce(t *testing.T) {
	var arrived atomic.Int32
	all := make(chan struct{})
	par.For(3, 3, func(int) {
		if arrived.Add(1) == 3 {
			close(all)
		}
		<-all
	})
}

func TestForInOrderOnOneWorker(t *testing.T) {
	var order []int
	par.For(1, 5, func(i int) { order = append(order, i) })
	if !slices.Equal(order, []int{0, 1, 2, 3, 4}) {
		t.Errorf("order %v", order)
	}
}

func ExampleFor() {
	squares := make([]int, 5)
	par.For(4, len(squares), func(i int) { squares[i] = i * i })
	fmt.Println(squares)
	// Output: [0 1 4 9 16]
}

// A panic in a piece reaches the caller, whichever goroutine has it, after the others.
func TestForPassesPanicsOn(t *testing.T) {
	for _, workers := range []int{1, 2, 8} {
		var running atomic.Int32
		got := func() (p any) {
			defer func() { p = recover() }()
			par.For(workers, 100, func(i int) {
				running.Add(1)
				defer running.Add(-1)
				if i == 57 {
					panic("piece 57")
				}
			})
			return nil
		}()
		if got != "piece 57" || running.Load() != 0 {
			t.Errorf("%d workers: recovered %v, %d pieces still run", workers, got, running.Load())
		}
	}
}
