package pure

// operands are those of a product of width columns, with strides in bytes.
type operands struct {
	c      *float32
	ldc    int
	a      *float32
	rs, ks int
	b      *float32
	ldb    int
	k      int
	add    int // 1: begin with the numbers of c
	rows   int // 12, 8, 4, 2, 1 for AVX-512; 6, 4, 2, 1 for AVX2
}

//go:noescape
func tileAVX512(o *operands)

//go:noescape
func tileAVX2(o *operands)

// most is the number of rows of the greatest tile.
const most = 12

// productAsm computes the product over as many rows of b, from the first on, as
// have a full panel of numbers before the end of b, and returns how many. Columns
// past n are computed and thrown away.
func (a arithmetic) productAsm(t *tile) int {
	k := t.k
	if (k-1)*t.ldb+width > len(t.b) {
		k = (len(t.b)-width)/t.ldb + 1
	}
	if k <= 0 || len(t.b) < width {
		return 0
	}
	o := operands{ldc: t.ldc * 4, rs: t.rs * 4, ks: t.ks * 4, b: &t.b[0], ldb: t.ldb * 4, k: k}
	if t.add {
		o.add = 1
	}
	_ = t.a[(t.m-1)*t.rs+(k-1)*t.ks] // the last number read
	for i := 0; i < t.m; i += o.rows {
		o.rows = a.tileRows(t.m - i)
		o.a = &t.a[i*t.rs]
		if t.n == width {
			_ = t.c[(i+o.rows-1)*t.ldc+width-1]
			o.c = &t.c[i*t.ldc]
			a.multiply(&o)
		} else {
			a.multiplyNarrow(o, t, i)
		}
	}
	return k
}

// tileRows is the number of rows of the next tile where n are left.
func (a arithmetic) tileRows(n int) int {
	switch {
	case n >= 12 && a == avx512:
		return 12
	case n >= 8 && a == avx512:
		return 8
	case n >= 6 && a == avx2:
		return 6
	case n >= 4:
		return 4
	case n >= 2:
		return 2
	}
	return 1
}

func (a arithmetic) multiply(o *operands) {
	if a == avx512 {
		tileAVX512(o)
	} else {
		tileAVX2(o)
	}
}

// multiplyNarrow multiplies by way of full rows on the stack.
func (a arithmetic) multiplyNarrow(o operands, t *tile, i int) {
	var full [most * width]float32
	if t.add {
		for r := range o.rows {
			copy(full[r*width:], t.c[(i+r)*t.ldc:][:t.n])
		}
	}
	o.c, o.ldc = &full[0], width*4
	a.multiply(&o)
	for r := range o.rows {
		copy(t.c[(i+r)*t.ldc:][:t.n], full[r*width:])
	}
}
