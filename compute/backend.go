package compute

import "github.com/chimera-1/chimera/compute/internal/kernel"

// Act is what a product applies to its results.
type Act = kernel.Act

// The activations.
const (
	NoAct   = kernel.ActNone
	ReLUAct = kernel.ActReLU
	GELUAct = kernel.ActGELU
	SiLUAct = kernel.ActSiLU
	TanhAct = kernel.ActTanh
)

// UnaryOp is a function of one variable.
type UnaryOp = kernel.UnaryOp

// The functions of one variable. Errors against float64 are below 2 units in the
// last place of float32 (Exp, Log, Tanh, Sigmoid) or 1e-6 relative; GELU is the
// form with tanh (Hendrycks and Gimpel 2016).
const (
	Neg        = kernel.Neg
	Abs        = kernel.Abs
	Square     = kernel.Square
	Sqrt       = kernel.Sqrt
	Reciprocal = kernel.Reciprocal
	Exp        = kernel.Exp
	Log        = kernel.Log
	Tanh       = kernel.Tanh
	Sigmoid    = kernel.Sigmoid
	Softplus   = kernel.Softplus
	ReLU       = kernel.ReLU
	GELU       = kernel.GELU
	SiLU       = kernel.SiLU
)

// BinaryOp is a function of two variables.
type BinaryOp = kernel.BinaryOp

// The functions of two variables. Max and Min are NaN if an operand is.
const (
	Add = kernel.Add
	Sub = kernel.Sub
	Mul = kernel.Mul
	Div = kernel.Div
	Max = kernel.Max
	Min = kernel.Min
)

// ReduceOp is a reduction along an axis.
type ReduceOp uint8

// The reductions. Max of nothing is -Inf, Min of nothing +Inf, Mean NaN.
const (
	ReduceSum ReduceOp = iota
	ReduceMean
	ReduceMax
	ReduceMin
	ReduceSumSquares
)

// DivergenceOp is a divergence between two distributions.
type DivergenceOp = kernel.DivergenceOp

// The divergences, of a teacher's p and a student's q.
const (
	ForwardKL     = kernel.ForwardKL     // KL(p||q)
	ReverseKL     = kernel.ReverseKL     // KL(q||p)
	JensenShannon = kernel.JensenShannon // (KL(p||m)+KL(q||m))/2, m = (p+q)/2
)

// A Backend runs operations on the tensors of one device, in the order of the
// calls. It belongs to one goroutine; take another Backend of the device for
// another.
//
// Results come first in the list of arguments, as in Go's copy. They must exist
// and have the right shape, and are overwritten unless said otherwise. A result
// may be the same tensor as an operand of equal shape where "in place" is said;
// any other overlap gives undefined numbers. No operation allocates.
//
// Mistakes of the program panic with a [ShapeError]. Failures of the world, the
// device's and the end of the context, stick: later operations do nothing and
// [Backend].Err tells the first failure, so that it need not be asked after every
// line. What operations wrote after a failure is undefined.
//
// Numbers are float32 unless said otherwise. In comments, chain(...) is a sum in
// ascending order, each step one fused multiply-add; sum, mean and dot use the 32
// strided partial sums of package internal/exact. With these orders the comments
// define every bit in [Exact] mode. NaN and Inf go through operations as through
// the arithmetic of the comments, which is IEEE 754; exceptions are said.
type Backend interface {
	// Device is the device the backend works on.
	Device() *Device
	// Err is the first failure, nil if there was none. It does not wait.
	Err() error
	// Wait returns when all operations are done, with Err.
	Wait() error

	Moves
	Products
	Elementwise
	Reductions
	Normalisers
	Attention
	Losses
	Training
	Statistics
}

