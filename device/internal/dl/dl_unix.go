//go:build linux || darwin

package dl

import "github.com/ebitengine/purego"

func open(name string) (uintptr, error) {
	return purego.Dlopen(name, purego.RTLD_NOW|purego.RTLD_GLOBAL)
}

// register makes a function of C that of Go which f points to.
func register(f any, lib uintptr, name string) error {
	symbol, err := purego.Dlsym(lib, name)
	if err == nil {
		purego.RegisterFunc(f, symbol)
	}
	return err
}
