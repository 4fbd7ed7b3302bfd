package backendtest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/chimera-1/chimera/compute"
)

// mistake is a call that must panic with a ShapeError whose text has all of says:
// the operation and both shapes, or both types.
type mistake struct {
	op   string
	call func(e *env)
	says []string
}

func f32(e *env, shape ...int) *compute.Tensor {
	return e.in(make([]float32, product(shape)), shape...)
}
func f64(e *env, shape ...int) *compute.Tensor {
	return e.in(make([]float64, product(shape)), shape...)
}
func i32(e *env, shape ...int) *compute.Tensor { return e.in(make([]int32, product(shape)), shape...) }
func u8(e *env, shape ...int) *compute.Tensor  { return e.in(make([]uint8, product(shape)), shape...) }

var mistakes = []mistake{
	{"Copy", func(e *env) { e.Copy(f32(e, 2, 3), f32(e, 7)) }, []string{"[2 3]", "[7]"}},
	{"Copy", func(e *env) { e.Copy(f32(e, 2), i32(e, 2)) }, []string{"float32", "int32"}},
	{"Permute", func(e *env) { e.Permute(f32(e, 2, 3), f32(e, 2, 3), []int{1, 0}) }, []string{"[2 3]", "[1 0]"}},
	{"Permute", func(e *env) { e.Permute(f32(e, 2, 2), f32(e, 2, 2), []int{1, 1}) }, []string{"[2 2]", "[1 1]"}},
	{"Slice", func(e *env) { e.Slice(f32(e, 2, 3), f32(e, 2, 4), 1, 2) }, []string{"[2 3]", "[2 4]"}},
	{"Slice", func(e *env) { e.Slice(f32(e, 2, 3), f32(e, 2, 4), 2, 0) }, []string{"axis 2", "[2 3]"}},
	{"Paste", func(e *env) { e.Paste(f32(e, 2, 4), f32(e, 3, 1), 1, 0, false) }, []string{"[2 4]", "[3 1]"}},
	{"Gather", func(e *env) { e.Gather(f32(e, 2, 3), f32(e, 9, 4), i32(e, 2)) }, []string{"[2 3]", "[9 4]"}},
	{"Gather", func(e *env) { e.Gather(f32(e, 2, 3), f32(e, 9, 3), f32(e, 2)) }, []string{"float32", "int32"}},
	{"ScatterAdd", func(e *env) { e.ScatterAdd(f32(e, 9, 4), i32(e, 2), f32(e, 2, 3)) }, []string{"[9 4]", "[2 3]"}},
	{"MatMul", func(e *env) { e.MatMul(f32(e, 2, 4), f32(e, 2, 3), f32(e, 5, 4), compute.MatMulOptions{}) }, []string{"[2 3]", "[5 4]", "[2 4]"}},
	{"MatMul", func(e *env) { e.MatMul(f32(e, 2, 5), f32(e, 2, 3), f32(e, 3, 4), compute.MatMulOptions{}) }, []string{"[2 3]", "[3 4]", "[2 5]"}},
	{"MatMul", func(e *env) { e.MatMul(f32(e, 2, 4, 4), f32(e, 2, 4, 4), f32(e, 3, 4, 4), compute.MatMulOptions{}) }, []string{"[2 4 4]", "[3 4 4]"}},
	{"MatMul", func(e *env) {
		e.MatMul(f32(e, 2, 4), f32(e, 2, 3), f32(e, 3, 4), compute.MatMulOptions{Bias: f32(e, 3)})
	}, []string{"[3]", "[2 4]"}},
	{"MatMul", func(e *env) { e.MatMul(f32(e, 2, 4), f64(e, 2, 3), f32(e, 3, 4), compute.MatMulOptions{}) }, []string{"float64", "float32"}},
	{"MatMul", func(e *env) { x := f32(e, 3, 3); e.MatMul(x, x, f32(e, 3, 3), compute.MatMulOptions{}) }, []string{"overlaps"}},
	{"Pack", func(e *env) {
		e.packed(compute.F32, make([]float32, 6), 2, 3, false)
		e.Pack(f32(e, 2, 3), f32(e, 2, 3), false)
	}, []string{"NewPacked"}},
	{"Unary", func(e *env) { e.Unary(compute.Exp, f32(e, 2, 3), f32(e, 3, 2)) }, []string{"[2 3]", "[3 2]"}},
	{"UnaryGrad", func(e *env) { e.UnaryGrad(compute.GELU, f32(e, 2), f32(e, 2), f32(e, 3), nil) }, []string{"[2]", "[3]"}},
	{"Binary", func(e *env) { e.Binary(compute.Add, f32(e, 2, 3), f32(e, 2, 3), f32(e, 2)) }, []string{"[2 3]", "[2]"}},
	{"BinaryScalar", func(e *env) { e.BinaryScalar(compute.Add, f32(e, 4), f32(e, 5), 1) }, []string{"[4]", "[5]"}},
	{"AXPBY", func(e *env) { e.AXPBY(f32(e, 4), 1, f32(e, 4), 1, f32(e, 5)) }, []string{"[4]", "[5]"}},
	{"Where", func(e *env) { e.Where(f32(e, 4), u8(e, 5), f32(e, 4), f32(e, 4)) }, []string{"[4]", "[5]"}},
	{"Where", func(e *env) { e.Where(f32(e, 4), f32(e, 4), f32(e, 4), f32(e, 4)) }, []string{"float32", "uint8"}},
	{"Dropout", func(e *env) { e.Dropout(f32(e, 4), f32(e, 5), 0.5, compute.Random{}) }, []string{"[4]", "[5]"}},
	{"Dropout", func(e *env) { e.Dropout(f32(e, 4), f32(e, 4), 1, compute.Random{}) }, []string{"1"}},
	{"Reduce", func(e *env) { e.Reduce(compute.ReduceSum, f32(e, 2), f32(e, 2, 3), 0) }, []string{"[2]", "[2 3]"}},
	{"Reduce", func(e *env) { e.Reduce(compute.ReduceSum, f32(e, 2), f32(e, 2, 3), 2) }, []string{"axis 2", "[2 3]"}},
	{"ArgMax", func(e *env) { e.ArgMax(i32(e, 3), f32(e, 2, 3)) }, []string{"[3]", "[2 3]"}},
	{"TopK", func(e *env) { e.TopK(f32(e, 2, 4), i32(e, 2, 4), f32(e, 2, 3)) }, []string{"[2 4]", "[2 3]"}},
	{"Softmax", func(e *env) { e.Softmax(f32(e, 2, 3), f32(e, 3, 3), nil) }, []string{"[2 3]", "[3 3]"}},
	{"Softmax", func(e *env) { e.Softmax(f32(e, 2, 3), f32(e, 2, 3), u8(e, 3)) }, []string{"[2 3]", "[3]"}},
	{"LogSoftmax", func(e *env) { e.LogSoftmax(f32(e, 2, 3), f32(e, 3, 3), nil) }, []string{"[2 3]", "[3 3]"}},
	{"SoftmaxGrad", func(e *env) { e.SoftmaxGrad(f32(e, 2, 3), f32(e, 2, 3), f32(e, 6)) }, []string{"[2 3]", "[6]"}},
	{"LogSoftmaxGrad", func(e *env) { e.LogSoftmaxGrad(f32(e, 2, 3), f32(e, 2, 3), f32(e, 6)) }, []string{"[2 3]", "[6]"}},
	{"LayerNorm", func(e *env) { e.LayerNorm(f32(e, 2, 3), f32(e, 2), f32(e, 2), f32(e, 2, 3), f32(e, 4), f32(e, 3), 1) }, []string{"[4]", "[2 3]"}},
	{"LayerNorm", func(e *env) { e.LayerNorm(f32(e, 2, 3), f32(e, 5), f32(e, 2), f32(e, 2, 3), f32(e, 3), f32(e, 3), 1) }, []string{"[5]", "[2 3]"}},
	{"LayerNormGrad", func(e *env) {
		e.LayerNormGrad(f32(e, 2, 3), f32(e, 4), f32(e, 3), f32(e, 2, 3), f32(e, 2, 3), f32(e, 2), f32(e, 2), f32(e, 3))
	}, []string{"[4]", "[2 3]"}},
	{"RMSNorm", func(e *env) { e.RMSNorm(f32(e, 2, 3), f32(e, 2), f32(e, 2, 3), f32(e, 4), 1) }, []string{"[4]", "[2 3]"}},
	{"RMSNormGrad", func(e *env) {
		e.RMSNormGrad(f32(e, 2, 3), f32(e, 3), f32(e, 2, 3), f32(e, 2, 4), f32(e, 2), f32(e, 3))
	}, []string{"[2 4]", "[2 3]"}},
	{"Attention", func(e *env) { e.Attention(f32(e, 1, 4, 6), f32(e, 1, 2, 4), f32(e, 1, 5, 18), 2, true) }, []string{"[1 4 6]", "[1 5 18]"}},
	{"Attention", func(e *env) { e.Attention(f32(e, 1, 4, 6), f32(e, 1, 4, 4), f32(e, 1, 4, 18), 4, true) }, []string{"[1 4 18]", "4 heads"}},
	{"AttentionGrad", func(e *env) {
		e.AttentionGrad(f32(e, 1, 4, 17), f32(e, 1, 4, 6), f32(e, 1, 4, 6), f32(e, 1, 2, 4), f32(e, 1, 4, 18), 2, true)
	}, []string{"[1 4 17]", "[1 4 18]"}},
	{"CacheAppend", func(e *env) { e.CacheAppend(f32(e, 1, 2, 5, 3), f32(e, 1, 2, 5, 3), f32(e, 1, 17), i32(e, 1)) }, []string{"[1 2 5 3]", "[1 17]"}},
	{"CacheAppend", func(e *env) { e.CacheAppend(f64(e, 1, 2, 5, 3), f64(e, 1, 2, 5, 3), f32(e, 1, 18), i32(e, 1)) }, []string{"float64", "float32"}},
	{"DecodeAttention", func(e *env) {
		e.DecodeAttention(f32(e, 1, 5), f32(e, 1, 18), f32(e, 1, 2, 5, 3), f32(e, 1, 2, 5, 3), i32(e, 1))
	}, []string{"[1 5]", "[1 18]"}},
	{"CrossEntropy", func(e *env) { e.CrossEntropy(f32(e, 3), nil, f32(e, 2, 3), i32(e, 2), -1, 1) }, []string{"[3]", "[2 3]"}},
	{"CrossEntropy", func(e *env) { e.CrossEntropy(f32(e, 2), f32(e, 2, 4), f32(e, 2, 3), i32(e, 2), -1, 1) }, []string{"[2 4]", "[2 3]"}},
	{"CrossEntropy", func(e *env) { e.CrossEntropy(f32(e, 2), nil, f32(e, 2, 3), f32(e, 2), -1, 1) }, []string{"float32", "int32"}},
	{"SoftCrossEntropy", func(e *env) { e.SoftCrossEntropy(f32(e, 2), nil, f32(e, 2, 3), f32(e, 2, 4), 1) }, []string{"[2 3]", "[2 4]"}},
	{"Divergence", func(e *env) { e.Divergence(compute.ForwardKL, f32(e, 2), nil, f32(e, 2, 3), f32(e, 2, 4), 1, 1) }, []string{"[2 3]", "[2 4]"}},
	{"Divergence", func(e *env) { e.Divergence(compute.ForwardKL, f32(e, 2), nil, f32(e, 2, 3), f32(e, 2, 3), 0, 1) }, []string{"temperature 0"}},
	{"SquaredError", func(e *env) { e.SquaredError(f32(e, 2), nil, f32(e, 2, 3), f32(e, 3, 2), 1) }, []string{"[2 3]", "[3 2]"}},
	{"TwoHot", func(e *env) { e.TwoHot(f32(e, 2, 3), f32(e, 2), f32(e, 4)) }, []string{"[2 3]", "[4]"}},
	{"AdamW", func(e *env) {
		e.AdamW(f32(e, 4), f32(e, 4), f32(e, 5), f32(e, 4), compute.AdamWOptions{Step: 1})
	}, []string{"[4]", "[5]"}},
	{"AdamW", func(e *env) { e.AdamW(f32(e, 4), f32(e, 4), f32(e, 4), f32(e, 4), compute.AdamWOptions{}) }, []string{"step 0"}},
	{"GlobalNorm", func(e *env) { e.GlobalNorm([]*compute.Tensor{f32(e, 4), f64(e, 4)}) }, []string{"float64", "float32"}},
	{"Sample", func(e *env) { e.Sample(i32(e, 3), f32(e, 2, 3), compute.SampleOptions{}) }, []string{"[3]", "[2 3]"}},
	{"Sample", func(e *env) { e.Sample(i32(e, 2), f32(e, 2, 3), compute.SampleOptions{IDs: make([]uint64, 1)}) }, []string{"1 ids", "[2 3]"}},
	{"Gram", func(e *env) { e.Gram(f64(e, 2, 2), f32(e, 5, 3), false) }, []string{"[2 2]", "[5 3]"}},
	{"Gram", func(e *env) { e.Gram(f32(e, 3, 3), f32(e, 5, 3), false) }, []string{"float32", "float64"}},
	{"Covariance", func(e *env) { e.Covariance(f64(e, 2), f64(e, 3, 3), f32(e, 5, 3)) }, []string{"[2]", "[5 3]"}},
	{"Eigh", func(e *env) { e.Eigh(f64(e, 3), f64(e, 3, 4), f64(e, 3, 4)) }, []string{"[3]", "[3 4]"}},
	{"SVD", func(e *env) { e.SVD(f64(e, 3, 3), f64(e, 2), f64(e, 2, 2), f64(e, 3, 2)) }, []string{"[3 3]", "[3 2]"}},
	{"KMeansAssign", func(e *env) { e.KMeansAssign(i32(e, 5), f32(e, 5), f32(e, 5, 3), f32(e, 2, 4)) }, []string{"[5 3]", "[2 4]"}},
	{"MinHash", func(e *env) {
		e.MinHash(e.in(make([]uint32, 112), 1, 112), i32(e, 1), u8(e, 5), i32(e, 3), 1)
	}, []string{"[1 112]", "[3]"}},
}