// Moves copy and rearrange elements of any type and change none.
type Moves interface {
	// Copy copies src to dst of the same length. Between float32 and bfloat16 it
	// converts: to nearest with ties to even, or exactly.
	Copy(dst, src *Tensor)
	// Fill sets every element to v, converted to the element type.
	Fill(dst *Tensor, v float64)
	// Permute transposes: axis i of dst is axis axes[i] of x. Four-byte elements,
	// at most 6 axes.
	Permute(dst, x *Tensor, axes []int)
	// Slice copies the part of x that begins at start on the axis and is as long
	// there as dst: dst[..,i,..] = x[..,start+i,..]. Four-byte elements.
	Slice(dst, x *Tensor, axis, start int)
	// Paste is the reverse: dst[..,start+i,..] = x[..,i,..], or += with add
	// (float32). The rest of dst stays.
	Paste(dst, x *Tensor, axis, start int, add bool)
	// Gather looks rows up: dst[i,:] = table[idx[i],:]; dst is idx's shape and the
	// row's length. An index outside the table panics on a host device and is a
	// failure on others. Embedding lookup.
	Gather(dst, table, idx *Tensor)
	// ScatterAdd adds rows: table[idx[i],:] += x[i,:], in ascending order of i.
	// The gradient of Gather.
	ScatterAdd(table, idx, x *Tensor)
}

// MatMulOptions say what a product does beside multiplying.
type MatMulOptions struct {
	TransA     bool    // a is stored transposed
	TransB     bool    // b is stored transposed; not with a packed b
	Accumulate bool    // add to dst: the chain begins with its elements
	Bias       *Tensor // added to every row, after the chain; nil for none
	Act        Act     // applied last
}

// Products are matrix products.
type Products interface {
	// MatMul is the matrix product over the last two axes:
	//
	//	dst[i,j] = act(chain(dst[i,j] or 0, a[i,l]*b[l,j]) + bias[j])
	//
	// with a [..,m,k] or transposed [..,k,m], b [k,n], transposed [n,k], packed, or
	// batched [..,k,n] with the leading axes of a, and dst [..,m,n]. With b of two
	// axes and no TransA the leading axes of a count as rows. A bfloat16 packed b
	// needs [Fast]: a is rounded to bfloat16 too, products are exact and sums
	// float32 in any order; relative error (Frobenius) to the exact product of
	// the rounded operands below 1e-5*sqrt(k).
	MatMul(dst, a, b *Tensor, o MatMulOptions)
	// Pack lays w [k,n], or with trans [n,k], out as the right operand of products
	// in dst, made by [Device.NewPacked], and rounds to its type. Products with a
	// packed operand skip this step, which costs as much as some 30 rows of a.
	Pack(dst, w *Tensor, trans bool)
}

// Elementwise are functions of elements, in place or not.
type Elementwise interface {
	// Unary: dst = op(x).
	Unary(op UnaryOp, dst, x *Tensor)
	// UnaryGrad: dx = dy * op'(x), where y = op(x). ReLU has derivative 0 at 0, Abs
	// too. Operands an op's derivative does not use may be nil: y but for Sqrt,
	// Reciprocal, Exp, Tanh and Sigmoid; x for these.
	UnaryGrad(op UnaryOp, dx, dy, x, y *Tensor)
	// Binary: dst = op(a, b). b has a's shape, or is repeated along a: a shape that
	// a's ends with, or a's with last axis 1, or one element.
	Binary(op BinaryOp, dst, a, b *Tensor)
	// BinaryScalar: dst = op(a, b).
	BinaryScalar(op BinaryOp, dst, a *Tensor, b float32)
	// AXPBY: dst = fma(alpha, x, beta*y). Averages of weights, residuals, updates.
	AXPBY(dst *Tensor, alpha float32, x *Tensor, beta float32, y *Tensor)
	// Where: dst = a where cond (uint8) is not 0, else b.
	Where(dst, cond, a, b *Tensor)
	// Dropout: dst = x/(1-p) with probability 1-p, else 0; p from 0 up to 1. Element i takes word
	// i%4 of the Philox block of counter {i/4 + r.Offset, r.Counter} under r.Seed,
	// so that the gradient is the same call on the gradient.
	Dropout(dst, x *Tensor, p float32, r Random)
}

// Random names a stream of random numbers: Philox4x32-10 (Salmon et al. 2011)
// under a key. The numbers depend on these fields and the position alone, not on
// what was drawn before, by whom or where.
type Random struct {
	Seed    uint64
	Counter uint64 // names the stream: a step, a layer
	Offset  uint64 // blocks of four words to skip
}

// Reductions are sums and searches.
type Reductions interface {
	// Reduce reduces an axis: dst has x's shape without it, or with length 1.
	// Mean is the sum divided by the length. Max is NaN if an element is.
	Reduce(op ReduceOp, dst, x *Tensor, axis int)
	// ArgMax: dst (int32) is the index of the greatest element of each row, the
	// least of equals. NaN is less than every number.
	ArgMax(dst, x *Tensor)
	// TopK: the k greatest elements of each row in descending order, equals by
	// ascending index, NaN last; k is the last axis of values and idx (int32).
	TopK(values, idx, x *Tensor)
}

