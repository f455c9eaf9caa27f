package clitest

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// A Command is one of testscript.Params.
type Command = func(ts *testscript.TestScript, neg bool, args []string)

// Scripts runs the scripts of testdata/script, which are the contract of a command that
// testscript.Main knows. They see the variables of env, may use the commands of more, which
// may be nil, and have one of their own:
//
//	code N COMMAND...    run COMMAND, which must exit with N
//
// The condition [NAME] holds where the variable of env has a value.
func Scripts(t *testing.T, env map[string]string, more map[string]Command) {
	commands := map[string]Command{"code": code}
	for name, c := range more {
		commands[name] = c
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			for name, value := range env {
				e.Setenv(name, value)
			}
			return nil
		},
		Condition: func(name string) (bool, error) {
			value, ok := env[name]
			if !ok {
				return false, fmt.Errorf("no condition %q", name)
			}
			return value != "", nil
		},
		Cmds: commands,
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
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}
