package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A contest is one piece of work done by several programs, ours first.
type contest struct {
	name    string
	unit    string // "tokens_per_s", "tokens_per_cpu_s", the same of sentences, or "gflops": a key of the last line printed; or "seconds" of the whole run
	entries []*entry
}

// An entry is one program in a contest and what was measured of it.
type entry struct {
	name   string
	argv   []string
	values []float64
	peak   int64 // bytes of memory at most
}

// run measures the program once. What it says of versions goes to facts.
func (e *entry) run(unit string, facts map[string]string) error {
	cmd := exec.Command(e.argv[0], e.argv[1:]...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	start := time.Now()
	err := cmd.Run()
	seconds := time.Since(start).Seconds()
	if err != nil {
		return fmt.Errorf("%w: %s", err, tail(errs.Bytes()))
	}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		e.peak = max(e.peak, int64(usage.Maxrss)*1024)
	}
	if unit == "seconds" {
		e.values = append(e.values, seconds)
		return nil
	}
	var line map[string]any
	if err := json.Unmarshal(tail(out.Bytes()), &line); err != nil {
		return fmt.Errorf("last line: %w", err)
	}
	v, ok := line[unit].(float64)
	if !ok {
		return fmt.Errorf("no %s in %s", unit, tail(out.Bytes()))
	}
	e.values = append(e.values, v)
	for key, value := range line {
		if s, ok := value.(string); ok {
			facts[key] = s
		}
	}
	return nil
}

// tail returns the last line.
func tail(b []byte) []byte {
	b = bytes.TrimSpace(b)
	return b[bytes.LastIndexByte(b, '\n')+1:]
}

// contests lists all there is to measure.
func contests(o *options) []*contest {
	l := contestList{o: o}
	for _, threads := range []int{1, 2} {
		l.gemm(1024, 1024, 1024, threads)
		l.gemm(6400, 512, 100, threads)
	}
	l.gemm(32, 512, 128, 1)
	l.gemm(1, 512, 128, 1)

	const torch, onnx = "bench/peers/torch_lstm.py", "bench/peers/ort_lstm.py"
	for _, hidden := range []int{128, 256, 512} {
		for _, batch := range []int{32, 1} {
			for _, threads := range []int{1, 2} {
				adam := "fused"
				if batch == 1 { // its fastest for each
					adam = "sparse"
				}
				l.lstm("train", "train", hidden, batch, threads, nil, map[string][]string{
					"PyTorch": {torch, "-adam", adam},
				})
				l.lstm("infer", "infer", hidden, batch, threads, nil, map[string][]string{
					"PyTorch": {torch}, "ONNX Runtime": {onnx}, "ONNX Runtime int8": {onnx, "-int8"},
				})
			}
		}
	}
	lengths := []string{"-lengths", "bench/imdb-lengths.txt"}
	words := []string{"-words", filepath.Join(o.peers, wordsFile)}
	for _, threads := range []int{1, 2} {
		for _, texts := range []struct {
			name  string
			batch int
			args  []string
		}{{"lengths", 32, lengths}, {"words", 32, words}, {"words", 1, words}} {
			train := map[string][]string{"PyTorch packed": {torch, "-packed"}, "PyTorch padded": {torch}}
			infer := map[string][]string{"PyTorch packed": {torch, "-packed"}, "PyTorch padded": {torch}, "ONNX Runtime": {onnx}}
			if texts.batch == 1 { // nothing to pad
				train = map[string][]string{"PyTorch": {torch, "-adam", "sparse"}}
				infer = map[string][]string{"PyTorch": {torch}, "ONNX Runtime": {onnx}}
			}
			l.lstm(texts.name+" train", "train", 128, texts.batch, threads, texts.args, train)
			l.lstm(texts.name+" infer", "infer", 128, texts.batch, threads, texts.args, infer)
		}
	}

	l.job("IMDB test texts", "imdb-test.txt", 1)
	l.job("IMDB test texts", "imdb-test.txt", 2)
	l.job("one text", "imdb-one.txt", 1)
	for _, threads := range []int{1, 2} {
		l.translate("train H=256", "tokens", threads, "-seconds", l.seconds())
		l.translate("train H=192", "tokens", threads, "-seconds", l.seconds(), "-embed", "128", "-hidden", "192", "-batch", "1500")
		l.translate("beam 5 H=256", "sentences", threads, "-beam", "5", "-model", filepath.Join(o.peers, "multi30k", "de-en.model"))
	}
	return l.all
}

// A contestList is what contests adds to.
type contestList struct {
	o   *options
	all []*contest
}

func (l *contestList) add(unit, name string, entries ...*entry) {
	l.all = append(l.all, &contest{name, unit, entries})
}

