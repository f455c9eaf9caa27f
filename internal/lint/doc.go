// Package lint holds the rules of this repository that the compiler does not
// know, as tests: which package may import which, that everything exported is
// documented, and what no file may use.
package lint
