// Package onnx writes classifiers and networks as ONNX, which ONNX Runtime and others run,
// and reads the LSTM and GRU classifiers that PyTorch and Keras write.
//
// An export has opset 17 and no operator outside the standard. Text does not become numbers
// in it: its inputs are what [interop.Rows] makes of texts, filled up to batches, and its
// metadata say how. The outputs are named after the heads.
//
// A reader matches the graph, not names: it follows the one input through Gather, LSTM or
// GRU, a pooling and Gemm or MatMul, and names the first operator that has no place there.
package onnx
