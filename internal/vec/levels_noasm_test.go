//go:build !(amd64 || arm64) || noasm

package vec

import "testing"

// assembly lists the levels above generic that this machine runs.
func assembly() []string { return nil }

// setLevel forces a level until the test ends.
func setLevel(t testing.TB, name string) {}

// int8Kinds lists the instructions for quantised products that this machine has.
func int8Kinds() []string { return []string{"generic"} }

// setInt8 forces one of them until the test ends.
func setInt8(t testing.TB, name string) {}
