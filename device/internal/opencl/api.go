package opencl

import (
	"sync"
	"unsafe"

	"github.com/textlstm/textlstm/device/internal/dl"
)

// An api has the functions of OpenCL 1.2 that are used, under their names without "cl". A test
// may have others in their place.
type api struct {
	GetPlatformIDs          func(n uint32, ids *uintptr, num *uint32) int32
	GetPlatformInfo         func(p uintptr, what uint32, n uintptr, v unsafe.Pointer, got *uintptr) int32
	GetDeviceIDs            func(p uintptr, kind uint64, n uint32, ids *uintptr, num *uint32) int32
	GetDeviceInfo           func(d uintptr, what uint32, n uintptr, v unsafe.Pointer, got *uintptr) int32
	CreateContext           func(props unsafe.Pointer, n uint32, d *uintptr, callback, user uintptr, err *int32) uintptr
	CreateCommandQueue      func(c, d uintptr, props uint64, err *int32) uintptr
	CreateProgramWithSource func(c uintptr, n uint32, s **byte, l *uintptr, err *int32) uintptr
	CreateProgramWithBinary func(c uintptr, n uint32, d *uintptr, l *uintptr, b **byte, status, err *int32) uintptr
	BuildProgram            func(p uintptr, n uint32, d *uintptr, options string, callback, user uintptr) int32
	GetProgramBuildInfo     func(p, d uintptr, what uint32, n uintptr, v unsafe.Pointer, got *uintptr) int32
	GetProgramInfo          func(p uintptr, what uint32, n uintptr, v unsafe.Pointer, got *uintptr) int32
	CreateKernel            func(p uintptr, name string, err *int32) uintptr
	GetKernelWorkGroupInfo  func(k, d uintptr, what uint32, n uintptr, v unsafe.Pointer, got *uintptr) int32
	CreateBuffer            func(c uintptr, flags uint64, n uintptr, host unsafe.Pointer, err *int32) uintptr
	SetKernelArg            func(k uintptr, i uint32, n uintptr, v unsafe.Pointer) int32
	EnqueueNDRangeKernel    func(q, k uintptr, dim uint32, off, global, local *uintptr, n uint32, wait, event uintptr) int32
	EnqueueReadBuffer       func(q, b uintptr, block uint32, off, n uintptr, p unsafe.Pointer, nw uint32, wait, event uintptr) int32
	EnqueueWriteBuffer      func(q, b uintptr, block uint32, off, n uintptr, p unsafe.Pointer, nw uint32, wait, event uintptr) int32
	ReleaseMemObject        func(uintptr) int32
	ReleaseKernel           func(uintptr) int32
	ReleaseProgram          func(uintptr) int32
	ReleaseCommandQueue     func(uintptr) int32
	ReleaseContext          func(uintptr) int32
}

var library = dl.Library{
	Name:   "opencl",
	Files:  []string{"libOpenCL.so.1", "libOpenCL.so", "/System/Library/Frameworks/OpenCL.framework/OpenCL"},
	Advice: "install the driver of the GPU or, for a device that is this processor, ocl-icd-libopencl1 and pocl-opencl-icd",
	Prefix: "cl",
	Codes: map[int32]string{
		-1: "device not found", -2: "device not available", -3: "compiler not available", -4: "out of device memory",
		-5: "out of resources", -6: "out of host memory", -11: "the program does not build", -30: "invalid value",
		-33: "invalid device", -34: "invalid context", -36: "invalid command queue", -38: "invalid memory object",
		-42: "invalid binary", -43: "invalid build options", -44: "invalid program", -45: "invalid program executable",
		-46: "invalid kernel name", -48: "invalid kernel", -49: "invalid argument index", -50: "invalid argument value",
		-51: "invalid argument size", -52: "invalid kernel arguments", -54: "invalid work group size",
		-61: "invalid buffer size", -1001: "no platform: the library finds no driver",
	},
}

var check = library.Check

// load finds the library once.
var load = sync.OnceValues(func() (*api, error) {
	a := new(api)
	return a, library.Load(a)
})
