// Package opencl runs kernels through OpenCL, whose library it loads when it is asked for
// devices, without cgo.
package opencl

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unsafe"

	"github.com/textlstm/textlstm/device/internal/compute"
	"github.com/textlstm/textlstm/device/kernels"
	"github.com/textlstm/textlstm/internal/fsx"
)

// A device is one of a platform.
type device struct {
	*api
	id            uintptr
	name, version string
	memory        int64
	gpu           bool
}

// Devices lists the devices of all platforms, GPUs first.
func Devices() ([]compute.Device, error) {
	a, err := load()
	if err != nil {
		return nil, err
	}
	return a.devices()
}

const (
	gpu        = 1 << 2
	everything = 0xffffffff

	platformVersion = 0x0901
	deviceType      = 0x1000
	globalMemory    = 0x101f
	localMemory     = 0x1023
	deviceName      = 0x102b
	driverVersion   = 0x102d

	programBinarySizes = 0x1165
	programBinaries    = 0x1166
	buildLog           = 0x1183
	workGroupSize      = 0x11b0
	kernelLocalMemory  = 0x11b2
)

func (a *api) devices() ([]compute.Device, error) {
	var n uint32
	if err := check("clGetPlatformIDs", a.GetPlatformIDs(0, nil, &n)); err != nil || n == 0 {
		return nil, err
	}
	platforms := make([]uintptr, n)
	if err := check("clGetPlatformIDs", a.GetPlatformIDs(n, &platforms[0], nil)); err != nil {
		return nil, err
	}
	var gpus, others []compute.Device
	for _, p := range platforms {
		if a.GetDeviceIDs(p, everything, 0, nil, &n) != 0 || n == 0 {
			continue // a platform without devices says so with an error
		}
		ids := make([]uintptr, n)
		if err := check("clGetDeviceIDs", a.GetDeviceIDs(p, everything, n, &ids[0], nil)); err != nil {
			return nil, err
		}
		platform, err := text("clGetPlatformInfo", func(n uintptr, v unsafe.Pointer, got *uintptr) int32 {
			return a.GetPlatformInfo(p, platformVersion, n, v, got)
		})
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			d, err := a.device(id, platform)
			if err != nil {
				return nil, err
			}
			if d.gpu {
				gpus = append(gpus, d)
			} else {
				others = append(others, d)
			}
		}
	}
	return append(gpus, others...), nil
}

func (a *api) device(id uintptr, platform string) (*device, error) {
	d := &device{api: a, id: id}
	info := func(what uint32) func(uintptr, unsafe.Pointer, *uintptr) int32 {
		return func(n uintptr, v unsafe.Pointer, got *uintptr) int32 { return a.GetDeviceInfo(id, what, n, v, got) }
	}
	name, err := text("clGetDeviceInfo", info(deviceName))
	if err != nil {
		return nil, err
	}
	driver, err := text("clGetDeviceInfo", info(driverVersion))
	if err != nil {
		return nil, err
	}
	kind, err := number[uint64](d, deviceType)
	if err != nil {
		return nil, err
	}
	memory, err := number[uint64](d, globalMemory)
	d.name, d.version, d.memory, d.gpu = name, platform+", driver "+driver, int64(memory), kind&gpu != 0
	return d, err
}

// text asks for a string: first how long it is.
func text(call string, ask func(n uintptr, v unsafe.Pointer, got *uintptr) int32) (string, error) {
	var n uintptr
	if err := check(call, ask(0, nil, &n)); err != nil || n == 0 {
		return "", err
	}
	b := make([]byte, n)
	err := check(call, ask(n, unsafe.Pointer(&b[0]), nil))
	return strings.TrimSpace(strings.TrimRight(string(b), "\x00")), err
}

// number asks a device for one.
func number[N uint64 | uint32](d *device, what uint32) (v N, err error) {
	return v, check("clGetDeviceInfo", d.GetDeviceInfo(d.id, what, unsafe.Sizeof(v), unsafe.Pointer(&v), nil))
}

func (d *device) Name() string    { return "opencl: " + d.name }
func (d *device) Version() string { return d.version }
func (d *device) Memory() int64   { return d.memory }
func (d *device) GPU() bool       { return d.gpu }

