// Package memlimit tells how much memory the process may use.
package memlimit

import (
	"math"
	"os"
	"path"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
)

// Get returns the smallest limit on the process's memory in bytes, and its
// name: GOMEMLIMIT (or debug.SetMemoryLimit), the limit of a Linux control
// group, that of addresses (ulimit -v), or the machine's memory. Where none is known it
// returns math.MaxInt64 and "".
func Get() (limit int64, name string) {
	limit = math.MaxInt64
	lower := func(v int64, ok bool, what string) {
		if ok && v < limit {
			limit, name = v, what
		}
	}
	total, ok := memTotal()
	lower(total, ok, "the machine's memory")
	group, ok := controlGroup()
	lower(group, ok, "the control group's limit")
	addresses, ok := addressSpace()
	lower(addresses, ok, "half of the addresses that are left (ulimit -v)")
	if v := debug.SetMemoryLimit(-1); v < math.MaxInt64 {
		lower(v, true, "the limit on Go's memory (GOMEMLIMIT)")
	}
	return limit, name
}

// Respect makes the garbage collector keep to nine tenths of the limit, unless GOMEMLIMIT
// says otherwise.
func Respect() {
	if limit, _ := Get(); debug.SetMemoryLimit(-1) == math.MaxInt64 && limit < math.MaxInt64 {
		debug.SetMemoryLimit(limit / 10 * 9)
	}
}

// Budget is what work that was estimated may need in all: the limit less a fifth.
func Budget() int64 {
	limit, _ := Get()
	if limit == math.MaxInt64 {
		return limit
	}
	return limit / 5 * 4
}

// memTotal reads Linux's own figure.
func memTotal() (int64, bool) {
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, false
	}
	return parseMemTotal(string(b))
}

func parseMemTotal(text string) (int64, bool) {
	for line := range strings.SplitSeq(text, "\n") {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "MemTotal:" && f[2] == "kB" {
			v, ok := parse(f[1])
			return v << 10, ok && v < math.MaxInt64>>10
		}
	}
	return 0, false
}

// addressSpace reads how much of the addresses that the process may have is left to its
// heap: half of them, since what is freed leaves gaps that nothing larger fits into.
func addressSpace() (int64, bool) {
	limits, err := os.ReadFile("/proc/self/limits")
	if err != nil {
		return 0, false
	}
	most, ok := parseAddressLimit(string(limits))
	if !ok {
		return 0, false
	}
	sizes, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, false
	}
	pages, ok := parse(strings.SplitN(string(sizes), " ", 2)[0])
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	others := pages*int64(os.Getpagesize()) - int64(m.HeapSys)
	return max((most-others)/2, 1), ok
}

// parseAddressLimit finds the soft limit among those of /proc/self/limits.
func parseAddressLimit(text string) (int64, bool) {
	for line := range strings.SplitSeq(text, "\n") {
		if rest, ok := strings.CutPrefix(line, "Max address space"); ok {
			if f := strings.Fields(rest); len(f) == 3 {
				return parse(f[0]) // "unlimited" is no number
			}
		}
	}
	return 0, false
}

// controlGroup reads the limits of the process's control group and of those
// around it, of version 2 or 1.
func controlGroup() (limit int64, found bool) {
	b, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return 0, false
	}
	limit = math.MaxInt64
	for _, file := range limitFiles(string(b)) {
		b, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if v, ok := parse(strings.TrimSpace(string(b))); ok && v < limit { // "max" is no number
			limit, found = v, true
		}
	}
	return limit, found
}

// limitFiles lists the files that may hold a limit, given the content of
// /proc/self/cgroup: lines such as "0::/a/b" of version 2 and "5:memory:/a/b"
// of version 1.
func limitFiles(text string) []string {
	var files []string
	for line := range strings.SplitSeq(text, "\n") {
		f := strings.SplitN(line, ":", 3)
		if len(f) != 3 {
			continue
		}
		root, file := "/sys/fs/cgroup", "memory.max"
		if f[1] != "" {
			if !strings.Contains(","+f[1]+",", ",memory,") {
				continue
			}
			root, file = "/sys/fs/cgroup/memory", "memory.limit_in_bytes"
		}
		for dir := path.Clean("/" + f[2]); ; dir = path.Dir(dir) {
			files = append(files, path.Join(root, dir, file))
			if dir == "/" {
				break
			}
		}
	}
	return files
}

// parse reads a positive number.
func parse(text string) (int64, bool) {
	v, err := strconv.ParseInt(text, 10, 64)
	return v, err == nil && v > 0
}
