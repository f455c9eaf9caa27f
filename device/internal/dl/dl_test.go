//go:build linux

package dl

import (
	"errors"
	"strings"
	"testing"
)

func TestLoad(t *testing.T) {
	var c struct{ Len func(string) uintptr }
	if err := Load(&c, "str", map[string]string{"Len": ""}, "libnone.so.7", "libc.so.6"); err == nil || !strings.Contains(err.Error(), "it has no strLen") {
		t.Errorf("a function that is not there: %v", err)
	}
	var d struct{ Str func(string) uintptr }
	if err := Load(&d, "", map[string]string{"Str": "len"}, "libnone.so.7", "libc.so.6"); err == nil || !strings.Contains(err.Error(), "Strlen") {
		t.Errorf("a function that is not there: %v", err)
	}
	var e struct{ S func(int32) int32 }
	if err := Load(&e, "ab", map[string]string{"S": ""}, "libnone.so.7"); !errors.Is(err, ErrNone) || !strings.Contains(err.Error(), "libnone.so.7") {
		t.Errorf("no library: %v", err)
	}
}