func (l *contestList) python() string  { return filepath.Join(l.o.peers, "venv", "bin", "python") }
func (l *contestList) seconds() string { return fmt.Sprint(l.o.seconds) }

// gemm adds a matrix product: A [m][k] by the transpose of B [n][k].
func (l *contestList) gemm(m, n, k, threads int) {
	size := []string{fmt.Sprint(m), fmt.Sprint(n), fmt.Sprint(k), fmt.Sprint(threads), l.seconds()}
	ours := []string{filepath.Join(l.o.bin, "gemm"), "-m", size[0], "-n", size[1], "-k", size[2], "-threads", size[3], "-seconds", l.seconds()}
	blas := append([]string{filepath.Join(l.o.peers, "gemm")}, size...)
	entries := []*entry{
		{name: "textlstm, weights packed", argv: append(ours, "-packed")},
		{name: "textlstm", argv: ours},
		{name: "OpenBLAS x·Wᵀ", argv: blas},
		{name: "OpenBLAS x·W", argv: append(blas[:len(blas):len(blas)], "nn")},
	}
	if m == 1 {
		entries = append(entries, &entry{name: "OpenBLAS gemv", argv: append(blas[:len(blas):len(blas)], "gemv")})
	}
	l.add("gflops", fmt.Sprintf("gemm %d×%d×%d, %s", m, k, n, plural(threads)), entries...)
}

// lstm adds training or inference of an encoder, with random texts of one length or those
// that the arguments texts say; peers holds the scripts, with arguments, of those that take
// part. Inference is also timed with the products of all words in the cache, as a model that
// stays in memory has them.
func (l *contestList) lstm(name, mode string, hidden, batch, threads int, texts []string, peers map[string][]string) {
	args := []string{"-mode", mode, "-bidirectional", "-hidden", fmt.Sprint(hidden), "-batch", fmt.Sprint(batch),
		"-threads", fmt.Sprint(threads), "-seconds", l.seconds()}
	args = append(args, texts...)
	ours := func(name string, more ...string) *entry {
		return &entry{name: name, argv: slices.Concat([]string{filepath.Join(l.o.bin, "throughput")}, args, more)}
	}
	entries := []*entry{ours("textlstm")}
	if mode == "infer" {
		entries = append(entries, ours("textlstm cached", "-cache", "20000"), ours("textlstm int8", "-int8"))
	}
	for _, peer := range []string{"PyTorch", "PyTorch packed", "PyTorch padded", "ONNX Runtime", "ONNX Runtime int8"} {
		if argv, ok := peers[peer]; ok {
			argv = append(append([]string{l.python()}, argv...), args...)
			entries = append(entries, &entry{name: peer, argv: argv})
		}
	}
	l.add(l.o.rate, fmt.Sprintf("%s H=%d, B=%d, %s", name, hidden, batch, plural(threads)), entries...)
}

// job adds the classification of a file of texts, start and loading included.
func (l *contestList) job(name, file string, threads int) {
	texts := filepath.Join(l.o.peers, file)
	entries := []*entry{{name: "textlstm", argv: []string{filepath.Join(l.o.bin, "sentiment"), "classify", "--lines", "--output", "jsonl", "--threads", fmt.Sprint(threads), texts}}}
	if threads == 1 { // fasttext predict has no other
		entries = append(entries, &entry{name: "fastText", argv: []string{"fasttext", "predict-prob", filepath.Join(l.o.peers, "imdb.bin"), texts}})
	}
	entries = append(entries, &entry{name: "PyTorch", argv: []string{l.python(), "bench/peers/torch_classify.py", filepath.Join(l.o.peers, "imdb.pt"), texts, "-threads", fmt.Sprint(threads)}})
	l.add("seconds", fmt.Sprintf("job %s, %s", name, plural(threads)), entries...)
}

// translate adds the training of a German-English model, or the use of one of 256 units on
// the 1,000 sentences of test_2016_flickr.
func (l *contestList) translate(name, what string, threads int, args ...string) {
	dir := filepath.Join(l.o.peers, "multi30k")
	args = append([]string{"-dir", dir, "-threads", fmt.Sprint(threads)}, args...)
	l.add(what+strings.TrimPrefix(l.o.rate, "tokens"), fmt.Sprintf("translate %s, %s", name, plural(threads)),
		&entry{name: "textlstm", argv: append([]string{filepath.Join(l.o.bin, "translate")}, args...)},
		&entry{name: "PyTorch", argv: append([]string{l.python(), "bench/translate/seq2seq_torch.py", "-pieces-from", filepath.Join(dir, "de-en.model")}, args...)})
}

func plural(threads int) string {
	if threads == 1 {
		return "1 thread"
	}
	return fmt.Sprintf("%d threads", threads)
}
