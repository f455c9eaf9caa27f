// Package kernels has what a device computes.
package kernels

import _ "embed"

// Source is OpenCL C, and CUDA C too.
//
//go:embed kernels.cl
var Source string

// PTX is Source, compiled for NVIDIA GPUs from Volta (compute capability 7.0) on. To compile it again:
//
//	go run ./internal/nvrtc LIBNVRTC > new.ptx && mv new.ptx kernels/kernels.ptx
//
//go:embed kernels.ptx
var PTX string
