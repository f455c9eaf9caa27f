// Package hostile holds the tests of hostile files that need a process of their
// own: what the command takes to refuse them is measured from outside. Damage is for
// the tests of other packages.
package hostile
