package kernel

// Set is one implementation of all kernels. It is composed of the families
// below, which tests also use alone.
type Set interface {
	// Name is the name of the implementation: "avx512", "avx2" or "c" (C);
	// "go-avx512" or "go-fma" (Go with hot loops in assembly, for AVX-512 and for
	// AVX2 with FMA); "purego" or, of Fast devices, "purego-fast" (Go alone).
	Name() string

	Products
	Elementwise
	Reductions
	Normalisers
	Attention
	Losses
	Training
	Sampling
}

// Act is what a matrix product applies to its results.
type Act int32

// The activations.
const (
	ActNone Act = iota
	ActReLU
	ActGELU
	ActSiLU
	ActTanh
)

// PanelWidth is the number of columns of a panel of a packed matrix.
const PanelWidth = 32

// Panels is the number of panels of a matrix of n columns.
func Panels(n int) int { return (n + PanelWidth - 1) / PanelWidth }

// PackedLen is the number of elements of a packed k-by-n matrix.
func PackedLen(k, n int) int { return Panels(n) * k * PanelWidth }

// Products are matrix products over packed right operands.
//
// A packed k-by-n matrix is Panels(n) panels one after another; panel p holds
// columns PanelWidth*p and on: for each row 0 <= l < k, PanelWidth numbers, those
// past column n zero. The layout is the same for every set.
type Products interface {
	// Pack packs panels p0 <= p < p1 of b into dst, the whole packed matrix.
	// b is k by n with leading dimension ldb, or with trans n by k.
	Pack(dst, b []float32, ldb, k, n int, trans bool, p0, p1 int)

	// PackBF16 does the same and rounds to bfloat16 (nearest, ties to even, NaN
	// stays NaN). Rows 2l and 2l+1 are interleaved: for each pair of rows,
	// PanelWidth pairs of numbers; for odd k the last row is paired with zeros,
	// so that the packed matrix has PackedLen(k+k%2, n) elements.
	PackBF16(dst []uint16, b []float32, ldb, k, n int, trans bool, p0, p1 int)

	// Gemm computes for rows i < m and the columns of panels p0 <= p < p1:
	//
	//	c[i*ldc+j] = act(chain(c0, a[i,l]*b[l,j] for l < k) + bias[j])
	//
	// where c0 is c[i*ldc+j] before the call if g.Accumulate, else +0; bias is
	// left out (not added as zero) if nil, and a[i,l] is a[i*lda+l], or a[l*lda+i]
	// with TransA. Small m is fast as well.
	Gemm(g *Gemm)

	// GemmBF16 is Gemm with g.BF16 as the right operand. Fast: the left operand is
	// rounded to bfloat16, products are exact and sums are float32 in an order of
	// the implementation's choice. Relative error to the product of the rounded
	// operands below 1e-5*sqrt(k) in the Frobenius norm.
	GemmBF16(g *Gemm)
}

// Gemm is the arguments of a matrix product.
type Gemm struct {
	C    []float32
	LDC  int
	A    []float32
	LDA  int
	B    []float32 // packed, for Gemm
	BF16 []uint16  // packed, for GemmBF16
	Bias []float32 // n, or nil

	M, N, K    int
	P0, P1     int // panels
	TransA     bool
	Accumulate bool
	Act        Act
}

// UnaryOp is a function of one variable; see package exact for those named there.
type UnaryOp int32

// The functions of one variable.
const (
	Neg UnaryOp = iota
	Abs
	Square
	Sqrt // correctly rounded; NaN below 0
	Reciprocal
	Exp
	Log
	Tanh
	Sigmoid
	Softplus
	ReLU // x if x > 0 or NaN, else +0
	GELU
	SiLU
)

// BinaryOp is a function of two variables.
type BinaryOp int32

// The functions of two variables.
const (
	Add BinaryOp = iota
	Sub
	Mul
	Div
	Max // NaN if either is, else a if a > b, else b
	Min // NaN if either is, else a if a < b, else b
)

