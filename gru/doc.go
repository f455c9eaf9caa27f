// Package gru implements networks of gated recurrent units (Cho et al. 2014):
// stacked, in one or both directions, forward and backward in float32. Such a
// network has three quarters of the weights of an LSTM of the same size, and one
// state in place of two.
//
// # Equations
//
// For one cell with input x_t [I] and state h [H]:
//
//	r_t = σ(W_ir x_t + b_ir + W_hr h_{t-1} + b_hr)
//	z_t = σ(W_iz x_t + b_iz + W_hz h_{t-1} + b_hz)
//	n_t = tanh(W_in x_t + b_in + r_t (W_hn h_{t-1} + b_hn))
//	h_t = (1 - z_t) n_t + z_t h_{t-1}
//
// The reset gate acts on the product W_hn h, as in PyTorch, in cuDNN and in Keras
// with reset_after, not on h as in the paper.
//
// # Shapes
//
// Weights have PyTorch's names, shapes and gate order r, z, n: weight_ih_l0
// [3H][I], weight_hh_l0 [3H][H], bias_ih_l0 and bias_hh_l0 [3H], and "_reverse"
// behind the name of a reverse cell. Both biases are there since b_hn is not one
// of a sum.
//
// Sequences come in packed rows, as an [nn.Layout] places them. What package lstm
// says of rows, lengths, workers, batches and dropout masks holds here too.
package gru
