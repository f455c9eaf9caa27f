package parquet

import (
	"bytes"
	"fmt"
	"io"
	"runtime"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// The codecs, as they are numbered in files.
const (
	uncompressed = 0
	codecSnappy  = 1
	codecGzip    = 2
	codecBrotli  = 4
	codecZstd    = 6
	codecLZ4Raw  = 7
)

var codecNames = map[int64]string{codecSnappy: "snappy", codecGzip: "gzip", codecBrotli: "brotli", codecZstd: "zstd", codecLZ4Raw: "LZ4_RAW"}

// The largest window of a zstd frame, which RFC 8878 asks every decoder to have.
// A page takes a larger one only if it is larger and packed at levels above 19.
const zstdWindow = 8 << 20

// codecs decompress pages. What each needs is made once for a file.
type codecs struct {
	packed []byte // the page as it is in the file
	src    bytes.Reader
	gzip   *gzip.Reader
	zstd   *zstd.Decoder
	brotli *brotli.Reader
}

// unpack decompresses src, which must fill dst.
func (c *codecs) unpack(codec int64, dst, src []byte) (err error) {
	defer func() {
		if r := recover(); r != nil { // of code that is not ours
			err = fmt.Errorf("%v: %w", r, ErrSyntax)
		}
	}()
	if len(dst) == 0 && len(src) == 0 {
		return nil
	}
	n := 0
	switch codec {
	case uncompressed:
		if n = len(src); n == len(dst) {
			copy(dst, src)
		}
	case codecSnappy:
		if n, err = snappy.DecodedLen(src); err == nil && n == len(dst) {
			_, err = snappy.Decode(dst, src)
		}
	case codecLZ4Raw:
		n, err = lz4.UncompressBlock(src, dst)
	case codecGzip:
		if c.gzip == nil {
			c.gzip = new(gzip.Reader)
		}
		c.src.Reset(src)
		if err = c.gzip.Reset(&c.src); err == nil {
			n, err = fill(dst, c.gzip)
		}
	case codecZstd:
		if c.zstd == nil {
			c.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdWindow), zstd.WithDecoderLowmem(true))
			if err != nil {
				return err
			}
		}
		c.src.Reset(src)
		if err = c.zstd.Reset(&c.src); err == nil {
			n, err = fill(dst, c.zstd)
		}
	case codecBrotli:
		c.src.Reset(src)
		if c.brotli == nil {
			c.brotli = brotli.NewReader(&c.src)
		} else if err = c.brotli.Reset(&c.src); err != nil {
			return err
		}
		n, err = fill(dst, c.brotli)
	default:
		return fmt.Errorf("codec %d: %w", codec, ErrUnsupported)
	}
	if err != nil {
		return fmt.Errorf("%s: %w: %w", codecNames[codec], err, ErrSyntax)
	}
	if n != len(dst) {
		return fmt.Errorf("%d bytes do not expand to the %d of the header: %w", len(src), len(dst), ErrSyntax)
	}
	return nil
}

// fill reads dst and the end of src. It returns a number greater than len(dst)
// if there is more.
func fill(dst []byte, src io.Reader) (int, error) {
	n, err := io.ReadFull(src, dst)
	if err != nil {
		return n, err
	}
	var more [1]byte
	extra, err := io.ReadFull(src, more[:])
	if err == io.EOF {
		err = nil
	}
	return n + extra, err
}

// resize returns a buffer of n bytes, b if it is large enough. A large b that is
// not is freed before the larger one is taken: otherwise memory would hold both.
func resize(b []byte, n int64) []byte {
	if n <= int64(cap(b)) {
		return b[:n]
	}
	if cap(b) > 1<<20 {
		b = nil
		runtime.GC()
	}
	return make([]byte, n)
}
