// Throughput times the training of the network of bench/throughput on a device, on random words; the same
// flags and the same JSON line:
//
//	go run ./throughput -device cuda -input 100 -hidden 128 -bidirectional -batch 32 -steps 200 -seconds 5
//	{"tokens_per_s":…,"device":"cuda: NVIDIA H100, CUDA 12.4"}
//
// With -language it times that of a language model instead, also on this processor:
//
//	go run ./throughput -device cuda -language -input 256 -hidden 512 -batch 256 -steps 64
//
// Every batch has new words, and its loss is looked at before the next one, as in a training.
package main

import (
	"encoding/json"
	"errors"
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
	"github.com/textlstm/textlstm/pretrain/lm"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/loop"
	"github.com/textlstm/textlstm/vocab"
)

const words = 20_000

func main() {
	var m classify.Config
	on := flag.String("device", "auto", "`name` of the device, as sentiment-device train knows it; cpu with -language alone")
	isLanguage := flag.Bool("language", false, "train a language model")
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
	r := rand.New(rand.NewPCG(*seed, 0))
	measure := func(d train.Device) (tokensPerS float64, err error) {
		if *isLanguage {
			on, _ := d.(lm.Device) // nil for this processor
			return language(on, m.Embed, m.LSTM.HiddenSize, *batch**steps, *seconds, r)
		}
		return classifier(d, train.Config{Model: m}.Resolve(), *batch, *steps, *seconds, r)
	}
	if err := run(*on, measure); err != nil {
		fmt.Fprintln(os.Stderr, "throughput:", err)
		os.Exit(1)
	}
}

// run prints what a measurement on a device comes to.
func run(on string, measure func(train.Device) (tokensPerS float64, err error)) error {
	d, err := device.Find(on)
	if err != nil {
		return err
	}
	name := "cpu"
	if d != nil {
		name = d.Name()
	}
	speed, err := measure(d)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(struct {
		TokensPerS float64 `json:"tokens_per_s"`
		Device     string  `json:"device"`
	}{math.Round(speed), name})
}

// classifier times the training of a network on a device: tokens a second after a warm-up.
func classifier(d train.Device, c train.Config, batch, steps int, seconds float64, r *rand.Rand) (float64, error) {
	if d == nil {
		return 0, errors.New("no GPU here; bench/throughput times this processor")
	}
	net, err := classify.NewNetwork(c.Model, words)
	if err != nil {
		return 0, err
	}
	net.Init(r)
	o, err := nn.NewOptimizer(c.Optimizer)
	if err != nil {
		return 0, err
	}
	e, err := d.Open(net, c, batch*steps)
	if err != nil {
		return 0, err
	}
	defer e.Close() // the program ends
	if err := e.Load(loop.Weights{Params: net.Params(), Optimizer: o}); err != nil {
		return 0, err
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
		return 0, err
	}
	tokens, spent, err := work(seconds)
	if err != nil {
		return 0, err
	}
	return float64(tokens) / spent, nil
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
