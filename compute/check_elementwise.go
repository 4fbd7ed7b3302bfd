package compute

// checkSame checks float32 operands of one shape.
func checkSame(op string, d *Device, ts ...*Tensor) {
	need(op, d, ts...)
	typed(op, F32, ts...)
	equal(op, ts[0], ts[1:]...)
}

func checkUnary(d *Device, op UnaryOp, dst, x *Tensor) {
	checkSame("Unary", d, dst, x)
	if op < Neg || op > SiLU {
		fail("Unary", "no function %d", op)
	}
}

// checkUnaryGrad returns x and y, each in place of the other if it may be nil.
func checkUnaryGrad(d *Device, op UnaryOp, dx, dy, x, y *Tensor) (_, _ *Tensor) {
	const name = "UnaryGrad"
	if op < Neg || op > SiLU {
		fail(name, "no function %d", op)
	}
	byResult := op == Sqrt || op == Reciprocal || op == Exp || op == Tanh || op == Sigmoid
	if byResult && x == nil {
		x = y
	}
	if !byResult && y == nil {
		y = x
	}
	checkSame(name, d, dx, dy, x, y)
	return x, y
}

func checkWhere(d *Device, dst, cond, a, b *Tensor) {
	checkSame("Where", d, dst, a, b)
	need("Where", d, cond)
	typed("Where", U8, cond)
	equal("Where", dst, cond)
}

func checkDropout(d *Device, dst, x *Tensor, p float32) {
	checkSame("Dropout", d, dst, x)
	if !(p >= 0 && p < 1) {
		fail("Dropout", "probability %g is not from 0 to below 1", p)
	}
}