// Elementwise are loops over elements. dst may be the same slice as an operand
// of the same length.
type Elementwise interface {
	// Unary: dst[i] = op(x[i]).
	Unary(op UnaryOp, dst, x []float32)
	// UnaryGrad: dx[i] = dy[i] * op'(x[i]), y = op(x) given:
	//
	//	Neg -1, Abs sign(x) (0 at 0, NaN of NaN), Square 2x, Sqrt 0.5/y, Reciprocal -y*y,
	//	Exp y, Log 1/x, Tanh fma(-y,y,1), Sigmoid y*(1-y), Softplus sigmoid(x),
	//	ReLU 1 if x > 0 or NaN else 0 (the result is then +0 whatever dy is),
	//	GELU and SiLU their Grad in package exact.
	//
	// The derivative is computed first and rounded, then multiplied by dy; Sqrt and
	// Log divide: 0.5/y, 1/x.
	UnaryGrad(op UnaryOp, dx, dy, x, y []float32)
	// Binary: dst[i] = op(a[i], b[i]).
	Binary(op BinaryOp, dst, a, b []float32)
	// BinaryRow: dst[i*n+j] = op(a[i*n+j], b[j]), n = len(b).
	BinaryRow(op BinaryOp, dst, a, b []float32)
	// BinaryCol: dst[i*n+j] = op(a[i*n+j], b[i]), n = len(a)/len(b).
	BinaryCol(op BinaryOp, dst, a, b []float32)
	// BinaryScalar: dst[i] = op(a[i], b).
	BinaryScalar(op BinaryOp, dst, a []float32, b float32)
	// AXPBY: dst[i] = fma(alpha, x[i], beta*y[i]).
	AXPBY(dst []float32, alpha float32, x []float32, beta float32, y []float32)
	// Where: dst[i] = a[i] if cond[i] != 0, else b[i].
	Where(dst []float32, cond []uint8, a, b []float32)
	// ToBF16 rounds to nearest, ties to even; a NaN becomes the quiet NaN 0x7fc0
	// with its sign.
	ToBF16(dst []uint16, x []float32)
	// FromBF16 is exact.
	FromBF16(dst []float32, x []uint16)
	// Dropout: word w of element i is word i%4 of Philox block base+i/4 (counter
	// {lo, hi of base+i/4, counter2, counter3}); dst[i] = x[i]*scale if
	// uniform(w) >= p, else +0.
	Dropout(dst, x []float32, p, scale float32, key [2]uint32, base uint64, counter2, counter3 uint32)
}

// ReduceOp is a reduction along an axis.
type ReduceOp int32

// The reductions.
const (
	ReduceSum        ReduceOp = iota // sum
	ReduceMax                        // max of package exact
	ReduceMin                        // -max(-x)
	ReduceSumSquares                 // dot(x, x)
)

// Reductions are sums and searches along rows and columns.
type Reductions interface {
	// RowReduce: dst[i] = op(x[i*n : i*n+n]).
	RowReduce(op ReduceOp, dst, x []float32, n int)
	// ColReduce: dst[j-j0] = op of x[i*n+j] over i < m in the order of package
	// exact, for columns j0 <= j < j1.
	ColReduce(op ReduceOp, dst, x []float32, m, n, j0, j1 int)
	// RowDot: dst[i] = dot(x[i*n:i*n+n], y[i*n:i*n+n]).
	RowDot(dst, x, y []float32, n int)
	// ArgMax: dst[i] = the least index of the greatest element of row i. NaN is
	// less than every number; a row of NaNs gives 0.
	ArgMax(dst []int32, x []float32, n int)
	// SumSquares64 is the float64 sum of the squares of at most 65536 numbers:
	// 8 partial sums over i%8 in ascending order, then those 4, 2, 1 apart added.
	SumSquares64(x []float32) float64
	// Gram adds to rows i0 <= i < i1 of the n-by-n float64 matrix dst:
	// dst[i*n+j] += x[r*n+i]*x[r*n+j] for r < m ascending, for j >= i only.
	// The products are exact in float64.
	Gram(dst []float64, x []float32, m, n, i0, i1 int)
	// NearestRow: for each row of x the least index of the centroid (k rows of n)
	// at the least squared distance, sum of (x-c)^2 in the order of package exact
	// (fma(d, d, partial), d = x-c), and the distance. NaN distances lose; if all
	// are NaN index 0 and NaN.
	NearestRow(idx []int32, dist, x, centroids []float32, k, n int)
}

