//go:build !linux && !darwin

package dl

import (
	"fmt"
	"runtime"
)

func open(name string) (uintptr, error) {
	return 0, fmt.Errorf("%s on %s: devices are for Linux and macOS", name, runtime.GOOS)
}

func register(any, uintptr, string) error { panic("dl: no library is open") }
