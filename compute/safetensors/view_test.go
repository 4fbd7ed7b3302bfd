package safetensors

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"unsafe"
)

// create makes a file in a folder of the test's.
func create(t *testing.T, tensors ...Tensor) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "t.safetensors")
	if err := Create(path, tensors, nil); err != nil {
		t.Fatal(err)
	}
	return path
}

// bothWays opens a file mapped and unmapped.
func bothWays(t *testing.T, path string, check func(t *testing.T, f *File)) {
	for name, open := range map[string]func(string) (*File, error){"mapped": Open, "unmapped": OpenUnmapped} {
		t.Run(name, func(t *testing.T) {
			f, err := open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			check(t, f)
		})
	}
}

func mustTensor(t *testing.T, f *File, name string) View {
	t.Helper()
	v, ok := f.Tensor(name)
	if !ok {
		t.Fatalf("no tensor %q", name)
	}
	return v
}

func wantValues[T Number](t *testing.T, f *File, name string, want []T) {
	t.Helper()
	got, err := Values[T](mustTensor(t, f, name))
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%s = %v, %v; want %v", name, got, err, want)
	}
}

func TestValues(t *testing.T) {
	path := create(t,
		Of("i8", []int{2}, []int8{-128, 127}), Of("u8", []int{2}, []uint8{0, 255}),
		Of("i16", []int{2}, []int16{-32768, 258}), Of("u16", []int{2}, []uint16{1, 65535}),
		Of("i32", []int{2}, []int32{math.MinInt32, 16909060}), Of("u32", []int{1, 2}, []uint32{1, math.MaxUint32}),
		Of("i64", []int{2}, []int64{math.MinInt64, 72623859790382856}), Of("u64", []int{1}, []uint64{math.MaxUint64}),
		Of("f32", []int{3}, []float32{1, -0.5, math.MaxFloat32}), Of("f64", []int{2}, []float64{math.Pi, -0}),
		Of("c64", []int{1}, []complex64{1 - 2i}), Of("none", []int{0, 7}, []float32{}))
	bothWays(t, path, func(t *testing.T, f *File) {
		wantValues(t, f, "i8", []int8{-128, 127})
		wantValues(t, f, "u8", []uint8{0, 255})
		wantValues(t, f, "i16", []int16{-32768, 258})
		wantValues(t, f, "u16", []uint16{1, 65535})
		wantValues(t, f, "i32", []int32{math.MinInt32, 16909060})
		wantValues(t, f, "u32", []uint32{1, math.MaxUint32})
		wantValues(t, f, "i64", []int64{math.MinInt64, 72623859790382856})
		wantValues(t, f, "u64", []uint64{math.MaxUint64})
		wantValues(t, f, "f32", []float32{1, -0.5, math.MaxFloat32})
		wantValues(t, f, "f64", []float64{math.Pi, -0})
		wantValues(t, f, "c64", []complex64{1 - 2i})
		wantValues(t, f, "none", []float32{})
		var broken *FormatError
		if _, err := Values[int32](mustTensor(t, f, "f32")); !errors.As(err, &broken) || broken.Rule != RuleDType {
			t.Errorf("F32 as int32: %v", err)
		}
		if _, err := mustTensor(t, f, "i32").Float32s(); !errors.As(err, &broken) || broken.Rule != RuleDType {
			t.Errorf("I32 as float32: %v", err)
		}
	})
}

// TestByteOrder: what a big-endian machine does to bytes is its own inverse, and
// keeps the parts of a complex number in their order.
func TestByteOrder(t *testing.T) {
	for d, want := range map[DType]string{
		I8: "abcdefgh", U16: "badcfehg", F32: "dcbahgfe", C64: "dcbahgfe", F64: "hgfedcba"} {
		b := []byte("abcdefgh")
		if swapBytes(b, wordSize(d)); string(b) != want {
			t.Errorf("%v: %s, want %s", d, b, want)
		}
	}
	defer func(was bool) { littleEndian = was }(littleEndian)
	littleEndian = !littleEndian
	v := View{DType: U32, Shape: []int{1}, Data: []byte{1, 2, 3, 4}}
	got, err := Values[uint32](v)
	if err != nil || got[0] != 0x01020304 {
		t.Errorf("turned around: %#x, %v", got, err)
	}
	if w := Of("x", []int{1}, got); !bytes.Equal(w.Data, v.Data) {
		t.Errorf("written %v, want %v", w.Data, v.Data)
	}
}

