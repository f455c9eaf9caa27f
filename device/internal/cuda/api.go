package cuda

import (
	"sync"
	"unsafe"

	"github.com/textlstm/textlstm/device/internal/dl"
)

// An api has the functions of the driver that are used, under their names without "cu".
// A test may have others in their place.
type api struct {
	Init                    func(flags uint32) int32
	DriverGetVersion        func(v *int32) int32
	DeviceGetCount          func(n *int32) int32
	DeviceGet               func(d *int32, i int32) int32
	DeviceGetName           func(name *byte, n, d int32) int32
	DeviceTotalMem          func(n *uintptr, d int32) int32
	DeviceGetAttribute      func(v *int32, what, d int32) int32
	DevicePrimaryCtxRetain  func(c *uintptr, d int32) int32
	DevicePrimaryCtxRelease func(d int32) int32
	CtxSetCurrent           func(c uintptr) int32
	ModuleLoadData          func(m *uintptr, image *byte) int32
	ModuleUnload            func(m uintptr) int32
	ModuleGetFunction       func(f *uintptr, m uintptr, name string) int32
	FuncGetAttribute        func(v *int32, what int32, f uintptr) int32
	FuncSetAttribute        func(f uintptr, what, v int32) int32
	MemAlloc                func(p *uint64, n uintptr) int32
	MemFree                 func(p uint64) int32
	MemcpyHtoD              func(dst uint64, src unsafe.Pointer, n uintptr) int32
	MemcpyDtoH              func(dst unsafe.Pointer, src uint64, n uintptr) int32
	LaunchKernel            func(f uintptr, gx, gy, gz, bx, by, bz, shared uint32, stream uintptr, params *unsafe.Pointer, extra uintptr) int32
}

// The driver's own library. Some of its functions are newer under a second name.
var library = dl.Library{
	Name:   "cuda",
	Files:  []string{"libcuda.so.1"},
	Advice: "install NVIDIA's driver",
	Prefix: "cu",
	Suffixes: map[string]string{
		"DeviceTotalMem": "_v2", "DevicePrimaryCtxRelease": "_v2", "MemAlloc": "_v2", "MemFree": "_v2", "MemcpyHtoD": "_v2", "MemcpyDtoH": "_v2",
	},
	Codes: map[int32]string{
		1: "invalid value", 2: "out of memory", 3: "the driver is not initialised", 4: "the driver shuts down",
		35: "the driver is too old", 100: "no device", 101: "invalid device", 200: "invalid kernel image", 201: "invalid context",
		209: "no kernel image for this device", 218: "invalid PTX", 222: "PTX for a newer driver: update the driver",
		300: "invalid source", 304: "an error of the operating system", 400: "invalid handle", 500: "not found",
		700: "illegal address", 701: "too many resources asked for a launch", 702: "a kernel took too long", 716: "misaligned address",
		719: "a kernel failed", 802: "the system is not ready", 803: "driver and kernel module are of different versions", 999: "unknown",
	},
}

var check = library.Check

// load finds the library once.
var load = sync.OnceValues(func() (*api, error) {
	a := new(api)
	return a, library.Load(a)
})
