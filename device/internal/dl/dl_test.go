//go:build linux

package dl

import (
	"errors"
	"strings"
	"testing"
)

func TestLoad(t *testing.T) {
	var c struct{ Len func(string) uintptr }
	if err := (&Library{Prefix: "str", Suffixes: map[string]string{"Len": ""}, Files: []string{"libnone.so.7", "libc.so.6"}}).Load(&c); err == nil || !strings.Contains(err.Error(), "it has no strLen") {
		t.Errorf("a function that is not there: %v", err)
	}
	var d struct{ Str func(string) uintptr }
	if err := (&Library{Suffixes: map[string]string{"Str": "len"}, Files: []string{"libnone.so.7", "libc.so.6"}}).Load(&d); err == nil || !strings.Contains(err.Error(), "Strlen") {
		t.Errorf("a function that is not there: %v", err)
	}
	var e struct{ S func(int32) int32 }
	if err := (&Library{Prefix: "ab", Suffixes: map[string]string{"S": ""}, Files: []string{"libnone.so.7"}}).Load(&e); !errors.Is(err, ErrNone) || !strings.Contains(err.Error(), "libnone.so.7") {
		t.Errorf("no library: %v", err)
	}
}
