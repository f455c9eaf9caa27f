// Command translate times package seq2seq, with the flags and the data of
// seq2seq_torch.py:
//
//	go run ./bench/translate -dir DATA -out m              # train, and tell of each epoch
//	go run ./bench/translate -dir DATA -seconds 10         # time training alone
//	go run ./bench/translate -dir DATA -model m            # translate, time and judge
//
// DATA holds train, val and test_2016_flickr of Multi30k as plain text: train.de and so on.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/textlstm/textlstm/evaluate/translation"
	"github.com/textlstm/textlstm/seq2seq"
)

// A run is what the flags ask for.
type run struct {
	seq2seq.Config
	dir, from, to           string
	pairs                   int
	seconds                 float64
	checkpoints, out, model string
	split                   string
	search                  seq2seq.Search
}

func main() {
	log.SetFlags(0)
	r := flags()
	work := r.train
	if r.model != "" {
		work = r.translate
	}
	if err := work(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func flags() *run {
	var r run
	flag.StringVar(&r.dir, "dir", ".", "directory of train.L, val.L and test_2016_flickr.L")
	flag.StringVar(&r.from, "from", "de", "language")
	flag.StringVar(&r.to, "to", "en", "language")
	flag.IntVar(&r.Pieces, "pieces", 4000, "pieces")
	flag.IntVar(&r.Embed, "embed", 256, "width")
	flag.IntVar(&r.Hidden, "hidden", 256, "units")
	flag.IntVar(&r.Layers, "layers", 1, "layers")
	flag.IntVar(&r.Epochs, "epochs", 10, "epochs")
	flag.IntVar(&r.BatchPieces, "batch", 3000, "pieces in a batch")
	flag.Float64Var(&r.Dropout, "dropout", 0.3, "share")
	flag.Float64Var(&r.Schedule.Rate, "rate", 0.002, "learning rate")
	flag.StringVar((*string)(&r.Schedule.Kind), "schedule", "one-cycle", "kind")
	flag.StringVar((*string)(&r.Attention), "attention", "general", "kind")
	flag.Uint64Var(&r.Seed, "seed", 1, "seed")
	flag.IntVar(&r.pairs, "pairs", 0, "pairs to learn from; 0 means all")
	flag.Float64Var(&r.seconds, "seconds", 0, "stop after so long, and tell the speed")
	flag.StringVar(&r.checkpoints, "checkpoints", "", "directory to keep the state in, and to go on from")
	flag.StringVar(&r.out, "out", "", "model to write, or the file of translations")
	flag.StringVar(&r.model, "model", "", "model to translate with")
	flag.StringVar(&r.split, "split", "test_2016_flickr", "split to translate")
	flag.IntVar(&r.search.Beam, "beam", 5, "hypotheses")
	flag.IntVar(&r.search.Batch, "texts", 16, "texts together")
	flag.IntVar(&r.search.Workers, "threads", 2, "goroutines")
	flag.Parse()
	return &r
}

// read returns both sides of a split, line by line.
func (r *run) read(split string) (sources, targets []string, err error) {
	if sources, err = lines(r.dir + "/" + split + "." + r.from); err != nil {
		return nil, nil, err
	}
	if targets, err = lines(r.dir + "/" + split + "." + r.to); err != nil {
		return nil, nil, err
	}
	if len(sources) != len(targets) {
		return nil, nil, fmt.Errorf("%s: %d lines of %s, %d of %s", split, len(sources), r.from, len(targets), r.to)
	}
	return sources, targets, nil
}

func lines(file string) ([]string, error) {
	b, err := os.ReadFile(file)
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n"), err
}

func (r *run) readPairs(split string) ([]seq2seq.Pair, error) {
	sources, targets, err := r.read(split)
	if err != nil {
		return nil, err
	}
	pairs := make([]seq2seq.Pair, len(sources))
	for i := range pairs {
		pairs[i] = seq2seq.Pair{Source: sources[i], Target: targets[i]}
	}
	return pairs, nil
}

// translate tells how fast and how well a model translates, after fifty sentences to
// warm up.
func (r *run) translate(ctx context.Context) error {
	m, err := seq2seq.Load(r.model)
	if err != nil {
		return err
	}
	sources, refs, err := r.read(r.split)
	if err != nil {
		return err
	}
	if _, err := m.Translate(ctx, sources[:min(50, len(sources))], r.search); err != nil {
		return err
	}
	start, cpu := time.Now(), cpuSeconds()
	answers, err := m.Translate(ctx, sources, r.search)
	if err != nil {
		return err
	}
	took, cpu := time.Since(start).Seconds(), cpuSeconds()-cpu
	hyps := make([]string, len(answers))
	for i, a := range answers {
		hyps[i] = a.Text()
	}
	if r.out != "" {
		if err := os.WriteFile(r.out, []byte(strings.Join(hyps, "\n")+"\n"), 0o666); err != nil {
			return err
		}
	}
	score, err := translation.Metric{}.Evaluate(hyps, refs)
	if err != nil {
		return err
	}
	tell(map[string]any{"sentences_per_s": float64(len(sources)) / took, "sentences_per_cpu_s": float64(len(sources)) / cpu, "bleu": score.BLEU, "chrf": score.ChrF, "brevity": score.Brevity})
	return nil
}

// train learns a model and writes it, or tells the speed after some seconds.
func (r *run) train(ctx context.Context) error {
	train, err := r.readPairs("train")
	if err != nil {
		return err
	}
	dev, err := r.readPairs("val")
	if err != nil {
		return err
	}
	if r.pairs > 0 {
		train = train[:r.pairs]
	}
	t := seq2seq.Trainer{Config: r.Config}
	t.Workers, t.Checkpoint, t.CheckpointInterval, t.Resume = r.search.Workers, r.checkpoints, time.Minute, r.checkpoints != ""
	t.OnProgress = r.progress()
	fitted, err := t.Fit(ctx, train, dev)
	if err != nil {
		return err
	}
	return fitted.Model.Save(r.out)
}

// progress returns a function that tells of each epoch, and of the speed from the fourth
// step on if -seconds ends the training.
func (r *run) progress() func(seq2seq.Progress) {
	start := time.Now()
	var first time.Time
	var before int64
	var cpu float64
	return func(p seq2seq.Progress) {
		if p.Dev != nil {
			fmt.Fprintf(os.Stderr, "%.0f s, epoch %d: loss %.3f, perplexity %.2f, BLEU %.2f, %.0f pieces/s\n",
				time.Since(start).Seconds(), p.Dev.Epoch, p.Dev.Loss, p.Dev.Perplexity, p.Dev.BLEU, p.TokensPerSecond())
		}
		if p.Step == 3 {
			first, before, cpu = time.Now(), p.Tokens, cpuSeconds()
		}
		if r.seconds > 0 && p.Step > 3 && time.Since(first).Seconds() > r.seconds {
			n := float64(p.Tokens - before)
			tell(map[string]any{"tokens_per_s": n / time.Since(first).Seconds(), "tokens_per_cpu_s": n / (cpuSeconds() - cpu), "loss": p.Loss, "steps": p.Step})
			os.Exit(0)
		}
	}
}

// cpuSeconds is the time that processors have spent on this process.
func cpuSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		log.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

func tell(v any) {
	b, err := json.Marshal(v)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(b))
}
