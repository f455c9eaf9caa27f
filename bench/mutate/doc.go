// Program mutate measures how much the tests of a package see: it changes the
// package's functions in one place after the other, runs the tests on each of
// these mutants and lists those that pass (DeMillo et al. 1978).
//
//	go run ./bench/mutate -tests ./lstm,./gru -quick '-test.skip=TestGradients' internal/rnn/forward.go
//
// A mutant differs in one operator, sign, number, index, condition or
// statement; see mutants. All are compiled into one test binary, each as a copy
// of its function that an environment variable chooses (mutant schemata, Untch
// et al. 1993), so that a mutant costs no more than the tests until the first of
// them fails. The tree stays as it is: go test reads the changed files by way of
// -overlay. Mutants that do not compile are not counted.
//
// With -sample it tests a part of them, the same one for the same -seed, for packages
// that have thousands.
//
// The program ends with status 1 if a mutant survives that -equivalent does not
// list, or if that lists one that is killed.
package main
