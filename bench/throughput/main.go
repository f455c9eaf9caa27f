// Throughput times training or inference of an LSTM classifier on random
// words: embedding (20,000 words), LSTM, max-pooling over time, two labels;
// Adam in training. Every batch has new words. It prints one JSON line:
//
//	go run ./bench/throughput -mode train -input 100 -hidden 128 -bidirectional -batch 32 -steps 200 -threads 1 -seconds 5
//	{"tokens_per_s":…,"gflops":…,"kernel":"avx512"}
//
// The timers of other libraries in bench/peers take the same flags.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/textlstm/textlstm/internal/vec"
	"github.com/textlstm/textlstm/lstm"
)

func main() {
	mode := flag.String("mode", "infer", "`train` or infer")
	var c lstm.Config
	flag.IntVar(&c.InputSize, "input", 100, "width of a word vector")
	flag.IntVar(&c.HiddenSize, "hidden", 128, "hidden units in each direction")
	flag.IntVar(&c.Layers, "layers", 1, "LSTM layers")
	bidirectional := flag.Bool("bidirectional", false, "read in both directions")
	batch := flag.Int("batch", 32, "sequences in a batch")
	steps := flag.Int("steps", 200, "words in a sequence")
	lengths := flag.String("lengths", "", "`file` of sequence lengths, one a line, to draw from instead of -steps")
	threads := flag.Int("threads", 1, "goroutines that compute")
	seconds := flag.Float64("seconds", 5, "time to measure, after a warm-up")
	seed := flag.Uint64("seed", 1, "of weights and words")
	int8s := flag.Bool("int8", false, "infer with weights of eight bits")
	cache := flag.Int("cache", 0, "`words` whose input products inference keeps")
	flag.Parse()
	if *bidirectional {
		c.Direction = lstm.Bidirectional
	}
	from := []int{*steps}
	var err error
	if *lengths != "" {
		from, err = readLengths(*lengths)
	}
	if err == nil && *mode != "train" && *mode != "infer" {
		err = fmt.Errorf("-mode %q, want train or infer", *mode)
	}
	if err == nil {
		var n *net
		if n, err = newNet(c, *threads, *seed); err == nil {
			n.lstm.Int8 = *int8s
			if *cache > 0 {
				n.cache = n.lstm.NewInputCache(*cache)
			}
			err = measure(n, *mode == "train", *batch, from, *threads, *seconds)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "throughput:", err)
		os.Exit(1)
	}
}

// measure runs batches for the given time and prints the result.
func measure(n *net, train bool, batch int, lengths []int, threads int, seconds float64) error {
	runtime.GOMAXPROCS(threads)
	work := n.infer
	if train {
		work = n.train
	}
	run := func(seconds float64) (tokens int, spent float64, err error) {
		for start := time.Now(); ; {
			n.draw(batch, lengths)
			if err := work(); err != nil {
				return 0, 0, err
			}
			tokens += n.layout.Rows()
			if spent := time.Since(start).Seconds(); spent >= seconds {
				return tokens, spent, nil
			}
		}
	}
	if _, _, err := run(min(1, seconds/4)); err != nil {
		return err
	}
	tokens, spent, err := run(seconds)
	if err != nil {
		return err
	}
	perSecond := float64(tokens) / spent
	kernel := vec.Kernel()
	if n.lstm.Int8 && !train {
		kernel = vec.Kernel8()
	}
	return json.NewEncoder(os.Stdout).Encode(struct {
		TokensPerS float64 `json:"tokens_per_s"`
		GFLOPS     float64 `json:"gflops"`
		Kernel     string  `json:"kernel"`
	}{math.Round(perSecond), math.Round(perSecond*flops(n.lstm.Config(), train)/1e7) / 100, kernel})
}

// flops counts the multiplications and additions of the LSTM's products for
// one word; training multiplies thrice.
func flops(c lstm.Config, train bool) float64 {
	sum, in := 0, c.InputSize
	for range c.NumLayers() {
		sum += c.NumDirections() * 2 * 4 * c.HiddenSize * (in + c.HiddenSize)
		in = c.OutputSize()
	}
	if train {
		sum *= 3
	}
	return float64(sum)
}

// readLengths reads one number a line.
func readLengths(path string) ([]int, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var lengths []int
	for lines := bufio.NewScanner(f); lines.Scan(); {
		n, err := strconv.Atoi(lines.Text())
		if err != nil || n < 0 {
			return nil, fmt.Errorf("%s:%d: %q is not a length", path, len(lengths)+1, lines.Text())
		}
		lengths = append(lengths, n)
	}
	if len(lengths) == 0 {
		return nil, fmt.Errorf("%s: no lengths", path)
	}
	return lengths, nil
}
