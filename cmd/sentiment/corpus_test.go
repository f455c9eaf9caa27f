package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/cli/sentiment"
)

// corpusCommand runs sentiment corpus with arguments.
func corpusCommand(t *testing.T, args ...string) (stdout string, err error) {
	t.Helper()
	root := newRoot()
	var out, logs bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&logs)
	root.SetArgs(append([]string{"corpus"}, args...))
	err = root.ExecuteContext(t.Context())
	return out.String(), err
}

func writeCorpus(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

const smallCorpus = "label\ttext\nneg\ta bad film\npos\ta good film\nneg\ta Bad  film\npos\ta bad film\nbroken\nneu\ta film\n"

func TestCorpusStats(t *testing.T) {
	path := writeCorpus(t, "a.tsv", smallCorpus)
	out, err := corpusCommand(t, "stats", "--output", "json", path)
	if err != nil {
		t.Fatal(err)
	}
	var s struct {
		Rows, Refused, Vocabulary int
		Labels                    map[string]int
		Tokens                    corpora.Summary
	}
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		t.Fatal(err)
	}
	if s.Rows != 5 || s.Refused != 1 || s.Vocabulary != 4 || s.Tokens.Total != 14 || s.Tokens.Max != 3 || s.Tokens.Median != 3 ||
		s.Labels["neg"] != 2 || s.Labels["pos"] != 2 || s.Labels["neu"] != 1 {
		t.Errorf("got %+v of\n%s", s, out)
	}
	out, err = corpusCommand(t, "stats", path)
	if err != nil || !strings.Contains(out, "refused rows") || !strings.Contains(out, path+":6: 1 columns, want 2") {
		t.Errorf("%v, table\n%s", err, out)
	}
}

func TestCorpusCheck(t *testing.T) {
	train := writeCorpus(t, "train.tsv", smallCorpus)
	test := writeCorpus(t, "test.tsv", "label\ttext\npos\tA GOOD film\npos\tanother\n")
	out, err := corpusCommand(t, "check", "-o", "json", train, test)
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		Files []struct {
			Rows, Refused, Conflicts int
			DuplicateRows            int        `json:"duplicate_rows"`
			Duplicates               [][]string `json:"duplicate_texts"`
		}
		Leaks []struct {
			Rows int
			Test []string `json:"test_rows"`
		}
	}
	if err := json.Unmarshal([]byte(out), &c); err != nil {
		t.Fatal(err)
	}
	if f := c.Files[0]; f.Rows != 5 || f.Refused != 1 || f.DuplicateRows != 2 || f.Conflicts != 1 || len(f.Duplicates[0]) != 3 {
		t.Errorf("got %+v", f)
	}
	if len(c.Leaks) != 1 || c.Leaks[0].Rows != 1 || c.Leaks[0].Test[0] != test+":2" {
		t.Errorf("leaks %+v", c.Leaks)
	}
	out, err = corpusCommand(t, "check", train, test)
	for _, want := range []string{"negative, positive", "50.0 %", train + ":2"} {
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("%v, %q is not in\n%s", err, want, out)
		}
	}
}

func TestCorpusSplitConvertSample(t *testing.T) {
	var all strings.Builder
	all.WriteString("label\ttext\n")
	for i := range 100 {
		fmt.Fprintf(&all, "%s\ttext number %d\n", []string{"neg", "pos"}[i%2], i)
	}
	path := writeCorpus(t, "all.tsv", all.String())
	dir := t.TempDir()
	train, dev := filepath.Join(dir, "train.jsonl.zst"), filepath.Join(dir, "dev.csv")
	if _, err := corpusCommand(t, "split", "--into", train+"=0.8", "--into", dev+"=0.2", path); err != nil {
		t.Fatal(err)
	}
	d, _, err := corpora.ReadFiles(corpora.Options{KeepSpelling: true}, dev)
	if err != nil || d.Len() != 20 || d.Counts(0)["neg"] != 10 {
		t.Errorf("dev: %v, %d rows, %v", err, d.Len(), d.Counts(0))
	}
	parquet := filepath.Join(dir, "train.parquet")
	if _, err := corpusCommand(t, "convert", "--out", parquet, train, dev); err != nil {
		t.Fatal(err)
	}
	back, err := corpusCommand(t, "convert", "--out", "-", "--to", "tsv", parquet)
	if err != nil || len(strings.Split(back, "\n")) != 102 {
		t.Errorf("%v, %d lines", err, len(strings.Split(back, "\n")))
	}
	out, err := corpusCommand(t, "sample", "-n", "10", parquet)
	if err != nil || strings.Count(out, "neg\t") != 5 || strings.Count(out, "pos\t") != 5 {
		t.Errorf("%v, sample\n%s", err, out)
	}
	several := writeCorpus(t, "a.ft", "__label__a one\n__label__a __label__b two\n")
	out, err = corpusCommand(t, "convert", "--out", "-", "--to", "jsonl", several)
	if want := "{\"label\":\"a\",\"text\":\"one\"}\n{\"label\":[\"a\",\"b\"],\"text\":\"two\"}\n"; err != nil || out != want {
		t.Errorf("%v, got %s, want %s", err, out, want)
	}
}

