//go:build !windows && (!unix || aix || solaris)

package fsx

import "os"

// tryLock always succeeds: this system has no lock that ends with its process.
func tryLock(*os.File) error { return nil }

// alive reports whether there may be a process of that id: this system is not asked.
func alive(int) bool { return true }
