package cuda

// The version of the ABI that this package speaks, and the bytes of its table
// that it uses.
const (
	abiMajor = 1
	abiMinor = 0
)

// Op is an operation of the ABI; chimera_cuda.h says what operands each takes.
type Op uint32

// The operations.
const (
	Fill        Op = 1
	Copy        Op = 2
	Strided     Op = 3
	Gather      Op = 4
	ScatterAdd  Op = 5
	ToBF16      Op = 6
	FromBF16    Op = 7
	CacheAppend Op = 8
	Where       Op = 9
	IndexAdd    Op = 10

	Gemm Op = 20

	Unary        Op = 30
	UnaryGrad    Op = 31
	Binary       Op = 32
	BinaryRow    Op = 33
	BinaryCol    Op = 34
	BinaryScalar Op = 35
	AXPBY        Op = 36
	Dropout      Op = 37

	RowReduce  Op = 50
	ColReduce  Op = 51
	RowDot     Op = 52
	ArgMax     Op = 53
	TopK       Op = 54
	SumSquares Op = 55
	Gram       Op = 56
	NearestRow Op = 57
	TwoHot     Op = 59
	ColMean    Op = 60
	Mirror     Op = 61

	Softmax            Op = 70
	LogSoftmax         Op = 71
	SoftmaxGrad        Op = 72
	LogSoftmaxGrad     Op = 73
	LayerNorm          Op = 74
	LayerNormGrad      Op = 75
	LayerNormParamGrad Op = 76
	RMSNorm            Op = 77
	RMSNormGrad        Op = 78
	RMSNormParamGrad   Op = 79

	Attend     Op = 90
	AttendGrad Op = 91
	Decode     Op = 92

	CrossEntropy     Op = 100
	SoftCrossEntropy Op = 101
	Divergence       Op = 102
	SquaredError     Op = 103

	AdamW     Op = 110
	GumbelMax Op = 111
)

// Flags of a command, beside a sub-operation in the low byte.
const (
	TransA     uint32 = 0x10000
	TransB     uint32 = 0x20000
	Accumulate uint32 = 0x40000
	BF16       uint32 = 0x80000
	Fast       uint32 = 0x100000
	Causal     uint32 = 0x200000
	Reverse    uint32 = 0x400000
	// LowestIfNaN: a floor of GumbelMax that is NaN lets all numbers in.
	LowestIfNaN uint32 = 0x800000
)

// Size is the flags of an element's size in bytes.
func Size(bytes int) uint32 { return uint32(bytes) << 8 }

// Act is the flags of an activation.
func Act(n int) uint32 { return uint32(n) << 12 }

// A Handle names a buffer; 0 is none.
type Handle uint64

// A Ticket names what was submitted up to a moment; 0 is all so far.
type Ticket uint64

// A Cmd is one operation: struct chi_cmd, field by field.
type Cmd struct {
	Op     Op
	Flags  uint32
	H      [10]Handle // buffers
	Offset [10]uint64 // their first elements
	Dims   [12]int64
	Scalar [8]float64
}
