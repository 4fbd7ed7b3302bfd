package autograd

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/compute/safetensors"
)

// goldenTolerance is of one operation in float32, relative to 1 + |want|.
const goldenTolerance = 3e-6

// A golden is a case of testdata/golden/ops.safetensors, which PyTorch computed in
// float64, on a device.
type golden struct {
	*testing.T
	d    *compute.Device
	tp   *Tape
	file *safetensors.File
	name string // of the case: "linear/0"
}

func (g *golden) view(name string) safetensors.View {
	g.Helper()
	v, ok := g.file.Tensor(g.name + "/" + name)
	if !ok {
		g.Fatalf("no tensor %s/%s", g.name, name)
	}
	return v
}

func (g *golden) want(name string) []float32 {
	g.Helper()
	x, err := g.view(name).Float32s()
	if err != nil {
		g.Fatal(err)
	}
	return slices.Clone(x)
}

func (g *golden) ints(name string) *compute.Tensor {
	g.Helper()
	v := g.view(name)
	x, err := safetensors.Values[int64](v)
	if err != nil {
		g.Fatal(err)
	}
	y := make([]int32, len(x))
	for i, n := range x {
		y[i] = int32(n)
	}
	return tensor(g.T, g.d, y, v.Shape...)
}

func (g *golden) floats(name string) *compute.Tensor {
	g.Helper()
	return tensor(g.T, g.d, g.want(name), g.view(name).Shape...)
}

// param is a parameter; check compares its gradient with that of the file.
func (g *golden) param(name string) (v *Var, check func()) {
	g.Helper()
	grad := tensor(g.T, g.d, make([]float32, len(g.want(name))), g.view(name).Shape...)
	return g.tp.Param(g.floats(name), grad), func() {
		g.Helper()
		near(g.T, g.name+"/d"+name, numbers(g.T, grad), g.want("d"+name), goldenTolerance)
	}
}

// is compares a result with y, and the gradients of parameters under the
// gradient dy of y.
func (g *golden) is(y *Var, checks ...func()) {
	g.Helper()
	near(g.T, g.name+"/y", numbers(g.T, y.Value()), g.want("y"), goldenTolerance)
	g.loss(g.tp.Sum(g.tp.Mul(y, g.tp.Const(g.floats("dy")))), checks...)
}

// loses compares a loss, and the gradients under it.
func (g *golden) loses(loss *Var, checks ...func()) {
	g.Helper()
	near(g.T, g.name+"/loss", numbers(g.T, loss.Value()), g.want("loss"), goldenTolerance)
	g.loss(loss, checks...)
}

func (g *golden) loss(loss *Var, checks ...func()) {
	g.Helper()
	g.tp.Backward(loss)
	if err := g.tp.Err(); err != nil {
		g.Fatal(err)
	}
	for _, check := range checks {
		check()
	}
}

// goldenOps run the cases of an operation.
var goldenOps = map[string]func(g *golden){
	"linear": func(g *golden) {
		x, dx := g.param("x")
		w, dw := g.param("w")
		b, db := g.param("b")
		g.is(g.tp.Linear(x, w, b), dx, dw, db)
	},
	"layernorm": func(g *golden) {
		x, dx := g.param("x")
		w, dw := g.param("w")
		b, db := g.param("b")
		g.is(g.tp.LayerNorm(x, w, b, 1e-5), dx, dw, db)
	},
	"rmsnorm": func(g *golden) {
		x, dx := g.param("x")
		w, dw := g.param("w")
		g.is(g.tp.RMSNorm(x, w, 1e-5), dx, dw)
	},
	"gelu": func(g *golden) { g.unary(compute.GELU) },
	"silu": func(g *golden) { g.unary(compute.SiLU) },
	"relu": func(g *golden) { g.unary(compute.ReLU) },
	"tanh": func(g *golden) { g.unary(compute.Tanh) },
	"softmax": func(g *golden) {
		x, dx := g.param("x")
		g.is(g.tp.Softmax(x, nil), dx)
	},
	"log_softmax": func(g *golden) {
		x, dx := g.param("x")
		g.is(g.tp.LogSoftmax(x, nil), dx)
	},
	"cross_entropy": func(g *golden) {
		x, dx := g.param("logits")
		g.loses(g.tp.CrossEntropy(x, g.ints("targets"), -1), dx)
	},
	"kl_forward": func(g *golden) { g.divergence(compute.ForwardKL) },
	"kl_reverse": func(g *golden) { g.divergence(compute.ReverseKL) },
	"js":         func(g *golden) { g.divergence(compute.JensenShannon) },
	"mse": func(g *golden) { // over elements; ours is over rows
		x, dx := g.param("x")
		n := x.Value().Dim(-1)
		g.loses(g.tp.Scale(g.tp.SquaredError(x, g.floats("target")), 1/float32(n)), dx)
	},
	"embedding": func(g *golden) {
		w, dw := g.param("w")
		g.is(g.tp.Embedding(w, g.ints("ids")), dw)
	},
	"attention": (*golden).attention,
	"adamw":     (*golden).adamW,
}