// A context is a queue, in order.
type context struct {
	*device
	context, queue, program uintptr
	kernels                 map[string]uintptr
	local                   int // bytes a group may have
}

func (d *device) Open() (_ compute.Context, err error) {
	c := &context{device: d, kernels: map[string]uintptr{}}
	defer func() {
		if err != nil {
			c.Close()
		}
	}()
	local, err := number[uint64](d, localMemory)
	if err != nil {
		return nil, err
	}
	c.local = int(local)
	var code int32
	c.context = d.CreateContext(nil, 1, &d.id, 0, 0, &code)
	if err := check("clCreateContext", code); err != nil {
		return nil, err
	}
	c.queue = d.CreateCommandQueue(c.context, d.id, 0, &code)
	if err := check("clCreateCommandQueue", code); err != nil {
		return nil, err
	}
	return c, c.build()
}

// build takes the program from the cache, or compiles it and puts it there.
func (c *context) build() error {
	path := c.cached()
	if binary, err := os.ReadFile(path); err == nil && len(binary) > 0 && c.buildBinary(binary) == nil {
		return nil
	}
	c.releaseProgram()
	source := append([]byte(kernels.Source), 0)
	at, n := &source[0], uintptr(len(source)-1)
	var code int32
	c.program = c.CreateProgramWithSource(c.context, 1, &at, &n, &code)
	if err := check("clCreateProgramWithSource", code); err != nil {
		return err
	}
	if err := check("clBuildProgram", c.BuildProgram(c.program, 1, &c.id, "", 0, 0)); err != nil {
		log, _ := text("clGetProgramBuildInfo", func(n uintptr, v unsafe.Pointer, got *uintptr) int32 {
			return c.GetProgramBuildInfo(c.program, c.id, buildLog, n, v, got)
		})
		return fmt.Errorf("%w: %s", err, log)
	}
	if binary := c.binary(); len(binary) > 0 && path != "" { // a cache that cannot be written is done without
		if os.MkdirAll(filepath.Dir(path), 0o755) == nil {
			fsx.WriteFile(fsx.OS{}, path, func(w io.Writer) error { _, err := w.Write(binary); return err })
		}
	}
	return nil
}

// cached is where the program for this device, driver and source is kept; "" for nowhere.
func (c *context) cached() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{c.name, c.version, kernels.Source}, "\x00")))
	return filepath.Join(dir, "textlstm", fmt.Sprintf("opencl-%x.bin", sum[:12]))
}

func (c *context) buildBinary(binary []byte) error {
	at, n := &binary[0], uintptr(len(binary))
	var status, code int32
	c.program = c.CreateProgramWithBinary(c.context, 1, &c.id, &n, &at, &status, &code)
	return errors.Join(check("clCreateProgramWithBinary", code), check("clCreateProgramWithBinary", status),
		check("clBuildProgram", c.BuildProgram(c.program, 1, &c.id, "", 0, 0)))
}

// binary returns the program as built, nil if there is none to be had.
func (c *context) binary() []byte {
	var n uintptr
	if c.GetProgramInfo(c.program, programBinarySizes, unsafe.Sizeof(n), unsafe.Pointer(&n), nil) != 0 || n == 0 {
		return nil
	}
	b := make([]byte, n)
	at := &b[0]
	if c.GetProgramInfo(c.program, programBinaries, unsafe.Sizeof(at), unsafe.Pointer(&at), nil) != 0 {
		return nil
	}
	return b
}

// A buffer is a memory object.
type buffer struct {
	c  *context
	id uintptr
}

func (c *context) Alloc(bytes int) (compute.Buffer, error) {
	var code int32
	id := c.CreateBuffer(c.context, 1, uintptr(bytes), nil, &code)
	if err := check("clCreateBuffer", code); err != nil {
		return nil, fmt.Errorf("%w: %d bytes on %s", err, bytes, c.name)
	}
	return &buffer{c, id}, nil
}

func (b *buffer) Free() error { return check("clReleaseMemObject", b.c.ReleaseMemObject(b.id)) }

