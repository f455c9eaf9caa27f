// Package dl loads libraries of C when they are asked for, without cgo.
package dl

import (
	"errors"
	"fmt"
	"reflect"
)

// ErrNone says that a library cannot be loaded.
var ErrNone = errors.New("no library")

// Load sets the fields of the struct that api points to, all functions, to those of the first of some
// libraries that there is. The function of a field has its name, behind prefix and before what suffixes
// has for it.
func Load(api any, prefix string, suffixes map[string]string, libraries ...string) error {
	var lib uintptr
	var errs []error
	for _, name := range libraries {
		var err error
		if lib, err = open(name); err == nil {
			break
		}
		errs = append(errs, err)
	}
	if lib == 0 {
		return fmt.Errorf("%w: %w", ErrNone, errors.Join(errs...))
	}
	v := reflect.ValueOf(api).Elem()
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		name = prefix + name + suffixes[name]
		if err := register(v.Field(i).Addr().Interface(), lib, name); err != nil {
			return fmt.Errorf("the library is too old: it has no %s", name)
		}
	}
	return nil
}
