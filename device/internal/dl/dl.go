// Package dl loads libraries of C when they are asked for, without cgo.
package dl

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
)

// ErrNone says that a library cannot be loaded.
var ErrNone = errors.New("no library")

// A Library is one of C whose functions return 0, or the code of an error.
type Library struct {
	Name     string            // for errors
	Files    []string          // the first that there is is loaded
	Advice   string            // what to do where there is none
	Prefix   string            // of its functions
	Suffixes map[string]string // of some of them
	Codes    map[int32]string  // what they mean
}

// An Error is a call that failed.
type Error struct {
	Library, Call, Meaning string
	Code                   int32
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s: %s: %s (%d)", e.Library, e.Call, e.Meaning, e.Code)
}

// Check makes an error of what a call returned.
func (l *Library) Check(call string, code int32) error {
	if code == 0 {
		return nil
	}
	return &Error{l.Name, call, cmp.Or(l.Codes[code], "unknown error"), code}
}

// Load sets the fields of the struct that api points to, all functions, to those of the library. The
// function of a field has its name, behind Prefix and before what Suffixes has for it.
func (l *Library) Load(api any) error {
	var lib uintptr
	var errs []error
	for _, name := range l.Files {
		var err error
		if lib, err = open(name); err == nil {
			break
		}
		errs = append(errs, err)
	}
	if lib == 0 {
		return fmt.Errorf("%s: %w: %w; %s", l.Name, ErrNone, errors.Join(errs...), l.Advice)
	}
	v := reflect.ValueOf(api).Elem()
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		name = l.Prefix + name + l.Suffixes[name]
		if err := register(v.Field(i).Addr().Interface(), lib, name); err != nil {
			return fmt.Errorf("%s: the library is too old: it has no %s", l.Name, name)
		}
	}
	return nil
}
