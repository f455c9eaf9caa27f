//go:build amd64 && !noasm

package vec

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

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
