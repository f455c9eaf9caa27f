//go:build !amd64 || noasm

package vec

import "testing"

// assembly lists the levels above generic that this machine runs.
func assembly() []string { return nil }

// setLevel forces a level until the test ends.
func setLevel(t testing.TB, name string) {}
