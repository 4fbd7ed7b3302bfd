package safetensors

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime/debug"
)

// View is a tensor within a file. A View made by hand, with Data, works as well.
type View struct {
	Name  string
	DType DType
	Shape []int
	Data  []byte // the mapped bytes, read-only; nil when the file is not mapped

	file         *File // nil: made by hand
	offset, size int64 // within the file
}

// Size is the number of bytes.
func (v View) Size() int64 {
	if v.file == nil {
		return int64(len(v.Data))
	}
	return v.size
}

// Len is the number of elements.
func (v View) Len() int {
	n := 1
	for _, d := range v.Shape {
		n *= d
	}
	return n
}

// ReadAt copies bytes of the tensor, counted from its own first one.
func (v View) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("safetensors: read tensor %s at %d: %w", quoteShort(v.Name), off, fs.ErrInvalid)
	}
	if off >= v.Size() {
		return 0, io.EOF
	}
	var short error
	if rest := v.Size() - off; int64(len(p)) > rest {
		p, short = p[:rest], io.EOF
	}
	if err := v.read(p, off); err != nil {
		return 0, err
	}
	return len(p), short
}

// Reader reads the tensor's bytes from the first to the last.
func (v View) Reader() *io.SectionReader { return io.NewSectionReader(v, 0, v.Size()) }

// Bytes returns all bytes of the tensor: the mapped ones where there are, which
// must not be written to, and freshly read ones elsewhere.
func (v View) Bytes() ([]byte, error) {
	if v.file == nil || v.Data != nil {
		return v.Data, v.guarded(func() {})
	}
	p := make([]byte, v.size)
	return p, v.read(p, 0)
}

// Rows returns a view of the rows from lo to before hi along the first axis. For
// a file that is not mapped this costs nothing until the rows are read. It
// panics when the range does not fit the shape, as slicing does.
func (v View) Rows(lo, hi int) (View, error) {
	if len(v.Shape) == 0 || lo < 0 || hi < lo || hi > v.Shape[0] {
		panic(fmt.Sprintf("safetensors: rows %d to %d of shape %v", lo, hi, v.Shape))
	}
	rowBits := int64(v.DType.Bits())
	for _, n := range v.Shape[1:] {
		rowBits *= int64(n)
	}
	begin, end := int64(lo)*rowBits, int64(hi)*rowBits
	if begin%8 != 0 || end%8 != 0 {
		return View{}, v.inFile(broken(RuleSubByte, v.Name, "rows %d to %d do not fall on bytes", lo, hi))
	}
	out := v
	out.Shape = append([]int{hi - lo}, v.Shape[1:]...)
	out.offset, out.size = v.offset+begin/8, (end-begin)/8
	if v.Data != nil {
		out.Data = v.Data[begin/8 : end/8 : end/8]
	}
	return out, nil
}

// read copies len(p) bytes from off, all of which must be the tensor's.
func (v View) read(p []byte, off int64) error {
	if v.file == nil || v.Data != nil {
		return v.guarded(func() { copy(p, v.Data[off:]) })
	}
	f := v.file
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.closed {
		return v.inFile(fs.ErrClosed)
	}
	return v.inFile(readFull(f.source, p, v.offset+off))
}

// guarded calls fn, which reads mapped bytes, while the mapping is held. The
// fault of reading beyond the end of a file that was cut becomes an error.
func (v View) guarded(fn func()) (err error) {
	if v.file == nil {
		fn()
		return nil
	}
	v.file.mu.RLock()
	defer v.file.mu.RUnlock()
	if v.file.closed {
		return v.inFile(fs.ErrClosed)
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			if _, fault := r.(interface{ Addr() uintptr }); !fault {
				panic(r)
			}
			err = v.inFile(broken(RuleChanged, v.Name, "the mapped file was cut or cannot be read any more"))
		}
	}()
	fn()
	return nil
}

// inFile adds file and tensor to an error.
func (v View) inFile(err error) error {
	if err == nil {
		return nil
	}
	var e *FormatError
	if errors.As(err, &e) {
		e.Tensor = v.Name
		if v.file != nil {
			e.File = v.file.name
		}
		return err
	}
	name := ""
	if v.file != nil {
		name = v.file.name + ": "
	}
	return fmt.Errorf("safetensors: %stensor %s: %w", name, quoteShort(v.Name), err)
}