// TestSharing: aligned float32 of a mapped file are the file's own memory,
// unaligned ones are copied.
func TestSharing(t *testing.T) {
	f, err := Open(create(t, Of("w", []int{2}, []float32{1, 2})))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	v := mustTensor(t, f, "w")
	values, err := v.Float32s()
	if err != nil || f.Mapped() && unsafe.Pointer(&values[0]) != unsafe.Pointer(&v.Data[0]) {
		t.Errorf("aligned values were copied: %v", err)
	}

	odd := filepath.Join(t.TempDir(), "odd.safetensors")
	b := fileOf(`{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} `, 0)
	b = append(b, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40)
	for range 2 { // the header's length decides on the alignment
		if err := os.WriteFile(odd, b, 0o600); err != nil {
			t.Fatal(err)
		}
		bothWays(t, odd, func(t *testing.T, f *File) { wantValues(t, f, "w", []float32{1, 2}) })
		b = fileOf(`{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}   `, 0)
		b = append(b, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40)
	}
}

func TestRowsAndRanges(t *testing.T) {
	values := make([]float32, 60)
	for i := range values {
		values[i] = float32(i)
	}
	path := create(t, Of("w", []int{5, 3, 4}, values), Tensor{Name: "h", DType: F4, Shape: []int{4, 3}, Data: counting(6)})
	bothWays(t, path, func(t *testing.T, f *File) {
		v := mustTensor(t, f, "w")
		rows, err := v.Rows(1, 3)
		if err != nil || !slices.Equal(rows.Shape, []int{2, 3, 4}) || rows.Size() != 96 || rows.Len() != 24 {
			t.Fatalf("rows: %v, %v", rows, err)
		}
		if got, err := rows.Float32s(); err != nil || !slices.Equal(got, values[12:36]) {
			t.Errorf("rows 1 to 3 = %v, %v", got, err)
		}
		inner, _ := rows.Rows(1, 2)
		if got, err := inner.Float32s(); err != nil || !slices.Equal(got, values[24:36]) {
			t.Errorf("row of rows = %v, %v", got, err)
		}
		none, _ := v.Rows(5, 5)
		if got, err := none.Float32s(); err != nil || len(got) != 0 {
			t.Errorf("no rows = %v, %v", got, err)
		}
		all, _ := v.Bytes()
		part := make([]byte, 10)
		if n, err := v.ReadAt(part, 7); n != 10 || err != nil || !bytes.Equal(part, all[7:17]) {
			t.Errorf("ReadAt = %d, %v, %x", n, err, part)
		}
		if n, err := v.ReadAt(part, 236); n != 4 || !errors.Is(err, io.EOF) {
			t.Errorf("ReadAt over the end = %d, %v", n, err)
		}
		if _, err := v.ReadAt(part, -1); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("ReadAt before the begin: %v", err)
		}
		if got, err := io.ReadAll(rows.Reader()); err != nil || !bytes.Equal(got, all[48:144]) {
			t.Errorf("Reader: %x, %v", got, err)
		}
		h := mustTensor(t, f, "h")
		var broken *FormatError
		if _, err := h.Rows(0, 1); !errors.As(err, &broken) || broken.Rule != RuleSubByte || broken.Tensor != "h" {
			t.Errorf("a row that ends within a byte: %v", err)
		}
		if two, err := h.Rows(2, 4); err != nil || two.Size() != 3 {
			t.Errorf("rows of F4: %v, %v", two, err)
		}
		defer func() {
			if recover() == nil {
				t.Error("rows beyond the shape did not panic")
			}
		}()
		_, _ = v.Rows(0, 6)
	})
}

