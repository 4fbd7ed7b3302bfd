package autograd

import (
	"context"
	"math"
	"testing"

	"github.com/chimera-1/chimera/compute"
)

// TestDetach: of x * detach(x) the gradient is x, of x * x it is 2x.
func TestDetach(t *testing.T) {
	d := open(t, "cpu", compute.Options{Threads: 1})
	tp := tape(t, d)
	x, g := tensor(t, d, []float32{3, -2}, 2), tensor(t, d, make([]float32, 2), 2)
	v := tp.Param(x, g)
	y := tp.Unary(compute.Square, v) // 9, 4
	tp.Backward(tp.Sum(tp.Mul(v, tp.Detach(y))))
	near(t, "gradient", numbers(t, g), []float32{9, 4}, 0)
	if y.Grad() != nil {
		t.Error("a gradient went through Detach")
	}
}

// TestGradOfResults: gradients of what was made on the way are there to read.
func TestGradOfResults(t *testing.T) {
	d := open(t, "cpu", compute.Options{Threads: 1})
	tp := tape(t, d)
	x, g := tensor(t, d, []float32{3, -2}, 2), tensor(t, d, make([]float32, 2), 2)
	v := tp.Param(x, g)
	y := tp.Scale(v, 4)
	aside := tp.Scale(v, 2) // does not reach the loss
	if v.Grad() != nil || y.Grad() != nil {
		t.Error("gradients before Backward")
	}
	tp.Backward(tp.Sum(tp.Mul(y, y)))
	near(t, "gradient of y", numbers(t, y.Grad()), []float32{24, -16}, 0)
	near(t, "gradient of x", numbers(t, v.Grad()), []float32{96, -64}, 0)
	if v.Grad() != g || aside.Grad() != nil {
		t.Error("other gradients than those that were given")
	}
}

// TestParamTwice: a parameter is one variable, however often it is asked for.
func TestParamTwice(t *testing.T) {
	d := open(t, "cpu", compute.Options{Threads: 1})
	tp := tape(t, d)
	x, g := tensor(t, d, []float32{3}, 1), tensor(t, d, []float32{0}, 1)
	tp.Backward(tp.Sum(tp.Mul(tp.Param(x, g), tp.Param(x, g))))
	near(t, "gradient", numbers(t, g), []float32{6}, 0)
	panics(t, "Param", func() { tp.Param(x, tensor(t, d, []float32{0}, 1)) })
	tp.Reset()
	other := tensor(t, d, []float32{0}, 1)
	tp.Backward(tp.Sum(tp.Param(x, other)))
	near(t, "gradient", numbers(t, other), []float32{1}, 0)
}

// TestUnusedParameter keeps what its gradient held.
func TestUnusedParameter(t *testing.T) {
	d := open(t, "cpu", compute.Options{Threads: 1})
	tp := tape(t, d)
	x := tensor(t, d, []float32{3}, 1)
	used, unused := tensor(t, d, []float32{5}, 1), tensor(t, d, []float32{5}, 1)
	y := tensor(t, d, []float32{3}, 1)
	tp.Param(y, unused)
	tp.Backward(tp.Sum(tp.Param(x, used)))
	near(t, "gradient used", numbers(t, used), []float32{1}, 0)
	near(t, "gradient unused", numbers(t, unused), []float32{5}, 0)
}

// TestLossIsParameter: the shortest program.
func TestLossIsParameter(t *testing.T) {
	d := open(t, "cpu", compute.Options{Threads: 1})
	tp := tape(t, d)
	x, g := tensor(t, d, []float32{3}, 1, 1), tensor(t, d, []float32{0}, 1, 1)
	tp.Backward(tp.Param(x, g))
	near(t, "gradient", numbers(t, g), []float32{1}, 0)
}

// TestNothingToCount: a mean over no rows is NaN and has no gradient to speak of.
func TestNothingToCount(t *testing.T) {
	d := open(t, "cpu", compute.Options{Threads: 1})
	tp := tape(t, d)
	x, g := tensor(t, d, []float32{1, 2}, 1, 2), tensor(t, d, []float32{9, 9}, 1, 2)
	loss := tp.CrossEntropy(tp.Param(x, g), tensor(t, d, []int32{-1}, 1), -1)
	tp.Backward(loss)
	if y := numbers(t, loss.Value())[0]; !math.IsNaN(float64(y)) {
		t.Errorf("loss %g", y)
	}
	near(t, "gradient", numbers(t, g), []float32{0, 0}, 0)
	if err := tp.Err(); err != nil {
		t.Error(err)
	}
}

// TestEmptyOperands: axes of no length give empty results and zero gradients.
func TestEmptyOperands(t *testing.T) {
	d := open(t, "cpu", compute.Options{Threads: 2})
	tp := tape(t, d)
	x, gx := tensor(t, d, []float32{}, 0, 3), tensor(t, d, []float32{}, 0, 3)
	w, gw := tensor(t, d, make([]float32, 6), 3, 2), tensor(t, d, []float32{1, 1, 1, 1, 1, 1}, 3, 2)
	b, gb := tensor(t, d, make([]float32, 2), 2), tensor(t, d, []float32{1, 1}, 2)
	y := tp.Add(tp.Linear(tp.Param(x, gx), tp.Param(w, gw), tp.Param(b, gb)), tp.Param(b, gb))
	y = tp.Concat(0, y, tp.Softmax(tp.LayerNorm(y, tp.Param(b, gb), tp.Param(b, gb), 1e-5), nil))
	loss := tp.Sum(tp.Unary(compute.GELU, y))
	tp.Backward(loss)
	if err := tp.Err(); err != nil {
		t.Fatal(err)
	}
	near(t, "loss", numbers(t, loss.Value()), []float32{0}, 0)
	near(t, "gradient of w", numbers(t, gw), make([]float32, 6), 0)
	near(t, "gradient of b", numbers(t, gb), make([]float32, 2), 0)
}

