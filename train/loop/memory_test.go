package loop

import (
	"errors"
	"math"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/internal/memlimit"
)

var sink []byte

// Garbage is collected before it counts; what is live does count, and a tenth is left
// for the collector.
func TestCheckMemory(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	runtime.GC()
	limit := int64(liveBytes()) + 300<<20
	for range 8 { // more than the limit; the collector is off until it is near that
		sink = make([]byte, 30<<20)
	}
	sink = nil
	live := liveBytes()
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(limit))
	if live < float64(limit)*0.75 {
		t.Fatalf("%v bytes live of %d: the garbage was collected too early", live, limit)
	}
	n := Need{Model: 100 << 20, Weights: 50 << 20, Batch: 50 << 20, Wide: 150 << 20, Tokens: 7}
	if err := CheckMemory(n); err != nil {
		t.Errorf("garbage is counted: %v", err)
	}
	sink = make([]byte, 100<<20)
	var full *MemoryError
	if err := CheckMemory(n); !errors.As(err, &full) || full.Limit != limit || full.Tokens != 7 ||
		full.Wide != 150<<20 || full.Weights != 50<<20 || full.Batch != 50<<20 || full.Need < 380<<20 {
		t.Errorf("what is live is not counted: %v", err)
	}
	if !strings.Contains(full.Error(), "or 150 MiB for n-grams; the limit on Go's memory (GOMEMLIMIT) is") {
		t.Error(full)
	}
	runtime.KeepAlive(sink)
	sink = nil
	if err := CheckMemory(Need{Model: 280 << 20}); !errors.As(err, &full) {
		t.Errorf("nothing is left for the collector: %v", err)
	}
	if err := CheckMemory(Need{Weights: 1e30}); !errors.As(err, &full) || full.Need <= 0 || strings.Contains(full.Error(), "n-grams;") {
		t.Errorf("a huge need: %v", err)
	}
}

// Where the collector keeps to no limit, what it lets garbage fill is left to it.
func TestCheckMemoryWithoutLimit(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(math.MaxInt64))
	total, source := memlimit.Get()
	if total == math.MaxInt64 {
		t.Skip("the machine does not tell its memory")
	}
	for _, tt := range []struct {
		gogc  int
		share float64
	}{{100, 0.5}, {25, 0.8}} {
		old := debug.SetGCPercent(tt.gogc)
		var full *MemoryError
		if err := CheckMemory(Need{Model: tt.share * float64(total)}); !errors.As(err, &full) || !strings.Contains(full.Source, source) {
			t.Errorf("GOGC=%d: %.0f %% of the memory is not refused: %v", tt.gogc, 100*tt.share, err)
		} else if got := float64(full.Limit) / float64(total); math.Abs(got-tt.share) > 0.01 {
			t.Errorf("GOGC=%d: the limit is %.2f of the memory, want %.2f", tt.gogc, got, tt.share)
		}
		if err := CheckMemory(Need{Model: 0.8 * tt.share * float64(total)}); err != nil {
			t.Errorf("GOGC=%d: %v", tt.gogc, err)
		}
		debug.SetGCPercent(old)
	}
}
