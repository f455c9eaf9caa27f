//go:build amd64 && !noasm

package vec

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
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

// TestAVX2Registers: the assembler would quietly encode a register above 15 with
// AVX-512.
func TestAVX2Registers(t *testing.T) {
	files, err := filepath.Glob("*_amd64.s")
	if err != nil || len(files) == 0 {
		t.Fatalf("assembly: %v, %v", files, err)
	}
	beyond := regexp.MustCompile(`\b([XY](1[6-9]|[23][0-9])|Z[0-9]+|K[0-7])\b`)
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		function := ""
		for i, line := range strings.Split(string(data), "\n") {
			if strings.HasPrefix(line, "TEXT") {
				function = line
			}
			if strings.Contains(function, "AVX2(SB)") && beyond.MatchString(line) {
				t.Errorf("%s:%d: AVX-512 in %s: %s", name, i+1, function, line)
			}
		}
	}
}
