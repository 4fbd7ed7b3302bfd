package compute

import "golang.org/x/sys/cpu"

//go:noescape
func minIntoAVX2(sig, a, b *[MinHashSize]uint32, hashes *uint32, n int)

//go:noescape
func minIntoAVX512(sig, a, b *[MinHashSize]uint32, hashes *uint32, n int)

// goKernels are the implementations in Go assembly that this CPU can run, the
// fastest first.
func goKernels() []minhashKernel {
	var kernels []minhashKernel
	if cpu.X86.HasAVX512F {
		kernels = append(kernels, minhashKernel{"go-avx512", func(p *permutations, sig *[MinHashSize]uint32, hashes []uint32) {
			if len(hashes) > 0 {
				minIntoAVX512(sig, &p.a, &p.b, &hashes[0], len(hashes))
			}
		}})
	}
	if cpu.X86.HasAVX2 {
		kernels = append(kernels, minhashKernel{"go-avx2", func(p *permutations, sig *[MinHashSize]uint32, hashes []uint32) {
			if len(hashes) > 0 {
				minIntoAVX2(sig, &p.a, &p.b, &hashes[0], len(hashes))
			}
		}})
	}
	return kernels
}
