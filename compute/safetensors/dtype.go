package safetensors

import "fmt"

// DType is the type of a tensor's elements. The order of the constants is the
// format's own: the writer puts tensors of later types first.
type DType uint8

// The types of the format. The zero DType is none of them.
const (
	Bool       DType = iota + 1 // one byte, 0 or 1
	F4                          // 4 bits: 1 sign, 2 exponent, 1 mantissa
	F6E2M3                      // 6 bits
	F6E3M2                      // 6 bits
	U8                          //
	I8                          //
	F8E5M2                      // a float16 cut to a byte
	F8E4M3                      // finite: no infinities
	F8E8M0                      // 2 to the power of the byte minus 127
	F8E4M3FNUZ                  // finite, one NaN, no negative zero
	F8E5M2FNUZ                  // finite, one NaN, no negative zero
	I16                         //
	U16                         //
	F16                         // IEEE 754 binary16
	BF16                        // the upper half of a float32
	I32                         //
	U32                         //
	F32                         //
	C64                         // two F32: real, imaginary
	F64                         //
	I64                         //
	U64                         //
)

var dtypes = [...]struct {
	name string
	bits int
}{
	Bool: {"BOOL", 8}, F4: {"F4", 4}, F6E2M3: {"F6_E2M3", 6}, F6E3M2: {"F6_E3M2", 6},
	U8: {"U8", 8}, I8: {"I8", 8}, F8E5M2: {"F8_E5M2", 8}, F8E4M3: {"F8_E4M3", 8}, F8E8M0: {"F8_E8M0", 8},
	F8E4M3FNUZ: {"F8_E4M3FNUZ", 8}, F8E5M2FNUZ: {"F8_E5M2FNUZ", 8},
	I16: {"I16", 16}, U16: {"U16", 16}, F16: {"F16", 16}, BF16: {"BF16", 16},
	I32: {"I32", 32}, U32: {"U32", 32}, F32: {"F32", 32},
	C64: {"C64", 64}, F64: {"F64", 64}, I64: {"I64", 64}, U64: {"U64", 64},
}

var dtypeByName = func() map[string]DType {
	m := make(map[string]DType, len(dtypes))
	for d := Bool; d.valid(); d++ {
		m[d.String()] = d
	}
	return m
}()

// ParseDType finds the type that files call name.
func ParseDType(name string) (DType, bool) {
	d, ok := dtypeByName[name]
	return d, ok
}

// Bits is the size of one element: 4, 6 or a multiple of 8; 0 for no type.
func (d DType) Bits() int {
	if !d.valid() {
		return 0
	}
	return dtypes[d].bits
}

// String is the type's name in files.
func (d DType) String() string {
	if !d.valid() {
		return fmt.Sprintf("DType(%d)", uint8(d))
	}
	return dtypes[d].name
}

func (d DType) valid() bool { return d >= Bool && int(d) < len(dtypes) }
