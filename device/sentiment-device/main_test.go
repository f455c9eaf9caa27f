package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/device"
	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/cli/training"
)

// run runs the command, and returns its exit code and what it said.
func run(args ...string) (code int, said string) {
	var out bytes.Buffer
	root := newRoot()
	root.SetOut(&out)
	root.SetErr(&out)
	code = cli.Run(root, args, training.ExitCode)
	return code, out.String()
}

// trained trains a small model on a device.
func trained(t *testing.T, on string, more ...string) (code int, said string, model []byte) {
	t.Helper()
	dir := t.TempDir()
	texts, out := filepath.Join(dir, "reviews.tsv"), filepath.Join(dir, "reviews.model")
	var rows strings.Builder
	rows.WriteString("label\ttext\n")
	for i := range 120 {
		label := []string{"bad", "good"}[i%2]
		fmt.Fprintf(&rows, "%s\tthe film was %s number %d\n", label, map[string]string{"bad": "awful", "good": "lovely"}[label], i%7)
	}
	if err := os.WriteFile(texts, []byte(rows.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"train", "--device", on, "--train", texts, "--out", out, "--init", "none", "--epochs", "2", "--set", "model.embed=8", "--set", "model.lstm.hidden_size=8"}, more...)
	code, said = run(args...)
	model, _ = os.ReadFile(out)
	return code, said, model
}

func TestTrain(t *testing.T) {
	if code, said, model := trained(t, "cpu"); code != 0 || len(model) == 0 || strings.Contains(said, "training on cpu:") {
		t.Errorf("exit code %d, a model of %d bytes: %s", code, len(model), said)
	}
	if code, said, _ := trained(t, "no such thing"); code == 0 {
		t.Errorf("a device that is not there: %s", said)
	}
	if _, err := device.List(); err != nil {
		t.Skip(err)
	}
	code, said, model := trained(t, ":") // every name has one
	if code != 0 || len(model) == 0 || !strings.Contains(said, "training on ") {
		t.Errorf("exit code %d, a model of %d bytes: %s", code, len(model), said)
	}
	if _, _, again := trained(t, ":"); !bytes.Equal(again, model) {
		t.Error("another model the second time")
	}
	if code, said, _ := trained(t, ":", "--set", "model.encoder=gru"); code != cli.Usage || !strings.Contains(said, `encoder = "gru"`) {
		t.Errorf("a setting that no device trains: exit code %d: %s", code, said)
	}
}

func TestDevices(t *testing.T) {
	code, said := run("devices")
	if _, err := device.List(); (err == nil) != (code == 0) || code == 0 && !strings.Contains(said, " MiB") || code != 0 && !strings.Contains(said, "install") {
		t.Errorf("exit code %d: %s", code, said)
	}
}
