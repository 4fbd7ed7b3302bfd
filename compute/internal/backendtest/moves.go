package backendtest

import (
	"fmt"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/compute/internal/conformance"
	"github.com/chimera-1/chimera/compute/internal/kernel"
	"github.com/chimera-1/chimera/compute/internal/ref"
)

func moves(b *builder) {
	copies(b)
	fills(b)
	permutations(b)
	strips(b)
	lookups(b)
}

func copies(b *builder) {
	for _, n := range []int{0, 1, 33, 5000} {
		x := conformance.Sprinkle(b.Rand, conformance.Normal(b.Rand, n), 4)
		half := make([]uint16, n)
		back := make([]float32, n)
		for i, v := range x {
			half[i] = ref.BFloat16(v)
			back[i] = float32(ref.FromBFloat16(half[i]))
		}
		for _, c := range []struct {
			to      compute.DType
			x, want any
		}{{compute.F32, x, x}, {compute.BF16, x, half}, {compute.F32, half, back}, {compute.BF16, half, half}} {
			judge := func(got any) error { return conformance.SameBits(got, c.want) }
			b.add(example{op: "Copy", name: fmt.Sprintf("%d, %T to %v", n, c.x, c.to), want: []conformance.Judge{judge}, run: func(e *env) {
				dst, src := e.outOf(c.to, n), e.in(c.x, n)
				for _, s := range e.spans(n) {
					e.Copy(s.rows(dst), s.rows(src))
				}
			}})
		}
	}
}

func fills(b *builder) {
	for _, n := range []int{0, 1, 1000} {
		for _, c := range []struct {
			d    compute.DType
			want any
		}{{compute.F32, repeat(float32(3), n)}, {compute.BF16, repeat(uint16(0x4040), n)}, {compute.F64, repeat(3.0, n)},
			{compute.I32, repeat(int32(3), n)}, {compute.U32, repeat(uint32(3), n)}, {compute.U8, repeat(uint8(3), n)}} {
			judge := func(got any) error { return conformance.SameBits(got, c.want) }
			b.add(example{op: "Fill", name: fmt.Sprintf("%d of %v", n, c.d), want: []conformance.Judge{judge}, run: func(e *env) {
				dst := e.outOf(c.d, n)
				for _, s := range e.spans(n) {
					e.Fill(s.rows(dst), 3)
				}
			}})
		}
	}
}

// permuted is x with axis i the axis axes[i] of x, element by element.
func permuted(x []float32, shape, axes []int) (y []float32, to []int) {
	for _, a := range axes {
		to = append(to, shape[a])
	}
	at := make([]int, len(shape)) // of the result
	for range x {
		from := 0
		for i := range shape {
			for j, a := range axes {
				if a == i {
					from = from*shape[i] + at[j]
				}
			}
		}
		y = append(y, x[from])
		for j := len(at) - 1; j >= 0; j-- {
			if at[j]++; at[j] < to[j] {
				break
			}
			at[j] = 0
		}
	}
	return y, to
}

