package lstm

import "sync/atomic"

// An InputCache keeps the first layer's products of inputs that come again and
// again, such as the vectors of frequent words, so that an inference need not
// multiply them anew. It takes D*4*H*4 bytes for each of its rows. Any number
// of inferences may share it; it is for one version of the weights.
type InputCache struct {
	version uint64
	gates   int // 4H
	proj    [2][]float32
	state   []atomic.Uint32 // by row
}

const (
	rowEmpty = iota
	rowBusy  // somebody is filling it
	rowReady
)

// NewInputCache returns an empty cache of so many rows for the weights that m
// has now.
func (m *LSTM) NewInputCache(rows int) *InputCache {
	c := &InputCache{version: m.version(), gates: 4 * m.cfg.HiddenSize, state: make([]atomic.Uint32, rows)}
	for d := range m.cfg.NumDirections() {
		c.proj[d] = make([]float32, rows*c.gates)
	}
	return c
}

// Has says whether row is in the cache, and stays there.
func (c *InputCache) Has(row int) bool {
	return row < len(c.state) && c.state[row].Load() == rowReady
}

// put fills row with the products of row u of proj, unless somebody else does.
func (c *InputCache) put(row int, proj *[2][]float32, u int) {
	if row < 0 || row >= len(c.state) || !c.state[row].CompareAndSwap(rowEmpty, rowBusy) {
		return
	}
	for d, p := range proj {
		if c.proj[d] != nil {
			copy(c.row(d, row), p[u*c.gates:])
		}
	}
	c.state[row].Store(rowReady)
}

func (c *InputCache) row(d, row int) []float32 {
	return c.proj[d][row*c.gates : (row+1)*c.gates]
}
