package kernels

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The PTX is that of the source, and has its kernels.
func TestPTX(t *testing.T) {
	if want := fmt.Sprintf("// of kernels.cl, SHA-256 %x\n", sha256.Sum256([]byte(Source))); !strings.HasPrefix(PTX, want) {
		t.Error("kernels.ptx is of another kernels.cl: compile it again, as kernels.go says")
	}
	list := func(pattern, text string) (names []string) {
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			names = append(names, m[1])
		}
		slices.Sort(names)
		return slices.Compact(names)
	}
	want := append(list(`(?m)^KERNEL\(256\) void (\w+)\(`, Source), list(`(?m)^SEQUENCE_\w+\((\w+),`, Source)...)
	slices.Sort(want)
	if got := list(`\.entry (\w+)\(`, PTX); len(want) < 30 || !slices.Equal(got, want) {
		t.Errorf("the PTX has the kernels %q, want %q", got, want)
	}
	if !strings.Contains(PTX, "\n.version 7.8\n") {
		t.Error("the PTX is not that of CUDA 11.8, which all drivers since load")
	}
}