// Normalisers turn each row (the last axis) into a row.
type Normalisers interface {
	// Softmax: dst = exp(x-max(x)) / sum(exp(x-max(x))). mask (uint8, of x's shape;
	// nil for none) leaves out where it is 0: the result is 0 there, and 0
	// everywhere in a row that is left out whole. A row with NaN in it, or whose
	// maximum is infinite, is NaN. In place.
	Softmax(dst, x, mask *Tensor)
	// LogSoftmax: dst = (x-max(x)) - log(sum(exp(x-max(x)))); left out: -Inf. In place.
	LogSoftmax(dst, x, mask *Tensor)
	// SoftmaxGrad: dx = y*(dy-dot(dy,y)), y = Softmax(x). In place.
	SoftmaxGrad(dx, dy, y *Tensor)
	// LogSoftmaxGrad: dx = dy - exp(y)*sum(dy), y = LogSoftmax(x); 0 where left
	// out. In place.
	LogSoftmaxGrad(dx, dy, y *Tensor)
	// LayerNorm: dst = (x-mean(x))*rstd*gamma + beta, rstd = 1/sqrt(var(x)+eps) with
	// the variance divided by n. mean and rstd have one element a row. Ba, Kiros
	// and Hinton 2016. In place.
	LayerNorm(dst, mean, rstd, x, gamma, beta *Tensor, eps float32)
	// LayerNormGrad: dx is overwritten, dgamma and dbeta are overwritten. A nil
	// dx, or nil dgamma and dbeta, is left out.
	LayerNormGrad(dx, dgamma, dbeta, dy, x, mean, rstd, gamma *Tensor)
	// RMSNorm: dst = x*rrms*gamma, rrms = 1/sqrt(mean(x^2)+eps), one element a row.
	// Zhang and Sennrich 2019. In place.
	RMSNorm(dst, rrms, x, gamma *Tensor, eps float32)
	// RMSNormGrad as LayerNormGrad.
	RMSNormGrad(dx, dgamma, dy, x, rrms, gamma *Tensor)
}

// Attention is multi-head scaled dot product attention, Vaswani et al. 2017:
// heads are equal parts of the columns, scores are divided by the square root of
// a head's width. A head of one sequence is the least part of the work, between
// which the context is looked at: some milliseconds for a thousand positions,
// but with the kernels cpu/purego half a second.
type Attention interface {
	// Attention over whole sequences: qkv is [b,t,3c], queries, keys and values side
	// by side; out is [b,t,c]; lse is [b,heads,t], the logarithm of the sum of the
	// exponentials of the scores, for AttentionGrad. With causal position i sees
	// positions up to i, and nothing of later ones, NaN included.
	Attention(out, lse, qkv *Tensor, heads int, causal bool)
	// AttentionGrad overwrites dqkv.
	AttentionGrad(dqkv, dout, out, lse, qkv *Tensor, heads int, causal bool)
	// CacheAppend writes the keys and values of qkv [b,3c] as position pos[i] of
	// sequence i into the caches [b,heads,t,c/heads], float32 or bfloat16.
	// pos is int32 [b]; a position outside the cache panics on a host device and is
	// a failure on others.
	CacheAppend(keys, values, qkv, pos *Tensor)
	// DecodeAttention is attention of one query a sequence, qkv [b,3c], over the
	// cached positions 0 to pos[i], which CacheAppend wrote; out is [b,c].
	DecodeAttention(out, qkv, keys, values, pos *Tensor)
}

