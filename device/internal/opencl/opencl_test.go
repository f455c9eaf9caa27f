package opencl

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unsafe"

	"github.com/textlstm/textlstm/device/internal/compute"
	"github.com/textlstm/textlstm/device/internal/compute/computetest"
)

// A fake is a library with one GPU that keeps what it is given.
type fake struct {
	api
	memory map[uintptr][]byte
	args   map[uint32][]byte
	built  []string // what the programs were made from
	bad    bool     // whether binaries do not build
	grid   [4]uintptr
}

func newFake() *fake {
	f := &fake{memory: map[uintptr][]byte{}, args: map[uint32][]byte{}}
	text := func(s string, n uintptr, v unsafe.Pointer, got *uintptr) int32 {
		if got != nil {
			*got = uintptr(len(s) + 1)
		}
		if v != nil {
			copy(unsafe.Slice((*byte)(v), n), s+"\x00")
		}
		return 0
	}
	ok := func(uintptr) int32 { return 0 }
	f.GetPlatformIDs = func(n uint32, ids *uintptr, num *uint32) int32 {
		if num != nil {
			*num = 1
		}
		if ids != nil {
			*ids = 7
		}
		return 0
	}
	f.GetPlatformInfo = func(_ uintptr, _ uint32, n uintptr, v unsafe.Pointer, got *uintptr) int32 {
		return text("OpenCL 1.2 fake", n, v, got)
	}
	f.GetDeviceIDs = func(_ uintptr, _ uint64, n uint32, ids *uintptr, num *uint32) int32 {
		if num != nil {
			*num = 1
		}
		if ids != nil {
			*ids = 8
		}
		return 0
	}
	f.GetDeviceInfo = func(_ uintptr, what uint32, n uintptr, v unsafe.Pointer, got *uintptr) int32 {
		switch what {
		case deviceName:
			return text("Fake 1", n, v, got)
		case driverVersion:
			return text("2.3", n, v, got)
		case deviceType:
			*(*uint64)(v) = gpu
		case globalMemory:
			*(*uint64)(v) = 1 << 30
		case localMemory:
			*(*uint64)(v) = 48 << 10
		}
		return 0
	}
	f.CreateContext = func(unsafe.Pointer, uint32, *uintptr, uintptr, uintptr, *int32) uintptr { return 9 }
	f.CreateCommandQueue = func(uintptr, uintptr, uint64, *int32) uintptr { return 10 }
	f.CreateProgramWithSource = func(uintptr, uint32, **byte, *uintptr, *int32) uintptr {
		f.built = append(f.built, "source")
		return 11
	}
	f.CreateProgramWithBinary = func(_ uintptr, _ uint32, _ *uintptr, n *uintptr, b **byte, _, code *int32) uintptr {
		f.built = append(f.built, string(unsafe.Slice(*b, *n)))
		if f.bad {
			*code = -42
			return 0
		}
		return 12
	}
	f.BuildProgram = func(uintptr, uint32, *uintptr, string, uintptr, uintptr) int32 { return 0 }
	f.GetProgramBuildInfo = func(_, _ uintptr, _ uint32, n uintptr, v unsafe.Pointer, got *uintptr) int32 {
		return text("line 3: no such thing", n, v, got)
	}
	f.GetProgramInfo = func(_ uintptr, what uint32, _ uintptr, v unsafe.Pointer, _ *uintptr) int32 {
		if what == programBinarySizes {
			*(*uintptr)(v) = 6
		} else {
			copy(unsafe.Slice(*(**byte)(v), 6), "binary")
		}
		return 0
	}
	f.CreateKernel = func(uintptr, string, *int32) uintptr { return 13 }
	f.GetKernelWorkGroupInfo = func(_, _ uintptr, what uint32, _ uintptr, v unsafe.Pointer, _ *uintptr) int32 {
		*(*uint64)(v) = map[uint32]uint64{workGroupSize: 512, kernelLocalMemory: 8 << 10}[what]
		return 0
	}
	f.CreateBuffer = func(_ uintptr, _ uint64, n uintptr, _ unsafe.Pointer, _ *int32) uintptr {
		id := uintptr(100 + len(f.memory))
		f.memory[id] = make([]byte, n)
		return id
	}
	f.SetKernelArg = func(_ uintptr, i uint32, n uintptr, v unsafe.Pointer) int32 {
		f.args[i] = make([]byte, n)
		if v != nil {
			copy(f.args[i], unsafe.Slice((*byte)(v), n))
		}
		return 0
	}
	f.EnqueueNDRangeKernel = func(_, _ uintptr, _ uint32, _, global, local *uintptr, _ uint32, _, _ uintptr) int32 {
		g, l := unsafe.Slice(global, 2), unsafe.Slice(local, 2)
		f.grid = [4]uintptr{g[0], g[1], l[0], l[1]}
		return 0
	}
	f.EnqueueReadBuffer = func(_, b uintptr, _ uint32, _, n uintptr, p unsafe.Pointer, _ uint32, _, _ uintptr) int32 {
		copy(unsafe.Slice((*byte)(p), n), f.memory[b])
		return 0
	}
	f.EnqueueWriteBuffer = func(_, b uintptr, _ uint32, _, n uintptr, p unsafe.Pointer, _ uint32, _, _ uintptr) int32 {
		copy(f.memory[b], unsafe.Slice((*byte)(p), n))
		return 0
	}
	f.ReleaseMemObject, f.ReleaseKernel, f.ReleaseProgram, f.ReleaseCommandQueue, f.ReleaseContext = ok, ok, ok, ok, ok
	return f
}

