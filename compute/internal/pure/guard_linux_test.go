package pure

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"unsafe"

	"github.com/chimera-1/chimera/compute/internal/exact"
	"github.com/chimera-1/chimera/compute/internal/kernel"
)

// fence makes slices that end, or begin, where memory cannot be touched: an
// access outside ends the process.
type fence struct {
	t     *testing.T
	front bool
}

func (f fence) floats(x []float32) []float32 {
	size := syscall.Getpagesize()
	inner := (4*len(x) + size) / size * size
	pages, err := syscall.Mmap(-1, 0, inner+2*size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		f.t.Skipf("no anonymous mapping: %v", err)
	}
	f.t.Cleanup(func() { syscall.Munmap(pages) })
	for _, guard := range [][]byte{pages[:size], pages[size+inner:]} {
		if err := syscall.Mprotect(guard, syscall.PROT_NONE); err != nil {
			f.t.Skipf("no protected pages: %v", err)
		}
	}
	at := size
	if !f.front {
		at += inner - 4*len(x)
	}
	out := unsafe.Slice((*float32)(unsafe.Pointer(&pages[at])), len(x)+1)[:len(x):len(x)]
	copy(out, x)
	return out
}

func TestNoAccessOutside(t *testing.T) {
	for _, s := range append(exactSets(), Fast()) {
		for _, front := range []bool{false, true} {
			f := fence{t, front}
			r := rand.New(rand.NewPCG(1, 1))
			in := func(n int) []float32 { return f.floats(numbers(r, n, false)) }
			for _, n := range []int{1, 31, 33, 72} {
				x, y, z, w := in(n), in(n), in(n), in(n)
				for _, op := range unaryOps {
					s.Unary(op, y, x)
					s.UnaryGrad(op, z, x, w, y)
				}
				s.AdamW(x, y, z, w, &kernel.AdamW{Eps: 1})
				s.LayerNorm(x, in(1), in(1), x, y, z, n, 1)
				s.Softmax(x, y, n, nil)
				s.CrossEntropy(in(1), x, y, []int32{0}, n, -1, 1)
				s.GumbelMax(make([]int32, 1), x, n, 1, nil, [2]uint32{}, []uint64{1}, []uint32{1})
				for _, d := range []int{1, 17, 32, 40} {
					q, out := in(d), in(d)
					s.Decode(out, q, in(n*d), in(n*d), n, d, 1, in(n+exact.Lanes))
					h := &kernel.Head{T: n, D: d, LD: d, LDO: d, Scale: 1, Causal: front, Scratch: in(kernel.AttentionScratch(n, d))}
					k, v, o, lse, do := in(n*d), in(n*d), in(n*d), in(n), in(n*d)
					s.Attend(o, lse, k, k, v, h)
					s.AttendGrad(in(n*d), in(n*d), in(n*d), do, o, lse, k, k, v, h)
					m := d/8 + 1
					b := in(kernel.PackedLen(d, n))
					s.Pack(b, k, n, d, n, false, 0, kernel.Panels(n))
					s.Pack(b, k, d, d, n, true, 0, kernel.Panels(n))
					s.Gemm(&kernel.Gemm{C: in(m * n), LDC: n, A: in(m * d), LDA: d, B: b, M: m, N: n, K: d, P1: kernel.Panels(n)})
					s.Gemm(&kernel.Gemm{C: in(m * n), LDC: n, A: in(m * d), LDA: m, B: b, M: m, N: n, K: d, P1: kernel.Panels(n), TransA: true})
				}
			}
		}
	}
}
