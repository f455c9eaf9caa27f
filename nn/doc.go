// Package nn holds the small parts that stand around a recurrent encoder:
// parameters, the packed layout of a batch, dense layers, pooling, dropout,
// losses, optimisers, gradient clipping, weight averaging and schedules.
//
// # Conventions
//
// Everything is float32 and row-major. B is the number of sequences of a
// batch, T the number of steps, D the width of a row, C the number of labels,
// G the number of pooled texts. A shape such as [B][C] names the axes of a
// flat slice. Gradients carry the prefix d: dY is dLoss/dY.
//
// A layer is a pair of methods: Forward computes, Backward takes the gradient
// of the output and the values that Forward saw, adds to the Grad of each
// parameter (a Param whose Grad is nil is frozen and gets none) and hands the
// gradient on to the input. Nothing is recorded between the two except in
// workspaces that the caller passes in.
//
// # Results do not depend on company
//
// The rows of a batch are computed apart: the pooled vector, the logits and
// the gradient of a sequence are the same bits whatever other sequences the
// batch holds. Dropout masks are functions of a seed and a position, not draws
// from a shared stream, so neither the order of work nor the number of
// workers changes them.
//
// # Concurrency
//
// Layers may run Forward in any number of goroutines as long as nobody writes
// to their parameters and each call has its own workspace. Backward, Step and
// everything else that writes belong to one goroutine at a time.
package nn
