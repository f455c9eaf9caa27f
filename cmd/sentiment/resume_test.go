package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// trainArgs is a command line of so many epochs, with a checkpoint after every batch.
func trainArgs(out string, epochs int) []string {
	return []string{
		"train", "--train", "testdata/tiny.tsv", "--config", "testdata/tiny.toml", "--epochs", strconv.Itoa(epochs),
		"--set", "refit=true", "--set", "ema.decay=0.99", "--set", "model.dropout=0.2", "--checkpoint-every", "1ns", "--out", out,
	}
}

// uninterrupted returns the bytes that a training ends with, and how long it takes.
func uninterrupted(t *testing.T, command func(out string) []string) (model []byte, took time.Duration) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "m.model")
	begin := time.Now()
	if text, err := exec.CommandContext(t.Context(), "sentiment", append(command(out), "--quiet")...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	took = time.Since(begin)
	if _, err := os.Stat(out + ".checkpoint"); !os.IsNotExist(err) {
		t.Errorf("the checkpoints are still there: %v", err)
	}
	model, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return model, took
}

// trainings are command lines that all take checkpoints after every batch.
var trainings = map[string]func(out string) []string{
	"train":    func(out string) []string { return trainArgs(out, 100) },
	"stream":   func(out string) []string { return append(trainArgs(out, 60), "--stream") },
	"language": func(out string) []string { return learning(out, "--set", "lstm.hidden_size=4", "--epochs", "100") },
	"vectors":  func(out string) []string { return learning(out, "--skip-gram", "--epochs", "200") },
}

// learning is a command line that learns from texts without labels.
func learning(out string, more ...string) []string {
	return append([]string{
		"pretrain", "--text", "testdata/tiny.tsv", "--set", "embed=4", "--set", "vocab.min_count=1", "--checkpoint-every", "1ns", "--out", out,
	}, more...)
}

// Interrupted again and again, and resumed with the command that is printed, a
// training ends with the bytes of the one that was not.
func TestResumeCommand(t *testing.T) {
	if testing.Short() {
		t.Skip("trains for a minute under the detector of races")
	}
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell to read the command that is printed")
	}
	for name, command := range trainings {
		t.Run(name, func(t *testing.T) { testResumeCommand(t, shell, command) })
	}
}

func testResumeCommand(t *testing.T, shell string, command func(out string) []string) {
	want, _ := uninterrupted(t, command)
	out := filepath.Join(t.TempDir(), "a 'model'")
	cmd := exec.CommandContext(t.Context(), "sentiment", command(out)...)
	stops := 0
	for {
		stderr, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		epochs, last := 0, 5+rand.IntN(25)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			fmt.Fprintln(&text, lines.Text())
			if strings.HasPrefix(lines.Text(), "epoch") {
				if epochs++; epochs == last {
					cmd.Process.Signal(syscall.SIGINT)
				}
			}
		}
		if err := cmd.Wait(); err == nil {
			break
		}
		if code := cmd.ProcessState.ExitCode(); code != 130 {
			t.Fatalf("exit code %d: %s", code, text.String())
		}
		stops++
		_, next, ok := strings.Cut(text.String(), "go on with:\n  ")
		if !ok && strings.Contains(text.String(), "; wrote ") {
			break // the signal came when all was done
		}
		if !ok {
			t.Fatalf("no command to go on with: %s", text.String())
		}
		next, _, _ = strings.Cut(next, "\n")
		cmd = exec.CommandContext(t.Context(), shell, "-c", "exec "+next)
	}
	if stops < 2 {
		t.Errorf("interrupted %d times only", stops)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Error("another model")
	}
}

