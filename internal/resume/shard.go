package resume

import (
	"fmt"
	"strconv"
	"strings"
)

// A Shard is the share of a run that one of several processes does: every N-th of its
// units, which stand in a known order. The zero value is the whole run. A pointer to it is
// a flag.
type Shard struct{ I, N int } // the I-th of N, from 1

// Whole says whether s is all of a run.
func (s Shard) Whole() bool { return s.N <= 1 }

// Has says whether unit k, from 0, is of the shard.
func (s Shard) Has(k int) bool { return s.Whole() || k%s.N == s.I-1 }

// Count says how many of the first n units are of the shard.
func (s Shard) Count(n int) int {
	if s.Whole() {
		return n
	}
	return (n + s.N - s.I) / s.N
}

// Validate reports a shard that is none of a run of so many units, or that has none of
// them.
func (s Shard) Validate(units int) error {
	switch {
	case s == Shard{}:
		return nil
	case s.N < 1 || s.I < 1 || s.I > s.N:
		return fmt.Errorf("shard %d/%d: want i/n with i from 1 to n", s.I, s.N)
	case s.N > units:
		return fmt.Errorf("shard %s: the run has %d parts that can be spread, want at most so many shards", s, units)
	}
	return nil
}

// String is "i/n", and "" for the zero value.
func (s Shard) String() string {
	if s.N == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.I, s.N)
}

// Set parses "i/n".
func (s *Shard) Set(text string) error {
	a, b, ok := strings.Cut(text, "/")
	i, err := strconv.Atoi(a)
	n, err2 := strconv.Atoi(b)
	if !ok || err != nil || err2 != nil || n < 1 || i < 1 || i > n {
		return fmt.Errorf("%q: want i/n with i from 1 to n, such as 2/3", text)
	}
	*s = Shard{i, n}
	return nil
}

// Type names the value in the help of a flag.
func (*Shard) Type() string { return "i/n" }
