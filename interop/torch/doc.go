// Package torch reads and writes networks in PyTorch's files: state_dicts that torch.save
// made, with the suffix .pt or .pth, and safetensors.
//
// A file of torch.save is a zip archive of numbers and one pickle, which says where they
// stand. A pickle is a program; this package runs the part of it that makes a state_dict,
// on three functions of PyTorch alone, and refuses whatever else it may ask for. Nothing
// takes memory before it has been compared with the size of the file.
//
// A state_dict has names and shapes but not what is done with the tensors:
// [File.Network] follows the usual names, and [Options] tell what it cannot see.
package torch