// TestConvertInPieces: tensors larger than the buffer convert as small ones do.
func TestConvertInPieces(t *testing.T) {
	const n = 100_003
	data := make([]byte, 2*n)
	for i := range data {
		data[i] = byte(i * 7 % 251)
	}
	path := create(t, Tensor{Name: "h", DType: F16, Shape: []int{n}, Data: data},
		Tensor{Name: "d", DType: F64, Shape: []int{n / 4}, Data: data[:n/4*8]},
		Tensor{Name: "b", DType: F8E4M3, Shape: []int{n}, Data: data[:n]})
	bothWays(t, path, func(t *testing.T, f *File) {
		for _, name := range f.Names() {
			v := mustTensor(t, f, name)
			want, err := View{DType: v.DType, Shape: v.Shape, Data: data[:v.Size()]}.Float32s()
			if err != nil {
				t.Fatal(err)
			}
			got := make([]float32, v.Len())
			if err := v.ReadFloat32s(got); err != nil || !slices.EqualFunc(got, want, sameFloat) {
				t.Errorf("%s differs (%v)", name, err)
			}
			if err := v.ReadFloat32s(got[1:]); err == nil {
				t.Error("a short slice was filled")
			}
		}
	})
}

// TestCutFile: a file that is cut while it is open gives errors, not a crash.
func TestCutFile(t *testing.T) {
	path := create(t, Of("w", []int{1 << 16}, make([]float32, 1<<16)),
		Tensor{Name: "h", DType: F16, Shape: []int{1 << 16}, Data: make([]byte, 1<<17)})
	bothWays(t, path, func(t *testing.T, f *File) {
		if err := os.Truncate(path, 4096); err != nil {
			t.Skipf("this system does not cut files that are mapped: %v", err)
		}
		defer os.Truncate(path, f.start+3<<17)
		for _, name := range f.Names() {
			v := mustTensor(t, f, name)
			dst := make([]float32, v.Len())
			_, errAt := v.ReadAt(make([]byte, 10), v.Size()-10)
			for i, err := range []error{v.ReadFloat32s(dst), errAt} {
				var broken *FormatError
				if !errors.As(err, &broken) || broken.Rule != RuleChanged || broken.Tensor != name || broken.File != path {
					t.Errorf("%s: read %d of a cut file: %v", name, i, err)
				}
			}
		}
	})
	if _, err := Open(path); err != nil {
		t.Fatalf("the file was not put back: %v", err)
	}
}

// TestClose: closing waits for readers, and reading afterwards is an error.
func TestClose(t *testing.T) {
	path := create(t, Tensor{Name: "h", DType: BF16, Shape: []int{1 << 12}, Data: make([]byte, 1<<13)})
	bothWays(t, path, func(t *testing.T, f *File) {
		v := mustTensor(t, f, "h")
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				dst := make([]float32, v.Len())
				for {
					if err := v.ReadFloat32s(dst); err != nil {
						if !errors.Is(err, fs.ErrClosed) {
							t.Errorf("read while closing: %v", err)
						}
						return
					}
				}
			})
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
		for _, err := range []error{f.Close(), second(v.Bytes()), second(v.ReadAt(make([]byte, 1), 0))} {
			if err != nil && !errors.Is(err, fs.ErrClosed) {
				t.Errorf("after Close: %v", err)
			}
		}
		if _, err := v.Float32s(); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("Float32s after Close: %v", err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

// TestNoAllocation: reading into the caller's slice of a mapped file.
func TestNoAllocation(t *testing.T) {
	f, err := Open(create(t, Of("w", []int{100}, make([]float32, 100))))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	v := mustTensor(t, f, "w")
	dst := make([]float32, 100)
	if n := testing.AllocsPerRun(100, func() { _ = v.ReadFloat32s(dst) }); n > 2 {
		t.Errorf("%v allocations", n)
	}
}
