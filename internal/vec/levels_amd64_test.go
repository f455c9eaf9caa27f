//go:build amd64 && !noasm

package vec

import (
	"slices"
	"testing"
)

// assembly lists the levels above generic that this machine runs.
func assembly() []string { return levelNames[1 : best+1] }

// setLevel forces a level until the test ends.
func setLevel(t testing.TB, name string) {
	t.Helper()
	was := level
	level = slices.Index(levelNames, name)
	t.Cleanup(func() { level = was })
}
