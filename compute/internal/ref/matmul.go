package ref

import "github.com/chimera-1/chimera/compute/internal/kernel"

// MatMul is the m-by-n product of a, which is m by k (k by m if transA), and b,
// which is k by n (n by k if transB).
func MatMul(a, b []float64, m, n, k int, transA, transB bool) []float64 {
	c := make([]float64, m*n)
	for i := range m {
		for j := range n {
			sum := 0.0
			for l := range k {
				sum += at(a, i, l, m, k, transA) * at(b, l, j, k, n, transB)
			}
			c[i*n+j] = sum
		}
	}
	return c
}

// at is element (i, j) of a rows-by-cols matrix that may be stored transposed.
func at(a []float64, i, j, rows, cols int, trans bool) float64 {
	if trans {
		return a[j*rows+i]
	}
	return a[i*cols+j]
}

// MatMulGrad is dA = dC B^T and dB = A^T dC, each in the layout of its operand.
func MatMulGrad(dc, a, b []float64, m, n, k int, transA, transB bool) (da, db []float64) {
	if transA {
		da = MatMul(b, dc, k, m, n, transB, true)
	} else {
		da = MatMul(dc, b, m, k, n, false, !transB)
	}
	if transB {
		db = MatMul(dc, a, n, k, m, true, transA)
	} else {
		db = MatMul(a, dc, k, n, m, !transA, false)
	}
	return da, db
}

// Transpose of the m-by-n matrix a.
func Transpose(a []float64, m, n int) []float64 {
	b := make([]float64, m*n)
	for i := range m {
		for j := range n {
			b[j*m+i] = a[i*n+j]
		}
	}
	return b
}

// Activate applies the activation of a matrix product.
func Activate(act kernel.Act, x []float64) []float64 {
	switch act {
	case kernel.ActReLU:
		return Unary(kernel.ReLU, x)
	case kernel.ActGELU:
		return Unary(kernel.GELU, x)
	case kernel.ActSiLU:
		return Unary(kernel.SiLU, x)
	case kernel.ActTanh:
		return Unary(kernel.Tanh, x)
	}
	return append([]float64(nil), x...)
}
