package nn

import "sync/atomic"

// An InputCache keeps the first layer's products of inputs that come again and
// again, such as the vectors of frequent words, so that an inference need not
// multiply them anew. It takes D*Width*4 bytes for each of its rows. Any number
// of inferences may share it; it is for one version of the weights.
type InputCache struct {
	// Version is that of the weights, as their encoder counts.
	Version uint64

	width    int
	products [][]float32     // by direction [rows][width]
	state    []atomic.Uint32 // by row
}

const (
	rowEmpty = iota
	rowBusy  // somebody is filling it
	rowReady
)

// NewInputCache returns an empty cache of so many rows of products, each of the
// given width in each direction. Encoders call it.
func NewInputCache(version uint64, rows, directions, width int) *InputCache {
	c := &InputCache{Version: version, width: width, state: make([]atomic.Uint32, rows)}
	for range directions {
		c.products = append(c.products, make([]float32, rows*width))
	}
	return c
}

// Has says whether row is in the cache, and stays there.
func (c *InputCache) Has(row int) bool {
	return row < len(c.state) && c.state[row].Load() == rowReady
}

// Put fills row with row u of products, by direction [U][width], unless it is
// there or somebody else fills it. A row outside the cache is not kept.
func (c *InputCache) Put(row int, products [][]float32, u int) {
	if row < 0 || row >= len(c.state) || !c.state[row].CompareAndSwap(rowEmpty, rowBusy) {
		return
	}
	for d := range c.products {
		copy(c.Row(d, row), products[d][u*c.width:])
	}
	c.state[row].Store(rowReady)
}

// Row is the product in a direction. The row must be there.
func (c *InputCache) Row(direction, row int) []float32 {
	return c.products[direction][row*c.width : (row+1)*c.width]
}
