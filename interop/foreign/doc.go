// Package foreign opens models of other frameworks, whichever they are of, and writes
// classifiers for them: what the commands model import, model export and model info do.
//
// The formats are told apart by their content: files of torch.save, safetensors and ONNX.
package foreign
