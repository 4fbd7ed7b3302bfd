package safetensors

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"sync"
)

// File is an open file of tensors. Its methods may be called from several
// goroutines at once; slices that share its memory must not be used after Close.
type File struct {
	name   string
	header *header
	start  int64 // where the buffer begins in the file
	source io.ReaderAt
	closer io.Closer // nil: the caller's business

	mu     sync.RWMutex // held for reading while bytes are copied, for writing by Close
	closed bool
	mapped []byte // the whole file; nil when it is not mapped
}

// Open maps the file at path into memory, where the operating system can do so,
// and reads it by ranges elsewhere.
func Open(path string) (*File, error) { return open(path, true) }

// OpenUnmapped opens the file at path without mapping it: every access reads
// from the disk. Use it for files that others may cut or overwrite, and where
// address space is short.
func OpenUnmapped(path string) (*File, error) { return open(path, false) }

func open(path string, mapping bool) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: errors.New("not a regular file")}
	}
	var file *File
	if err == nil {
		file, err = New(path, f, info.Size())
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	if mapping {
		if err := file.mapBuffer(f, info.Size()); err != nil {
			f.Close()
			return nil, err
		}
	}
	if file.mapped == nil {
		file.closer = f
		return file, nil
	}
	return file, f.Close() // a mapping outlives the descriptor
}

// New reads the header of a file of size bytes from r, which must give the same
// bytes as long as the File is in use. The name stands in errors. Closing the
// File does not close r.
func New(name string, r io.ReaderAt, size int64) (*File, error) {
	text, err := readHeader(r, size)
	if err != nil {
		return nil, inFile(err, name, "read header")
	}
	start := 8 + int64(len(text))
	h, err := parseHeader(text, size-start)
	if err != nil {
		return nil, inFile(err, name, "read header")
	}
	return &File{name: name, header: h, start: start, source: r}, nil
}

// readHeader reads the header's bytes, after checking that there are as many.
func readHeader(r io.ReaderAt, size int64) ([]byte, error) {
	if size < 8 {
		return nil, broken(RuleLength, "", "the file has %d bytes, its length alone takes 8", size)
	}
	var length [8]byte
	if err := readFull(r, length[:], 0); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint64(length[:])
	if n > MaxHeader {
		return nil, broken(RuleLength, "", "%d bytes, more than %d", n, MaxHeader)
	}
	if int64(n) > size-8 {
		return nil, broken(RuleLength, "", "%d bytes, the file has %d after the length", n, size-8)
	}
	text := make([]byte, n)
	return text, readFull(r, text, 8)
}

// readFull reads exactly len(p) bytes; having fewer means that the file changed.
func readFull(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return broken(RuleChanged, "", "ends at byte %d, which it did not when it was opened", off+int64(n))
	}
	return err
}

// inFile adds the file's name to an error.
func inFile(err error, name, operation string) error {
	var e *FormatError
	if errors.As(err, &e) {
		e.File = name
		return err
	}
	return fmt.Errorf("safetensors: %s: %s: %w", name, operation, err)
}

// Close gives the mapping and the file back. It waits for reads that are under
// way. Slices that share the file's memory must not be used any more. Closing
// twice does nothing.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil
	}
	f.closed = true
	var err error
	if f.mapped != nil {
		err = unmap(f.mapped)
		f.mapped = nil
	}
	if f.closer != nil {
		err = errors.Join(err, f.closer.Close())
	}
	return err
}

// Names lists the tensors in the order of their bytes.
func (f *File) Names() []string {
	names := make([]string, len(f.header.entries))
	for i, e := range f.header.entries {
		names[i] = e.name
	}
	return names
}

// Metadata returns a copy of the strings that the header carries; nil when it
// has none.
func (f *File) Metadata() map[string]string { return maps.Clone(f.header.metadata) }

// Mapped reports whether the file is mapped into memory.
func (f *File) Mapped() bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.mapped != nil
}

// Offset is where the bytes of a tensor begin, counted from the file's start; -1
// when there is no such tensor. With [View.Size] it makes ranged requests.
func (f *File) Offset(name string) int64 {
	i, ok := f.header.index[name]
	if !ok {
		return -1
	}
	return f.start + f.header.entries[i].begin
}

// Tensor returns a view of the tensor of that name, and whether there is one.
func (f *File) Tensor(name string) (View, bool) {
	i, ok := f.header.index[name]
	if !ok {
		return View{}, false
	}
	e := f.header.entries[i]
	v := View{
		Name: e.name, DType: e.dtype, Shape: slices.Clone(e.shape),
		file: f, offset: f.start + e.begin, size: e.end - e.begin,
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.mapped != nil {
		end := v.offset + v.size
		v.Data = f.mapped[v.offset:end:end]
	}
	return v, true
}
