package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"go/token"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

type options struct {
	tests       []string // packages
	args, quick []string // arguments of a test binary, always and in a first run
	tags        string
	seconds     int
	jobs        int
	known       map[string]bool
	listed      bool // test the known ones only
	list        bool // test nothing
	sample      int  // test so many, chosen by seed
	seed        uint64
}

func main() {
	var o options
	tests := flag.String("tests", "", "packages to test, with commas between")
	args := flag.String("args", "", "arguments of the test binaries, with spaces between")
	quick := flag.String("quick", "", "more arguments of the test binaries for a first run that kills most mutants, with spaces between")
	flag.StringVar(&o.tags, "tags", "", "build tags")
	flag.IntVar(&o.seconds, "seconds", 60, "processor time after which a run counts as a kill")
	flag.IntVar(&o.jobs, "jobs", 2, "mutants tested at a time")
	only := flag.String("func", "", "mutate functions that match the regular expression")
	known := flag.String("equivalent", "", "file of mutants that no test can tell from the original")
	flag.BoolVar(&o.list, "list", false, "print the mutants and test nothing")
	flag.BoolVar(&o.listed, "listed", false, "test the mutants of that file only")
	flag.IntVar(&o.sample, "sample", 0, "test so many mutants, chosen by -seed; 0 for all")
	flag.Uint64Var(&o.seed, "seed", 1, "chooses the sample")
	flag.Parse()
	o.tests, o.args, o.quick = strings.Split(*tests, ","), strings.Fields(*args), strings.Fields(*quick)
	err := func() (err error) {
		if o.known, err = readKnown(*known); err != nil {
			return err
		}
		match, err := regexp.Compile(*only)
		if err != nil {
			return err
		}
		files := slices.DeleteFunc(flag.Args(), func(f string) bool { return strings.HasSuffix(f, "_test.go") })
		return o.run(match, files)
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

// readKnown reads a file of mutants, one a line, each with the reason why it is
// equivalent behind a " # ".
func readKnown(path string) (map[string]bool, error) {
	known := map[string]bool{}
	if path == "" {
		return known, nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, why, ok := strings.Cut(line, " # ")
		if !ok || strings.TrimSpace(why) == "" {
			return nil, fmt.Errorf("%s: no reason in %q", path, line)
		}
		known[strings.TrimSpace(name)] = true
	}
	return known, nil
}

func (o options) run(match *regexp.Regexp, files []string) error {
	dir, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	all, valid, binaries, err := o.build(dir, match, files)
	if err != nil {
		return err
	}
	if o.list {
		for _, m := range all {
			fmt.Printf("line %d, %s\n", m.line, m)
		}
		return nil
	}
	if o.survives(binaries, 0) != nil {
		return errors.New("the tests fail without a mutant")
	}
	alive := make([]bool, len(all))
	var wait sync.WaitGroup
	next := make(chan int)
	for range o.jobs {
		wait.Go(func() {
			for i := range next {
				killer := o.survives(binaries, i+1)
				alive[i] = killer == nil
				word := "killed"
				if alive[i] {
					word = "SURVIVES"
				}
				fmt.Printf("%s: line %d, %s\n", word, all[i].line, all[i])
			}
		})
	}
	for i := range all {
		if valid[i] {
			next <- i
		}
	}
	close(next)
	wait.Wait()
	return o.judge(all, valid, alive)
}

// judge prints the counts and says what is not as it should be.
func (o options) judge(all []mutant, valid, alive []bool) error {
	total, killed, equivalent := 0, 0, 0
	var errs []error
	for i, m := range all {
		if !valid[i] {
			continue
		}
		total++
		known := o.known[m.String()]
		switch {
		case !alive[i] && known:
			errs = append(errs, fmt.Errorf("line %d is listed as equivalent and killed: %s", m.line, m))
		case !alive[i]:
			killed++
		case known:
			equivalent++
		default:
			errs = append(errs, fmt.Errorf("line %d survives: %s", m.line, m))
		}
	}
	fmt.Printf("%d mutants: %d killed, %d equivalent, %d wrong\n", total, killed, equivalent, len(errs))
	return errors.Join(errs...)
}

// A source is a file to mutate.
type source struct {
	file  string
	text  []byte
	first int // the number, which is the index + 1, of its first mutant
	own   []mutant
}

// build makes the test binaries of all mutants that compile, one for each
// package under test.
func (o options) build(dir string, match *regexp.Regexp, files []string) (all []mutant, valid []bool, binaries []string, err error) {
	fset := token.NewFileSet()
	var sources []source
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			return nil, nil, nil, err
		}
		list, err := mutants(fset, file, src, match)
		if err != nil {
			return nil, nil, nil, err
		}
		sources = append(sources, source{file, src, len(all) + 1, list})
		all = append(all, list...)
	}
	skip := map[int]bool{} // numbers of those that do not compile
	valid = o.choose(all, skip)
	for !o.list {
		overlay, lines, err := writeSources(dir, fset, sources, valid)
		if err != nil {
			return nil, nil, nil, err
		}
		var out []byte
		if binaries, out, err = o.compile(dir, overlay); err == nil {
			break
		}
		before := len(skip)
		skipFaulty(skip, out, lines)
		if len(skip) == before {
			return nil, nil, nil, fmt.Errorf("%w\n%s", err, out)
		}
		valid = o.choose(all, skip)
	}
	return all, valid, binaries, nil
}

