// Package cuda runs kernels on NVIDIA GPUs through the driver's own library, which it loads when it is
// asked for devices, without cgo and without CUDA's toolkit.
package cuda

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"github.com/textlstm/textlstm/device/internal/compute"
	"github.com/textlstm/textlstm/device/kernels"
)

// A device is a GPU.
type device struct {
	*api
	id            int32
	name, version string
	memory        int64
}

// Devices lists the GPUs.
func Devices() ([]compute.Device, error) {
	a, err := load()
	if err != nil {
		return nil, err
	}
	return a.devices()
}

const (
	sharedMemory      = 97 // attributes of a device: bytes that a group may share if it asks
	capabilityMajor   = 75
	capabilityMinor   = 76
	mostItems         = 0 // attributes of a kernel
	staticMemory      = 1
	mostDynamicMemory = 8

	oldest  = 11080 // driver, in thousands and tens: what the PTX is for
	noGPU   = 100
	minimum = 70 // compute capability
)

func (a *api) devices() ([]compute.Device, error) {
	code := a.Init(0)
	if code == noGPU {
		return nil, nil
	}
	if err := check("cuInit", code); err != nil {
		return nil, err
	}
	var version, n int32
	if err := check("cuDriverGetVersion", a.DriverGetVersion(&version)); err != nil {
		return nil, err
	}
	if version < oldest {
		return nil, fmt.Errorf("cuda: the driver is for CUDA %d.%d, want one for %d.%d or later", version/1000, version%1000/10, oldest/1000, oldest%1000/10)
	}
	if err := check("cuDeviceGetCount", a.DeviceGetCount(&n)); err != nil {
		return nil, err
	}
	var list []compute.Device
	for i := range n {
		d := &device{api: a, version: fmt.Sprintf("CUDA %d.%d", version/1000, version%1000/10)}
		if err := check("cuDeviceGet", a.DeviceGet(&d.id, i)); err != nil {
			return nil, err
		}
		name := make([]byte, 200)
		if err := check("cuDeviceGetName", a.DeviceGetName(&name[0], int32(len(name)), d.id)); err != nil {
			return nil, err
		}
		var memory uintptr
		if err := check("cuDeviceTotalMem", a.DeviceTotalMem(&memory, d.id)); err != nil {
			return nil, err
		}
		name, _, _ = bytes.Cut(name, []byte{0})
		d.name, d.memory = string(name), int64(memory)
		list = append(list, d)
	}
	return list, nil
}

func (d *device) attribute(what int32) (v int32, err error) {
	return v, check("cuDeviceGetAttribute", d.DeviceGetAttribute(&v, what, d.id))
}

func (d *device) Name() string    { return "cuda: " + d.name }
func (d *device) Version() string { return d.version }
func (d *device) Memory() int64   { return d.memory }
func (d *device) GPU() bool       { return true }

// A context is the device's own, with its default stream.
type context struct {
	*device
	context, module uintptr
	kernels         map[string]uintptr
	asked           map[string]int // by kernel, the memory that its groups may share
	shared          int            // most bytes of it
}

func (d *device) Open() (_ compute.Context, err error) {
	major, err := d.attribute(capabilityMajor)
	if err != nil {
		return nil, err
	}
	minor, err := d.attribute(capabilityMinor)
	if err != nil {
		return nil, err
	}
	if major*10+minor < minimum {
		return nil, fmt.Errorf("cuda: %s has compute capability %d.%d, want %d.%d or later", d.name, major, minor, minimum/10, minimum%10)
	}
	c := &context{device: d, kernels: map[string]uintptr{}, asked: map[string]int{}}
	defer func() {
		if err != nil {
			c.Close()
		}
	}()
	shared, err := d.attribute(sharedMemory)
	if err != nil {
		return nil, err
	}
	c.shared = int(shared)
	if err := check("cuDevicePrimaryCtxRetain", d.DevicePrimaryCtxRetain(&c.context, d.id)); err != nil {
		return nil, err
	}
	if err := c.here(); err != nil {
		return nil, err
	}
	image := append([]byte(kernels.PTX), 0)
	return c, check("cuModuleLoadData", d.ModuleLoadData(&c.module, &image[0]))
}

