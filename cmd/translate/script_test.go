package main

import (
	"flag"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/textlstm/textlstm/internal/cli/clitest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"translate": main})
}

// The scripts in testdata/script are the command's contract. They see the 90 pairs of
// testdata/numbers.tsv as $NUMBERS, and settings of a small model as $CONFIG.
func TestScripts(t *testing.T) {
	dir, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	clitest.Scripts(t, map[string]string{
		"NUMBERS": filepath.Join(dir, "numbers.tsv"),
		"CONFIG":  filepath.Join(dir, "small.toml"),
	}, nil)
}

var update = flag.Bool("update", false, "write the pages of the command anew")

func TestDocs(t *testing.T) { clitest.Docs(t, newRoot, *update) }
