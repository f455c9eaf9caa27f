// Package unpack undoes the compression of a stream, which it knows by its first bytes.
package unpack

import (
	"bytes"
	"compress/bzip2"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

var zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}

// Open returns what comes out of src, and the kind of its compression: "gzip", "zstd" or
// "bzip2"; src itself and "" if it is not compressed. Head is the first four bytes of
// src, which are still to be read, or all of a shorter one. A frame of zstd that asks for a
// window of more bytes, which take memory, is an error. What comes out is not bounded.
// Closing does not close src.
func Open(head []byte, src io.Reader, window uint64) (r io.ReadCloser, kind string, err error) {
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(src)
		if err != nil {
			return nil, "gzip", err
		}
		return z, "gzip", nil
	case len(head) >= 2 && len(head) < 4 && bytes.HasPrefix(zstdMagic, head):
		return nil, "zstd", io.ErrUnexpectedEOF
	case bytes.HasPrefix(head, zstdMagic):
		z, err := zstd.NewReader(src, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(window), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, "zstd", err
		}
		return z.IOReadCloser(), "zstd", nil
	case bytes.HasPrefix(head, []byte("BZh")) && len(head) > 3 && head[3] >= '1' && head[3] <= '9':
		return io.NopCloser(bzip2.NewReader(src)), "bzip2", nil
	}
	return io.NopCloser(src), "", nil
}
