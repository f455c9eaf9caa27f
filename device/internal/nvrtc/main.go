//go:build linux || darwin

// Command nvrtc compiles the kernels to PTX, which every NVIDIA driver from CUDA 11.8 on can load:
//
//	go run ./internal/nvrtc LIBNVRTC > new.ptx && mv new.ptx kernels/kernels.ptx
//
// The library is that of CUDA 11.8, in the wheel nvidia-cuda-nvrtc-cu11 too; a newer one writes PTX that
// older drivers refuse.
package main

import (
	"crypto/sha256"
	"fmt"
	"os"

	"github.com/ebitengine/purego"

	"github.com/textlstm/textlstm/device/kernels"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "nvrtc:", err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 2 {
		return fmt.Errorf("want the path of libnvrtc.so")
	}
	lib, err := purego.Dlopen(os.Args[1], purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return err
	}
	var (
		create  func(prog *uintptr, source, name string, headers int32, sources, names uintptr) int32
		compile func(prog uintptr, n int32, options **byte) int32
		logSize func(prog uintptr, n *uintptr) int32
		log     func(prog uintptr, b *byte) int32
		size    func(prog uintptr, n *uintptr) int32
		ptx     func(prog uintptr, b *byte) int32
	)
	for name, f := range map[string]any{
		"nvrtcCreateProgram": &create, "nvrtcCompileProgram": &compile, "nvrtcGetProgramLogSize": &logSize,
		"nvrtcGetProgramLog": &log, "nvrtcGetPTXSize": &size, "nvrtcGetPTX": &ptx,
	} {
		purego.RegisterLibFunc(f, lib, name)
	}
	var prog, n uintptr
	if code := create(&prog, kernels.Source, "kernels.cu", 0, 0, 0); code != 0 {
		return fmt.Errorf("nvrtcCreateProgram: error %d", code)
	}
	arch := []byte("--gpu-architecture=compute_70\x00")
	option := &arch[0]
	if code := compile(prog, 1, &option); code != 0 {
		logSize(prog, &n)
		text := make([]byte, n+1)
		log(prog, &text[0])
		return fmt.Errorf("nvrtcCompileProgram: error %d: %s", code, text)
	}
	if code := size(prog, &n); code != 0 {
		return fmt.Errorf("nvrtcGetPTXSize: error %d", code)
	}
	text := make([]byte, n)
	if code := ptx(prog, &text[0]); code != 0 {
		return fmt.Errorf("nvrtcGetPTX: error %d", code)
	}
	fmt.Printf("// of kernels.cl, SHA-256 %x\n", sha256.Sum256([]byte(kernels.Source)))
	_, err = os.Stdout.Write(text[:n-1]) // without the zero at its end
	return err
}
