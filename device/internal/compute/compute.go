// Package compute is what the engine asks of a GPU, whoever's it is: memory, and kernels
// that run one after the other.
package compute

import "unsafe"

// A Device is a GPU, or what can stand in for one.
type Device interface {
	// Name is the kind of library and the device's own name: "opencl: NVIDIA H100".
	Name() string

	// Version tells from others what compiles its kernels.
	Version() string

	// Memory is its size in bytes.
	Memory() int64

	// GPU says whether it is one: OpenCL has processors too.
	GPU() bool

	// Open compiles the kernels, or takes them from the cache.
	Open() (Context, error)
}

// A Context is memory on a device and a queue of work for it. It belongs to one goroutine.
type Context interface {
	// Alloc returns a buffer of so many bytes, at least 1, of no known content.
	Alloc(bytes int) (Buffer, error)

	// Write copies to a buffer, Read from one, after all work before.
	Write(dst Buffer, src []byte) error
	Read(dst []byte, src Buffer) error

	// Launch queues a kernel for x*y groups of so many items. An argument is a Buffer, an
	// int, which the kernel has in 32 bits, a float32 or a uint64. Shared is the size in
	// bytes of the memory of a group that the kernel names last; 0 means none.
	Launch(kernel string, x, y, items, shared int, args ...any) error

	// Fits says whether groups of so many items and so many bytes of shared memory, beside
	// what it declares itself, can run a kernel.
	Fits(kernel string, items, shared int) bool

	// Close frees everything.
	Close() error
}

// A Buffer is memory on a device.
type Buffer interface{ Free() error }

// Bytes are the numbers of x as they lie in memory.
func Bytes[E int32 | float32](x []E) []byte {
	if len(x) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&x[0])), 4*len(x))
}
