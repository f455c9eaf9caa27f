package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The probabilities are the model's affair; the label of so clear a text is not.
func TestLabel(t *testing.T) {
	if os.Getenv("LABEL_MAIN") != "" {
		main()
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLabel$")
	cmd.Env = append(os.Environ(), "LABEL_MAIN=1")
	out, err := cmd.Output()
	if err != nil || !strings.HasPrefix(string(out), "positive (0.") {
		t.Errorf("%v:\n%s", err, out)
	}
}
