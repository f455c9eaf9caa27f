package vec

// The assembly, for any machine that generates it.
//
//go:generate go -C _asm run . -group gemm -pkg vec -out ../gemm_amd64.s -stubs ../gemm_stubs_amd64.go
//go:generate go -C _asm run . -group vector -pkg vec -out ../vector_amd64.s -stubs ../vector_stubs_amd64.go
//go:generate go -C _asm run . -group math -pkg vec -out ../math_amd64.s -stubs ../math_stubs_amd64.go
//go:generate go -C _asm run . -group int8 -pkg vec -out ../int8_amd64.s -stubs ../int8_stubs_amd64.go
//go:generate go -C _asm run ./arm64 -group gemm -out ../gemm_arm64.s -stubs ../gemm_stubs_arm64.go
//go:generate go -C _asm run ./arm64 -group vector -out ../vector_arm64.s -stubs ../vector_stubs_arm64.go
//go:generate go -C _asm run ./arm64 -group math -out ../math_arm64.s -stubs ../math_stubs_arm64.go
//go:generate go -C _asm run ./arm64 -group int8 -out ../int8_arm64.s -stubs ../int8_stubs_arm64.go
