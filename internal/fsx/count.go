package fsx

import "io"

// A CountingReader counts the bytes that come from R.
type CountingReader struct {
	R io.Reader
	N int64
}

// Read is that of R.
func (c *CountingReader) Read(p []byte) (int, error) {
	n, err := c.R.Read(p)
	c.N += int64(n)
	return n, err
}

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
