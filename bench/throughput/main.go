// Throughput times training or inference of an LSTM classifier on random
// words or on those of texts: embedding (20,000 words), LSTM, max-pooling over time, two labels;
// Adam in training. Every batch has new words. It prints one JSON line:
//
//	go run ./bench/throughput -mode train -input 100 -hidden 128 -bidirectional -batch 32 -steps 200 -threads 1 -seconds 5
//	{"tokens_per_s":…,"tokens_per_cpu_s":…,"gflops":…,"kernel":"avx512"}
//
// The second figure is by the processor time that it took, which other programs on the machine
// disturb less.
// The timers of other libraries in bench/peers take the same flags.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/textlstm/textlstm/internal/vec"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/vocab"
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
	texts := flag.String("words", "", "`file` of texts to draw from instead of random words, one a line, as the numbers 1 to 19999 of words; peers/words.py writes it")
	threads := flag.Int("threads", 1, "goroutines that compute")
	seconds := flag.Float64("seconds", 5, "time to measure, after a warm-up")
	seed := flag.Uint64("seed", 1, "of weights and words")
	int8s := flag.Bool("int8", false, "infer with weights of eight bits")
	cache := flag.Int("cache", 0, "`words` whose input products inference keeps")
	flag.Parse()
	if *bidirectional {
		c.Direction = lstm.Bidirectional
	}
	from := [][]int{{*steps}}
	var ids [][]int
	var err error
	if *lengths != "" {
		from, err = readLines(*lengths, math.MaxInt)
	}
	if *texts != "" && err == nil {
		ids, err = readLines(*texts, words-1)
	}
	if err == nil && *mode != "train" && *mode != "infer" {
		err = fmt.Errorf("-mode %q, want train or infer", *mode)
	}
	if err == nil {
		var n *net
		if n, err = newNet(c, *threads, *seed); err == nil {
			n.lstm.Int8 = *int8s
			for _, text := range ids {
				n.texts = append(n.texts, make([]vocab.ID, len(text)))
				for i, id := range text {
					n.texts[len(n.texts)-1][i] = vocab.ID(id)
				}
			}
			if *cache > 0 {
				n.cache = n.lstm.NewInputCache(*cache)
			}
			err = measure(n, *mode == "train", *batch, slices.Concat(from...), *threads, *seconds)
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
	before := processorTime()
	tokens, spent, err := run(seconds)
	if err != nil {
		return err
	}
	busy := processorTime() - before
	perSecond := float64(tokens) / spent
	kernel := vec.Kernel()
	if n.lstm.Int8 && !train {
		kernel = vec.Kernel8()
	}
	return json.NewEncoder(os.Stdout).Encode(struct {
		TokensPerS float64 `json:"tokens_per_s"`
		TokensPerC float64 `json:"tokens_per_cpu_s"`
		GFLOPS     float64 `json:"gflops"`
		Kernel     string  `json:"kernel"`
	}{math.Round(perSecond), math.Round(float64(tokens) / busy), math.Round(perSecond*flops(n.lstm.Config(), train)/1e7) / 100, kernel})
}

// processorTime is the time that this process has computed, in seconds.
func processorTime() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return math.NaN()
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
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

// readLines reads lines of numbers from 0 to most.
func readLines(path string, most int) (lines [][]int, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(b)) {
		var numbers []int
		for _, word := range strings.Fields(line) {
			n, err := strconv.Atoi(word)
			if err != nil || n < 0 || n > most {
				return nil, fmt.Errorf("%s:%d: %q is not a number from 0 to %d", path, len(lines)+1, word, most)
			}
			numbers = append(numbers, n)
		}
		lines = append(lines, numbers)
	}
	if len(lines) == 0 {
		return nil, fmt.Errorf("%s: no lines", path)
	}
	return lines, nil
}
