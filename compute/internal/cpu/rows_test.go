//go:build cgo && unix

package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"syscall"
	"testing"
	"unsafe"

	"github.com/chimera-1/chimera/compute/internal/exact"
	"github.com/chimera-1/chimera/compute/internal/kernel"
)

// sizes are rows around the widths of registers, of lanes and of blocks.
var sizes = []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 23, 31, 32, 33, 47, 63, 64, 65, 95, 100, 127, 128, 129, 255, 257, 400}

// rowSizes are the same for kernels that ask for an element.
var rowSizes = sizes[1:]

func eachSet(t *testing.T, f func(t *testing.T, s kernel.Set, a *arena)) {
	for _, s := range Sets() {
		t.Run(s.Name(), func(t *testing.T) {
			a := newArena(t)
			f(t, s, a)
			a.check(t)
		})
	}
}

// arena hands out slices that end where no page can be read, so that an access
// past the end ends the process. Bytes before a slice are checked by check.
type arena struct {
	t     *testing.T
	r     *rand.Rand
	pages [][]byte // mappings with a protected last page
	free  int      // first unused one
	front [][]byte
}

const arenaPages = 4

func newArena(t *testing.T) *arena {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return &arena{t: t, r: rand.New(rand.NewPCG(seed, 0))}
}

func (a *arena) bytes(n int) []byte {
	size := syscall.Getpagesize()
	for len(a.pages) <= a.free || len(a.pages[a.free]) < n {
		all := (max(n, arenaPages*size) + 2*size) / size * size
		b, err := syscall.Mmap(-1, 0, all, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		if err != nil {
			panic(err)
		}
		if err := syscall.Mprotect(b[all-size:], syscall.PROT_NONE); err != nil {
			panic(err)
		}
		a.t.Cleanup(func() { syscall.Munmap(b) })
		a.pages = append(a.pages[:a.free], append([][]byte{b[:all-size]}, a.pages[a.free:]...)...)
	}
	b := a.pages[a.free]
	a.free++
	front := b[max(0, len(b)-n-256) : len(b)-n]
	for i := range front {
		front[i] = 0xa5
	}
	a.front = append(a.front, front)
	return b[len(b)-n:]
}

// check looks at the bytes before the slices and takes all slices back.
func (a *arena) check(t *testing.T) {
	t.Helper()
	for _, f := range a.front {
		for _, b := range f {
			if b != 0xa5 {
				t.Fatal("a byte before a slice was written")
			}
		}
	}
	a.front, a.free = a.front[:0], 0
}

func slice[T any](a *arena, n int) []T {
	b := a.bytes(n * int(unsafe.Sizeof(*new(T))))
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), n)
}

// out is an output full of numbers that no kernel computes.
func (a *arena) out(n int) []float32 {
	x := slice[float32](a, n)
	for i := range x {
		x[i] = math.Float32frombits(0x7fedcba9)
	}
	return x
}

var specials = []float32{0, float32(math.Copysign(0, -1)), 1, -1, 0.5, nan32, negInf, -negInf, math.MaxFloat32, -math.MaxFloat32,
	math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32, 1e-40, -1e-40, 0x1p-126, 88.7, 88.73, -87.33, -87.34, -103, 1e-20, -1e-20, 9.1, -9.1, 0.625, -0.625}

// A kind of numbers to fill a slice with.
type kind int

const (
	plain   kind = iota // about -3 to 3
	wide                // any finite number
	some                // plain, with a few of specials
	strange             // specials only
	zeros               // zeros of either sign and tiny numbers
	kinds
)

func (a *arena) fill(k kind, n int) []float32 {
	x := slice[float32](a, n)
	for i := range x {
		switch {
		case k == wide:
			x[i] = math.Float32frombits(a.r.Uint32())
			if x[i]-x[i] != 0 {
				x[i] = 0
			}
		case k == strange || k == some && a.r.IntN(9) == 0:
			x[i] = specials[a.r.IntN(len(specials))]
		case k == zeros:
			x[i] = []float32{0, specials[1], 1e-30, -1e-30}[a.r.IntN(4)]
		default:
			x[i] = float32(a.r.NormFloat64() * 1.5)
		}
	}
	return x
}