// shapeError is what f panics with.
func shapeError(f func()) (err *compute.ShapeError) {
	defer func() {
		if p := recover(); p != nil {
			e, ok := p.(*compute.ShapeError)
			if !ok {
				panic(p)
			}
			err = e
		}
	}()
	f()
	return nil
}

func eachDevice(t *testing.T, test func(t *testing.T, d *compute.Device)) {
	seen := map[string]bool{}
	for _, c := range configs() {
		if c.Threads == 1 || !strings.HasPrefix(c.name, "cpu") {
			if !seen[c.name] {
				seen[c.name] = true
				t.Run(c.name, func(t *testing.T) { test(t, c.open(t)) })
			}
		}
	}
}

func TestMistakes(t *testing.T) {
	eachDevice(t, func(t *testing.T, d *compute.Device) {
		for _, m := range mistakes {
			e := &env{Backend: d.Backend(context.Background()), dev: d}
			err := shapeError(func() { m.call(e) })
			if err == nil {
				t.Errorf("%s: no panic, want one with %q", m.op, m.says)
			} else {
				for _, s := range append(m.says, m.op) {
					if !strings.Contains(err.Error(), s) {
						t.Errorf("%s: panic %q, want one with %q", m.op, err, s)
					}
				}
			}
			if err := e.Err(); err != nil {
				t.Errorf("%s: a mistake left the failure %v", m.op, err)
			}
			for _, l := range e.lent {
				l.Close()
			}
		}
	})
}

