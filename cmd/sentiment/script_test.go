package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/cli/clitest"
	"github.com/textlstm/textlstm/internal/cli/sentiment"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sentiment": main})
}

// tinyModel trains the model that most tests use: two heads, on the 96 rows of
// testdata/tiny.tsv, some of which lack a label.
func tinyModel(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "tiny.model")
	if code := cli.Run(newRoot(), []string{
		"train", "--quiet", "--train", "testdata/tiny.tsv", "--config", "testdata/tiny.toml", "--dev-split", "0",
		"--head", "sentiment=sentiment", "--head", "topic=topic", "--out", file,
	}, sentiment.ExitCode); code != 0 {
		t.Fatalf("training ended with exit code %d", code)
	}
	return file
}

// The scripts in testdata/script are the command's contract. They see the model
// as $MODEL, its texts as $TINY and files of other frameworks below $FOREIGN, and have
// two commands beside those of clitest.Scripts:
//
//	json PATH VALUE          compare a value of the JSON on the last stdout
//	long FILE BYTES          write a file of that many bytes of words, one line
func TestScripts(t *testing.T) {
	tiny, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := filepath.Abs("../../interop/testdata")
	if err != nil {
		t.Fatal(err)
	}
	model := tinyModel(t)
	clitest.Scripts(t, map[string]string{
		"MODEL": model, "TINY": filepath.Join(tiny, "tiny.tsv"), "FOREIGN": foreign, "CONFIG": filepath.Join(tiny, "tiny.toml"),
	}, map[string]clitest.Command{"json": jsonValue, "long": long})
}

// jsonValue compares the value at a path such as "sentiment.labels.0" of the
// last stdout with a JSON text; "." is the whole, "?" any value.
func jsonValue(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: json path value")
	}
	d := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout")))
	d.UseNumber()
	var v any
	ts.Check(d.Decode(&v))
	if args[0] != "." {
		for key := range strings.SplitSeq(args[0], ".") {
			switch node := v.(type) {
			case map[string]any:
				next, ok := node[key]
				if !ok {
					if neg {
						return
					}
					ts.Fatalf("no %q in the JSON", args[0])
				}
				v = next
			case []any:
				i, err := strconv.Atoi(key)
				if err != nil || i >= len(node) {
					ts.Fatalf("no %q in the JSON", args[0])
				}
				v = node[i]
			default:
				ts.Fatalf("no %q in the JSON", args[0])
			}
		}
	}
	if args[1] == "?" {
		if neg {
			ts.Fatalf("%q is there", args[0])
		}
		return
	}
	got, err := json.Marshal(v)
	ts.Check(err)
	var want bytes.Buffer
	ts.Check(json.Compact(&want, []byte(args[1])))
	if (string(got) == want.String()) == neg {
		ts.Fatalf("%s is %s, want %s", args[0], got, want.String())
	}
}

func long(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: long file bytes")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	const words = "what a superb goal it was and then another goal "
	text := bytes.Repeat([]byte(words), n/len(words)+1)[:n]
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), append(text, "\na superb goal\n"...), 0o600))
}