// A training that is killed, not asked, at any moment leaves checkpoints that
// open, loses no more than one, and ends with the same bytes. KILLS is the number of
// kills, a few unless it is set.
func TestKill(t *testing.T) {
	kills := 8
	if v, err := strconv.Atoi(os.Getenv("KILLS")); err == nil {
		kills = v
	}
	if testing.Short() {
		kills = 2
	}
	want, took := uninterrupted(t, func(out string) []string { return trainArgs(out, 40) })
	dir := t.TempDir()
	models, stale := 0, 0
	var steps [2]int // of the first training and of the second, on the dev texts as well
	for killed := 0; killed < kills; {
		out := filepath.Join(dir, fmt.Sprintf("m%d", models))
		cmd := exec.CommandContext(t.Context(), "sentiment", append(trainArgs(out, 40), "--resume", "--log-json")...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// Anywhere in the training's life, most often soon after it goes on.
		timer := time.AfterFunc(time.Duration(rand.Int64N(int64(took)/4)), func() { cmd.Process.Kill() })
		err := cmd.Wait()
		dead := !timer.Stop()
		for line := range strings.SplitSeq(stderr.String(), "\n") {
			if !strings.Contains(line, `"resumed":true`) {
				continue
			}
			var at int
			if _, rest, ok := strings.Cut(line, `"step":`); ok {
				fmt.Sscan(strings.TrimRight(strings.SplitN(rest, ",", 2)[0], "}"), &at)
			}
			step := &steps[0]
			if strings.Contains(line, `"refit":true`) {
				step = &steps[1]
			}
			if at < *step {
				t.Errorf("kill %d: resumed at step %d after step %d", killed, at, *step)
			}
			*step = at
		}
		if strings.Contains(stderr.String(), "warning") {
			t.Errorf("kill %d: %s", killed, stderr.String())
		}
		switch {
		case err == nil:
			got, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(want, got) {
				t.Errorf("model %d, after %d kills, is another", models, killed)
			}
			models++
			clear(steps[:])
			continue
		case !dead:
			t.Fatalf("%v: %s", err, stderr.String())
		}
		killed++
		if got, err := os.ReadFile(out); err == nil { // it was removing its checkpoints: it may begin again
			if !bytes.Equal(want, got) {
				t.Errorf("model %d, killed when it was written, is another", models)
			}
			os.Remove(out)
			clear(steps[:])
		}
		temps, _ := filepath.Glob(filepath.Join(out+".checkpoint", ".tmp-*"))
		stale += len(temps)
		if len(temps) > 1 {
			t.Errorf("kill %d: temporary files pile up: %q", killed, temps)
		}
	}
	t.Logf("%d kills, %d stale temporary files swept, %d models finished", kills, stale, models)
}

func TestSecondTrainerIsRefused(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "m.model")
	args := trainArgs(out, 20000)
	cmd, stderr := start(t, args...)
	for {
		line, err := stderr.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(line, "epoch") {
			break
		}
	}
	go io.Copy(io.Discard, stderr)
	text, err := exec.CommandContext(t.Context(), "sentiment", append(args, "--resume")...).CombinedOutput()
	if err == nil || !strings.Contains(string(text), fmt.Sprintf("(pid %d)", cmd.Process.Pid)) {
		t.Errorf("err = %v: %s", err, text)
	}
	if code, _ := signalAndWait(t, cmd, syscall.SIGTERM); code != 143 {
		t.Errorf("exit code %d", code)
	}
	text, err = exec.CommandContext(t.Context(), "sentiment", args...).CombinedOutput()
	if err == nil || !strings.Contains(string(text), "unfinished training in "+out+".checkpoint") {
		t.Errorf("without --resume: err = %v: %s", err, text)
	}
	text, err = exec.CommandContext(t.Context(), "sentiment", append(args, "--resume", "--seed", "77")...).CombinedOutput()
	if err == nil || !strings.Contains(string(text), "is 1 there and 77 here") && !strings.Contains(string(text), "training texts is") {
		t.Errorf("with another seed: err = %v: %s", err, text)
	}
}

// Levels that give the same bits go on from each other's checkpoints; the Go code
// does not.
func TestResumeOnAnotherLevel(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("the levels of other processors are not chosen by name here")
	}
	command := func(out string) []string { return trainArgs(out, 40) }
	want, _ := uninterrupted(t, command)
	out := filepath.Join(t.TempDir(), "m.model")
	on := func(level string, args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), "sentiment", append(command(out), args...)...)
		cmd.Env = append(os.Environ(), "TEXTLSTM_KERNEL="+level)
		return cmd
	}
	cmd := on("avx2")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	epochs := 0
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "epoch") {
			if epochs++; epochs == 5 {
				cmd.Process.Signal(syscall.SIGINT)
			}
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the training was not interrupted")
	}
	if text, err := on("generic", "--resume").CombinedOutput(); err == nil || !strings.Contains(string(text), ": kernel is ") {
		t.Errorf("resumed by the Go code: err = %v: %s", err, text)
	}
	if text, err := on("avx512", "--resume").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Error("another model")
	}
}