// TestOutside: indices outside their tables panic on the host and fail elsewhere,
// but write nothing outside.
func TestOutside(t *testing.T) {
	calls := map[string]func(e *env){
		"Gather":       func(e *env) { e.Gather(f32(e, 1, 3), f32(e, 4, 3), e.in([]int32{4}, 1)) },
		"Gather below": func(e *env) { e.Gather(f32(e, 1, 3), f32(e, 4, 3), e.in([]int32{-1}, 1)) },
		"ScatterAdd":   func(e *env) { e.ScatterAdd(f32(e, 4, 3), e.in([]int32{1 << 30}, 1), f32(e, 1, 3)) },
		"CacheAppend": func(e *env) {
			e.CacheAppend(f32(e, 1, 2, 5, 3), f32(e, 1, 2, 5, 3), f32(e, 1, 18), e.in([]int32{5}, 1))
		},
		"DecodeAttention": func(e *env) {
			e.DecodeAttention(f32(e, 1, 6), f32(e, 1, 18), f32(e, 1, 2, 5, 3), f32(e, 1, 2, 5, 3), e.in([]int32{-1}, 1))
		},
		"CrossEntropy": func(e *env) { e.CrossEntropy(f32(e, 1), nil, f32(e, 1, 3), e.in([]int32{3}, 1), -1, 1) },
	}
	eachDevice(t, func(t *testing.T, d *compute.Device) {
		for name, call := range calls {
			e := &env{Backend: d.Backend(context.Background()), dev: d}
			shape := shapeError(func() { call(e) })
			if failure := e.Wait(); shape == nil && failure == nil {
				t.Errorf("%s: neither a panic nor a failure", name)
			}
			for _, l := range e.lent {
				l.Close()
			}
		}
	})
}

