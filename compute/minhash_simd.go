package compute

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"github.com/chimera-1/chimera/compute/internal/cpu"
)

// minhashKernel is an implementation. minInto is nil where the whole work is C's, and
// else lowers a signature, the part of the Go code that has twins in assembly.
type minhashKernel struct {
	name    string
	minInto func(p *permutations, sig *[MinHashSize]uint32, hashes []uint32)
}

// kernels are those this build and this CPU have, the fastest first.
var kernels = func() []minhashKernel {
	var all []minhashKernel
	goNames := goKernels()
	for _, name := range cpu.Levels() {
		if name == "c" && len(goNames) > 0 {
			all = append(all, goNames...) // faster than C without vectors
			goNames = nil
		}
		all = append(all, minhashKernel{name: name})
	}
	all = append(all, goNames...)
	return append(all, minhashKernel{"purego", (*permutations).minInto})
}()

// inUse is the kernel selected, an element of kernels.
var inUse atomic.Pointer[minhashKernel]

func init() { inUse.Store(&kernels[0]) }

// SIMD names the implementation in use, see the package comment.
func SIMD() string { return inUse.Load().name }

// SetSIMD selects an implementation by name, for tests and benchmarks; the
// default is the fastest one. All give the same results. It returns an error if
// this build or this CPU does not have it.
func SetSIMD(name string) error {
	for i := range kernels {
		if kernels[i].name == name {
			inUse.Store(&kernels[i])
			return nil
		}
	}
	return fmt.Errorf("no implementation %q here, have %q", name, levels())
}

func levels() []string {
	names := make([]string, len(kernels))
	for i, k := range kernels {
		names[i] = k.name
	}
	return names
}

// maxText is the longest text that C code takes: its offsets are 32 bits.
const maxText = 1<<31 - 1

func (m *MinHasher) signature(k *minhashKernel, sig *[MinHashSize]uint32, text string) int {
	if k.minInto != nil {
		return m.signatureGo(sig, text, k)
	}
	if len(text) > maxText {
		return m.signatureGo(sig, text, &kernels[len(kernels)-1])
	}
	count := [1]int32{}
	offsets := [2]int32{0, int32(len(text))}
	m.batchC(k, sig[:], count[:], offsets[:], unsafe.Slice(unsafe.StringData(text), len(text)))
	return int(count[0])
}

func (m *MinHasher) batch(k *minhashKernel, sigs []uint32, counts, offsets []int32, data []byte) {
	if k.minInto == nil {
		m.batchC(k, sigs, counts, offsets, data)
		return
	}
	for i := range counts {
		text := data[offsets[i]:offsets[i+1]]
		sig := (*[MinHashSize]uint32)(sigs[i*MinHashSize:])
		counts[i] = int32(m.signatureGo(sig, unsafe.String(unsafe.SliceData(text), len(text)), k))
	}
}

// batchC makes one call to C for all texts.
func (m *MinHasher) batchC(k *minhashKernel, sigs []uint32, counts, offsets []int32, data []byte) {
	longest := 0
	for i := range counts {
		longest = max(longest, int(offsets[i+1]-offsets[i]))
	}
	if need := normGrowth(longest); cap(m.norm) < need {
		m.norm = make([]byte, need)
	}
	words := wordRunes()
	cpu.MinHash(k.name, cpu.MinHashArgs{
		A: m.perms.a[:], B: m.perms.b[:],
		RuneIndex: words.index, RuneBlocks: words.blocks,
		Offsets: offsets, Data: data, Scratch: m.norm[:cap(m.norm)],
		Signatures: sigs, Counts: counts,
	})
}
