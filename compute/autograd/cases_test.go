package autograd

import (
	"fmt"

	"github.com/chimera-1/chimera/compute"
)

// A testCase is an operation on operands of given shapes.
type testCase struct {
	name   string
	shapes [][]int
	in     domain // nil: anywhere
	f      func(t *Tape, c consts, v []*Var) *Var
}

// consts makes tensors that are no variables.
type consts struct {
	floats func(seed uint64, in domain, shape ...int) *compute.Tensor
	ints   func(x []int32, shape ...int) *compute.Tensor
	bytes  func(x []uint8, shape ...int) *compute.Tensor
}

func shapes(s ...[]int) [][]int { return s }

// of is a case whose operation needs nothing but its operands.
func of(name string, s [][]int, f func(t *Tape, v []*Var) *Var) testCase {
	return testCase{name: name, shapes: s, f: func(t *Tape, _ consts, v []*Var) *Var { return f(t, v) }}
}

// testCases are all operations of the tape, with operands of all kinds.
func testCases() []testCase {
	var all []testCase
	for _, list := range [][]testCase{unaryCases(), binaryCases(), repeatedCases(), linearCases(), rowCases(), shapeCases(), lossCases()} {
		all = append(all, list...)
	}
	return all
}

func unaryCases() []testCase {
	names := []string{"neg", "abs", "square", "sqrt", "reciprocal", "exp", "log", "tanh", "sigmoid", "softplus", "relu", "gelu", "silu"}
	domains := map[string]domain{"abs": away, "relu": away, "reciprocal": away, "sqrt": positive, "log": positive}
	var cases []testCase
	for i, name := range names {
		c := of(name, shapes([]int{3, 7}), func(t *Tape, v []*Var) *Var { return t.Unary(compute.Neg+compute.UnaryOp(i), v[0]) })
		c.in = domains[name]
		cases = append(cases, c)
	}
	cases = append(cases,
		of("scale", shapes([]int{5}), func(t *Tape, v []*Var) *Var { return t.Scale(v[0], -1.5) }),
		of("dropout", shapes([]int{4, 9}), func(t *Tape, v []*Var) *Var {
			return t.Dropout(v[0], 0.4, compute.Random{Seed: 3, Counter: 5, Offset: 2})
		}),
		of("dropout 0", shapes([]int{3}), func(t *Tape, v []*Var) *Var { return t.Dropout(v[0], 0, compute.Random{}) }),
	)
	return cases
}

type binary struct {
	name string
	f    func(t *Tape, a, b *Var) *Var
}

func binaries() []binary {
	return []binary{{"add", (*Tape).Add}, {"sub", (*Tape).Sub}, {"mul", (*Tape).Mul}, {"div", (*Tape).Div}}
}

func binaryCases() []testCase {
	var cases []testCase
	for _, op := range binaries() {
		for _, s := range [][][]int{
			{{3, 5}, {3, 5}},
			{{2, 3, 4}, {4}},
			{{2, 3, 4}, {3, 4}},
			{{2, 3, 4}, {2, 3, 1}},
			{{2, 3}, {}},
			{{2, 3}, {1}},
			{{3, 1}, {1, 1}},
			{{1, 4}, {1, 1}},
			{{5}, {5}},
			{{}, {}},
			{{3, 1}, {3, 1}},
			{{3, 40}, {40}},
		} {
			c := of(fmt.Sprint(op.name, s), s, func(t *Tape, v []*Var) *Var { return op.f(t, v[0], v[1]) })
			c.in = away
			cases = append(cases, c)
		}
	}
	return cases
}

// repeatedCases have one variable as two operands.
func repeatedCases() []testCase {
	var cases []testCase
	for _, op := range binaries() {
		c := of(op.name+" of itself", shapes([]int{3, 4}), func(t *Tape, v []*Var) *Var { return op.f(t, v[0], v[0]) })
		c.in = away
		cases = append(cases, c)
	}
	return append(cases,
		of("matmul of itself", shapes([]int{4, 4}), func(t *Tape, v []*Var) *Var { return t.MatMul(v[0], v[0]) }),
		of("batched matmul of itself", shapes([]int{2, 3, 3}), func(t *Tape, v []*Var) *Var { return t.MatMul(v[0], v[0]) }),
		of("concat of itself", shapes([]int{2, 3}), func(t *Tape, v []*Var) *Var { return t.Concat(1, v[0], v[0], v[0]) }),
		of("norm scaled and shifted by one", shapes([]int{3, 6}, []int{6}), func(t *Tape, v []*Var) *Var {
			return t.LayerNorm(v[0], v[1], v[1], 1e-3)
		}),
		of("norm of its scale", shapes([]int{6}), func(t *Tape, v []*Var) *Var { return t.RMSNorm(v[0], v[0], 1e-3) }),
		of("diamond", shapes([]int{3, 4}), func(t *Tape, v []*Var) *Var {
			x := t.Unary(compute.Tanh, v[0])
			return t.Add(t.Mul(x, t.Unary(compute.Exp, x)), t.Reshape(x, 3, 4))
		}),
	)
}

