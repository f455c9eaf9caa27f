package cuda

import (
	"reflect"
	"strings"
	"testing"
	"unsafe"

	"github.com/textlstm/textlstm/device/internal/compute"
	"github.com/textlstm/textlstm/device/internal/compute/computetest"
)

// A fake is a driver with one GPU that keeps what it is given.
type fake struct {
	api
	memory      map[uint64][]byte
	attributes  map[int32]int32
	launched    [7]uint32
	values      [4]uint64
	version     int32
	mostDynamic int32
}

func newFake() *fake {
	f := &fake{memory: map[uint64][]byte{}, version: 12040, attributes: map[int32]int32{sharedMemory: 99 << 10, capabilityMajor: 9, capabilityMinor: 0}}
	f.Init = func(uint32) int32 { return 0 }
	f.DriverGetVersion = func(v *int32) int32 { *v = f.version; return 0 }
	f.DeviceGetCount = func(n *int32) int32 { *n = 1; return 0 }
	f.DeviceGet = func(d *int32, i int32) int32 { *d = 5; return 0 }
	f.DeviceGetName = func(name *byte, n, d int32) int32 { copy(unsafe.Slice(name, n), "Fake 2\x00"); return 0 }
	f.DeviceTotalMem = func(n *uintptr, d int32) int32 { *n = 1 << 30; return 0 }
	f.DeviceGetAttribute = func(v *int32, what, d int32) int32 { *v = f.attributes[what]; return 0 }
	f.DevicePrimaryCtxRetain = func(c *uintptr, d int32) int32 { *c = 6; return 0 }
	f.DevicePrimaryCtxRelease = func(int32) int32 { return 0 }
	f.CtxSetCurrent = func(uintptr) int32 { return 0 }
	f.ModuleLoadData = func(m *uintptr, image *byte) int32 { *m = 7; return 0 }
	f.ModuleUnload = func(uintptr) int32 { return 0 }
	f.ModuleGetFunction = func(k *uintptr, m uintptr, name string) int32 { *k = 8; return 0 }
	f.FuncGetAttribute = func(v *int32, what int32, k uintptr) int32 {
		*v = map[int32]int32{mostItems: 512, staticMemory: 4 << 10}[what]
		return 0
	}
	f.FuncSetAttribute = func(k uintptr, what, v int32) int32 { f.mostDynamic = v; return 0 }
	f.MemAlloc = func(p *uint64, n uintptr) int32 {
		*p = uint64(1000 * (len(f.memory) + 1))
		f.memory[*p] = make([]byte, n)
		return 0
	}
	f.MemFree = func(p uint64) int32 { delete(f.memory, p); return 0 }
	f.MemcpyHtoD = func(dst uint64, src unsafe.Pointer, n uintptr) int32 {
		copy(f.memory[dst], unsafe.Slice((*byte)(src), n))
		return 0
	}
	f.MemcpyDtoH = func(dst unsafe.Pointer, src uint64, n uintptr) int32 {
		copy(unsafe.Slice((*byte)(dst), n), f.memory[src])
		return 0
	}
	f.LaunchKernel = func(k uintptr, gx, gy, gz, bx, by, bz, shared uint32, stream uintptr, params *unsafe.Pointer, extra uintptr) int32 {
		f.launched = [7]uint32{gx, gy, gz, bx, by, bz, shared}
		for i, p := range unsafe.Slice(params, 4) {
			f.values[i] = *(*uint64)(p)
		}
		return 0
	}
	return f
}

// use does all that an engine does.
func (f *fake) use(t *testing.T) error {
	t.Helper()
	launched := func() {
		if want := [7]uint32{3, 2, 1, 64, 1, 1, 70000}; f.launched != want || f.mostDynamic != 70000 {
			t.Errorf("launched %v after asking for %d bytes, want %v", f.launched, f.mostDynamic, want)
		}
		if want := [4]uint64{5, 1000, 0x3f800000, 1 << 40}; f.values != want {
			t.Errorf("the arguments are %v, want %v", f.values, want)
		}
	}
	return computetest.Use{Devices: f.devices, Name: "cuda: Fake 2", Version: "CUDA 12.4", Shared: 70000, Launched: launched, Most: 95 << 10}.Run(t)
}

func TestFake(t *testing.T) {
	f := newFake()
	if err := f.use(t); err != nil {
		t.Fatal(err)
	}
	if len(f.memory) != 0 {
		t.Errorf("%d buffers are left", len(f.memory))
	}
}

// Each call that fails is named by the error.
func TestErrors(t *testing.T) {
	fields := reflect.TypeFor[api]()
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		if name == "FuncGetAttribute" { // does not fit
			continue
		}
		t.Run(name, func(t *testing.T) {
			f := newFake()
			field := reflect.ValueOf(&f.api).Elem().Field(i)
			field.Set(reflect.MakeFunc(field.Type(), func([]reflect.Value) []reflect.Value { return []reflect.Value{reflect.ValueOf(int32(2))} }))
			err := f.use(t)
			if err == nil || !strings.Contains(err.Error(), "cu"+name+": out of memory (2)") {
				t.Errorf("error %v, want one about cu%s", err, name)
			}
		})
	}
}

// What cannot run the kernels is refused before anything is loaded.
func TestTooOld(t *testing.T) {
	f := newFake()
	f.version = 11040
	if err := f.use(t); err == nil || !strings.Contains(err.Error(), "the driver is for CUDA 11.4, want one for 11.8") {
		t.Errorf("an old driver: %v", err)
	}
	f = newFake()
	f.attributes[capabilityMajor], f.attributes[capabilityMinor] = 6, 1
	if err := f.use(t); err == nil || !strings.Contains(err.Error(), "Fake 2 has compute capability 6.1, want 7.0") {
		t.Errorf("an old GPU: %v", err)
	}
	f = newFake()
	f.Init = func(uint32) int32 { return noGPU }
	if list, err := f.devices(); err != nil || len(list) != 0 {
		t.Errorf("a driver without a GPU: %v, %v", list, err)
	}
}

var _ compute.Context = (*context)(nil)
