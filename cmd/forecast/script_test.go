package main

import (
	"flag"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/textlstm/textlstm/internal/cli/clitest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"forecast": main})
}

// The scripts in testdata/script are the command's contract. They see the 60 months of
// testdata/months.csv as $MONTHS, the days of two shops as a spreadsheet has them as
// $SHOPS, and settings of a small model as $CONFIG.
func TestScripts(t *testing.T) {
	dir, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	clitest.Scripts(t, map[string]string{
		"MONTHS": filepath.Join(dir, "months.csv"),
		"SHOPS":  filepath.Join(dir, "shops.csv"),
		"CONFIG": filepath.Join(dir, "small.toml"),
	}, nil)
}

var update = flag.Bool("update", false, "write the pages of the command anew")

func TestDocs(t *testing.T) { clitest.Docs(t, newRoot, *update) }
