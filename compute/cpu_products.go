package compute

import "github.com/chimera-1/chimera/compute/internal/kernel"

// packOp packs panels of a right operand.
type packOp struct {
	set      kernel.Set
	dst, w   []float32
	bf16     []uint16
	ld, k, n int
	trans    bool
}

func (o *packOp) span(lo, hi, _ int) {
	if o.bf16 != nil {
		o.set.PackBF16(o.bf16, o.w, o.ld, o.k, o.n, o.trans, lo, hi)
		return
	}
	o.set.Pack(o.dst, o.w, o.ld, o.k, o.n, o.trans, lo, hi)
}

func (b *cpuBackend) Pack(dst, w *Tensor, trans bool) {
	k, n := checkPack(b.dev, dst, w, trans)
	o := &b.ops.pack
	*o = packOp{set: b.set, w: w.Float32s(), ld: w.Dim(-1), k: k, n: n, trans: trans}
	if dst.dtype == BF16 {
		o.bf16 = dst.BFloat16s()
	} else {
		o.dst = dst.Float32s()
	}
	b.all(o, kernel.Panels(n), k*kernel.PanelWidth)
}

// gemmOp is a product in cells: blocks of rows by blocks of panels.
type gemmOp struct {
	set           kernel.Set
	whole         kernel.Gemm
	cells         []kernel.Gemm // one a thread
	rows, panels  int           // of a cell
	rowCells, all int           // cells along the rows, panels in all
}

func (o *gemmOp) part(i, thread int) {
	g := &o.cells[thread]
	*g = o.whole
	row, panel := i%o.rowCells*o.rows, i/o.rowCells*o.panels
	g.M = min(o.rows, g.M-row)
	g.P0, g.P1 = panel, min(panel+o.panels, o.all)
	g.C = g.C[row*g.LDC:]
	if g.K > 0 {
		step := g.LDA
		if g.TransA {
			step = 1
		}
		g.A = g.A[row*step:]
	}
	if g.BF16 != nil {
		o.set.GemmBF16(g)
		return
	}
	o.set.Gemm(g)
}

// rowBlock is the greatest number of rows of a cell, a multiple of the rows of the
// kernels' tiles.
const rowBlock = 336

// grid cuts a product into cells. Few rows: only panels are cut, so that each
// thread reads its own part of b. A cell is at most some milliseconds.
func (o *gemmOp) grid(threads, slowness int) (cells int) {
	g := &o.whole
	most := 1 << 28 / slowness // operations of a cell
	o.all = kernel.Panels(g.N)
	o.rows = min(g.M, rowBlock, max(most/(2*kernel.PanelWidth*max(g.K, 1)), 1))
	o.rowCells = (g.M + o.rows - 1) / o.rows
	o.rows = (g.M + o.rowCells - 1) / o.rowCells
	perPanel := 2 * o.rows * kernel.PanelWidth * max(g.K, 1)
	o.panels = min(max(most/perPanel, 1), o.all)
	if threads > 1 {
		// Small cells even out threads of unequal speed; below a quarter of a
		// million operations they cost more than that.
		even := (o.all*o.rowCells + 4*threads - 1) / (4 * threads)
		o.panels = min(o.panels, max(even, 1<<22/perPanel, 1))
		if o.rowCells == 1 {
			o.panels = min(o.panels, (o.all+threads-1)/threads)
		}
	}
	return o.rowCells * ((o.all + o.panels - 1) / o.panels)
}

func (b *cpuBackend) MatMul(dst, a, w *Tensor, opt MatMulOptions) {
	dims := checkMatMul(b.dev, dst, a, w, opt)
	if dims.batch*dims.m*dims.n == 0 || !b.begin() {
		return
	}
	defer b.end()
	o := &b.ops.gemm
	o.set = b.set
	o.whole = kernel.Gemm{
		LDC: dims.n, LDA: a.Dim(-1), M: dims.m, N: dims.n, K: dims.k,
		TransA: opt.TransA, Accumulate: opt.Accumulate, Act: opt.Act,
	}
	if opt.Bias != nil {
		o.whole.Bias = opt.Bias.Float32s()
	}
	cs, as := dst.Float32s(), a.Float32s()
	shared := len(w.shape) == 2
	for i := range dims.batch {
		if i == 0 || !shared {
			b.right(o, w, i*dims.k*dims.n, dims, opt.TransB)
		}
		if b.err != nil {
			return
		}
		o.whole.C = cs[i*dims.m*dims.n : (i+1)*dims.m*dims.n]
		o.whole.A = as[i*dims.m*dims.k : (i+1)*dims.m*dims.k]
		b.do(o, o.grid(b.dev.team.size, b.dev.slowness()))
	}
}

// right sets the right operand: packed as it is, else packed into the workspace.
func (b *cpuBackend) right(o *gemmOp, w *Tensor, off int, dims matMulDims, trans bool) {
	switch {
	case w.packed && w.dtype == BF16:
		o.whole.BF16 = w.BFloat16s()
	case w.packed:
		o.whole.B = w.Float32s()
	default:
		o.whole.B = b.workspace(kernel.PackedLen(dims.k, dims.n))
		if b.err != nil {
			return
		}
		b.ops.pack = packOp{
			set: b.set, dst: o.whole.B, w: w.Float32s()[off : off+dims.k*dims.n],
			ld: w.Dim(-1), k: dims.k, n: dims.n, trans: trans,
		}
		b.over(&b.ops.pack, kernel.Panels(dims.n), dims.k*kernel.PanelWidth)
	}
}