// TestAfterClose: a closed tensor, and a view of one, is of no use.
func TestAfterClose(t *testing.T) {
	eachDevice(t, func(t *testing.T, d *compute.Device) {
		b := d.Backend(context.Background())
		x, y := must(d.New(compute.F32, 4)), must(d.New(compute.F32, 4))
		defer y.Close()
		view := x.View(2, 2)
		x.Close()
		for name, f := range map[string]func(){
			"operation":        func() { b.Unary(compute.Neg, y, x) },
			"result":           func() { b.Unary(compute.Neg, x, y) },
			"view":             func() { b.Softmax(view, view, nil) },
			"copy to":          func() { _ = x.CopyTo(make([]float32, 4)) },
			"copy from":        func() { _ = view.CopyFrom(make([]float32, 4)) },
			"View":             func() { x.View(4, 1) },
			"Rows":             func() { x.Rows(0, 1) },
			"closed once more": x.Close,
		} {
			if err := shapeError(f); err == nil || !strings.Contains(strings.ToLower(err.Error()), "close") {
				t.Errorf("%s: panic %v, want one that says that the tensor is closed", name, err)
			}
		}
	})
}

// TestOtherDevice: tensors of another device are refused by name.
func TestOtherDevice(t *testing.T) {
	here := config{"cpu/purego", compute.Options{Threads: 1}}.open(t)
	there := config{"cpu", compute.Options{Threads: 1}}.open(t)
	x, y := must(here.New(compute.F32, 4)), must(there.New(compute.F32, 4))
	defer x.Close()
	defer y.Close()
	err := shapeError(func() { here.Backend(context.Background()).Unary(compute.Neg, x, y) })
	if err == nil || !strings.Contains(err.Error(), "cpu/purego") {
		t.Errorf("panic %v", err)
	}
}

