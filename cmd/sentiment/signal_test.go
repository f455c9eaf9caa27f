package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// start runs the command with a pipe for its standard error, which can be read when it has
// ended, too, and one, never closed, for its standard input.
func start(t *testing.T, args ...string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sentiment", args...)
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stderr, w, err := os.Pipe() // Wait closes that of StderrPipe, whatever has been read of it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stderr.Close() })
	cmd.Stderr = w
	err = cmd.Start()
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewReader(stderr)
}

// signalAndWait sends a signal and returns the exit code and how long it took.
func signalAndWait(t *testing.T, cmd *exec.Cmd, s os.Signal) (int, time.Duration) {
	t.Helper()
	begin := time.Now()
	if err := cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		cmd.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(2 * time.Minute):
		cmd.Process.Kill()
		t.Fatalf("%v did not stop the command within two minutes", s)
	}
	return cmd.ProcessState.ExitCode(), time.Since(begin)
}

// A training that is stopped exits with 128 + the signal, leaves its checkpoint
// and nothing else, and says how to go on; with a budget there is no checkpoint, but the
// model of the n-grams.
func TestSignalStopsTraining(t *testing.T) {
	for name, c := range map[string]struct {
		signal syscall.Signal
		want   int
		begun  string // a line that says so begins with this
		left   string // the file
		more   []string
	}{
		"SIGINT":  {syscall.SIGINT, 130, "epoch", "m.model.checkpoint", nil},
		"SIGTERM": {syscall.SIGTERM, 143, "epoch", "m.model.checkpoint", nil},
		"budget":  {syscall.SIGINT, 130, "the n-grams alone", "m.model", []string{"--budget", "1h", "--set", "model.ngrams.words=1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			cmd, stderr := start(t, append([]string{"train", "--train", "testdata/tiny.tsv", "--config", "testdata/tiny.toml",
				"--epochs", "20000", "--out", filepath.Join(dir, "m.model")}, c.more...)...)
			for {
				line, err := stderr.ReadString('\n')
				if err != nil {
					t.Fatalf("the training ended: %v", err)
				}
				if strings.HasPrefix(line, c.begun) {
					break
				}
			}
			var rest bytes.Buffer
			read := make(chan struct{})
			go func() {
				stderr.WriteTo(&rest)
				close(read)
			}()
			if code, took := signalAndWait(t, cmd, c.signal); code != c.want {
				t.Errorf("exit code %d after %v, want %d", code, took, c.want)
			}
			if files, _ := os.ReadDir(dir); len(files) != 1 || files[0].Name() != c.left {
				t.Errorf("left %v behind, want %s alone", files, c.left)
			}
			<-read
			hint := strings.Contains(rest.String(), "go on with:\n  sentiment train ") && strings.Contains(rest.String(), " --resume\n")
			if hint != strings.HasSuffix(c.left, ".checkpoint") {
				t.Errorf("a command to go on with: %v: %s", hint, rest.String())
			}
		})
	}
}

// Waiting for input is no reason to go on living.
func TestSignalStopsWaitingForInput(t *testing.T) {
	cmd, stderr := start(t, "classify", "--model", tinyModel(t), "--lines")
	time.Sleep(300 * time.Millisecond) // nothing tells when it has begun to read
	code, took := signalAndWait(t, cmd, syscall.SIGINT)
	rest, _ := stderr.ReadString(0)
	if code != 130 && code != -1 { // -1: killed by the signal before it was handled
		t.Errorf("exit code %d after %v, want 130; stderr: %s", code, took, rest)
	}
}

