package main

import (
	"flag"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/textlstm/textlstm/internal/cli/clitest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"forecast": main})
}

// The scripts in testdata/script are the command's contract. They see the 60 months of
// testdata/months.csv as $MONTHS, the days of two shops as a spreadsheet has them as
// $SHOPS, settings of a small model as $CONFIG, and have a command of their own:
//
//	code N COMMAND...    run COMMAND, which must exit with N
func TestScripts(t *testing.T) {
	dir, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("MONTHS", filepath.Join(dir, "months.csv"))
			e.Setenv("SHOPS", filepath.Join(dir, "shops.csv"))
			e.Setenv("CONFIG", filepath.Join(dir, "small.toml"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"code": code},
	})
}

// code runs a command and checks its exit code, which testscript's own exec knows only as
// zero or not.
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N command...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := err.(interface{ ExitCode() int }); ok {
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

var update = flag.Bool("update", false, "write the pages of the command anew")

func TestDocs(t *testing.T) { clitest.Docs(t, newRoot, *update) }
