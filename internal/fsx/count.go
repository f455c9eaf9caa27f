package fsx

import "io"

// A CountingWriter counts the bytes that W takes.
type CountingWriter struct {
	W io.Writer
	N int64
}

// Write is that of W.
func (c *CountingWriter) Write(p []byte) (int, error) {
	n, err := c.W.Write(p)
	c.N += int64(n)
	return n, err
}
