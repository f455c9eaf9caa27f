package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
)

// machine collects what a figure depends on.
func machine() map[string]string {
	output := func(argv ...string) string {
		out, err := exec.Command(argv[0], argv[1:]...).Output()
		if err != nil {
			return "unknown"
		}
		return strings.TrimSpace(string(out))
	}
	facts := map[string]string{
		"commit": output("git", "rev-parse", "--short", "HEAD"),
		"go":     runtime.Version(),
		"cpu":    "unknown",
		"cores":  fmt.Sprint(runtime.NumCPU()),
		"load":   "unknown",
	}
	if output("git", "status", "--porcelain", "--untracked-files=no") != "" {
		facts["commit"] += "-changed"
	}
	if m := regexp.MustCompile(`model name\s*: (.*)`).FindStringSubmatch(readFile("/proc/cpuinfo")); m != nil {
		facts["cpu"] = m[1]
	}
	if load := strings.Fields(readFile("/proc/loadavg")); len(load) > 0 {
		facts["load"] = load[0]
	}
	if m := regexp.MustCompile(`(?m)^Version: (.*)`).FindStringSubmatch(output("dpkg", "-s", "fasttext")); m != nil {
		facts["fasttext"] = m[1]
	}
	return facts
}

// readFile returns a file's text, empty if there is none.
func readFile(path string) string {
	b, _ := os.ReadFile(path)
	return string(b)
}

// table is the report in Markdown.
func table(contests []*contest, facts map[string]string, command string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Side by side, %s\n\n", time.Now().Format(time.DateOnly))
	for _, key := range []string{"commit", "cpu", "cores", "load", "kernel", "hidden", "go", "torch", "onnxruntime", "openblas", "fasttext"} {
		if v := facts[key]; v != "" {
			fmt.Fprintf(&b, "- %s: %s\n", key, v)
		}
	}
	fmt.Fprintf(&b, "\nCommand: `go run ./bench/run %s`. Medians of runs by turns, with the least and the greatest;\n"+
		"the ratio is how many times as fast textlstm's first row is. Memory is the peak of the whole process.\n\n", command)
	b.WriteString("| contest | program | median | range | ratio | memory |\n|---|---|---:|---:|---:|---:|\n")
	for _, c := range contests {
		ours := median(c.entries[0].values)
		for i, e := range c.entries {
			name, ratio := "", ""
			if i == 0 {
				name = c.name + ", " + units[c.unit]
			} else if c.unit == "seconds" {
				ratio = fmt.Sprintf("%.2f", median(e.values)/ours)
			} else {
				ratio = fmt.Sprintf("%.2f", ours/median(e.values))
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s–%s | %s | %d MB |\n", name, e.name, number(median(e.values)),
				number(slices.Min(e.values)), number(slices.Max(e.values)), ratio, e.peak>>20)
		}
	}
	return b.String()
}

var units = map[string]string{"tokens_per_s": "tokens/s", "tokens_per_cpu_s": "tokens/s of processor time", "sentences_per_s": "sentences/s", "sentences_per_cpu_s": "sentences/s of processor time", "gflops": "GFLOP/s", "seconds": "s"}

// number writes v with three digits or all its whole ones.
func number(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// median returns the middle of v, or the mean of the two middle ones.
func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	n := len(v)
	return (v[(n-1)/2] + v[n/2]) / 2
}
