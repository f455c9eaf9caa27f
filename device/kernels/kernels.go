// Package kernels has the source of what a device computes.
package kernels

import _ "embed"

// Source is OpenCL C, and CUDA C too.
//
//go:embed kernels.cl
var Source string
