package vec

import (
	"os"
	"testing"
)

// Whatever its place and length, x keeps its values, and a kernel that has large pages accepts it.
func TestLargePages(t *testing.T) {
	whole := make([]int32, 5<<20)
	for i := range whole {
		whole[i] = int32(i)
	}
	for _, x := range [][]int32{nil, whole[:0], whole[:1], whole[3:5], whole[1 : len(whole)-1], whole} {
		if err := largePages(x); err != nil {
			if _, none := os.Stat("/sys/kernel/mm/transparent_hugepage"); none == nil {
				t.Errorf("%d elements: %v", len(x), err)
			}
		}
	}
	LargePages([]struct{}{{}, {}})
	for i, got := range whole {
		if got != int32(i) {
			t.Fatalf("element %d is %d", i, got)
		}
	}
}
