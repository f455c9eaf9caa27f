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
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/seq2seq"
)

func main() {
	log.SetFlags(0)
	var c seq2seq.Config
	dir := flag.String("dir", ".", "directory of train.L, val.L and test_2016_flickr.L")
	from := flag.String("from", "de", "language")
	to := flag.String("to", "en", "language")
	flag.IntVar(&c.Pieces, "pieces", 4000, "pieces")
	flag.IntVar(&c.Embed, "embed", 256, "width")
	flag.IntVar(&c.Hidden, "hidden", 256, "units")
	flag.IntVar(&c.Layers, "layers", 1, "layers")
	flag.IntVar(&c.Epochs, "epochs", 10, "epochs")
	flag.IntVar(&c.BatchPieces, "batch", 3000, "pieces in a batch")
	flag.Float64Var(&c.Dropout, "dropout", 0.3, "share")
	flag.Float64Var(&c.Schedule.Rate, "rate", 0.002, "learning rate")
	kind := flag.String("schedule", "one-cycle", "kind")
	attention := flag.String("attention", "general", "kind")
	flag.Uint64Var(&c.Seed, "seed", 1, "seed")
	limit := flag.Int("pairs", 0, "pairs to learn from; 0 means all")
	seconds := flag.Float64("seconds", 0, "stop after so long, and tell the speed")
	checkpoints := flag.String("checkpoints", "", "directory to keep the state in, and to go on from")
	out := flag.String("out", "", "model to write")
	model := flag.String("model", "", "model to translate with")
	split := flag.String("split", "test_2016_flickr", "split to translate")
	beam := flag.Int("beam", 5, "hypotheses")
	batch := flag.Int("texts", 16, "texts together")
	threads := flag.Int("threads", 2, "goroutines")
	flag.Parse()
	c.Attention = nn.AttentionKind(*attention)
	c.Schedule.Kind = nn.ScheduleKind(*kind)
	read := func(split, lang string) []string {
		b, err := os.ReadFile(*dir + "/" + split + "." + lang)
		if err != nil {
			log.Fatal(err)
		}
		return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	}
	pairs := func(split string) []seq2seq.Pair {
		a, b := read(split, *from), read(split, *to)
		list := make([]seq2seq.Pair, len(a))
		for i := range a {
			list[i] = seq2seq.Pair{Source: a[i], Target: b[i]}
		}
		return list
	}
	ctx := context.Background()
	if *model != "" {
		m, err := seq2seq.Load(*model)
		if err != nil {
			log.Fatal(err)
		}
		sources, refs := read(*split, *from), read(*split, *to)
		s := seq2seq.Search{Beam: *beam, Workers: *threads, Batch: *batch}
		if _, err := m.Translate(ctx, sources[:50], s); err != nil {
			log.Fatal(err)
		}
		start, cpu := time.Now(), cpuSeconds()
		answers, err := m.Translate(ctx, sources, s)
		if err != nil {
			log.Fatal(err)
		}
		took, cpu := time.Since(start).Seconds(), cpuSeconds()-cpu
		hyps := make([]string, len(answers))
		for i, a := range answers {
			hyps[i] = a.Text()
		}
		if *out != "" {
			if err := os.WriteFile(*out, []byte(strings.Join(hyps, "\n")+"\n"), 0o666); err != nil {
				log.Fatal(err)
			}
		}
		score, err := translation.Metric{}.Evaluate(hyps, refs)
		if err != nil {
			log.Fatal(err)
		}
		tell(map[string]any{"sentences_per_s": float64(len(sources)) / took, "sentences_per_cpu_s": float64(len(sources)) / cpu, "bleu": score.BLEU, "chrf": score.ChrF, "brevity": score.Brevity})
		return
	}
	train := pairs("train")
	if *limit > 0 {
		train = train[:*limit]
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	t := seq2seq.Trainer{Config: c}
	t.Workers, t.Checkpoint, t.CheckpointInterval, t.Resume = *threads, *checkpoints, time.Minute, *checkpoints != ""
	start := time.Now()
	var first time.Time
	var before int64
	var cpu float64
	t.OnProgress = func(p seq2seq.Progress) {
		if p.Dev != nil {
			fmt.Fprintf(os.Stderr, "%.0f s, epoch %d: loss %.3f, perplexity %.2f, BLEU %.2f, %.0f pieces/s\n",
				time.Since(start).Seconds(), p.Dev.Epoch, p.Dev.Loss, p.Dev.Perplexity, p.Dev.BLEU, p.TokensPerSecond())
		}
		if p.Step == 3 {
			first, before, cpu = time.Now(), p.Tokens, cpuSeconds()
		}
		if *seconds > 0 && p.Step > 3 && time.Since(first).Seconds() > *seconds {
			n := float64(p.Tokens - before)
			tell(map[string]any{"tokens_per_s": n / time.Since(first).Seconds(), "tokens_per_cpu_s": n / (cpuSeconds() - cpu), "loss": p.Loss, "steps": p.Step})
			os.Exit(0)
		}
	}
	r, err := t.Fit(ctx, train, pairs("val"))
	if err != nil {
		log.Fatal(err)
	}
	if err := r.Model.Save(*out); err != nil {
		log.Fatal(err)
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