func permutations(b *builder) {
	for _, c := range []struct{ shape, axes []int }{
		{[]int{7}, []int{0}}, {[]int{3, 5}, []int{1, 0}}, {[]int{130, 67}, []int{1, 0}}, {[]int{2, 3, 4}, []int{2, 0, 1}},
		{[]int{5, 33, 3, 8}, []int{0, 2, 1, 3}}, {[]int{2, 1, 3, 2, 2, 3}, []int{5, 3, 1, 0, 2, 4}}, {[]int{0, 4}, []int{1, 0}}, {nil, nil},
	} {
		x := conformance.Normal(b.Rand, product(c.shape))
		want, to := permuted(x, c.shape, c.axes)
		b.add(example{op: "Permute", name: fmt.Sprint(c.shape, c.axes), want: []conformance.Judge{conformance.Exactly(want)},
			run: func(e *env) { e.Permute(e.out(to...), e.in(x, c.shape...), c.axes) }})
	}
}

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// strips cuts [outer, n, inner] out of [outer, whole, inner] and puts it back.
func strips(b *builder) {
	for _, c := range []struct{ outer, whole, n, inner, start int }{
		{1, 7, 3, 1, 2}, {4, 5, 2, 33, 3}, {3, 40, 40, 1, 0}, {9, 64, 17, 1, 11}, {2, 5, 0, 3, 5}, {0, 5, 2, 3, 1},
	} {
		whole, part := conformance.Normal(b.Rand, c.outer*c.whole*c.inner), conformance.Normal(b.Rand, c.outer*c.n*c.inner)
		strip, pasted, added := make([]float32, len(part)), append([]float32(nil), whole...), append([]float32(nil), whole...)
		for i := range part {
			at := (i/(c.n*c.inner)*c.whole+c.start)*c.inner + i%(c.n*c.inner)
			strip[i] = whole[at]
			pasted[at] = part[i]
			added[at] += part[i]
		}
		big, small := []int{c.outer, c.whole, c.inner}, []int{c.outer, c.n, c.inner}
		name := fmt.Sprint(big, small, c.start)
		b.add(example{op: "Slice", name: name, want: []conformance.Judge{conformance.Exactly(strip)}, run: func(e *env) {
			dst, x := e.out(small...), e.in(whole, big...)
			for _, s := range e.spans(c.outer) {
				e.Slice(s.rows(dst), s.rows(x), 1, c.start)
			}
		}})
		for _, add := range []bool{false, true} {
			want := pasted
			if add {
				want = added
			}
			b.add(example{op: "Paste", name: fmt.Sprint(name, add), want: []conformance.Judge{conformance.Exactly(want)}, run: func(e *env) {
				dst, x := e.change(whole, big...), e.in(part, small...)
				for _, s := range e.spans(c.outer) {
					e.Paste(s.rows(dst), s.rows(x), -2, c.start, add)
				}
			}})
		}
	}
}

func lookups(b *builder) {
	for _, c := range []struct{ v, n, ids int }{{1, 1, 1}, {5, 3, 7}, {10, 64, 100}, {300, 33, 1000}, {4, 3, 0}, {4, 0, 3}} {
		table, x, ids := conformance.Normal(b.Rand, c.v*c.n), conformance.Normal(b.Rand, c.ids*c.n), conformance.Indices(b.Rand, c.ids, c.v)
		name := fmt.Sprintf("%d of %d rows of %d", c.ids, c.v, c.n)
		gathered := ref.Float32(ref.Gather(ref.Float64(table), ids, c.n))
		b.add(example{op: "Gather", name: name, want: []conformance.Judge{conformance.Exactly(gathered)}, run: func(e *env) {
			dst, table, ids := e.out(c.ids, c.n), e.in(table, c.v, c.n), e.in(ids, c.ids)
			for _, s := range e.spans(c.ids) {
				e.Gather(s.rows(dst), table, s.rows(ids))
			}
		}})
		sums := ref.ScatterAdd(ref.Float64(table), ref.Float64(x), ids, c.n)
		b.add(example{op: "ScatterAdd", name: name, want: []conformance.Judge{b.near(sums, 4)}, run: func(e *env) {
			table, ids, x := e.change(table, c.v, c.n), e.in(ids, c.ids), e.in(x, c.ids, c.n)
			for _, s := range e.spans(c.ids) { // one after another: the order is the same
				e.ScatterAdd(table, s.rows(ids), s.rows(x))
			}
		}})
	}
}

// The reductions of package kernel by those of package compute.
var reduceOps = map[compute.ReduceOp]kernel.ReduceOp{
	compute.ReduceSum: kernel.ReduceSum, compute.ReduceMean: kernel.ReduceSum, compute.ReduceMax: kernel.ReduceMax,
	compute.ReduceMin: kernel.ReduceMin, compute.ReduceSumSquares: kernel.ReduceSumSquares,
}
