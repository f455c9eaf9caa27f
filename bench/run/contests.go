package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// A contest is one piece of work done by several programs, ours first.
type contest struct {
	name    string
	unit    string // "tokens_per_s" or "gflops": a key of the last line printed; or "seconds" of the whole run
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
	var all []*contest
	add := func(unit, name string, entries ...*entry) {
		all = append(all, &contest{name, unit, entries})
	}
	python := filepath.Join(o.peers, "venv", "bin", "python")
	seconds := fmt.Sprint(o.seconds)

	gemm := func(m, n, k, threads int) {
		size := []string{fmt.Sprint(m), fmt.Sprint(n), fmt.Sprint(k), fmt.Sprint(threads), seconds}
		ours := []string{filepath.Join(o.bin, "gemm"), "-m", size[0], "-n", size[1], "-k", size[2], "-threads", size[3], "-seconds", seconds}
		blas := append([]string{filepath.Join(o.peers, "gemm")}, size...)
		entries := []*entry{
			{name: "textlstm, weights packed", argv: append(ours, "-packed")},
			{name: "textlstm", argv: ours},
			{name: "OpenBLAS x·Wᵀ", argv: blas},
			{name: "OpenBLAS x·W", argv: append(blas[:len(blas):len(blas)], "nn")},
		}
		if m == 1 {
			entries = append(entries, &entry{name: "OpenBLAS gemv", argv: append(blas[:len(blas):len(blas)], "gemv")})
		}
		add("gflops", fmt.Sprintf("gemm %d×%d×%d, %s", m, k, n, plural(threads)), entries...)
	}
	for _, threads := range []int{1, 2} {
		gemm(1024, 1024, 1024, threads)
		gemm(6400, 512, 100, threads)
	}
	gemm(32, 512, 128, 1)
	gemm(1, 512, 128, 1)

	lstm := func(name, mode string, hidden, batch, threads int, lengths bool, peers map[string][]string) {
		args := []string{"-mode", mode, "-bidirectional", "-hidden", fmt.Sprint(hidden), "-batch", fmt.Sprint(batch),
			"-threads", fmt.Sprint(threads), "-seconds", seconds}
		if lengths {
			args = append(args, "-lengths", "bench/imdb-lengths.txt")
		}
		entries := []*entry{{name: "textlstm", argv: append([]string{filepath.Join(o.bin, "throughput")}, args...)}}
		if mode == "infer" {
			argv := append([]string{filepath.Join(o.bin, "throughput"), "-int8"}, args...)
			entries = append(entries, &entry{name: "textlstm int8", argv: argv})
		}
		for _, peer := range []string{"PyTorch", "PyTorch packed", "PyTorch padded", "ONNX Runtime", "ONNX Runtime int8"} {
			if argv, ok := peers[peer]; ok {
				argv = append(append([]string{python}, argv...), args...)
				entries = append(entries, &entry{name: peer, argv: argv})
			}
		}
		add("tokens_per_s", fmt.Sprintf("%s H=%d, B=%d, %s", name, hidden, batch, plural(threads)), entries...)
	}
	const torch, onnx = "bench/peers/torch_lstm.py", "bench/peers/ort_lstm.py"
	for _, hidden := range []int{128, 256, 512} {
		for _, batch := range []int{32, 1} {
			for _, threads := range []int{1, 2} {
				adam := "fused"
				if batch == 1 { // its fastest for each
					adam = "sparse"
				}
				lstm("train", "train", hidden, batch, threads, false, map[string][]string{
					"PyTorch": {torch, "-adam", adam},
				})
				lstm("infer", "infer", hidden, batch, threads, false, map[string][]string{
					"PyTorch": {torch}, "ONNX Runtime": {onnx}, "ONNX Runtime int8": {onnx, "-int8"},
				})
			}
		}
	}
	for _, threads := range []int{1, 2} {
		lstm("lengths train", "train", 128, 32, threads, true, map[string][]string{
			"PyTorch packed": {torch, "-packed"}, "PyTorch padded": {torch},
		})
		lstm("lengths infer", "infer", 128, 32, threads, true, map[string][]string{
			"PyTorch packed": {torch, "-packed"}, "PyTorch padded": {torch}, "ONNX Runtime": {onnx},
		})
	}

	job := func(name, file string, threads int) {
		texts := filepath.Join(o.peers, file)
		entries := []*entry{{name: "textlstm", argv: []string{filepath.Join(o.bin, "sentiment"), "classify", "--lines", "--output", "jsonl", "--threads", fmt.Sprint(threads), texts}}}
		if threads == 1 { // fasttext predict has no other
			entries = append(entries, &entry{name: "fastText", argv: []string{"fasttext", "predict-prob", filepath.Join(o.peers, "imdb.bin"), texts}})
		}
		entries = append(entries, &entry{name: "PyTorch", argv: []string{python, "bench/peers/torch_classify.py", filepath.Join(o.peers, "imdb.pt"), texts, "-threads", fmt.Sprint(threads)}})
		add("seconds", fmt.Sprintf("job %s, %s", name, plural(threads)), entries...)
	}
	job("IMDB test texts", "imdb-test.txt", 1)
	job("IMDB test texts", "imdb-test.txt", 2)
	job("one text", "imdb-one.txt", 1)
	return all
}

func plural(threads int) string {
	if threads == 1 {
		return "1 thread"
	}
	return fmt.Sprintf("%d threads", threads)
}