// Whatever a command is at, a signal ends it within a second, and it does not say that it
// has succeeded.
func TestSignalStopsAnything(t *testing.T) {
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(1, 2))
	var corpus []byte
	for i := range 150_000 { // reading it and looking for near duplicates takes seconds
		corpus = append(corpus, []string{"a\t", "b\t"}[i%2]...)
		for range 30 {
			corpus = strconv.AppendInt(append(corpus, ' '), r.Int64N(1e5), 36)
		}
		corpus = append(corpus, '\n')
	}
	file := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o666); err != nil {
		t.Fatal(err)
	}
	table := file("table.tsv", append([]byte("label\ttext\n"), corpus...))
	document := file("document.txt", corpus[:8<<20])
	words := file("words.txt", corpus[:20<<10]) // few enough to be explained
	model := filepath.Join(dir, "m.model")
	for name, args := range map[string][]string{
		"orthogonal start":   {"train", "--train", "testdata/tiny.tsv", "--set", "model.lstm.hidden_size=1500", "--init", "none", "--out", model},
		"reading a corpus":   {"train", "--train", table, "--out", model},
		"counting a corpus":  {"corpus", "check", table},
		"statistics":         {"corpus", "stats", table, table, table, table},
		"a pipe":             {"classify", fifo},
		"a pipe to train on": {"train", "--train", fifo, "--out", model},
		"a document":         {"classify", "--model", tinyModel(t), document, document, document, document},
		"standard input":     {"classify", "-"},
		"words of a text":    {"explain", words},
		"vectors":            {"pretrain", "--skip-gram", "--text", table, "--out", model},
		"resampling":         {"eval", "--resamples", "3000000", "--model", tinyModel(t), "testdata/tiny.tsv"},
	} {
		t.Run(name, func(t *testing.T) { // one after the other: what is timed needs a processor
			cmd := exec.CommandContext(t.Context(), "sentiment", args...)
			var stderr strings.Builder
			cmd.Stderr = &stderr
			if name == "standard input" {
				f, err := os.Open(document)
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
				cmd.Stdin = f
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(500 * time.Millisecond) // nothing tells when it is at it
			code, took := signalAndWait(t, cmd, syscall.SIGINT)
			if code != 130 || took > 1500*time.Millisecond {
				t.Errorf("exit code %d after %v, want 130 within a second: %s", code, took, stderr.String())
			}
			if !strings.HasSuffix(stderr.String(), "sentiment: stopped by interrupt\n") {
				t.Errorf("it says %s", stderr.String())
			}
		})
	}
}

// A line of an open pipe is answered before the next one comes, in every style that
// has rows, and what was read when a signal comes is answered before the end.
func TestClassifyAnswersAsLinesCome(t *testing.T) {
	model := tinyModel(t)
	for style, rows := range map[string][3]string{ // what the output has after each line; the end
		"jsonl": {`{"id":"stdin:1"`, `{"id":"stdin:2"`, "}\n"},
		"json":  {`{"id":"stdin:1"`, `{"id":"stdin:2"`, "\n]\n"},
		"csv":   {"\nstdin:1,", "\nstdin:2,", "\n"},
		"tsv":   {"\nstdin:1\t", "\nstdin:2\t", "\n"},
		"table": {"\nstdin:1 ", "\nstdin:2 ", "\n"},
		"md":    {"\n| stdin:1 ", "\n| stdin:2 ", "|\n"},
	} {
		t.Run(style, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), "sentiment", "classify", "--model", model, "--lines", "--output", style)
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer cmd.Process.Kill() // ends a read that waits for ever
			timeout := time.AfterFunc(2*time.Minute, func() { cmd.Process.Kill() })
			defer timeout.Stop()
			var got []byte
			buf := make([]byte, 4096)
			ask := func(lines, want string) {
				t.Helper()
				if _, err := io.WriteString(in, lines); err != nil {
					t.Fatal(err)
				}
				for !bytes.Contains(got, []byte(want)) {
					n, err := stdout.Read(buf)
					if got = append(got, buf[:n]...); err != nil {
						t.Fatalf("%v before %q came: %q", err, want, got)
					}
				}
			}
			ask("a superb goal\n", rows[0])
			ask("a superb goal\n", rows[1])
			// They come in one piece: when the first is answered, all have been read.
			ask(strings.Repeat("a dull goal\n", 1000), strings.Replace(rows[1], "2", "3", 1))
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			rest, err := io.ReadAll(stdout)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, rest...)
			if n := bytes.Count(got, []byte("stdin:")); n != 1002 || !bytes.HasSuffix(got, []byte(rows[2])) {
				t.Errorf("%d records of 1002 lines; the output ends with %q", n, got[max(0, len(got)-80):])
			}
			if cmd.Wait(); cmd.ProcessState.ExitCode() != 143 {
				t.Errorf("exit code %d, want 143", cmd.ProcessState.ExitCode())
			}
		})
	}
}