// Normalisers turn rows into rows. dst may be x. mask, where not nil, has one
// byte an element of x (0: the element is left out).
type Normalisers interface {
	// Softmax: p[j] = exp(x[j]-max) , dst[j] = p[j]/sum(p), max and sum over the
	// elements that are in; those left out are +0, a row without any is all +0.
	// A row with NaN in it, or with +Inf as its maximum, is NaN where it is in. A
	// row whose maximum is -Inf (all in are -Inf) is NaN where it is in.
	Softmax(dst, x []float32, n int, mask []uint8)
	// LogSoftmax: dst[j] = (x[j]-max) - log(sum(exp(x-max))); left out: -Inf.
	// NaN as in Softmax.
	LogSoftmax(dst, x []float32, n int, mask []uint8)
	// SoftmaxGrad: dx[j] = y[j]*(dy[j]-dot(dy,y)), y the result of Softmax.
	SoftmaxGrad(dx, dy, y []float32, n int)
	// LogSoftmaxGrad: dx[j] = fma(-exp(y[j]), sum(dy), dy[j]), y the result of
	// LogSoftmax; +0 where y is -Inf.
	LogSoftmaxGrad(dx, dy, y []float32, n int)
	// LayerNorm: mean = sum(x)/n, var = dotself(x-mean)/n (dot of the differences
	// with themselves), rstd = 1/sqrt(var+eps), xhat = (x[j]-mean)*rstd,
	// dst[j] = fma(xhat, gamma[j], beta[j]). mean and rstd have one number a row.
	LayerNorm(dst, mean, rstd, x, gamma, beta []float32, n int, eps float32)
	// LayerNormGrad: g[j] = dy[j]*gamma[j], a = sum(g)/n, b = dot(g,xhat)/n,
	// dx[j] = (fma(-xhat, b, g[j]-a))*rstd, xhat = (x[j]-mean)*rstd.
	LayerNormGrad(dx, dy, x, mean, rstd, gamma []float32, n int)
	// LayerNormParamGrad: for columns j0 <= j < j1, over the m rows i in the order
	// of package exact: dgamma[j-j0] = dot over i of dy[i,j] and xhat[i,j],
	// dbeta[j-j0] = sum over i of dy[i,j].
	LayerNormParamGrad(dgamma, dbeta, dy, x, mean, rstd []float32, m, n, j0, j1 int)
	// RMSNorm: rrms = 1/sqrt(dot(x,x)/n+eps), dst[j] = (x[j]*rrms)*gamma[j].
	// Zhang and Sennrich 2019.
	RMSNorm(dst, rrms, x, gamma []float32, n int, eps float32)
	// RMSNormGrad: g[j] = dy[j]*gamma[j], xhat[j] = x[j]*rrms, b = dot(g,xhat)/n,
	// dx[j] = fma(-xhat[j], b, g[j])*rrms.
	RMSNormGrad(dx, dy, x, rrms, gamma []float32, n int)
	// RMSNormParamGrad: dgamma[j-j0] = dot over rows of dy[i,j] and x[i,j]*rrms[i].
	RMSNormParamGrad(dgamma, dy, x, rrms []float32, m, n, j0, j1 int)
}

// Head is one head of causal attention over t positions of width d: element
// (i, x) of q, k, v and their gradients is at i*LD+x, of the output and its
// gradient at i*LDO+x.
type Head struct {
	T, D, LD, LDO int
	Scale         float32
	Causal        bool      // position i sees j <= i; else all
	Scratch       []float32 // at least AttentionScratch(T, D)
}

// AttentionScratch is the length of the scratch of a [Head]: room for packed
// operands and a block of scores.
func AttentionScratch(t, d int) int {
	return 4*PackedLen(t, d) + 4*PackedLen(d, t) + 2*64*(t+PanelWidth) + 4096
}

// Attention is scaled dot product attention.
type Attention interface {
	// Attend: s[j] = chain(q[i,x]*k[j,x] for x < d)*scale for the positions seen,
	// m = max(s), p[j] = exp(s[j]-m), l = sum(p) (lane j%Lanes of position j),
	// out[i,x] = chain(p[j]*v[j,x] for j ascending)*(1/l), lse[i] = m + log(l).
	// What is not seen has no influence, NaN included.
	Attend(out, lse, q, k, v []float32, h *Head)
	// AttendGrad: e[i] = dot(dout[i], out[i]); p = exp(s-lse) ; dp = chain(dout[i,x]*
	// v[j,x]); ds = (p*(dp-e))*scale; dq[i] = chain(ds[i,j]*k[j] for j ascending);
	// dk[j] = chain(ds[i,j]*q[i] for i ascending); dv[j] = chain(p[i,j]*dout[i] for
	// i ascending). dq, dk and dv are overwritten.
	AttendGrad(dq, dk, dv, dout, out, lse, q, k, v []float32, h *Head)
	// Decode is one query over t cached positions of width d (contiguous rows):
	// s[j] = dot(q, k[j])*scale, m, p, l as above, out[x] =
	// chain(p[j]*v[j,x])*(1/l). scratch has at least t+Lanes numbers.
	Decode(out, q, k, v []float32, t, d int, scale float32, scratch []float32)
	// DecodeBF16 is Decode over bfloat16 caches, each number widened first.
	DecodeBF16(out, q []float32, k, v []uint16, t, d int, scale float32, scratch []float32)
}

