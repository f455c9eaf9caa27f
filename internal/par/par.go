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
// them in order on the calling goroutine. A panic of f is the caller's, who may
// recover from it: the first one, when the others have ended.
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
	var failed atomic.Pointer[any]
	work := func() {
		defer func() {
			if p := recover(); p != nil {
				failed.CompareAndSwap(nil, &p)
				next.Store(int64(n)) // no more pieces
			}
		}()
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
	if p := failed.Load(); p != nil {
		panic(*p)
	}
}