// A stopWriter ends a command's context as the first output comes.
type stopWriter struct {
	bytes.Buffer
	stop context.CancelFunc
}

func (w *stopWriter) Write(p []byte) (int, error) {
	w.stop()
	return w.Buffer.Write(p)
}

// Lines of standard input that have been read are answered after a signal, by all commands
// that answer each.
func TestStoppedCommandAnswersWhatItHasRead(t *testing.T) {
	model := tinyModel(t)
	stdin := os.Stdin
	defer func() { os.Stdin = stdin }()
	for _, tt := range []struct {
		command string
		lines   int // that come at once, more than are answered together
	}{{"explain --output jsonl", 3}, {"encode", 1003}} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		defer w.Close()
		if _, err := w.WriteString(strings.Repeat("a\n", tt.lines)); err != nil {
			t.Fatal(err)
		}
		os.Stdin = r
		ctx, stop := context.WithCancel(t.Context())
		out := &stopWriter{stop: stop}
		root := newRoot()
		root.SetOut(out)
		root.SetArgs(append(strings.Fields(tt.command), "--model", model, "--lines"))
		if err := root.ExecuteContext(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error %v", tt.command, err)
		}
		if n := strings.Count(out.String(), "\n"); n != tt.lines {
			t.Errorf("%s: %d answers for %d lines", tt.command, n, tt.lines)
		}
	}
}

// A second signal ends the command at once, within a step that takes seconds, as it would
// end a program that knows nothing of signals; and what it has written stays whole: the
// training can be resumed.
func TestSecondSignal(t *testing.T) {
	dir := t.TempDir()
	data := bytes.NewBufferString("label\ttext\n")
	for i := range 64 {
		fmt.Fprintf(data, "%s\t%s\n", []string{"a", "b"}[i%2], strings.Repeat("some words ", 64))
	}
	long := filepath.Join(dir, "long.tsv")
	if err := os.WriteFile(long, data.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "m.model")
	args := []string{"train", "--train", long, "--dev", long, "--init", "none", "--epochs", "20000", "--checkpoint-every", "1ns", "--out", out,
		"--set", "model.lstm.hidden_size=300", "--set", "model.lstm.direction=bidirectional", "--set", "batch_size=64", "--set", "batch_tokens=100000",
		"--set", "model.ngrams.words=1"}
	// The first signal may find the training between two steps, and ends it then.
	killed := func(args ...string) bool {
		cmd, stderr := start(t, args...)
		said := new(bytes.Buffer)
		go stderr.WriteTo(said)
		defer cmd.Process.Kill()
		before, _ := filepath.Glob(out + ".checkpoint/*.safetensors")
		for deadline := time.Now().Add(10 * time.Minute); ; time.Sleep(10 * time.Millisecond) { // a step is done
			if files, _ := filepath.Glob(out + ".checkpoint/*.safetensors"); !slices.Equal(files, before) {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("no checkpoint: %s", said)
			}
		}
		if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
		code, took := signalAndWait(t, cmd, syscall.SIGINT)
		if code == 130 {
			return false
		}
		if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGINT {
			t.Errorf("%v after %v, want that the signal ends it at once", cmd.ProcessState, took)
		}
		return true
	}
	args = append(args, "--resume")
	for tries := 1; !killed(args...); tries++ {
		if tries == 50 {
			t.Fatal("no second signal found the training within a step")
		}
	}
	cmd, stderr := start(t, args...)
	defer cmd.Process.Kill()
	line, err := stderr.ReadString('\n')
	for err == nil && !strings.HasPrefix(line, "going on with ") {
		line, err = stderr.ReadString('\n')
	}
	if err != nil {
		t.Errorf("it cannot be resumed: %v", err)
	}
	go stderr.WriteTo(io.Discard)
	signalAndWait(t, cmd, syscall.SIGKILL)
}