func linearCases() []testCase {
	ids := []int32{0, 4, 4, 1, 4, 0} // row 2 and 3 are not used
	embedding := testCase{name: "embedding", shapes: shapes([]int{5, 3}), f: func(t *Tape, c consts, v []*Var) *Var {
		return t.Embedding(v[0], c.ints(ids, 2, 3))
	}}
	return []testCase{
		of("matmul", shapes([]int{3, 5}, []int{5, 4}), func(t *Tape, v []*Var) *Var { return t.MatMul(v[0], v[1]) }),
		of("matmul of 1", shapes([]int{1, 1}, []int{1, 1}), func(t *Tape, v []*Var) *Var { return t.MatMul(v[0], v[1]) }),
		of("matmul of rows", shapes([]int{2, 3, 5}, []int{5, 4}), func(t *Tape, v []*Var) *Var { return t.MatMul(v[0], v[1]) }),
		of("matmul batched", shapes([]int{3, 2, 5}, []int{3, 5, 4}), func(t *Tape, v []*Var) *Var { return t.MatMul(v[0], v[1]) }),
		of("matmul batched twice", shapes([]int{2, 2, 3, 4}, []int{2, 2, 4, 3}), func(t *Tape, v []*Var) *Var { return t.MatMul(v[0], v[1]) }),
		of("matmul wide", shapes([]int{19, 35}, []int{35, 33}), func(t *Tape, v []*Var) *Var { return t.MatMul(v[0], v[1]) }),
		of("linear", shapes([]int{3, 5}, []int{5, 4}, []int{4}), func(t *Tape, v []*Var) *Var { return t.Linear(v[0], v[1], v[2]) }),
		of("linear of rows", shapes([]int{2, 3, 5}, []int{5, 4}, []int{4}), func(t *Tape, v []*Var) *Var { return t.Linear(v[0], v[1], v[2]) }),
		of("linear without bias", shapes([]int{3, 5}, []int{5, 4}), func(t *Tape, v []*Var) *Var { return t.Linear(v[0], v[1], nil) }),
		embedding,
		of("attention", shapes([]int{2, 5, 24}), func(t *Tape, v []*Var) *Var { return t.Attention(v[0], 2, true) }),
		of("attention both ways", shapes([]int{1, 4, 9}), func(t *Tape, v []*Var) *Var { return t.Attention(v[0], 1, false) }),
		of("attention of one", shapes([]int{3, 1, 6}), func(t *Tape, v []*Var) *Var { return t.Attention(v[0], 2, true) }),
	}
}

func rowCases() []testCase {
	mask := []uint8{1, 0, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1} // the second row is left out whole
	masked := testCase{name: "softmax masked", shapes: shapes([]int{3, 4}), f: func(t *Tape, c consts, v []*Var) *Var {
		return t.Softmax(v[0], c.bytes(mask, 3, 4))
	}}
	// What is left out is -Inf, which no weight makes a number: only the rest is compared.
	rest := []uint8{1, 1, 1, 0, 1, 1, 1, 0}
	logMasked := testCase{name: "log softmax masked", shapes: shapes([]int{2, 4}), f: func(t *Tape, c consts, v []*Var) *Var {
		return t.Slice(t.LogSoftmax(v[0], c.bytes(rest, 2, 4)), 1, 0, 3)
	}}
	return []testCase{
		of("softmax", shapes([]int{3, 7}), func(t *Tape, v []*Var) *Var { return t.Softmax(v[0], nil) }),
		of("softmax of a vector", shapes([]int{7}), func(t *Tape, v []*Var) *Var { return t.Softmax(v[0], nil) }),
		masked,
		of("log softmax", shapes([]int{2, 2, 5}), func(t *Tape, v []*Var) *Var { return t.LogSoftmax(v[0], nil) }),
		logMasked,
		of("layer norm", shapes([]int{3, 6}, []int{6}, []int{6}), func(t *Tape, v []*Var) *Var { return t.LayerNorm(v[0], v[1], v[2], 1e-3) }),
		of("layer norm of three axes", shapes([]int{2, 2, 9}, []int{9}, []int{9}), func(t *Tape, v []*Var) *Var {
			return t.LayerNorm(v[0], v[1], v[2], 1e-3)
		}),
		of("rms norm", shapes([]int{3, 6}, []int{6}), func(t *Tape, v []*Var) *Var { return t.RMSNorm(v[0], v[1], 1e-3) }),
	}
}

