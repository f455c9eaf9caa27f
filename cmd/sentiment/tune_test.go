package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/cli/sentiment"
)

// A study that lost its last runs, as when it is killed, ends with the same
// files once it is resumed.
func TestTuneResumes(t *testing.T) {
	for _, method := range []string{"tpe", "halving"} {
		dir := t.TempDir()
		out := filepath.Join(dir, "best.toml")
		args := []string{
			"tune", "--quiet", "--train", "testdata/tiny.tsv", "--head", "topic=topic", "--config", "testdata/tiny.toml",
			"--dev-split", "0.3", "--epochs", "3", "--trials", "8", "--parallel", "3", "--output", "csv", "--method", method,
			"--set", "model.lstm.hidden_size=6", "--space", filepath.Join(dir, "space.toml"), "--out", out, "--resume",
		}
		space := "[[param]]\npath = \"schedule.rate\"\nkind = \"float\"\nlow = 0.001\nhigh = 0.1\nlog = true\n"
		if err := os.WriteFile(filepath.Join(dir, "space.toml"), []byte(space), 0o600); err != nil {
			t.Fatal(err)
		}
		read := func() (study, best []byte) {
			t.Helper()
			var err error
			if code := cli.Run(newRoot(), args, sentiment.ExitCode); code != 0 {
				t.Fatalf("exit code %d", code)
			}
			if study, err = os.ReadFile(out + ".study"); err != nil {
				t.Fatal(err)
			}
			if best, err = os.ReadFile(out); err != nil {
				t.Fatal(err)
			}
			return study, best
		}
		study, best := read()
		var file map[string]any
		if err := json.Unmarshal(study, &file); err != nil {
			t.Fatal(err)
		}
		file["state"] = file["state"].([]any)[:5]
		short, err := json.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(out+".study", short, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(out); err != nil {
			t.Fatal(err)
		}
		again, same := read()
		if !bytes.Equal(study, again) || !bytes.Equal(best, same) {
			t.Errorf("%s: the study ended with\n%s\nand\n%s, want\n%s\nand\n%s", method, again, same, study, best)
		}
	}
}
