// Gemm times the product C[m][n] = A[m][k]·W[n][k]ᵀ that an LSTM is made of,
// and prints one JSON line:
//
//	go run ./bench/gemm -m 6400 -n 512 -k 100 -threads 1 -seconds 5
//	{"gflops":…,"kernel":"avx512"}
//
// With -packed, W is packed once beforehand, as a network's weights are; else
// once for each product.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"time"

	"github.com/textlstm/textlstm/internal/par"
	"github.com/textlstm/textlstm/internal/vec"
)

func main() {
	m := flag.Int("m", 1024, "rows of A and C")
	n := flag.Int("n", 1024, "rows of W, columns of C")
	k := flag.Int("k", 1024, "columns of A and W")
	threads := flag.Int("threads", 1, "goroutines, each with a share of C's rows")
	seconds := flag.Float64("seconds", 5, "time to measure, after a warm-up")
	packed := flag.Bool("packed", false, "pack W once, not for each product")
	flag.Parse()
	runtime.GOMAXPROCS(*threads)

	a, w, c := draw(*m**k), draw(*n**k), make([]float32, *m**n)
	var p vec.Packed
	p.PackT(*k, *n, w, *k)
	block := (*m + *threads - 1) / *threads
	product := func() {
		if !*packed {
			p.PackT(*k, *n, w, *k)
		}
		par.For(*threads, *threads, func(i int) {
			lo, hi := min(i*block, *m), min((i+1)*block, *m)
			if lo < hi {
				vec.MatMul(hi-lo, a[lo**k:], *k, &p, 0, c[lo**n:], *n)
			}
		})
	}
	run := func(seconds float64) (perSecond float64) {
		calls, start := 0, time.Now()
		for {
			product()
			calls++
			if spent := time.Since(start).Seconds(); spent >= seconds {
				return float64(calls) / spent
			}
		}
	}
	run(*seconds / 4)
	flops := 2 * float64(*m) * float64(*n) * float64(*k)
	err := json.NewEncoder(os.Stdout).Encode(struct {
		GFLOPS float64 `json:"gflops"`
		Kernel string  `json:"kernel"`
	}{math.Round(run(*seconds)*flops/1e7) / 100, vec.Kernel()})
	if err != nil {
		fmt.Fprintln(os.Stderr, "gemm:", err)
		os.Exit(1)
	}
}

// draw returns n numbers in [-0.5, 0.5).
func draw(n int) []float32 {
	rng := rand.New(rand.NewPCG(1, 2))
	x := make([]float32, n)
	for i := range x {
		x[i] = rng.Float32() - 0.5
	}
	return x
}
