package autograd

import (
	"context"
	"errors"
	"testing"

	"github.com/chimera-1/chimera/compute"
)

// TestStepsReuseMemory: from the second step on nothing is allocated.
func TestStepsReuseMemory(t *testing.T) {
	d := open(t, "cpu", compute.Options{Threads: 2})
	for _, c := range testCases() {
		t.Run(c.name, func(t *testing.T) {
			p := newProgram(t, d, c)
			p.gradients(all)
			want := d.Usage()
			for range 3 {
				p.gradients(all)
				if got := d.Usage(); got != want {
					t.Fatalf("usage %+v after another step, want %+v", got, want)
				}
			}
		})
	}
}

// TestStepsOfOtherShapes alternates between batches of two sizes, as at the end
// of an epoch: memory stays what the larger step takes.
func TestStepsOfOtherShapes(t *testing.T) {
	d := open(t, "cpu", compute.Options{Threads: 2})
	tp := tape(t, d)
	w := tensor(t, d, make([]float32, 12), 3, 4)
	g := tensor(t, d, make([]float32, 12), 3, 4)
	step := func(n int) {
		x := tensor(t, d, make([]float32, n*3), n, 3)
		tp.Reset()
		tp.Backward(tp.Sum(tp.Unary(compute.Square, tp.MatMul(tp.Const(x), tp.Param(w, g)))))
		if err := tp.Err(); err != nil {
			t.Fatal(err)
		}
	}
	base := d.Usage().Used
	step(8)
	whole := d.Usage().Used - base - 8*3*4
	for range 5 {
		before := d.Usage().Used
		step(5)
		step(8)
		if got := d.Usage().Used - before; got != (5+8)*3*4 {
			t.Fatalf("two steps take %d bytes beside their inputs, the tape of one is %d", got-(5+8)*3*4, whole)
		}
	}
}

// TestOutOfMemory lets the memory of every case end at many places: the failure
// sticks, says what it is, and leaves nothing behind.
func TestOutOfMemory(t *testing.T) {
	d := open(t, "cpu", compute.Options{Threads: 1, Memory: 1 << 20})
	for _, c := range testCases() {
		t.Run(c.name, func(t *testing.T) {
			p := newProgram(t, d, c)
			p.gradients(all) // makes the constants too
			with := d.Usage().Used
			p.tp.Close()
			whole := with - d.Usage().Used
			for room := int64(0); room < whole; room += max(1, whole/16) {
				p.starve(room)
			}
			p.within(whole, func() {
				p.gradients(all)
			})
		})
	}
}

// within runs f on a fresh tape while the device has room for so many bytes.
func (p *program) within(room int64, f func()) {
	ballast, err := p.d.New(compute.U8, int(p.d.Usage().Available-room))
	if err != nil {
		p.t.Fatal(err)
	}
	defer ballast.Close()
	p.tp = New(p.d.Backend(context.Background()))
	defer p.tp.Close()
	f()
}

// starve runs a step in too little room.
func (p *program) starve(room int64) {
	before := p.d.Usage().Tensors
	p.within(room, func() {
		p.tp.Backward(p.weigh(p.result(all)))
		used := p.d.Usage()
		// After the failure nothing happens, whatever is called.
		p.tp.Backward(p.weigh(p.result(all)))
		p.tp.Reset()
		p.tp.Backward(p.tp.Sum(p.result(all)))
		if err := p.tp.Err(); !errors.Is(err, compute.ErrOutOfMemory) || p.d.Usage() != used {
			p.t.Errorf("room for %d bytes: error %v, usage %+v, was %+v", room, err, p.d.Usage(), used)
		}
		if err := p.tp.Backend().Err(); err != nil {
			p.t.Errorf("room for %d bytes: an operation failed: %v", room, err)
		}
	})
	if n := p.d.Usage().Tensors; n != before {
		p.t.Errorf("room for %d bytes: %d tensors are left", room, n-before)
	}
}

// TestCancelled: the end of the context sticks like any failure.
func TestCancelled(t *testing.T) {
	d := open(t, "cpu", compute.Options{Threads: 2})
	ctx, cancel := context.WithCancel(context.Background())
	tp := New(d.Backend(ctx))
	t.Cleanup(tp.Close)
	x, g := tensor(t, d, []float32{1, 2}, 2), tensor(t, d, []float32{5, 5}, 2)
	y := tp.Unary(compute.Square, tp.Param(x, g))
	cancel()
	tp.Backward(tp.Sum(y))
	if err := tp.Err(); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if tp.Sum(tp.Const(x)).Value() != nil {
		t.Error("an operation after the failure has a value")
	}
}