// DivergenceOp is a divergence between the distributions of two rows of logits.
type DivergenceOp int32

// The divergences, p the teacher's and q the student's distribution.
const (
	ForwardKL     DivergenceOp = iota // sum p (log p - log q)
	ReverseKL                         // sum q (log q - log p)
	JensenShannon                     // (KL(p,m)+KL(q,m))/2, m = (p+q)/2
)

// Losses have one loss a row; gradients are with respect to the first operand,
// times scale, and are left out if nil. Losses are not scaled.
type Losses interface {
	// CrossEntropy: mx = max(x), l = sum(exp(x-mx)), loss = (log(l)+mx) - x[t],
	// dx[j] = (exp(x[j]-mx)/l - (1 if j == t else 0))*scale. Where target[i] ==
	// ignore loss and gradient are +0; other targets are below n.
	CrossEntropy(loss, dx, x []float32, target []int32, n int, ignore int32, scale float32)
	// SoftCrossEntropy: targets are rows of weights w (a distribution, not checked):
	// loss = sum over j of w[j]*((log(l)+mx)-x[j]) as dot; dx[j] =
	// fma(exp(x[j]-mx)/l, sum(w), -w[j])*scale.
	SoftCrossEntropy(loss, dx, x, w []float32, n int, scale float32)
	// Divergence over logits x of the student and y of the teacher, both times
	// invT (one over the temperature): lq, lp = log-softmax as in LogSoftmax of
	// the products, q = exp(lq), p = exp(lp). A term of a loss whose weight (p or q
	// before the bracket) is 0 is 0; where q is 0 the gradients of ReverseKL and
	// JensenShannon are +0 before invT and scale, whatever the bracket is.
	//
	//	ForwardKL:     loss = dot(p, lp-lq);  dx[j] = ((q-p)*invT)*scale
	//	ReverseKL:     loss = dot(q, lq-lp);  dx[j] = ((q*((lq-lp)-loss))*invT)*scale
	//	JensenShannon: m = 0.5*(p+q), lm = log(m); loss = 0.5*(dot(p,lp-lm)+dot(q,lq-lm));
	//	               dx[j] = (((0.5*q)*((lq-lm)-dot(q,lq-lm)))*invT)*scale
	Divergence(op DivergenceOp, loss, dx, x, y []float32, n int, invT, scale float32)
	// SquaredError: loss = dot(x-y, x-y) of the row; dx[j] = (2*(x[j]-y[j]))*scale.
	SquaredError(loss, dx, x, y []float32, n int, scale float32)
}

// AdamW is the constants of a step of AdamW, Loshchilov and Hutter 2019.
type AdamW struct {
	LR, Beta1, Beta2, Eps, WeightDecay float32
	// Correction1 and Correction2 are 1/(1-Beta^step).
	Correction1, Correction2 float32
	// GradScale multiplies gradients first (clipping, accumulation).
	GradScale float32
}

// Training are the loops of an optimiser.
type Training interface {
	// AdamW: g = grad*GradScale; m = fma(Beta1, m, (1-Beta1)*g);
	// v = fma(Beta2, v, ((1-Beta2)*g)*g); u = (m*Correction1)/(sqrt(v*Correction2)+Eps);
	// p = fma(-LR, fma(WeightDecay, p, u), p). 1-Beta is computed in float32.
	AdamW(p, m, v, grad []float32, a *AdamW)
}

// Sampling draws from rows of logits.
type Sampling interface {
	// GumbelMax: for row i, score[j] = fma(x[j], invT, gumbel(w[j])), w[j] word j%4
	// of the Philox block of counter {lo ids[i], hi ids[i], step[i], j/4} under
	// key; tokens[i] is the least index of the greatest score among those with
	// x[j] >= floor[i] (floor nil: all), NaN scores losing. invT 0 means the
	// greatest x itself without noise. A row without candidates, or whose
	// candidates all have NaN scores, gives 0.
	GumbelMax(tokens []int32, x []float32, n int, invT float32, floor []float32, key [2]uint32, ids []uint64, step []uint32)
}
