// Run times this project and its peers side by side and writes a table of
// medians and ratios:
//
//	bench/setup.sh
//	go run ./bench/run -only '^train' -rounds 5
//
// In each round every program of a contest runs once, the second of one round
// being the first of the next, so that a slow minute of the machine falls on
// all of them. Run it from the repository's root on an otherwise idle machine.
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

func main() {
	var o options
	cache, _ := os.UserCacheDir()
	flag.StringVar(&o.peers, "peers", filepath.Join(cache, "textlstm-bench"), "`directory` that bench/setup.sh filled")
	flag.StringVar(&o.corpora, "corpora", cmp.Or(os.Getenv("TEXTLSTM_CORPORA"), "../shared/corpora"), "`directory` with imdb/train.tsv.zst and imdb/test.tsv.zst, for the contests of jobs, and parallel-multi30k, for those of translations")
	only := flag.String("only", "", "`regexp`: run the contests whose names it matches")
	rounds := flag.Int("rounds", 5, "runs of each program")
	flag.Float64Var(&o.seconds, "seconds", 5, "measured time of a run")
	cpu := flag.Bool("cpu", false, "rate encoders and translations by processor time, for a machine that is not idle")
	flag.BoolVar(&o.avx2, "avx2", false, "use no more than AVX2, neither ours nor the peers'")
	out := flag.String("out", "", "`file` for the table; default bench/results/DATE-COMMIT.md")
	flag.Parse()
	o.rate = "tokens_per_s"
	if *cpu {
		o.rate = "tokens_per_cpu_s"
	}
	if err := run(o, *only, *rounds, *out); err != nil {
		fmt.Fprintln(os.Stderr, "run:", err)
		os.Exit(1)
	}
}

type options struct {
	peers, corpora string
	bin            string // our programs, built here
	seconds        float64
	avx2           bool
	rate           string // the unit of encoders, and what follows "tokens" in that of translations
}

func run(o options, only string, rounds int, out string) error {
	filter, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	if o.bin, err = os.MkdirTemp("", "textlstm-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(o.bin)

	var chosen []*contest
	for _, c := range contests(&o) {
		if filter.MatchString(c.name) {
			chosen = append(chosen, c)
		}
	}
	if len(chosen) == 0 {
		return fmt.Errorf("no contest matches %q", only)
	}
	if err := prepare(&o, chosen); err != nil {
		return err
	}
	facts := machine()
	if o.avx2 {
		if facts["hidden"], err = hideAVX512(o.peers); err != nil {
			return err
		}
	}
	for i, c := range chosen {
		fmt.Fprintf(os.Stderr, "%d/%d %s\n", i+1, len(chosen), c.name)
		for r := range rounds {
			for j := range c.entries {
				e := c.entries[(r+j)%len(c.entries)]
				if err := e.run(c.unit, facts); err != nil {
					return fmt.Errorf("%s: %s: %w", c.name, e.name, err)
				}
			}
		}
	}
	if out == "" {
		out = filepath.Join("bench", "results", time.Now().Format(time.DateOnly)+"-"+facts["commit"]+".md")
	}
	command := fmt.Sprintf("-only '%s' -rounds %d -seconds %g", only, rounds, o.seconds)
	if o.rate == "tokens_per_cpu_s" {
		command += " -cpu"
	}
	if o.avx2 {
		command += " -avx2"
	}
	if err := os.WriteFile(out, []byte(table(chosen, facts, command)), 0o666); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "wrote", out)
	return nil
}

// hideAVX512 makes programs that start from now on believe that the processor stops at
// AVX2, and says how. Ours are static: no library that is loaded before others reaches them.
func hideAVX512(peers string) (string, error) {
	os.Setenv("TEXTLSTM_KERNEL", "avx2")
	library := filepath.Join(peers, "avx2.so")
	if _, err := os.Stat(library); err != nil {
		return "", fmt.Errorf("%w: run bench/setup.sh", err)
	}
	probe := exec.Command("true")
	probe.Env = append(os.Environ(), "LD_PRELOAD="+library)
	if probe.Run() == nil {
		os.Setenv("LD_PRELOAD", library)
		return "AVX-512, by avx2.so", nil
	}
	copies := filepath.Join(peers, "avx2")
	if _, err := os.Stat(copies); err != nil {
		return "", fmt.Errorf("%w: run bench/setup.sh", err)
	}
	for _, v := range []string{
		"MKL_ENABLE_INSTRUCTIONS=AVX2", "ONEDNN_MAX_CPU_ISA=AVX2", "ATEN_CPU_CAPABILITY=avx2",
		"AVX2_COPIES=1", "PYTHONPATH=" + copies, "LD_PRELOAD=" + library,
	} {
		name, value, _ := strings.Cut(v, "=")
		os.Setenv(name, value)
	}
	return "AVX-512, from PyTorch by its settings, from ONNX Runtime by hide.py", nil
}

// wordsFile is the file of IMDB's words for the words contests.
const wordsFile = "imdb-words.txt"

// prepare builds our programs and, for the contests of words, jobs and translations, the
// texts and models.
func prepare(o *options, chosen []*contest) error {
	packages := []string{"./bench/throughput", "./bench/gemm", "./bench/translate"}
	any := func(kind string) bool {
		return slices.ContainsFunc(chosen, func(c *contest) bool { return strings.HasPrefix(c.name, kind) })
	}
	jobs := any("job")
	if jobs {
		packages = append(packages, "./cmd/sentiment")
	}
	if err := command(append([]string{"go", "build", "-o", o.bin + string(filepath.Separator)}, packages...)...); err != nil {
		return err
	}
	if any("words") {
		if err := command("bash", "bench/run/words.sh", o.corpora, o.peers, wordsFile); err != nil {
			return err
		}
	}
	if any("translate") {
		if err := command("bash", "bench/run/translate.sh", o.corpora, o.peers, o.bin); err != nil {
			return err
		}
	}
	if !jobs {
		return nil
	}
	return command("bash", "bench/run/job.sh", o.corpora, o.peers)
}

// command runs a program whose output goes to stderr.
func command(argv ...string) error {
	c := exec.Command(argv[0], argv[1:]...)
	c.Stdout, c.Stderr = os.Stderr, os.Stderr
	if err := c.Run(); err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return fmt.Errorf("%s: %w", strings.Join(argv, " "), err)
		}
		return err
	}
	return nil
}
