package main

import (
	"fmt"
	"os"
	"os/exec"
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
	prob := 0.0
	if _, scanErr := fmt.Sscanf(string(out), "positive (%f)", &prob); err != nil || scanErr != nil || prob < 0.9 || prob > 1 {
		t.Errorf("%v:\n%s", err, out)
	}
}
