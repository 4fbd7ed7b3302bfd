package safetensors

import (
	"encoding/binary"
	"math"
	"slices"
	"unsafe"
)

// Number is an element type that Go has as well. BOOL is not among them, as its
// bytes need not be 0 or 1, which a bool of Go's must: read it as bytes.
type Number interface {
	int8 | uint8 | int16 | uint16 | int32 | uint32 | int64 | uint64 | float32 | float64 | complex64
}

// dtypeOf is the format's name for a type of Go's.
func dtypeOf[T Number]() DType {
	switch any(*new(T)).(type) {
	case int8:
		return I8
	case uint8:
		return U8
	case int16:
		return I16
	case uint16:
		return U16
	case int32:
		return I32
	case uint32:
		return U32
	case int64:
		return I64
	case uint64:
		return U64
	case float32:
		return F32
	case float64:
		return F64
	}
	return C64
}

// littleEndian says that this machine keeps numbers as files do.
var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// Values returns the elements of a tensor whose type is T's own. The slice
// shares the file's memory when that is mapped, suitably aligned and on a
// little-endian machine, as on every usual one; then it is read-only and ends
// with [File.Close]. Elsewhere it is a copy.
func Values[T Number](v View) ([]T, error) {
	if want := dtypeOf[T](); v.DType != want {
		return nil, v.inFile(broken(RuleDType, v.Name, "is %v, wanted %v", v.DType, want))
	}
	if err := v.whole(); err != nil {
		return nil, err
	}
	if v.Data != nil && littleEndian {
		if out, ok := elements[T](v.Data); ok {
			return out, v.guarded(func() {})
		}
	}
	out := make([]T, v.Size()/int64(v.DType.Bits()/8))
	raw := rawBytes(out)
	err := v.read(raw, 0)
	if !littleEndian {
		swapBytes(raw, wordSize(v.DType))
	}
	return out, err
}

// Float32s returns the elements of a tensor of floating-point numbers: of F32 as
// [Values] does, of the other types a converted copy. F16, BF16 and the F8 types
// convert exactly; F64 rounds to nearest, ties to even.
func (v View) Float32s() ([]float32, error) {
	if v.DType == F32 {
		return Values[float32](v)
	}
	if err := v.floating(); err != nil {
		return nil, err
	}
	out := make([]float32, v.Size()*8/int64(v.DType.Bits()))
	return out, v.ReadFloat32s(out)
}

// ReadFloat32s is like Float32s, into a slice of the caller's that has as many
// elements as the tensor. It never shares memory, takes no more of it than a
// small buffer, and reports a file that was cut under its mapping as an error.
func (v View) ReadFloat32s(dst []float32) error {
	if err := v.floating(); err != nil {
		return err
	}
	if int64(len(dst)) != v.Size()*8/int64(v.DType.Bits()) {
		return v.inFile(broken(RuleSize, v.Name, "shape %v into a slice of %d", v.Shape, len(dst)))
	}
	if v.DType == F32 {
		raw := rawBytes(dst)
		err := v.read(raw, 0)
		if !littleEndian {
			swapBytes(raw, 4)
		}
		return err
	}
	if v.file == nil || v.Data != nil {
		return v.guarded(func() { toFloat32(dst, v.Data, v.DType) })
	}
	return v.readConverted(dst)
}

// readConverted reads and converts a tensor of an unmapped file piece by piece.
func (v View) readConverted(dst []float32) error {
	width := v.DType.Bits() / 8
	buffer := make([]byte, min(v.Size(), 1<<16))
	for off := int64(0); len(dst) > 0; off += int64(len(buffer)) {
		buffer = buffer[:min(len(buffer), len(dst)*width)]
		if err := v.read(buffer, off); err != nil {
			return err
		}
		n := len(buffer) / width
		toFloat32(dst[:n], buffer, v.DType)
		dst = dst[n:]
	}
	return nil
}

// floating checks that the elements are floating-point numbers of whole bytes.
func (v View) floating() error {
	switch v.DType {
	case F16, BF16, F32, F64, F8E4M3, F8E5M2, F8E8M0, F8E4M3FNUZ, F8E5M2FNUZ:
		return v.whole()
	}
	return v.inFile(broken(RuleDType, v.Name, "%v is not converted to float32", v.DType))
}

// whole checks the bytes of a View that was made by hand.
func (v View) whole() error {
	if v.file != nil {
		return nil
	}
	size, err := byteSize(v.Name, v.DType, v.Shape)
	if err == nil && size != int64(len(v.Data)) {
		err = broken(RuleSize, v.Name, "%v of shape %v takes %d bytes, has %d", v.DType, v.Shape, size, len(v.Data))
	}
	return err
}

// toFloat32 converts little-endian elements of src.
func toFloat32(dst []float32, src []byte, dtype DType) {
	switch dtype {
	case F16:
		for ; len(dst) >= 4 && len(src) >= 8; dst, src = dst[4:], src[8:] {
			four := binary.LittleEndian.Uint64(src)
			dst[0] = f16ToF32(uint16(four))
			dst[1] = f16ToF32(uint16(four >> 16))
			dst[2] = f16ToF32(uint16(four >> 32))
			dst[3] = f16ToF32(uint16(four >> 48))
		}
		for i := range dst {
			dst[i] = f16ToF32(binary.LittleEndian.Uint16(src[2*i:]))
		}
	case BF16:
		for ; len(dst) >= 4 && len(src) >= 8; dst, src = dst[4:], src[8:] {
			four := binary.LittleEndian.Uint64(src)
			dst[0] = math.Float32frombits(uint32(four) << 16)
			dst[1] = math.Float32frombits(uint32(four) &^ 0xffff)
			dst[2] = math.Float32frombits(uint32(four>>32) << 16)
			dst[3] = math.Float32frombits(uint32(four>>32) &^ 0xffff)
		}
		for i := range dst {
			dst[i] = bf16ToF32(binary.LittleEndian.Uint16(src[2*i:]))
		}
	case F32:
		for i := range dst {
			dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
		}
	case F64:
		for i := range dst {
			dst[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(src[8*i:])))
		}
	default:
		t := tables()[dtype]
		src = src[:len(dst)]
		for i, b := range src {
			dst[i] = t[b]
		}
	}
}

// elements reinterprets bytes as elements, if they are aligned for it.
func elements[T Number](data []byte) ([]T, bool) {
	var zero T
	p := unsafe.Pointer(unsafe.SliceData(data))
	if uintptr(p)%unsafe.Alignof(zero) != 0 {
		return nil, false
	}
	return unsafe.Slice((*T)(p), len(data)/int(unsafe.Sizeof(zero))), true
}

// rawBytes reinterprets elements as the bytes that hold them.
func rawBytes[T Number](values []T) []byte {
	var zero T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(values))), len(values)*int(unsafe.Sizeof(zero)))
}

// swapBytes turns the bytes of every word around.
func swapBytes(raw []byte, word int) {
	for ; len(raw) >= word; raw = raw[word:] {
		slices.Reverse(raw[:word])
	}
}

// wordSize is the unit within which byte order matters.
func wordSize(d DType) int {
	if d == C64 {
		return 4
	}
	return d.Bits() / 8
}
