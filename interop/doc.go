// Package interop describes networks as files of other frameworks hold them, and turns
// them into this module's and back.
//
// The packages below it read and write the files: onnx, torch and keras. A reader fills
// a [Network]. [Network.Model] makes a classify.Model of one that reads tokens and gives
// labels; [Network.Sequential] makes a network that computes and learns of one that reads
// numbers, such as a forecaster. [Of] and [Sequential.Network] lead back, for the writers.
//
// What cannot be represented is an error that names the layer and the option.
package interop
