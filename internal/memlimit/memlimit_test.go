package memlimit

import (
	"runtime/debug"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGet(t *testing.T) {
	limit, _ := Get()
	if limit <= 0 {
		t.Fatalf("limit %d", limit)
	}
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(1 << 20))
	if limit, name := Get(); limit != 1<<20 || !strings.Contains(name, "GOMEMLIMIT") {
		t.Errorf("with a limit of 1 MiB: %d, %s", limit, name)
	}
}

func TestParseMemTotal(t *testing.T) {
	for _, tt := range []struct {
		text string
		want int64
		ok   bool
	}{
		{"MemTotal:       24576000 kB\nMemFree: 1 kB\n", 24576000 << 10, true},
		{"MemFree: 1 kB\n", 0, false},
		{"MemTotal: many kB\n", 0, false},
		{"", 0, false},
	} {
		if got, ok := parseMemTotal(tt.text); ok != tt.ok || ok && got != tt.want {
			t.Errorf("%q: %d, %t, want %d, %t", tt.text, got, ok, tt.want, tt.ok)
		}
	}
}

func TestLimitFiles(t *testing.T) {
	got := limitFiles("12:cpu,cpuacct:/x\n5:memory:/docker/abc\n0::/user.slice/a.scope\nnonsense\n")
	want := []string{
		"/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes",
		"/sys/fs/cgroup/memory/docker/memory.limit_in_bytes",
		"/sys/fs/cgroup/memory/memory.limit_in_bytes",
		"/sys/fs/cgroup/user.slice/a.scope/memory.max",
		"/sys/fs/cgroup/user.slice/memory.max",
		"/sys/fs/cgroup/memory.max",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseAddressLimit(t *testing.T) {
	const head = "Limit                     Soft Limit           Hard Limit           Units     \n"
	for _, tt := range []struct {
		text string
		want int64
		ok   bool
	}{
		{head + "Max address space         14336000000          unlimited            bytes     \n", 14336000000, true},
		{head + "Max address space         unlimited            unlimited            bytes     \n", 0, false},
		{head + "Max resident set          1000                 unlimited            bytes     \n", 0, false},
		{"Max address space\n", 0, false},
		{"", 0, false},
	} {
		if got, ok := parseAddressLimit(tt.text); ok != tt.ok || got != tt.want {
			t.Errorf("%q: %d, %t, want %d, %t", tt.text, got, ok, tt.want, tt.ok)
		}
	}
}