func TestCorpusExitCodes(t *testing.T) {
	bad := writeCorpus(t, "bad.tsv", smallCorpus)
	for _, tt := range []struct {
		args []string
		code int
	}{
		{[]string{"convert", "--out", filepath.Join(t.TempDir(), "x.csv"), bad}, cli.Data},
		{[]string{"convert", "--bad-records", "1", "--out", filepath.Join(t.TempDir(), "x.csv"), bad}, 0},
		{[]string{"stats", filepath.Join(t.TempDir(), "none.tsv")}, cli.Failed},
		{[]string{"stats", "http://example.org/a.tsv"}, cli.Data},
		{[]string{"stats", "--output", "yaml", bad}, cli.Usage},
		{[]string{"stats", "--encoding", "klingon", bad}, cli.Usage},
		{[]string{"split", bad}, cli.Usage},
		{[]string{"split", "--into", "a.tsv=0.5", "--into", "b.tsv=0.6", "--bad-records", "-1", bad}, cli.Usage},
		{[]string{"convert", bad}, cli.Usage},
		{[]string{"sample", "-n", "-1", bad}, cli.Usage},
		{[]string{"check"}, cli.Usage},
	} {
		_, err := corpusCommand(t, tt.args...)
		code := 0
		if err != nil {
			code = cli.Code(err, sentiment.ExitCode)
		}
		if code != tt.code {
			t.Errorf("%v: %v, exit code %d, want %d", tt.args, err, code, tt.code)
		}
	}
	if _, err := corpusCommand(t, "convert", "--out", "-", "--to", "trees", bad); !errors.Is(err, corpora.ErrFormat) {
		t.Errorf("writing trees: %v", err)
	}
}

// 12 of 300 plain texts are given the wrong label; the check names most of them.
func TestCorpusLabelErrors(t *testing.T) {
	if testing.Short() {
		t.Skip("trains models")
	}
	good := []string{"lovely", "great", "wonderful", "superb", "charming"}
	poor := []string{"awful", "boring", "dreadful", "poor", "tedious"}
	things := []string{"film", "story", "cast", "music", "ending", "script"}
	var b strings.Builder
	b.WriteString("id\tlabel\ttext\n")
	flipped := map[string]bool{}
	for i := range 300 {
		label, words := "pos", good
		if i%2 == 1 {
			label, words = "neg", poor
		}
		text := fmt.Sprintf("a %s %s and a %s %s", words[i/2%5], things[i/10%6], words[i/3%5], things[i/7%6])
		id := fmt.Sprint("row", i)
		if i%25 == 3 {
			flipped[id] = true
			label = map[string]string{"pos": "neg", "neg": "pos"}[label]
		}
		fmt.Fprintf(&b, "%s\t%s\t%s number %d\n", id, label, text, i)
	}
	out, err := corpusCommand(t, "check", "-o", "json", "--no-near", "--limit", "0", "--label-errors", "--epochs", "6", writeCorpus(t, "a.tsv", b.String()))
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		Files []struct {
			Wrong []struct{ Row string } `json:"probable_label_errors"`
		}
	}
	if err := json.Unmarshal([]byte(out), &c); err != nil {
		t.Fatal(err)
	}
	hits := 0
	for _, w := range c.Files[0].Wrong {
		if flipped[w.Row] {
			hits++
		}
	}
	if hits < 10 || len(c.Files[0].Wrong) > 24 {
		t.Errorf("%d of %d wrong labels among %d named", hits, len(flipped), len(c.Files[0].Wrong))
	}
}
