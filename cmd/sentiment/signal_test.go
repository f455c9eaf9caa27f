package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// start runs the command with a pipe for its standard error and one, never
// closed, for its standard input.
func start(t *testing.T, args ...string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sentiment", args...)
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewReader(stderr)
}

// stop sends a signal and returns the exit code and how long it took.
func stop(t *testing.T, cmd *exec.Cmd, s os.Signal) (int, time.Duration) {
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
	case <-time.After(20 * time.Second):
		cmd.Process.Kill()
		t.Fatalf("%v did not stop the command within 20 s", s)
	}
	return cmd.ProcessState.ExitCode(), time.Since(begin)
}

// A training that is stopped exits with 128 + the signal, leaves its checkpoint
// and nothing else, and says how to go on.
func TestSignalStopsTraining(t *testing.T) {
	for name, c := range map[string]struct {
		signal syscall.Signal
		want   int
	}{"SIGINT": {syscall.SIGINT, 130}, "SIGTERM": {syscall.SIGTERM, 143}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			cmd, stderr := start(t, "train", "--train", "testdata/tiny.tsv", "--config", "testdata/tiny.toml",
				"--epochs", "20000", "--out", filepath.Join(dir, "m.model"))
			for { // the training is under way once an epoch is reported
				line, err := stderr.ReadString('\n')
				if err != nil {
					t.Fatalf("the training ended: %v", err)
				}
				if strings.HasPrefix(line, "epoch") {
					break
				}
			}
			var rest bytes.Buffer
			read := make(chan struct{})
			go func() {
				stderr.WriteTo(&rest)
				close(read)
			}()
			if code, took := stop(t, cmd, c.signal); code != c.want {
				t.Errorf("exit code %d after %v, want %d", code, took, c.want)
			}
			if files, _ := os.ReadDir(dir); len(files) != 1 || files[0].Name() != "m.model.checkpoint" {
				t.Errorf("left %v behind, want the checkpoint alone", files)
			}
			<-read
			if !strings.Contains(rest.String(), "go on with:\n  sentiment train ") || !strings.Contains(rest.String(), " --resume\n") {
				t.Errorf("no command to go on with: %s", rest.String())
			}
		})
	}
}

// Waiting for input is no reason to go on living.
func TestSignalStopsWaitingForInput(t *testing.T) {
	cmd, stderr := start(t, "classify", "--model", tinyModel(t), "--lines")
	time.Sleep(300 * time.Millisecond) // nothing tells when it has begun to read
	code, took := stop(t, cmd, syscall.SIGINT)
	rest, _ := stderr.ReadString(0)
	if code != 130 && code != -1 { // -1: killed by the signal before it was handled
		t.Errorf("exit code %d after %v, want 130; stderr: %s", code, took, rest)
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
			timeout := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
			defer timeout.Stop()
			var got []byte
			buf := make([]byte, 4096)
			for _, want := range rows[:2] {
				if _, err := io.WriteString(in, "a superb goal\n"); err != nil {
					t.Fatal(err)
				}
				for !bytes.Contains(got, []byte(want)) {
					n, err := stdout.Read(buf)
					if got = append(got, buf[:n]...); err != nil {
						t.Fatalf("%v before %q came: %q", err, want, got)
					}
				}
			}
			if _, err := io.WriteString(in, strings.Repeat("a dull goal\n", 1000)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond) // so that it has read them
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

// A second signal ends the command at once, and what it has written stays whole:
// the training can be resumed.
func TestSecondSignal(t *testing.T) {
	dir := t.TempDir()
	args := []string{"train", "--train", "testdata/tiny.tsv", "--config", "testdata/tiny.toml",
		"--epochs", "20000", "--checkpoint-every", "1ns", "--out", filepath.Join(dir, "m.model")}
	cmd, stderr := start(t, args...)
	for {
		line, err := stderr.ReadString('\n')
		if err != nil {
			t.Fatalf("the training ended: %v", err)
		}
		if strings.HasPrefix(line, "epoch") {
			break
		}
	}
	go stderr.WriteTo(io.Discard)
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code, took := stop(t, cmd, syscall.SIGINT); code != 130 && code != -1 { // -1: killed by the second
		t.Errorf("exit code %d after %v, want 130 or the signal", code, took)
	}
	cmd, stderr = start(t, append(args, "--resume")...)
	line, err := stderr.ReadString('\n')
	for err == nil && !strings.HasPrefix(line, "epoch") {
		line, err = stderr.ReadString('\n')
	}
	if n := 0; err != nil {
		t.Errorf("resumed, the training ended: %v", err)
	} else if fmt.Sscanf(line, "epoch %d/", &n); n < 1 {
		t.Errorf("resumed, it reports %q", line)
	}
	go stderr.WriteTo(io.Discard)
	stop(t, cmd, syscall.SIGKILL)
}
