package main

import (
	"flag"
	"testing"

	"github.com/textlstm/textlstm/internal/cli/clitest"
)

var update = flag.Bool("update", false, "write the command's reference to docs/cli and docs/man")

// The reference in docs is what the commands say of themselves:
//
//	go test ./cmd/sentiment -run TestDocs -update
func TestDocs(t *testing.T) { clitest.Docs(t, newRoot, *update) }