// use does all that an engine does.
func (f *fake) use(t *testing.T) error {
	t.Helper()
	launched := func() {
		if want := [4]uintptr{192, 2, 64, 1}; f.grid != want || len(f.args[0]) != 4 || f.args[0][0] != 5 || f.args[3][5] != 1 || len(f.args[4]) != 16 {
			t.Errorf("launched on %v, want %v, with arguments %v", f.grid, want, f.args)
		}
	}
	return computetest.Use{Devices: f.devices, Name: "opencl: Fake 1", Version: "OpenCL 1.2 fake, driver 2.3", Shared: 16, Launched: launched, Most: 40 << 10}.Run(t)
}

func TestFake(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", dir)
	t.Setenv("HOME", dir)
	f := newFake()
	for range 2 {
		if err := f.use(t); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"source", "binary"}; !reflect.DeepEqual(f.built, want) {
		t.Errorf("programs from %q, want %q: the second one comes from the cache", f.built, want)
	}
	f.bad, f.built = true, nil
	if err := f.use(t); err != nil {
		t.Fatal(err)
	}
	if want := []string{"binary", "source"}; !reflect.DeepEqual(f.built, want) {
		t.Errorf("programs from %q, want %q: a binary that does not load is made again", f.built, want)
	}
	list, _ := filepath.Glob(filepath.Join(dir, "textlstm", "*"))
	if len(list) != 1 {
		t.Errorf("the cache has %q, want one file", list)
	}
	os.RemoveAll(dir)
}

// Each call that fails is named by the error, but for those that can be done without.
func TestErrors(t *testing.T) {
	spare := map[string]bool{
		"GetDeviceIDs":            true, // a platform without devices
		"CreateProgramWithBinary": true, // not called without a cache
		"GetProgramInfo":          true, // no cache
		"GetProgramBuildInfo":     true, // no log
		"GetKernelWorkGroupInfo":  true, // does not fit
	}
	fields := reflect.TypeFor[api]()
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		if spare[name] {
			continue
		}
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			t.Setenv("XDG_CACHE_HOME", dir)
			t.Setenv("HOME", dir)
			f := newFake()
			field := reflect.ValueOf(&f.api).Elem().Field(i)
			field.Set(reflect.MakeFunc(field.Type(), func(args []reflect.Value) []reflect.Value {
				if field.Type().Out(0).Kind() == reflect.Int32 {
					return []reflect.Value{reflect.ValueOf(int32(-5))}
				}
				args[len(args)-1].Elem().SetInt(-5)
				return []reflect.Value{reflect.ValueOf(uintptr(0))}
			}))
			err := f.use(t)
			if err == nil || !strings.Contains(err.Error(), "cl"+name+": out of resources (-5)") {
				t.Errorf("error %v, want one about cl%s", err, name)
			}
		})
	}
}

// A program that does not build says why.
func TestBuildLog(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", dir)
	t.Setenv("HOME", dir)
	f := newFake()
	f.BuildProgram = func(uintptr, uint32, *uintptr, string, uintptr, uintptr) int32 { return -11 }
	if err := f.use(t); err == nil || !strings.Contains(err.Error(), "line 3: no such thing") {
		t.Errorf("error %v, want the compiler's", err)
	}
}

var _ compute.Context = (*context)(nil)
