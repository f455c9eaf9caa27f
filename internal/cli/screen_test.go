package cli

import (
	"strings"
	"testing"
)

// A message fits into a screen, with its beginning and its end.
func TestOneScreen(t *testing.T) {
	long := "begin " + strings.Repeat("x", 1_000_000) + " end"
	for _, s := range []string{"", "short", strings.Repeat("y", 1820), long} {
		got := oneScreen(s)
		if len(got) > 24*80-100 || len(s) < 1000 && got != s {
			t.Errorf("%d bytes of %d", len(got), len(s))
		}
	}
	if got := oneScreen(long); !strings.HasPrefix(got, "begin ") || !strings.HasSuffix(got, " end") || !strings.Contains(got, "998410 bytes") {
		t.Errorf("%.100s", got)
	}
}