// writeSources writes the sources with the mutants that are valid, and the overlay that
// puts them in the place of the files. lines[name][number] is where the copy of a mutant
// begins in a file, by the name that the compiler gives it.
func writeSources(dir string, fset *token.FileSet, sources []source, valid []bool) (overlay string, lines map[string]map[int]int, err error) {
	replace := map[string]string{}
	put := func(name, path string, text []byte) error {
		abs, err := filepath.Abs(path)
		if err != nil {
			return err
		}
		replace[abs] = filepath.Join(dir, name)
		return os.WriteFile(replace[abs], text, 0o600)
	}
	lines = map[string]map[int]int{}
	for i, s := range sources {
		name := fmt.Sprintf("%d.go", i)
		text, from := schema(fset, s.text, s.own, func(i int) int { return s.first + i }, valid)
		lines[name] = from
		pkg := regexp.MustCompile(`(?m)^package (\w+)`).FindSubmatch(text)[1]
		if err := errors.Join(put(name, s.file, text), put("n"+name, filepath.Join(filepath.Dir(s.file), "mutant_number.go"), fmt.Appendf(nil, chooser, pkg))); err != nil {
			return "", nil, err
		}
	}
	list, _ := json.Marshal(map[string]any{"Replace": replace}) // strings cannot fail
	overlay = filepath.Join(dir, "overlay.json")
	return overlay, lines, os.WriteFile(overlay, list, 0o600)
}

// compile makes the test binaries. out is what the compiler says of the first that fails.
func (o options) compile(dir, overlay string) (binaries []string, out []byte, err error) {
	for i, pkg := range o.tests {
		binaries = append(binaries, filepath.Join(dir, fmt.Sprintf("%d.test", i)))
		cmd := exec.Command("go", "test", "-c", "-vet=off", "-gcflags=-e", "-tags", o.tags, "-overlay", overlay, "-o", binaries[i], pkg)
		if out, err = cmd.CombinedOutput(); err != nil {
			return nil, out, err
		}
	}
	return binaries, nil, nil
}

// skipFaulty adds to skip the mutants that the compiler complains of.
func skipFaulty(skip map[int]bool, out []byte, lines map[string]map[int]int) {
	for _, place := range regexp.MustCompile(`(?m)(\w+\.go):(\d+):`).FindAllStringSubmatch(string(out), -1) {
		var line int
		fmt.Sscan(place[2], &line)
		number, start := 0, 0
		for n, from := range lines[place[1]] {
			if from <= line && from > start {
				number, start = n, from
			}
		}
		if number > 0 {
			skip[number] = true
		}
	}
}

// choose says which mutants to test, none to skip. The others are not compiled: a copy
// of its function for each mutant of a package is more than the compiler does in minutes.
func (o options) choose(all []mutant, skip map[int]bool) (valid []bool) {
	for i, m := range all {
		valid = append(valid, !skip[i+1] && (!o.listed || o.known[m.String()]))
	}
	if o.sample > 0 {
		left := o.sample
		for _, i := range rand.New(rand.NewPCG(o.seed, 2)).Perm(len(all)) {
			if valid[i] = valid[i] && left > 0; valid[i] {
				left--
			}
		}
	}
	return valid
}

// survives runs the tests on one mutant, 0 for the original, and returns nil if
// they pass.
func (o options) survives(binaries []string, number int) error {
	runs := [][]string{o.args}
	if len(o.quick) > 0 {
		runs = [][]string{slices.Concat(o.args, o.quick), o.args}
	}
	for _, args := range runs {
		for i, binary := range binaries {
			// Processor time, not time: a mutant may run for ever, a busy machine be slow.
			ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
			limit := fmt.Sprintf(`ulimit -t %d; ulimit -v 8000000; exec "$0" "$@"`, o.seconds)
			cmd := exec.CommandContext(ctx, "sh", slices.Concat([]string{"-c", limit, binary, "-test.failfast", "-test.timeout=1h"}, args)...)
			cmd.Dir = o.tests[i]
			cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", variable, number))
			err := cmd.Run()
			cancel()
			if err != nil {
				return err
			}
		}
	}
	return nil
}
