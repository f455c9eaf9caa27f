// Package lstm implements long short-term memory networks: stacked, in one or
// both directions, with optional peepholes, forward and backward in float32.
//
// # Equations
//
// For one cell with input x_t [I] and state h, c [H] (Hochreiter & Schmidhuber
// 1997; forget gate: Gers, Schmidhuber & Cummins 2000; peepholes p, diagonal:
// Gers & Schmidhuber 2000):
//
//	i_t = σ(W_ii x_t + W_hi h_{t-1} + b_i + p_i c_{t-1})
//	f_t = σ(W_if x_t + W_hf h_{t-1} + b_f + p_f c_{t-1})
//	g_t = tanh(W_ig x_t + W_hg h_{t-1} + b_g)
//	c_t = f_t c_{t-1} + i_t g_t
//	o_t = σ(W_io x_t + W_ho h_{t-1} + b_o + p_o c_t)
//	h_t = o_t tanh(c_t)
//
// # Shapes
//
// T steps, B sequences, I input size, H hidden size, L layers, D directions.
// Weights have PyTorch's names, shapes and gate order i, f, g, o:
// weight_ih_l0 [4H][I], weight_hh_l0 [4H][H], and "_reverse" behind the name of
// a reverse cell. PyTorch's two biases are one here, bias_l0 [4H], their sum.
// Peepholes are weight_peephole_l0 [3][H] in the order p_i, p_f, p_o.
//
// Sequences come in packed rows, as an [nn.Layout] places them: no padding
// exists, so none can be read, and the cost follows the number of real steps.
// Lengths may stand in any order and be 0. A reverse cell starts at each
// sequence's own last step. Output rows lie as the input rows do.
//
// # Determinism
//
// Work is cut over outputs and over sequences, never over a sum, so the number
// of [Workspace.Workers] changes no bit of any result, and neither do a
// sequence's neighbours in the batch. Dropout masks are functions of
// [Mode.Seed] and of the place.
package lstm
