// Package vec holds the float32 kernels that everything else spends its time in:
// matrix products, the LSTM cell, activations, reductions and the optimiser's update.
//
// # Rules
//
// Every kernel is documented by the loop that it equals, and generic.go is that
// loop in Go. On amd64 and arm64 assembly takes its place, chosen once at program
// start by what the processor can do (Kernel names the choice); the build tag noasm
// and all other architectures use the Go code.
//
// Kernels are single-threaded and keep no state: concurrent calls are safe as long
// as nobody writes what another call reads. Callers that want more cores split the
// rows or the columns of the result, never a sum, so that the answer does not depend
// on the number of workers.
//
// An element of a result is computed by an order of operations that depends only on
// the length of its sum. It does not depend on the number of rows of the product, on
// the element's place in it, or on its neighbours: a row gives the same bits alone
// and within any batch.
//
// # Agreement of the levels
//
// The levels are "generic" (Go), "avx2" (AVX2 and FMA), "avx512" (AVX-512 F, VL, DQ
// and BW) and "neon" (every arm64). Those in assembly agree with each other in every
// bit, NaNs taken for the same; testdata/bits.txt holds all of them to it. The Go code agrees with them in every bit where a kernel's comment says "exact"; the
// others (products of matrices, exp, tanh, sigmoid, the cell) use fused
// multiply-adds in assembly and separate roundings in Go, which moves the result by
// the last few bits. Sums that are "exact" run in 64 lanes: element i goes to lane
// i mod 64, in order, and the lanes are then folded in halves (lane l takes lane
// l+32, then l+16, and so on down to one).
//
// Products of quantised numbers add whole numbers and are exact; Kernel8 names the
// instructions that they use.
//
// # Lengths
//
// Lengths are the caller's business: a slice that is too short for the sizes given
// is a programmer's mistake and panics with both numbers before anything is written.
//
// The environment variable TEXTLSTM_KERNEL, read at program start, asks for a level
// by name. A level that the machine does not have is not used; Kernel says which one
// runs.
package vec
