// Package pure is the kernels of package kernel in Go, for builds without cgo
// and as the definition that the C kernels are tested against.
//
//	purego       exact mode: fused multiply-adds are emulated, and slow
//	purego-fast  products and exponentials with a rounding after each multiplication
//	go-avx512    exact mode with the hot loops in assembly, for amd64
//	go-fma       the same for AVX2 and FMA
//
// All but purego-fast give the same bits. They share one source: a method of
// [kernel.Set] is written over a few loops (vec.go), and the loops have an
// implementation for each kind of arithmetic. To give the same bits wherever it
// is built, code here converts a product to float32 before it is added to
// something, as the compiler may fuse the two otherwise.
package pure