func (c *context) Write(dst compute.Buffer, src []byte) error {
	if len(src) == 0 {
		return nil
	}
	return check("clEnqueueWriteBuffer", c.EnqueueWriteBuffer(c.queue, dst.(*buffer).id, 1, 0, uintptr(len(src)), unsafe.Pointer(&src[0]), 0, 0, 0))
}

func (c *context) Read(dst []byte, src compute.Buffer) error {
	if len(dst) == 0 {
		return nil
	}
	return check("clEnqueueReadBuffer", c.EnqueueReadBuffer(c.queue, src.(*buffer).id, 1, 0, uintptr(len(dst)), unsafe.Pointer(&dst[0]), 0, 0, 0))
}

// kernel returns one of the program by its name.
func (c *context) kernel(name string) (uintptr, error) {
	if k, ok := c.kernels[name]; ok {
		return k, nil
	}
	var code int32
	k := c.CreateKernel(c.program, name, &code)
	if err := check("clCreateKernel", code); err != nil {
		return 0, fmt.Errorf("%w: %s", err, name)
	}
	c.kernels[name] = k
	return k, nil
}

func (c *context) Launch(kernel string, x, y, items, shared int, args ...any) error {
	k, err := c.kernel(kernel)
	if err != nil {
		return err
	}
	set := func(i int, n uintptr, v unsafe.Pointer) error {
		if err := check("clSetKernelArg", c.SetKernelArg(k, uint32(i), n, v)); err != nil {
			return fmt.Errorf("%w: argument %d of %s", err, i, kernel)
		}
		return nil
	}
	for i, arg := range args {
		switch v := arg.(type) {
		case compute.Buffer:
			err = set(i, unsafe.Sizeof(uintptr(0)), unsafe.Pointer(&v.(*buffer).id))
		case int:
			n := int32(v)
			err = set(i, 4, unsafe.Pointer(&n))
		case float32:
			err = set(i, 4, unsafe.Pointer(&v))
		case uint64:
			err = set(i, 8, unsafe.Pointer(&v))
		default:
			panic(fmt.Sprintf("opencl: argument %d of %s is a %T", i, kernel, arg))
		}
		if err != nil {
			return err
		}
	}
	if shared > 0 {
		if err := set(len(args), uintptr(shared), nil); err != nil {
			return err
		}
	}
	global, local := [2]uintptr{uintptr(x * items), uintptr(y)}, [2]uintptr{uintptr(items), 1}
	if err := check("clEnqueueNDRangeKernel", c.EnqueueNDRangeKernel(c.queue, k, 2, nil, &global[0], &local[0], 0, 0, 0)); err != nil {
		return fmt.Errorf("%w: %s, %d x %d groups of %d", err, kernel, x, y, items)
	}
	return nil
}

func (c *context) Fits(kernel string, items, shared int) bool {
	k, err := c.kernel(kernel)
	if err != nil {
		return false
	}
	var most uintptr
	var declared uint64
	if c.GetKernelWorkGroupInfo(k, c.id, workGroupSize, unsafe.Sizeof(most), unsafe.Pointer(&most), nil) != 0 ||
		c.GetKernelWorkGroupInfo(k, c.id, kernelLocalMemory, unsafe.Sizeof(declared), unsafe.Pointer(&declared), nil) != 0 {
		return false
	}
	return items <= int(most) && int(declared)+shared <= c.local
}

func (c *context) releaseProgram() error {
	p := c.program
	if c.program = 0; p == 0 {
		return nil
	}
	return check("clReleaseProgram", c.ReleaseProgram(p))
}

// Close frees the queue and what was compiled. Buffers are freed by who made them.
func (c *context) Close() error {
	var errs []error
	for name, k := range c.kernels {
		errs = append(errs, check("clReleaseKernel", c.ReleaseKernel(k)))
		delete(c.kernels, name)
	}
	errs = append(errs, c.releaseProgram())
	if c.queue != 0 {
		errs = append(errs, check("clReleaseCommandQueue", c.ReleaseCommandQueue(c.queue)))
	}
	if c.context != 0 {
		errs = append(errs, check("clReleaseContext", c.ReleaseContext(c.context)))
	}
	c.queue, c.context = 0, 0
	return errors.Join(errs...)
}
