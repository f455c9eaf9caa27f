// Package par runs independent pieces of work on a bounded number of goroutines.
//
// Results must not depend on how many there are: callers cut work over
// outputs, never over a sum, so that every number is computed by one piece.
package par

import (
	"sync"
	"sync/atomic"
)

// For calls f(0), …, f(n-1), at most workers of them at a time, and returns
// when all are done. Pieces are handed out in order. With workers <= 1 it runs
// them in order on the calling goroutine.
func For(workers, n int, f func(i int)) {
	if workers > n {
		workers = n
	}
	if workers <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	var next atomic.Int64
	work := func() {
		for {
			i := int(next.Add(1)) - 1
			if i >= n {
				return
			}
			f(i)
		}
	}
	var wg sync.WaitGroup
	for range workers - 1 {
		wg.Go(work)
	}
	work()
	wg.Wait()
}