// mask is a random mask: all, none, or some elements are in.
func (a *arena) mask(n int) []uint8 {
	m := slice[uint8](a, n)
	limit := a.r.IntN(4)
	for i := range m {
		m[i] = 0
		if a.r.IntN(3) < limit {
			m[i] = uint8(1 + a.r.IntN(255))
		}
	}
	return m
}

// same compares bits, NaNs being equal.
func same(t *testing.T, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d results, want %d", what, len(got), len(want))
	}
	for i, g := range got {
		w := want[i]
		if math.Float32bits(g) != math.Float32bits(w) && (g == g || w == w || math.Float32bits(g) == 0x7fedcba9) {
			t.Fatalf("%s: element %d of %d is %v (%#08x), want %v (%#08x)", what, i, len(got),
				g, math.Float32bits(g), w, math.Float32bits(w))
		}
	}
}

func equal[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	for i, g := range got {
		if g != want[i] && (g == g || want[i] == want[i]) {
			t.Fatalf("%s: element %d of %d is %v, want %v", what, i, len(got), g, want[i])
		}
	}
}

// each runs f for every size and kind of numbers.
func each(t *testing.T, sizes []int, f func(t *testing.T, s kernel.Set, a *arena, n int, k kind, what string)) {
	eachSet(t, func(t *testing.T, s kernel.Set, a *arena) {
		for _, n := range sizes {
			for k := range kinds {
				f(t, s, a, n, k, fmt.Sprintf("n %d, kind %d", n, k))
				a.check(t)
			}
		}
	})
}

func TestUnary(t *testing.T) {
	each(t, sizes, func(t *testing.T, s kernel.Set, a *arena, n int, k kind, what string) {
		for op := kernel.Neg; op <= kernel.SiLU; op++ {
			what := fmt.Sprintf("op %d, %s", op, what)
			x, dy, y, got := a.fill(k, n), a.fill(k, n), a.out(n), a.out(n)
			s.Unary(op, y, x)
			same(t, what, y, column(n, func(i int) float32 { return unary(op, x[i]) }))
			s.UnaryGrad(op, got, dy, x, y)
			same(t, what+", gradient", got, column(n, func(i int) float32 { return unaryGrad(op, dy[i], x[i], y[i]) }))
			s.Unary(op, x, x)
			same(t, what+", in place", x, y)
			a.check(t)
		}
	})
}

func TestBinary(t *testing.T) {
	const rows = 3
	each(t, sizes, func(t *testing.T, s kernel.Set, a *arena, n int, k kind, what string) {
		for op := kernel.Add; op <= kernel.Min; op++ {
			what := fmt.Sprintf("op %d, %s", op, what)
			x, y, row, col := a.fill(k, rows*n), a.fill(k, rows*n), a.fill(k, n), a.fill(k, rows)
			want := func(b func(i int) float32) []float32 {
				return column(rows*n, func(i int) float32 { return binary(op, x[i], b(i)) })
			}
			got := a.out(rows * n)
			s.Binary(op, got, x, y)
			same(t, what, got, want(func(i int) float32 { return y[i] }))
			got = a.out(rows * n)
			s.BinaryRow(op, got, x, row)
			same(t, what+", row", got, want(func(i int) float32 { return row[i%n] }))
			got = a.out(rows * n)
			s.BinaryCol(op, got, x, col)
			same(t, what+", column", got, want(func(i int) float32 { return col[i/n] }))
			got = a.out(rows * n)
			s.BinaryScalar(op, got, x, col[1])
			same(t, what+", scalar", got, want(func(i int) float32 { return col[1] }))
			w := want(func(i int) float32 { return y[i] })
			s.Binary(op, y, x, y)
			same(t, what+", in place", y, w)
			a.check(t)
		}
	})
}