// TestMemoryLimit: what does not fit is refused by name, and what is closed makes
// room.
func TestMemoryLimit(t *testing.T) {
	for _, name := range []string{"cpu/purego", "cpu", "cuda:0"} {
		t.Run(name, func(t *testing.T) {
			d := config{name, compute.Options{Threads: 1, Memory: 4096}}.open(t)
			x := must(d.New(compute.F32, 1000))
			if _, err := d.New(compute.F32, 25); !errors.Is(err, compute.ErrOutOfMemory) || !strings.Contains(err.Error(), "float32[25]") {
				t.Errorf("a tensor past the limit: %v", err)
			}
			if _, err := d.NewPacked(compute.F32, 1, 1000); !errors.Is(err, compute.ErrOutOfMemory) {
				t.Errorf("a packed tensor past the limit: %v", err)
			}
			must(d.New(compute.F32, 24)).Close() // just fits
			x.Close()
			must(d.New(compute.F32, 1024)).Close()
			if u := d.Usage(); u.Used != 0 || u.Peak != 4096 || u.Available != 4096 {
				t.Errorf("usage %+v", u)
			}
		})
	}
}

// TestHugeShapes are refused before anything is multiplied.
func TestHugeShapes(t *testing.T) {
	d := config{"cpu", compute.Options{Threads: 1}}.open(t)
	if _, err := d.New(compute.F64, 1<<45); !errors.Is(err, compute.ErrOutOfMemory) {
		t.Errorf("2^45 numbers: %v", err)
	}
	for _, shape := range [][]int{{-1}, {1 << 40, 1 << 40}, {1 << 62, 4}} {
		if err := shapeError(func() { _, _ = d.New(compute.F32, shape...) }); err == nil {
			t.Errorf("%v: no panic", shape)
		}
	}
}
