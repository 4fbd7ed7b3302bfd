package compute

import "strconv"

// DType is the type of a tensor's elements.
type DType uint8

// The element types. Arithmetic is float32; the others store, index and count.
const (
	F32  DType = iota // IEEE 754 binary32
	BF16              // bfloat16: the upper half of a float32
	F64               // IEEE 754 binary64, for statistics
	I32               // indices
	U32               // hashes
	U8                // masks: 0 is false
)

var dtypeNames = [...]string{"float32", "bfloat16", "float64", "int32", "uint32", "uint8"}
var dtypeSizes = [...]int{4, 2, 8, 4, 4, 1}

func (d DType) String() string {
	if int(d) < len(dtypeNames) {
		return dtypeNames[d]
	}
	return "dtype(" + strconv.Itoa(int(d)) + ")"
}

// Size is the number of bytes of an element.
func (d DType) Size() int { return dtypeSizes[d] }
