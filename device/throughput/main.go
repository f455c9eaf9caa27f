// Throughput times the training of the network of bench/throughput on a device, on random words; the same
// flags and the same JSON line:
//
//	go run ./throughput -device cuda -input 100 -hidden 128 -bidirectional -batch 32 -steps 200 -seconds 5
//	{"tokens_per_s":…,"device":"cuda: NVIDIA H100, CUDA 12.4"}
//
// Every batch has new words, and its loss is looked at before the next one, as in a training.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"time"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/device"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/loop"
	"github.com/textlstm/textlstm/vocab"
)

const words = 20_000

func main() {
	var m classify.Config
	on := flag.String("device", "auto", "`name` of the device, as sentiment-device train knows it; not cpu")
	flag.IntVar(&m.Embed, "input", 100, "width of a word vector")
	flag.IntVar(&m.LSTM.HiddenSize, "hidden", 128, "hidden units in each direction")
	flag.IntVar(&m.LSTM.Layers, "layers", 1, "LSTM layers")
	bidirectional := flag.Bool("bidirectional", false, "read in both directions")
	batch := flag.Int("batch", 32, "sequences in a batch")
	steps := flag.Int("steps", 200, "words in a sequence")
	seconds := flag.Float64("seconds", 5, "time to measure, after a warm-up")
	seed := flag.Uint64("seed", 1, "of weights and words")
	flag.Parse()
	if *bidirectional {
		m.LSTM.Direction = lstm.Bidirectional
	}
	m.Pool = []nn.Pooling{nn.Max}
	m.Heads = []classify.Head{{Name: "label", Labels: []string{"a", "b"}}}
	if err := run(*on, train.Config{Model: m}.Resolve(), *batch, *steps, *seconds, rand.New(rand.NewPCG(*seed, 0))); err != nil {
		fmt.Fprintln(os.Stderr, "throughput:", err)
		os.Exit(1)
	}
}

func run(on string, c train.Config, batch, steps int, seconds float64, r *rand.Rand) error {
	d, err := device.Find(on)
	if err != nil {
		return err
	}
	if d == nil {
		return fmt.Errorf("-device %s: no GPU here; bench/throughput times this processor", on)
	}
	net, err := classify.NewNetwork(c.Model, words)
	if err != nil {
		return err
	}
	net.Init(r)
	o, err := nn.NewOptimizer(c.Optimizer)
	if err != nil {
		return err
	}
	e, err := d.Open(net, c, batch*steps)
	if err != nil {
		return err
	}
	defer e.Close() // the program ends
	if err := e.Load(loop.Weights{Params: net.Params(), Optimizer: o}); err != nil {
		return err
	}
	work := func(seconds float64) (tokens int, spent float64, err error) {
		for start := time.Now(); ; {
			if err := step(e, net, batch, steps, r); err != nil {
				return 0, 0, err
			}
			tokens += batch * steps
			if spent := time.Since(start).Seconds(); spent >= seconds {
				return tokens, spent, nil
			}
		}
	}
	if _, _, err := work(min(1, seconds/4)); err != nil {
		return err
	}
	tokens, spent, err := work(seconds)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(struct {
		TokensPerS float64 `json:"tokens_per_s"`
		Device     string  `json:"device"`
	}{math.Round(float64(tokens) / spent), d.Name()})
}

// step trains on random words with random labels.
func step(e train.Engine, net *classify.Network, batch, steps int, r *rand.Rand) error {
	texts := make([]classify.Encoded, batch)
	t := nn.Targets{Labels: make([]int32, batch)}
	for i := range texts {
		texts[i].IDs = make([]vocab.ID, steps)
		for j := range texts[i].IDs {
			texts[i].IDs[j] = vocab.ID(1 + r.IntN(words-1))
		}
		t.Labels[i] = int32(r.IntN(2))
	}
	logits, err := e.Forward(texts, nn.Mode{Train: true, Seed: r.Uint64()})
	if err != nil {
		return err
	}
	d := make([]float32, len(logits[0]))
	var loss nn.Loss
	loss.Eval(d, logits[0], batch, 2, &t, 0)
	if err := e.Backward([][]float32{d}); err != nil {
		return err
	}
	_, err = e.Step(net.Params(), 1, 0.001)
	return err
}
