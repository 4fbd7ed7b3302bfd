package conformance

import (
	"math"
	"strings"
	"testing"
	"unsafe"

	"github.com/chimera-1/chimera/compute/internal/kernel"
	"github.com/chimera-1/chimera/compute/internal/pure"
)

// wrong is a set whose Unary has a fault.
type wrong struct {
	kernel.Set
	unary func(dst, x []float32)
}

func (w wrong) Unary(_ kernel.UnaryOp, dst, x []float32) { w.unary(dst, x) }

// beyond is element i of the memory at x, of whatever length.
func beyond(x []float32, i int) *float32 {
	return (*float32)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(x)), 4*i))
}

// TestFaultsAreFound: the suite goes red for every kind of fault it promises to
// see.
func TestFaultsAreFound(t *testing.T) {
	each := func(dst, x []float32, f func(v float32) float32) {
		for i, v := range x {
			dst[i] = f(v)
		}
	}
	negate := func(dst, x []float32) { each(dst, x, func(v float32) float32 { return -v }) }
	for _, tt := range []struct {
		fault string
		unary func(dst, x []float32)
		want  string // part of the error; nothing: none
	}{
		{"none", negate, ""},
		{"inexact", func(dst, x []float32) { each(dst, x, func(v float32) float32 { return -1.0001 * v }) }, "element 0 of 40"},
		{"an ulp", func(dst, x []float32) { each(dst, x, func(v float32) float32 { return math.Nextafter32(-v, 9) }) },
			"compared with purego: output 0: 40 of 40"},
		{"unwritten", func(dst, x []float32) { negate(dst[:len(x)-1], x[:len(x)-1]) }, "of an output was not written"},
		{"input written", func(dst, x []float32) { negate(dst, x); x[0] = 0 }, "an input was written"},
		{"written behind", func(dst, x []float32) { negate(dst, x); *beyond(dst, len(x)+60) = 0 }, "bytes behind a buffer"},
		{"written before", func(dst, x []float32) { negate(dst, x); *beyond(dst, -1) = 0 }, "bytes before row 0"},
		{"read behind", func(dst, x []float32) { negate(dst, x); sink = *beyond(x, len(x)) }, "at the end of a page: panic"},
		{"read before", func(dst, x []float32) { negate(dst, x); sink = *beyond(x, -1) }, "at the start of a page: panic"},
		{"depends on the length", func(dst, x []float32) { negate(dst, x); dst[0] *= 1 + float32(len(x)-40)/1e6 }, "in pieces"},
		{"not in place", func(dst, x []float32) { clear(dst); negate(dst, x) }, "in place"},
		{"panic", func(dst, x []float32) { panic("oh") }, "panic: oh"},
	} {
		s := &suite{T: t, set: wrong{pure.Exact(), tt.unary}, Options: Options{Twin: pure.Exact()}}
		s.method(tt.fault, func(o *op) {
			x := Away(o.Rand, 40)
			want := make([]float64, 40)
			for i, v := range x {
				want[i] = -float64(v)
			}
			err := o.compare(example{name: tt.fault, inPlace: true, want: []Judge{Near(want, 1e-6, 0)}, run: func(c *call) {
				dst, in := over(c, x)
				for _, s := range c.spans(40, 1) {
					c.Unary(kernel.Neg, dst[s.from:s.to], in[0][s.from:s.to])
				}
			}})
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				o.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

var sink float32

// TestGapsAreWatched: a kernel may not write between the rows of a matrix.
func TestGapsAreWatched(t *testing.T) {
	c := &call{Set: pure.Exact(), r: Rand(t, "gaps")}
	_, err := c.observe("gap", func(c *call) {
		m := lend[float32](c, output, nil, 3, 4, 6)
		for i := range m {
			m[i] = 1
		}
	})
	if err == nil || !strings.Contains(err.Error(), "bytes before row 1 of 3 were written") {
		t.Errorf("error %v", err)
	}
}
