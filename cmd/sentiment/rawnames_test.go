package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// hostileName is a file name, or a part of one, that a terminal would obey: escapes, a
// title, a C1 byte, characters that turn the direction of the text.
const hostileName = "e\x1b[31m\x1b]0;x\x07\u202e\u2066\u0085\x9b"

// checkRaw reports what a terminal would obey in a command's output.
func checkRaw(t *testing.T, what, out string) {
	t.Helper()
	if !utf8.ValidString(out) {
		t.Errorf("%s has bytes that are not UTF-8: %q", what, out)
	}
	for _, r := range out {
		if r != '\n' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			t.Errorf("%s has %U: %q", what, r, out)
			return
		}
	}
}

// Names of files, labels, ids and heads never reach the terminal as they are, whatever the
// command, whether it succeeds or not.
func TestRawNames(t *testing.T) {
	if testing.Short() {
		t.Skip("thirty commands, each a slow start under the detector of races")
	}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, hostileName+name) }
	put := func(name, content string) string {
		if err := os.WriteFile(at(name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		return at(name)
	}
	content, err := os.ReadFile("testdata/tiny.tsv")
	if err != nil {
		t.Fatal(err)
	}
	tiny := strings.ReplaceAll(string(content), "Sports", "Sp\x1borts\u202e")
	table, config := put(".tsv", tiny), put(".toml", "epochs = 1\n")
	suite := put(".suite", "")
	text := put(".txt", "a superb goal")
	broken, missing := put(".model", "no model"), at("missing.tsv")
	model := at("made.model")
	small := []string{"--config", config, "--set", "model.embed=4", "--set", "model.lstm.hidden_size=4", "--init", "none"}
	commands := [][]string{ // in order: the first makes the model
		append([]string{"train", "--train", table, "--dev", table, "--head", "mood\u202e=sentiment", "--head", "topic=topic", "--out", model}, small...),
		{"classify", "--model", model, table}, {"classify", "--model", model, "--sentences", "--explain", text}, {"classify", "--model", broken, text},
		{"classify", missing}, {"classify", table, "--label-col", hostileName},
		{"explain", "--model", model, text}, {"eval", "--model", model, "--head", "mood\u202e=sentiment", "--head", "topic=topic", table}, {"eval", table},
		{"compare", "--head", "topic=topic", "--data", table, "--train", table, "majority", model}, {"checklist", "--model", model, suite}, {"diagnose", "--model", model},
		{"model", "info", model}, {"model", "quantize", model, "--out", at("int8.model")}, {"model", "info", broken},
		{"corpus", "stats", table}, {"corpus", "check", table, table}, {"corpus", "check", "--label-errors", "--epochs", "1", "--head", "topic=topic", table},
		{"corpus", "convert", table, "--out", at("out.csv")}, {"corpus", "sample", table, "-n", "5", "--out", at("out2.csv")}, {"corpus", "stats", broken, missing},
		{"corpus", "split", table, "--into", at("a.tsv") + "=0.5", "--into", at("b.tsv") + "=0.5"},
		append([]string{"crossval", table, "--folds", "2", "--head", "topic=topic", "--state", at("state"), "--predictions", at("p.jsonl")}, small...),
		append([]string{"tune", "--train", table, "--head", "topic=topic", "--trials", "1", "--out", at("best.toml")}, small...),
		append([]string{"find-lr", table, "--head", "topic=topic", "--steps", "10"}, small...),
		{"pretrain", "--text", table, "--skip-gram", "--set", "embed=4", "--out", at("v.txt"), "--epochs", "1"},
		{"pretrain", "--text", table, "--set", "embed=4", "--set", "lstm.hidden_size=4", "--out", at("l.lm"), "--epochs", "1"},
		append([]string{"distill", "--teacher", model, "--text", text, "--train", table, "--head", "topic=topic", "--out", at("student.model")}, small[:6]...),
		{"train", "--train", table, "--head", "topic=topic", "--config", missing, "--out", model}, {"train", "--train", missing, "--out", at("none.model")},
		{"train", "--train", table, "--out", filepath.Join(dir, "none", hostileName)}, {"train", "--train", table, "--set", hostileName + "=1", "--out", model},
	}
	for _, output := range []string{"json", "jsonl"} { // the names are data, and escaped
		all := []string{"--output", output}
		for _, args := range [][]string{
			{"classify", "--model", model, table}, {"classify", "--model", model, "--sentences", "--explain", "--keep", table}, {"explain", "--model", model, text},
			{"eval", "--model", model, "--head", "mood\u202e=sentiment", "--head", "topic=topic", table},
			{"compare", "--head", "topic=topic", "--data", table, "--train", table, "majority", model}, {"checklist", "--model", model, suite},
			{"model", "info", model}, {"corpus", "stats", table}, {"corpus", "check", table, table},
			append([]string{"crossval", table, "--folds", "2", "--head", "topic=topic"}, small...),
		} {
			commands = append(commands, append(args, all...))
		}
	}
	commands = append(commands, []string{"diagnose", "--model", model, "--output", "json"}, []string{"corpus", "sample", table, "-n", "5", "--to", "jsonl"},
		append([]string{"train", "--log-json", "--train", table, "--dev", table, "--head", "topic=topic", "--out", at("logged.model")}, small...))
	succeeded := 0
	for _, args := range commands {
		cmd := exec.CommandContext(t.Context(), "sentiment", args...)
		var out, errs strings.Builder
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Run(); err == nil {
			succeeded++
		}
		t.Logf("%q: %v\n%q\n%q", args[:min(2, len(args))], cmd.ProcessState, out.String(), errs.String())
		checkRaw(t, args[0]+" "+args[1]+": standard output", out.String())
		checkRaw(t, args[0]+" "+args[1]+": standard error", errs.String())
	}
	if succeeded < 20 {
		t.Errorf("%d commands of %d came to their end", succeeded, len(commands))
	}
}