// here makes the context that of the thread, which may be another than the last time.
func (c *context) here() error { return check("cuCtxSetCurrent", c.CtxSetCurrent(c.context)) }

// A buffer is an address on the device.
type buffer struct {
	c  *context
	at uint64
}

func (c *context) Alloc(bytes int) (compute.Buffer, error) {
	if err := c.here(); err != nil {
		return nil, err
	}
	b := &buffer{c: c}
	if err := check("cuMemAlloc", c.MemAlloc(&b.at, uintptr(bytes))); err != nil {
		return nil, fmt.Errorf("%w: %d bytes on %s", err, bytes, c.name)
	}
	return b, nil
}

func (b *buffer) Free() error {
	if err := b.c.here(); err != nil {
		return err
	}
	return check("cuMemFree", b.c.MemFree(b.at))
}

func (c *context) Write(dst compute.Buffer, src []byte) error {
	if len(src) == 0 {
		return nil
	}
	if err := c.here(); err != nil {
		return err
	}
	return check("cuMemcpyHtoD", c.MemcpyHtoD(dst.(*buffer).at, unsafe.Pointer(&src[0]), uintptr(len(src))))
}

func (c *context) Read(dst []byte, src compute.Buffer) error {
	if len(dst) == 0 {
		return nil
	}
	if err := c.here(); err != nil {
		return err
	}
	return check("cuMemcpyDtoH", c.MemcpyDtoH(unsafe.Pointer(&dst[0]), src.(*buffer).at, uintptr(len(dst))))
}

// kernel returns one of the module by its name.
func (c *context) kernel(name string) (uintptr, error) {
	if k, ok := c.kernels[name]; ok {
		return k, nil
	}
	var k uintptr
	if err := check("cuModuleGetFunction", c.ModuleGetFunction(&k, c.module, name)); err != nil {
		return 0, fmt.Errorf("%w: %s", err, name)
	}
	c.kernels[name] = k
	return k, nil
}

func (c *context) Launch(kernel string, x, y, items, shared int, args ...any) error {
	if err := c.here(); err != nil {
		return err
	}
	k, err := c.kernel(kernel)
	if err != nil {
		return err
	}
	if shared > c.asked[kernel] {
		if err := check("cuFuncSetAttribute", c.FuncSetAttribute(k, mostDynamicMemory, int32(shared))); err != nil {
			return fmt.Errorf("%w: %d bytes for %s", err, shared, kernel)
		}
		c.asked[kernel] = shared
	}
	values, params := make([]uint64, len(args)), make([]unsafe.Pointer, len(args)+1)
	for i, arg := range args {
		at := unsafe.Pointer(&values[i])
		params[i] = at
		switch v := arg.(type) {
		case compute.Buffer:
			values[i] = v.(*buffer).at
		case int:
			*(*int32)(at) = int32(v)
		case float32:
			*(*float32)(at) = v
		case uint64:
			values[i] = v
		default:
			panic(fmt.Sprintf("cuda: argument %d of %s is a %T", i, kernel, arg))
		}
	}
	err = check("cuLaunchKernel", c.LaunchKernel(k, uint32(x), uint32(y), 1, uint32(items), 1, 1, uint32(shared), 0, &params[0], 0))
	runtime.KeepAlive(values)
	if err != nil {
		return fmt.Errorf("%w: %s, %d x %d groups of %d", err, kernel, x, y, items)
	}
	return nil
}

func (c *context) Fits(kernel string, items, shared int) bool {
	if c.here() != nil {
		return false
	}
	k, err := c.kernel(kernel)
	if err != nil {
		return false
	}
	var most, static int32
	if c.FuncGetAttribute(&most, mostItems, k) != 0 || c.FuncGetAttribute(&static, staticMemory, k) != 0 {
		return false
	}
	return items <= int(most) && int(static)+shared <= c.shared
}

// Close frees the module. Buffers are freed by who made them.
func (c *context) Close() error {
	if c.context == 0 {
		return nil
	}
	errs := []error{c.here()}
	if c.module != 0 {
		errs = append(errs, check("cuModuleUnload", c.ModuleUnload(c.module)))
	}
	errs = append(errs, check("cuDevicePrimaryCtxRelease", c.DevicePrimaryCtxRelease(c.id)))
	c.context, c.module = 0, 0
	return errors.Join(errs...)
}