func shapeCases() []testCase {
	return []testCase{
		of("reshape", shapes([]int{2, 6}), func(t *Tape, v []*Var) *Var { return t.Reshape(v[0], 3, 2, 2) }),
		of("permute", shapes([]int{2, 3, 4}), func(t *Tape, v []*Var) *Var { return t.Permute(v[0], 2, 0, 1) }),
		of("permute by nothing", shapes([]int{2, 3}), func(t *Tape, v []*Var) *Var { return t.Permute(v[0], 0, 1) }),
		of("slice rows", shapes([]int{5, 3}), func(t *Tape, v []*Var) *Var { return t.Slice(v[0], 0, 1, 3) }),
		of("slice within", shapes([]int{2, 5, 3}), func(t *Tape, v []*Var) *Var { return t.Slice(v[0], 1, 2, 2) }),
		of("slice columns", shapes([]int{2, 5}), func(t *Tape, v []*Var) *Var { return t.Slice(v[0], -1, 4, 1) }),
		of("slices that overlap", shapes([]int{5, 2}), func(t *Tape, v []*Var) *Var {
			return t.Mul(t.Slice(v[0], 0, 0, 4), t.Slice(v[0], 0, 1, 4))
		}),
		of("concat rows", shapes([]int{2, 3}, []int{1, 3}), func(t *Tape, v []*Var) *Var { return t.Concat(0, v...) }),
		of("concat within", shapes([]int{2, 1, 3}, []int{2, 2, 3}, []int{2, 3, 3}), func(t *Tape, v []*Var) *Var { return t.Concat(1, v...) }),
		of("concat columns", shapes([]int{2, 3}, []int{2, 2}), func(t *Tape, v []*Var) *Var { return t.Concat(-1, v...) }),
		of("sum", shapes([]int{3, 5}), func(t *Tape, v []*Var) *Var { return t.Sum(v[0]) }),
		of("sum of a vector", shapes([]int{5}), func(t *Tape, v []*Var) *Var { return t.Sum(v[0]) }),
		of("mean", shapes([]int{2, 3, 4}), func(t *Tape, v []*Var) *Var { return t.Mean(v[0]) }),
		of("mean of one", shapes([]int{}), func(t *Tape, v []*Var) *Var { return t.Mean(v[0]) }),
	}
}

func lossCases() []testCase {
	cases := []testCase{
		{name: "cross entropy", shapes: shapes([]int{4, 5}), f: func(t *Tape, c consts, v []*Var) *Var {
			return t.CrossEntropy(v[0], c.ints([]int32{2, -1, 0, 4}, 4), -1)
		}},
		{name: "cross entropy of three axes", shapes: shapes([]int{2, 2, 3}), f: func(t *Tape, c consts, v []*Var) *Var {
			return t.CrossEntropy(v[0], c.ints([]int32{2, 1, 0, 2}, 2, 2), -1)
		}},
		{name: "soft cross entropy", shapes: shapes([]int{3, 4}), f: func(t *Tape, c consts, v []*Var) *Var {
			return t.SoftCrossEntropy(v[0], c.floats(1, positive, 3, 4))
		}},
		{name: "squared error", shapes: shapes([]int{3, 4}), f: func(t *Tape, c consts, v []*Var) *Var {
			return t.SquaredError(v[0], c.floats(2, anywhere, 3, 4))
		}},
		{name: "squared error of a vector", shapes: shapes([]int{4}), f: func(t *Tape, c consts, v []*Var) *Var {
			return t.SquaredError(v[0], c.floats(2, anywhere, 4))
		}},
	}
	for i, name := range []string{"forward KL", "reverse KL", "Jensen-Shannon"} {
		op := compute.ForwardKL + compute.DivergenceOp(i)
		cases = append(cases, testCase{name: name, shapes: shapes([]int{3, 5}), f: func(t *Tape, c consts, v []*Var) *Var {
			return t.Divergence(op, v[0], c.floats(3, anywhere, 3, 5), 1.5)
		}})
	}
	return cases
}