func (g *golden) unary(op compute.UnaryOp) {
	g.Helper()
	x, dx := g.param("x")
	g.is(g.tp.Unary(op, x), dx)
}

func (g *golden) divergence(op compute.DivergenceOp) {
	g.Helper()
	x, dx := g.param("student")
	g.loses(g.tp.Divergence(op, x, g.floats("teacher"), g.want("temperature")[0]), dx)
}

// attention has queries, keys and values [b,h,t,d] apart in the file; ours are
// side by side, [b,t,3hd], and so is the result.
func (g *golden) attention() {
	var parts []*Var
	var checks []func()
	s := g.view("q").Shape
	for _, name := range []string{"q", "k", "v"} {
		x, check := g.param(name)
		parts = append(parts, g.tp.Reshape(g.tp.Permute(x, 0, 2, 1, 3), s[0], s[2], s[1]*s[3]))
		checks = append(checks, check)
	}
	y := g.tp.Attention(g.tp.Concat(2, parts...), s[1], true)
	g.is(g.tp.Permute(g.tp.Reshape(y, s[0], s[2], s[1], s[3]), 0, 2, 1, 3), checks...)
}

// adamW is no operation of the tape, but the file has it.
func (g *golden) adamW() {
	b := g.tp.Backend()
	w, grads, want := g.floats("w0"), g.floats("gradients"), g.want("w")
	n := w.Len()
	m, v := tensor(g.T, g.d, make([]float32, n), n), tensor(g.T, g.d, make([]float32, n), n)
	for step := range grads.Dim(0) {
		b.AdamW(w, m, v, grads.Rows(step, step+1).View(n), compute.AdamWOptions{
			LR: 0.01, Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, WeightDecay: 0.1, Step: step + 1,
		})
		near(g.T, "weights", numbers(g.T, w), want[step*n:(step+1)*n], goldenTolerance)
	}
}

// TestGolden runs every case of the file at every level.
func TestGolden(t *testing.T) {
	file, err := safetensors.Open("../testdata/golden/ops.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	var cases []string
	for _, name := range file.Names() {
		parts := strings.Split(name, "/")
		cases = append(cases, parts[0]+"/"+parts[1])
	}
	slices.Sort(cases)
	cases = slices.Compact(cases)
	if len(cases) < 60 {
		t.Fatalf("%d cases in the file", len(cases))
	}
	for _, level := range compute.CPULevels() {
		t.Run(level, func(t *testing.T) {
			d := open(t, "cpu/"+level, compute.Options{Threads: 2})
			for _, name := range cases {
				t.Run(name, func(t *testing.T) {
					tp := New(d.Backend(context.Background()))
					t.Cleanup(tp.Close)
					op, _, _ := strings.Cut(name, "/")
					run := goldenOps[op]
					if run == nil {
						t.Fatalf("no operation %s", op)
					}
					run(&golden{T: t, d: d, tp: tp, file: file, name: name})
				})
			}
		})
	}
}
