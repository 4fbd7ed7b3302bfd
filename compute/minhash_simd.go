package compute

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"github.com/chimera-1/chimera/compute/internal/cpu"
)

// pureGo is the path that every build has.
const pureGo = "purego"

// level is the path in use, chosen at start.
var level atomic.Pointer[string]

func init() {
	best := pureGo
	if names := cpu.Levels(); len(names) > 0 {
		best = names[0]
	}
	level.Store(&best)
}

func currentLevel() string { return *level.Load() }

// SIMD names the implementation in use: "avx512", "avx2", "c" or "purego".
func SIMD() string { return currentLevel() }

// SetSIMD selects an implementation by name, for tests and benchmarks; the
// default is the fastest one. All give the same results. It returns an error if
// this build or this CPU does not have it.
func SetSIMD(name string) error {
	names := append(cpu.Levels(), pureGo)
	for i := range names {
		if names[i] == name {
			level.Store(&names[i])
			return nil
		}
	}
	return fmt.Errorf("no implementation %q here, have %q", name, names)
}

func (m *MinHasher) signature(sig *[MinHashSize]uint32, text string, level string) int {
	if level == pureGo || len(text) > maxText {
		return m.signatureGo(sig, text)
	}
	count := [1]int32{}
	offsets := [2]int32{0, int32(len(text))}
	m.batchC(sig[:], count[:], offsets[:], unsafe.Slice(unsafe.StringData(text), len(text)), level)
	return int(count[0])
}

// maxText is the longest text that C code takes: its offsets are 32 bits.
const maxText = 1<<31 - 1

func (m *MinHasher) batch(sigs []uint32, counts, offsets []int32, data []byte, level string) {
	if level != pureGo {
		m.batchC(sigs, counts, offsets, data, level)
		return
	}
	for i := range counts {
		text := data[offsets[i]:offsets[i+1]]
		sig := (*[MinHashSize]uint32)(sigs[i*MinHashSize:])
		counts[i] = int32(m.signatureGo(sig, unsafe.String(unsafe.SliceData(text), len(text))))
	}
}

// batchC makes one call to C for all texts.
func (m *MinHasher) batchC(sigs []uint32, counts, offsets []int32, data []byte, level string) {
	longest := 0
	for i := range counts {
		longest = max(longest, int(offsets[i+1]-offsets[i]))
	}
	if need := normGrowth(longest); cap(m.norm) < need {
		m.norm = make([]byte, need)
	}
	words := wordRunes()
	cpu.MinHash(level, cpu.MinHashArgs{
		A: m.perms.a[:], B: m.perms.b[:],
		RuneIndex: words.index, RuneBlocks: words.blocks,
		Offsets: offsets, Data: data, Scratch: m.norm[:cap(m.norm)],
		Signatures: sigs, Counts: counts,
	})
}
