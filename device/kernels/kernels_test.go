package kernels

import (
	"crypto/sha256"
	"fmt"
	"os/exec"
	"path/filepath"
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
	want := append(list(`(?m)^KERNEL\(256\) void (\w+)\(`, Source), list(`(?m)^(?:GRU_)?SEQUENCE_\w+\((\w+),`, Source)...)
	slices.Sort(want)
	if got := list(`\.entry (\w+)\(`, PTX); len(want) < 30 || !slices.Equal(got, want) {
		t.Errorf("the PTX has the kernels %q, want %q", got, want)
	}
	if !strings.Contains(PTX, "\n.version 7.8\n") {
		t.Error("the PTX is not that of CUDA 11.8, which all drivers since load")
	}
}

// No kernel wants more registers than there are, where ptxas is there to say so.
func TestRegisters(t *testing.T) {
	ptxas, err := exec.LookPath("ptxas")
	if err != nil {
		t.Skip(err)
	}
	for _, arch := range []string{"sm_75", "sm_80", "sm_90", "sm_120"} {
		out, err := exec.Command(ptxas, "-v", "-arch="+arch, "-o", filepath.Join(t.TempDir(), "kernels.cubin"), "kernels.ptx").CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", arch, err, out)
		}
		if got, want := strings.Count(string(out), " 0 bytes spill stores, 0 bytes spill loads"), strings.Count(PTX, ".entry "); got != want {
			t.Errorf("%s: %d kernels without spilled registers, want %d", arch, got, want)
		}
	}
}
