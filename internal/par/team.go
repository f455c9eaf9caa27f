package par

import (
	"runtime"
	"sync/atomic"
	"time"
)

// A Team is For for work that comes in quick succession, such as the layers of
// a network: waking a sleeping processor takes longer than many of its pieces
// do, so the helpers look out for the next call for a moment before they
// leave. The zero value is ready; a Team is for one caller at a time and need
// not be closed.
type Team struct {
	job     atomic.Pointer[job]
	waiting atomic.Int32 // helpers that look out for a job
}

// A job is one call of For.
type job struct {
	n     int
	f     func(i int)
	next  atomic.Int64 // the piece to hand out
	left  atomic.Int64 // pieces not done
	seats atomic.Int32 // helpers that may still join
}

// linger is how long a helper looks out for the next job.
const linger = 500 * time.Microsecond

// For is For with this team's helpers.
func (t *Team) For(workers, n int, f func(i int)) {
	workers = min(workers, n)
	if workers <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	j := &job{n: n, f: f}
	j.left.Store(int64(n))
	j.seats.Store(int32(workers - 1))
	t.job.Store(j)
	for range workers - 1 - int(t.waiting.Load()) {
		go t.help(j)
	}
	j.work()
	t.job.CompareAndSwap(j, nil)
	for spins := 0; j.left.Load() > 0; spins++ {
		if spins > 100 {
			runtime.Gosched()
		}
	}
}

// work does pieces until none is left.
func (j *job) work() {
	for {
		i := int(j.next.Add(1)) - 1
		if i >= j.n {
			return
		}
		j.f(i)
		j.left.Add(-1)
	}
}

// help works on j, if there is a seat, and on the jobs that follow.
func (t *Team) help(j *job) {
	for j != nil {
		if j.seats.Add(-1) >= 0 {
			j.work()
		}
		j = t.await(j)
	}
}

// await returns the next job after j, nil if none comes.
func (t *Team) await(j *job) *job {
	t.waiting.Add(1)
	defer t.waiting.Add(-1)
	for start, spins := time.Now(), 0; ; spins++ {
		if next := t.job.Load(); next != nil && next != j {
			return next
		}
		if spins > 100 {
			runtime.Gosched()
			if spins%16 == 0 && time.Since(start) > linger {
				return nil
			}
		}
	}
}
