package half_test

import (
	"math"
	"testing"

	"github.com/textlstm/textlstm/internal/half"
)

// TestHalf checks all 65536 half-precision values, and every rounding between
// neighbours.
func TestHalf(t *testing.T) {
	for h := range 1 << 16 {
		v := half.Float(uint16(h))
		got := half.From(v)
		if v != v {
			if got&0x7fff <= 0x7c00 {
				t.Errorf("%#04x: NaN became %#04x", h, got)
			}
			continue
		}
		if got != uint16(h) {
			t.Errorf("%#04x -> %g -> %#04x", h, v, got)
		}
		if h&0x7fff >= 0x7bff {
			continue // the largest and infinity have no finite neighbour
		}
		next := half.Float(uint16(h + 1))
		mid := v + (next-v)/2 // exact
		even := uint16(h + h&1)
		for _, c := range []struct {
			v    float32
			want uint16
		}{{mid, even}, {math.Nextafter32(mid, v), uint16(h)}, {math.Nextafter32(mid, next), uint16(h + 1)}} {
			if got := half.From(c.v); got != c.want {
				t.Errorf("%g -> %#04x, want %#04x", c.v, got, c.want)
			}
		}
	}
	if got := half.From(65519.996); got != 0x7bff {
		t.Errorf("65519.996 -> %#04x, want the largest", got)
	}
	if got := half.From(65520); got != 0x7c00 {
		t.Errorf("65520 -> %#04x, want infinity", got)
	}
}