// TestMistakesPanic: what does not fit panics with the operation's name, and the
// tape can still be closed.
func TestMistakesPanic(t *testing.T) {
	d := open(t, "cpu", compute.Options{Threads: 1})
	tp := tape(t, d)
	floats := func(shape ...int) *Var { return tp.Const(tensor(t, d, make([]float32, size(shape)), shape...)) }
	ints := func(shape ...int) *compute.Tensor { return tensor(t, d, make([]int32, size(shape)), shape...) }
	f23, f34, f3, f0 := floats(2, 3), floats(3, 4), floats(3), floats()
	for _, c := range []struct {
		op string
		f  func()
	}{
		{"Param", func() { tp.Param(f23.Value(), f34.Value()) }},
		{"Backward", func() { tp.Backward(f23) }},
		{"Unary", func() { tp.Unary(compute.Exp, tp.Const(ints(2))) }},
		{"Unary", func() { tp.Unary(99, f23) }},
		{"Binary", func() { tp.Add(f23, f34) }},
		{"Binary", func() { tp.Mul(f3, f23) }},
		{"Dropout", func() { tp.Dropout(f23, 1, compute.Random{}) }},
		{"Dropout", func() { tp.Dropout(f23, float32(math.NaN()), compute.Random{}) }},
		{"MatMul", func() { tp.MatMul(f23, f23) }},
		{"MatMul", func() { tp.MatMul(f3, f3) }},
		{"MatMul", func() { tp.MatMul(floats(2, 2, 3), floats(3, 3, 2)) }},
		{"Linear", func() { tp.MatMul(f0, f34) }},
		{"Linear", func() { tp.Linear(f3, f34, nil) }},
		{"Linear", func() { tp.Linear(f23, f3, nil) }},
		{"MatMul", func() { tp.Linear(f23, f34, f3) }},
		{"Embedding", func() { tp.Embedding(f3, ints(2)) }},
		{"Gather", func() { tp.Embedding(f23, tensor(t, d, []int32{2}, 1)) }},
		{"Gather", func() { tp.Embedding(f23, f3.Value()) }},
		{"Attention", func() { tp.Attention(f23, 1, true) }},
		{"Attention", func() { tp.Attention(floats(1, 2, 7), 1, true) }},
		{"Attention", func() { tp.Attention(floats(1, 2, 6), 0, true) }},
		{"Softmax", func() { tp.Softmax(f23, f23.Value()) }},
		{"LogSoftmax", func() { tp.LogSoftmax(f23, tensor(t, d, make([]uint8, 5), 5)) }},
		{"LayerNorm", func() { tp.LayerNorm(f23, f3, f0, 1e-5) }},
		{"RMSNorm", func() { tp.RMSNorm(f23, f0, 1e-5) }},
		{"View", func() { tp.Reshape(f23, 4) }},
		{"Permute", func() { tp.Permute(f23, 0) }},
		{"Permute", func() { tp.Permute(f23, 0, 2) }},
		{"Permute", func() { tp.Permute(f23, 0, 0) }},
		{"Slice", func() { tp.Slice(f23, 2, 0, 1) }},
		{"Slice", func() { tp.Slice(f23, -3, 0, 1) }},
		{"Slice", func() { tp.Slice(f23, 1, 2, 2) }},
		{"New", func() { tp.Slice(f23, 1, 0, -1) }},
		{"Concat", func() { tp.Concat(0) }},
		{"Concat", func() { tp.Concat(0, f23, f3) }},
		{"Concat", func() { tp.Concat(2, f23, f23) }},
		{"Paste", func() { tp.Concat(0, f23, f34) }},
		{"CrossEntropy", func() { tp.CrossEntropy(f23, ints(3), -1) }},
		{"CrossEntropy", func() { tp.CrossEntropy(f23, tensor(t, d, []int32{0, 3}, 2), -1) }},
		{"SoftCrossEntropy", func() { tp.SoftCrossEntropy(f23, f34.Value()) }},
		{"Divergence", func() { tp.Divergence(compute.ForwardKL, f23, f23.Value(), 0) }},
		{"SquaredError", func() { tp.SquaredError(f23, f34.Value()) }},
	} {
		panics(t, c.op, c.f)
	}
	tp.Reset()
	x := tp.Param(f23.Value(), tensor(t, d, make([]float32, 6), 2, 3))
	loss := tp.Sum(x)
	tp.Backward(loss)
	panics(t, "Backward", func() { tp.Backward(loss) })
	if err := tp.Err(); err != nil {
		t.Errorf("mistakes left the error %v", err)
	}
}

// TestTensorsOfOtherDevices are mistakes too.
func TestTensorsOfOtherDevices(t *testing.T) {
	a, b := open(t, "cpu", compute.Options{Threads: 1}), open(t, "cpu/purego", compute.Options{Threads: 1})
	tp := New(a.Backend(context.Background()))
	t.Cleanup(tp.Close)
	x := tensor(t, b, []float32{1}, 1)
	panics(t, "Unary", func() { tp.Unary(compute.Exp, tp.Const(x)) })
}
