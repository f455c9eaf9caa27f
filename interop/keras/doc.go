// Package keras reads and writes networks in Keras's files: .keras archives, .weights.h5
// with the JSON of the model beside it, and .h5 files of Keras 2 and 3.
//
// [Open] follows the graph of a Sequential or functional model, models within it too:
// TextVectorization, Embedding, LSTM, GRU and Bidirectional layers on top of each other,
// the last state or global poolings, Dense layers. What it cannot represent is an
// [interop.Error] that names the layer and the option. Dropout and noise, which act in
// training only, are left out; so is the optimiser's state.
//
// Padding is what Keras makes of it. TextVectorization fills texts up to
// output_sequence_length; with mask_zero the recurrent layers skip what was filled in, and
// GlobalAveragePooling1D leaves it out, but GlobalMaxPooling1D does not; without mask_zero
// it is read as words are. Where no length is given, Keras pads to the longest text of a
// batch; the answers here are then those for a text alone.
//
// Layers that keep their state from batch to batch (stateful), that read backwards and hand
// on what they read in that order (go_backwards with return_sequences), and activations
// other than tanh with sigmoid in recurrent layers are refused. Policies of mixed precision
// are computed in float32. In HDF5, filters and the newer structures (libver=latest,
// track_order) are refused by name.
//
// [Export] and [ExportNetwork] lead back: weights that load_weights takes, and the script
// that builds the model.
package keras
