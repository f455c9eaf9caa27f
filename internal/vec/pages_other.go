//go:build !linux

package vec

func largePages[E any]([]E) error { return nil }
