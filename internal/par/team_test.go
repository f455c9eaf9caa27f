package par

import (
	"sync/atomic"
	"testing"
	"time"
)

// TestTeam wants every piece done once and nothing running after For, call
// after call, with pauses short and long between them.
func TestTeam(t *testing.T) {
	var team Team
	for round := range 400 {
		workers, n := 1+round%5, round%17
		done := make([]atomic.Int32, n)
		var after atomic.Bool
		team.For(workers, n, func(i int) {
			if after.Load() {
				t.Error("a piece runs after For has returned")
			}
			done[i].Add(1)
		})
		after.Store(true)
		for i := range done {
			if got := done[i].Load(); got != 1 {
				t.Fatalf("round %d: piece %d done %d times", round, i, got)
			}
		}
		if round%100 == 99 {
			time.Sleep(2 * linger) // the helpers leave
		}
	}
}

// TestTeamLimit wants at most workers pieces at a time.
func TestTeamLimit(t *testing.T) {
	var team Team
	for range 20 {
		var running, most atomic.Int32
		team.For(3, 30, func(int) {
			now := running.Add(1)
			for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
			}
			time.Sleep(20 * time.Microsecond)
			running.Add(-1)
		})
		if m := most.Load(); m > 3 {
			t.Fatalf("%d pieces at a time, want at most 3", m)
		}
	}
}

func BenchmarkTeam(b *testing.B) {
	var team Team
	for b.Loop() {
		team.For(2, 2, func(int) {})
	}
}
