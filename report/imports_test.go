package report_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestNoPlotsLinked keeps the plots, 8 MB of a program, out of this package.
func TestNoPlotsLinked(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Skipf("no go command to list the imports with: %v", err)
	}
	for path := range strings.Lines(string(out)) {
		if strings.HasPrefix(path, "gonum.org/v1/plot") || strings.Contains(path, "textlstm/report/page") {
			t.Errorf("imports %s", path)
		}
	}
}