// Losses compute one loss a row (the last axis) and, unless dx is nil, the
// gradient with respect to x times scale; with scale = 1/rows that of the mean.
// Losses are in nats and not scaled.
type Losses interface {
	// CrossEntropy of logits x and target indices (int32, one a row):
	// loss = log(sum(exp(x))) - x[target]. Rows whose target is ignore count as 0
	// with no gradient. dx may be x.
	CrossEntropy(loss, dx, x, target *Tensor, ignore int, scale float32)
	// SoftCrossEntropy of logits x and rows of target weights w:
	// loss = sum(w*(log(sum(exp(x)))-x)). The weights need not add up to 1.
	SoftCrossEntropy(loss, dx, x, w *Tensor, scale float32)
	// Divergence between the softmax of the student's logits x and of the
	// teacher's y, both divided by temperature first. The gradient is that of the
	// divergence, not multiplied by temperature^2 (Hinton et al. 2015 do: put it into scale).
	Divergence(op DivergenceOp, loss, dx, x, y *Tensor, temperature, scale float32)
	// SquaredError: loss = sum((x-y)^2) of the row, dx = 2*(x-y)*scale.
	SquaredError(loss, dx, x, y *Tensor, scale float32)
	// TwoHot writes each value as weights of the two bins beside it: dst [..,n] for
	// bins [n] in ascending order, values clamped to their range; the weights add
	// up to 1 and the weighted bins to the value. NaN gives a row of NaN.
	TwoHot(dst, values, bins *Tensor)
}

// AdamWOptions are the constants of AdamW, Loshchilov and Hutter 2019.
type AdamWOptions struct {
	LR, Beta1, Beta2, Eps, WeightDecay float32
	// Step counts from 1.
	Step int
	// GradScale multiplies the gradients first: 1, or less to clip. Zero means 1.
	GradScale float32
}

// Training is what an optimiser needs, and sampling.
type Training interface {
	// AdamW updates the weights p and moments m and v by the gradients g:
	//
	//	g *= GradScale; m = Beta1*m + (1-Beta1)*g; v = Beta2*v + (1-Beta2)*g*g
	//	u = (m/(1-Beta1^Step)) / (sqrt(v/(1-Beta2^Step)) + Eps)
	//	p -= LR*(u + WeightDecay*p)
	AdamW(p, m, v, g *Tensor, o AdamWOptions)
	// GlobalNorm is the square root of the sum of the squares of all elements, in
	// float64; it waits for the device. 0 after a failure.
	GlobalNorm(xs []*Tensor) float64
	// Sample draws a token of each row of logits by the Gumbel-max trick:
	// tokens[i] (int32) = argmax(x/temperature + Gumbel noise). Row i takes the words of the
	// Philox blocks of counter {IDs[i], Steps[i], j/4}, so that a draw depends on
	// its sequence and step alone.
	Sample(tokens, x *Tensor, o SampleOptions)
}

// SampleOptions say how tokens are drawn.
type SampleOptions struct {
	Temperature float32 // 0: the greatest logit, without noise
	TopK        int     // only the k greatest logits; 0: all. Equals of the k-th stay in
	Seed        uint64
	IDs         []uint64 // a number for each row's sequence
	Steps       []uint32 // the step of each row
}

// Statistics work in float64.
type Statistics interface {
	// Gram: dst [n,n] (float64) = x^T x, or += with add, of x [m,n], summed over
	// ascending rows.
	Gram(dst, x *Tensor, add bool)
	// Covariance: mean [n] and cov [n,n] (float64) of the rows of x [m,n], divided
	// by m-1 (NaN for m < 2). The rows are centred on their rounded mean first.
	Covariance(mean, cov, x *Tensor)
	// Eigh: eigenvalues [n], descending, and eigenvectors, the columns of vectors
	// [n,n], of the symmetric a [n,n]; all float64. The component of a vector that
	// is greatest in magnitude, the first of equals, is positive. A NaN or Inf in a is a failure.
	Eigh(values, vectors, a *Tensor)
	// SVD: a [m,n] = u diag(s) v^T with u [m,r], s [r] descending, v [n,r],
	// r = min(m,n); all float64. Signs as in Eigh, by u's columns.
	SVD(u, s, v, a *Tensor)
	// KMeansAssign: for each row of x [m,n] the nearest (squared Euclidean) of the
	// centroids [k,n], the least index of equals, in idx (int32 [m]), and the
	// distance in dist [m].
	KMeansAssign(idx, dist, x, centroids *Tensor)
	// MinHash: signatures [docs,112] (uint32) and shingle counts [docs] (int32) of
	// texts, text i being data[offsets[i]:offsets[i+1]] (uint8, int32 [docs+1]),
	// see [MinHasher]. The signature of a text without words is all ones.
	MinHash(signatures, counts, data, offsets *Tensor, seed uint64)
}