func bf16(x float32) uint16 {
	b := math.Float32bits(x)
	if x != x {
		return uint16(b>>16&0x8000 | 0x7fc0)
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}

func TestElementwise(t *testing.T) {
	each(t, sizes, func(t *testing.T, s kernel.Set, a *arena, n int, k kind, what string) {
		x, y, c, got := a.fill(k, n), a.fill(k, n), a.mask(n), a.out(n)
		scalars := a.fill(k, 2)
		s.AXPBY(got, scalars[0], x, scalars[1], y)
		same(t, what+", axpby", got, column(n, func(i int) float32 { return exact.FMA(scalars[0], x[i], float32(scalars[1]*y[i])) }))
		got = a.out(n)
		s.Where(got, c, x, y)
		same(t, what+", where", got, column(n, func(i int) float32 {
			if c[i] != 0 {
				return x[i]
			}
			return y[i]
		}))
		half, want := slice[uint16](a, n), make([]uint16, n)
		for i := range x {
			if a.r.IntN(2) == 0 { // as many halfway cases
				x[i] = math.Float32frombits(math.Float32bits(x[i])&^0x7fff | 0x8000)
			}
			half[i], want[i] = 0x1234, bf16(x[i])
		}
		s.ToBF16(half, x)
		equal(t, what+", to bf16", half, want)
		for i := range half {
			half[i] = uint16(a.r.Uint32())
		}
		got = a.out(n)
		s.FromBF16(got, half)
		same(t, what+", from bf16", got, column(n, func(i int) float32 { return math.Float32frombits(uint32(half[i]) << 16) }))
	})
}

func TestDropout(t *testing.T) {
	each(t, sizes, func(t *testing.T, s kernel.Set, a *arena, n int, k kind, what string) {
		for _, p := range []float32{0, 0.1, 0.5, 1} {
			x, got, want := a.fill(k, n), a.out(n), make([]float32, n)
			key := [2]uint32{a.r.Uint32(), a.r.Uint32()}
			base := a.r.Uint64()
			if a.r.IntN(2) == 0 { // the low word overflows on the way
				base = base&^0xffffffff | 0xfffffff0 + uint64(a.r.IntN(16))
			}
			c2, c3 := a.r.Uint32(), a.r.Uint32()
			s.Dropout(got, x, p, 1.25, key, base, c2, c3)
			oracle{}.Dropout(want, x, p, 1.25, key, base, c2, c3)
			same(t, what, got, want)
			a.check(t)
		}
	})
}

func TestRowReduce(t *testing.T) {
	each(t, sizes, func(t *testing.T, s kernel.Set, a *arena, n int, k kind, what string) {
		for _, rows := range []int{0, 1, 3, 4, 16, 21} {
			x, y, got := a.fill(k, rows*n), a.fill(k, rows*n), a.out(rows)
			row := func(x []float32, i int) []float32 { return x[i*n : i*n+n] }
			for op := kernel.ReduceSum; op <= kernel.ReduceSumSquares; op++ {
				s.RowReduce(op, got, x, n)
				same(t, fmt.Sprintf("op %d, %s", op, what), got, column(rows, func(i int) float32 { return reduce(op, row(x, i)) }))
			}
			s.RowDot(got, x, y, n)
			same(t, what+", dot", got, column(rows, func(i int) float32 { return exact.Dot(row(x, i), row(y, i)) }))
			at := slice[int32](a, rows)
			s.ArgMax(at, x, n)
			for i := range at {
				if want := argMax(row(x, i)); at[i] != want {
					t.Fatalf("argmax, %s: %d, want %d", what, at[i], want)
				}
			}
			sum, want := s.SumSquares64(x), oracle{}.SumSquares64(x)
			if sum != want && (sum == sum || want == want) {
				t.Fatalf("sum of squares, %s: %v, want %v", what, sum, want)
			}
			a.check(t)
		}
	})
}

func TestColReduce(t *testing.T) {
	each(t, sizes, func(t *testing.T, s kernel.Set, a *arena, n int, k kind, what string) {
		for _, m := range []int{0, 1, 2, 31, 32, 33, 70, 161} {
			j0 := a.r.IntN(n + 1)
			j1 := j0 + a.r.IntN(n+1-j0)
			if a.r.IntN(2) == 0 {
				j0, j1 = 0, n
			}
			checkColumns(t, s, a, m, n, j0, j1, k)
		}
	})
}

// TestColReduceWide has blocks as for data in no cache.
func TestColReduceWide(t *testing.T) {
	eachSet(t, func(t *testing.T, s kernel.Set, a *arena) { checkColumns(t, s, a, 490, 623, 5, 620, plain) })
}

func checkColumns(t *testing.T, s kernel.Set, a *arena, m, n, j0, j1 int, k kind) {
	what := fmt.Sprintf("%d by %d, columns %d to %d, kind %d", m, n, j0, j1, k)
	w := j1 - j0
	x, dy, mean, rstd := a.fill(k, m*n), a.fill(k, m*n), a.fill(k, m), a.fill(k, m)
	got, got2 := a.out(w), a.out(w)
	for op := kernel.ReduceSum; op <= kernel.ReduceSumSquares; op++ {
		s.ColReduce(op, got, x, m, n, j0, j1)
		same(t, fmt.Sprintf("op %d, %s", op, what), got, column(w, func(j int) float32 {
			return reduce(op, column(m, func(i int) float32 { return x[i*n+j0+j] }))
		}))
	}
	want, want2 := make([]float32, w), make([]float32, w)
	s.LayerNormParamGrad(got, got2, dy, x, mean, rstd, m, n, j0, j1)
	oracle{}.LayerNormParamGrad(want, want2, dy, x, mean, rstd, m, n, j0, j1)
	same(t, what+", gamma", got, want)
	same(t, what+", beta", got2, want2)
	s.RMSNormParamGrad(got, dy, x, rstd, m, n, j0, j1)
	oracle{}.RMSNormParamGrad(want, dy, x, rstd, m, n, j0, j1)
	same(t, what+", rms gamma", got, want)
	a.check(t)
}

func TestGram(t *testing.T) {
	each(t, []int{1, 2, 7, 8, 9, 31, 32, 33, 64, 70}, func(t *testing.T, s kernel.Set, a *arena, n int, k kind, what string) {
		for _, m := range []int{0, 1, 5, 64, 65, 130} {
			x := a.fill(k, m*n)
			i0 := a.r.IntN(n)
			i1 := i0 + a.r.IntN(n+1-i0)
			got, want := slice[float64](a, n*n), make([]float64, n*n)
			for i := range got {
				got[i] = a.r.NormFloat64()
			}
			copy(want, got)
			s.Gram(got, x, m, n, i0, i1)
			oracle{}.Gram(want, x, m, n, i0, i1)
			equal(t, fmt.Sprintf("%s, m %d, rows %d to %d", what, m, i0, i1), got, want)
			a.check(t)
		}
	})
}

func TestNearestRow(t *testing.T) {
	each(t, sizes, func(t *testing.T, s kernel.Set, a *arena, n int, kd kind, what string) {
		for _, k := range []int{1, 2, 3, 4, 5, 8, 11} {
			const rows = 5
			x, c := a.fill(kd, rows*n), a.fill(kd, k*n)
			if a.r.IntN(2) == 0 && k > 1 {
				copy(c[n:], c[:n]) // a tie
			}
			idx, dist := slice[int32](a, rows), a.out(rows)
			s.NearestRow(idx, dist, x, c, k, n)
			for i := range rows {
				at, d := nearest(x[i*n:i*n+n], c, k, n)
				same(t, what, dist[i:i+1], []float32{d})
				if idx[i] != at {
					t.Fatalf("%s, k %d: %d, want %d", what, k, idx[i], at)
				}
			}
			a.check(t)
		}
	})
}

func TestSoftmax(t *testing.T) {
	const rows = 4
	each(t, rowSizes, func(t *testing.T, s kernel.Set, a *arena, n int, k kind, what string) {
		for try := range 4 {
			x := a.fill(k, rows*n)
			var mask []uint8
			if try > 0 {
				mask = masks(a, rows, n)
			}
			y, logY, want := a.out(rows*n), a.out(rows*n), make([]float32, rows*n)
			s.Softmax(y, x, n, mask)
			oracle{}.Softmax(want, x, n, mask)
			same(t, what+", softmax", y, want)
			s.LogSoftmax(logY, x, n, mask)
			oracle{}.LogSoftmax(want, x, n, mask)
			same(t, what+", log softmax", logY, want)

			dy, dx := a.fill(k, rows*n), a.out(rows*n)
			s.SoftmaxGrad(dx, dy, y, n)
			oracle{}.SoftmaxGrad(want, dy, y, n)
			same(t, what+", softmax gradient", dx, want)
			dx = a.out(rows * n)
			s.LogSoftmaxGrad(dx, dy, logY, n)
			oracle{}.LogSoftmaxGrad(want, dy, logY, n)
			same(t, what+", log softmax gradient", dx, want)

			copy(dx, x)
			s.Softmax(dx, dx, n, mask)
			same(t, what+", softmax in place", dx, y)
			s.LogSoftmax(x, x, n, mask)
			same(t, what+", log softmax in place", x, logY)
			a.check(t)
		}
	})
}

// masks is a mask of rows that differ in how many elements are in.
func masks(a *arena, rows, n int) []uint8 {
	m := slice[uint8](a, rows*n)
	for i := range rows {
		copy(m[i*n:], a.mask(n))
	}
	return m
}

func TestNorms(t *testing.T) {
	const rows = 5
	each(t, sizes, func(t *testing.T, s kernel.Set, a *arena, n int, k kind, what string) {
		x, gamma, beta := a.fill(k, rows*n), a.fill(k, n), a.fill(plain, n)
		dy := a.fill(k, rows*n)
		y, dx, mean, rstd := a.out(rows*n), a.out(rows*n), a.out(rows), a.out(rows)
		want, wantDX, wantMean, wantRstd := make([]float32, rows*n), make([]float32, rows*n), make([]float32, rows), make([]float32, rows)
		s.LayerNorm(y, mean, rstd, x, gamma, beta, n, 1e-5)
		oracle{}.LayerNorm(want, wantMean, wantRstd, x, gamma, beta, n, 1e-5)
		same(t, what+", mean", mean, wantMean)
		same(t, what+", rstd", rstd, wantRstd)
		same(t, what+", layer norm", y, want)
		s.LayerNormGrad(dx, dy, x, mean, rstd, gamma, n)
		oracle{}.LayerNormGrad(wantDX, dy, x, mean, rstd, gamma, n)
		same(t, what+", layer norm gradient", dx, wantDX)

		y, dx, rstd = a.out(rows*n), a.out(rows*n), a.out(rows)
		s.RMSNorm(y, rstd, x, gamma, n, 1e-5)
		oracle{}.RMSNorm(want, wantRstd, x, gamma, n, 1e-5)
		same(t, what+", rrms", rstd, wantRstd)
		same(t, what+", rms norm", y, want)
		s.RMSNormGrad(dx, dy, x, rstd, gamma, n)
		oracle{}.RMSNormGrad(wantDX, dy, x, rstd, gamma, n)
		same(t, what+", rms norm gradient", dx, wantDX)
		s.RMSNorm(x, rstd, x, gamma, n, 1e-5)
		same(t, what+", rms norm in place", x, y)
	})
}

func TestCrossEntropy(t *testing.T) {
	const rows = 5
	each(t, rowSizes, func(t *testing.T, s kernel.Set, a *arena, n int, k kind, what string) {
		x, w, target := a.fill(k, rows*n), a.fill(k, rows*n), slice[int32](a, rows)
		for i := range target {
			target[i] = int32(a.r.IntN(n))
		}
		target[2] = -7
		loss, dx := a.out(rows), a.out(rows*n)
		want, wantDX := make([]float32, rows), make([]float32, rows*n)
		s.CrossEntropy(loss, dx, x, target, n, -7, 0.37)
		oracle{}.CrossEntropy(want, wantDX, x, target, n, -7, 0.37)
		same(t, what+", loss", loss, want)
		same(t, what+", gradient", dx, wantDX)
		loss = a.out(rows)
		s.CrossEntropy(loss, nil, x, target, n, -7, 0.37)
		same(t, what+", loss alone", loss, want)

		loss, dx = a.out(rows), a.out(rows*n)
		s.SoftCrossEntropy(loss, dx, x, w, n, -0.37)
		oracle{}.SoftCrossEntropy(want, wantDX, x, w, n, -0.37)
		same(t, what+", soft loss", loss, want)
		same(t, what+", soft gradient", dx, wantDX)
		loss = a.out(rows)
		s.SoftCrossEntropy(loss, nil, x, w, n, -0.37)
		same(t, what+", soft loss alone", loss, want)
	})
}

func TestDivergence(t *testing.T) {
	const rows = 3
	each(t, rowSizes, func(t *testing.T, s kernel.Set, a *arena, n int, k kind, what string) {
		for op := kernel.ForwardKL; op <= kernel.JensenShannon; op++ {
			for _, temper := range []float32{1, 0.5, 30} {
				x, y := a.fill(k, rows*n), a.fill(k, rows*n)
				loss, dx := a.out(rows), a.out(rows*n)
				want, wantDX := make([]float32, rows), make([]float32, rows*n)
				what := fmt.Sprintf("op %d, %s", op, what)
				s.Divergence(op, loss, dx, x, y, n, temper, -0.37)
				oracle{}.Divergence(op, want, wantDX, x, y, n, temper, -0.37)
				same(t, what+", loss", loss, want)
				same(t, what+", gradient", dx, wantDX)
				loss = a.out(rows)
				s.Divergence(op, loss, nil, x, y, n, temper, -0.37)
				same(t, what+", loss alone", loss, want)
				a.check(t)
			}
		}
	})
}

func TestSquaredError(t *testing.T) {
	const rows = 3
	each(t, sizes, func(t *testing.T, s kernel.Set, a *arena, n int, k kind, what string) {
		x, y := a.fill(k, rows*n), a.fill(k, rows*n)
		loss, dx := a.out(rows), a.out(rows*n)
		want, wantDX := make([]float32, rows), make([]float32, rows*n)
		s.SquaredError(loss, dx, x, y, n, 0.37)
		oracle{}.SquaredError(want, wantDX, x, y, n, 0.37)
		same(t, what+", loss", loss, want)
		same(t, what+", gradient", dx, wantDX)
		s.SquaredError(loss, nil, x, y, n, 0.37)
		same(t, what+", loss alone", loss, want)
	})
}

func TestAdamW(t *testing.T) {
	each(t, sizes, func(t *testing.T, s kernel.Set, a *arena, n int, k kind, what string) {
		step := &kernel.AdamW{LR: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, WeightDecay: 0.1, Correction1: 10, Correction2: 1000, GradScale: 0.7}
		p, m, v, g := a.fill(k, n), a.fill(k, n), a.fill(k, n), a.fill(k, n)
		wp, wm, wv := append([]float32{}, p...), append([]float32{}, m...), append([]float32{}, v...)
		s.AdamW(p, m, v, g, step)
		oracle{}.AdamW(wp, wm, wv, g, step)
		same(t, what+", p", p, wp)
		same(t, what+", m", m, wm)
		same(t, what+", v", v, wv)
	})
}

func TestGumbelMax(t *testing.T) {
	const rows = 6
	each(t, sizes, func(t *testing.T, s kernel.Set, a *arena, n int, k kind, what string) {
		for _, invT := range []float32{0, 1, 0.3} {
			x := a.fill(k, rows*n)
			key := [2]uint32{a.r.Uint32(), a.r.Uint32()}
			ids, step, floor := slice[uint64](a, rows), slice[uint32](a, rows), a.fill(some, rows)
			for i := range ids {
				ids[i], step[i] = a.r.Uint64(), a.r.Uint32()
			}
			for _, floor := range [][]float32{nil, floor} {
				got, want := slice[int32](a, rows), make([]int32, rows)
				s.GumbelMax(got, x, n, invT, floor, key, ids, step)
				oracle{}.GumbelMax(want, x, n, invT, floor, key, ids, step)
				equal(t, fmt.Sprintf("%s, 1/T %v, floor %v", what, invT, floor), got, want)
			}
			a.check(t)
		}
	})
}
