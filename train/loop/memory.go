package loop

import (
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"

	"github.com/textlstm/textlstm/internal/memlimit"
)

// A Need is the memory that a training has still to take, in bytes. Its fields are
// floats, since settings may ask for more than an integer holds.
type Need struct {
	Model   float64 // weights and gradients, before anything else
	Weights float64 // what goes with them while they learn; see Config.Copies
	Batch   float64 // activations of the largest batch
	Tokens  int     // of that batch
	Wide    float64 // fitting n-grams, which comes before Weights and Batch
}

// A MemoryError says that a training cannot fit into memory.
type MemoryError struct {
	Need   int64 // bytes at the peak, about
	Limit  int64 // bytes that there are
	Source string

	// What needs it: what is there already, texts above all, and the weights with
	// their gradients; then either what goes with the weights and the activations of
	// the largest batch, or the fitting of n-grams.
	Data, Weights, Batch, Wide int64
	Tokens                     int // of the largest batch
}

func (e *MemoryError) Error() string {
	wide := ""
	if e.Wide > 0 {
		wide = fmt.Sprintf(", or %s for n-grams", size(e.Wide))
	}
	return fmt.Sprintf("this needs about %s of memory: %s for texts and model, then %s for the optimizer and %s for a batch of %d tokens%s; %s is %s: "+
		"cut long texts with the filter max:N of the pipeline, or lower batch_tokens, vocab.max_size, ngrams.bits or the model's sizes",
		size(e.Need), size(e.Data), size(e.Weights), size(e.Batch), e.Tokens, wide, e.Source, size(e.Limit))
}

func size(n int64) string {
	if n < 10<<30 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
}

// CheckMemory compares what is there and what is to come with the memory that there
// is, and returns a *MemoryError if that is less. A tenth of the peak is left to the
// garbage collector, which cannot do without; where it keeps to no limit (GOMEMLIMIT),
// the part of the memory that it lets garbage fill. What is garbage now does not count.
func CheckMemory(n Need) error {
	limit, source := memlimit.Get()
	if debug.SetMemoryLimit(-1) == math.MaxInt64 && limit < math.MaxInt64 {
		if gogc := gogc(); gogc < math.MaxInt32 { // it is not off
			limit = int64(float64(limit) * 100 / (100 + float64(gogc)))
			source += fmt.Sprintf(", less the garbage that GOGC=%d allows where GOMEMLIMIT is not set,", gogc)
		}
	}
	runtime.GC() // what is made next also takes the place of what was read
	live := liveBytes()
	if n.peak(live) <= float64(limit) {
		return nil
	}
	return &MemoryError{
		Need: whole(n.peak(live)), Limit: limit, Source: source,
		Data: whole(live + n.Model), Weights: whole(n.Weights), Batch: whole(n.Batch), Wide: whole(n.Wide), Tokens: n.Tokens,
	}
}

// gogc is the garbage, in percent of what is live, at which the collector runs.
func gogc() uint64 {
	sample := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// Bytes is the most of it at a time.
func (n Need) Bytes() int64 { return whole(n.peak(0)) }

// Peak is the most that a training will need together with what is live.
func (n Need) Peak() int64 { return whole(n.peak(liveBytes())) }

// peak leaves a tenth to the garbage collector.
func (n Need) peak(live float64) float64 {
	return (live + n.Model + max(n.Weights+n.Batch, n.Wide)) * 10 / 9
}

// whole is a number of bytes as an integer, the largest one if it is too large.
func whole(bytes float64) int64 {
	if bytes >= math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(bytes)
}

func liveBytes() float64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc + m.StackInuse)
}
