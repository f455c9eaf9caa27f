//go:build (amd64 || arm64) && !noasm

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
	was, was8 := level, int8Kind
	level = slices.Index(levelNames, name)
	int8Kind = bestInt8()
	t.Cleanup(func() { level, int8Kind = was, was8 })
}

// int8Kinds lists the instructions for quantised products that this machine has.
func int8Kinds() (names []string) {
	for kind, name := range int8Names {
		if hasInt8(kind) {
			names = append(names, name)
		}
	}
	return names
}

// setInt8 forces one of them until the test ends.
func setInt8(t testing.TB, name string) {
	t.Helper()
	was := int8Kind
	int8Kind = slices.Index(int8Names, name)
	t.Cleanup(func() { int8Kind = was })
}
