package parquetio

import (
	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// pick returns the rows of runs of a row group from data that begins at row
// first: a slice of it if they are one run, else a copy.
func (f *File) pick(l *leaf, data arrow.ArrayData, first int64, runs []run) arrow.Array {
	var out arrow.ArrayData
	if len(runs) == 1 {
		out = array.NewSliceData(data, runs[0].from-first, runs[0].to-first)
	} else {
		out = f.copyRows(l, data, first-int64(data.Offset()), runs)
	}
	defer out.Release()
	return array.MakeFromData(out)
}

// copyRows copies the rows of runs from buffers that begin at row first.
func (f *File) copyRows(l *leaf, data arrow.ArrayData, first int64, runs []run) arrow.ArrayData {
	n, in := int(length(runs)), data.Buffers()
	var validity *memory.Buffer
	nulls := 0
	if in[0] != nil {
		validity = f.copyBits(in[0].Bytes(), first, runs, n)
		nulls = n - bitutil.CountSetBits(validity.Bytes(), 0, n)
	}
	switch {
	case l.typ.ID() == arrow.BOOL:
		return newData(l.typ, n, nulls, validity, f.copyBits(in[1].Bytes(), first, runs, n))
	case l.width > 0:
		return newData(l.typ, n, nulls, validity, f.copyFixed(in[1].Bytes(), l.width, first, runs, n))
	default:
		offsets, bytes := f.copyStrings(asOffsets(in[1].Bytes()), in[2].Bytes(), first, runs, n)
		return newData(l.typ, n, nulls, validity, offsets, bytes)
	}
}

func (f *File) copyBits(bits []byte, first int64, runs []run, n int) *memory.Buffer {
	buf := f.allocate((n + 7) / 8)
	out := buf.Bytes()
	clear(out)
	i := 0
	for _, r := range runs {
		for row := r.from - first; row < r.to-first; row++ {
			out[i/8] |= bits[row/8] >> (row % 8) & 1 << (i % 8)
			i++
		}
	}
	return buf
}

func (f *File) copyFixed(values []byte, width int, first int64, runs []run, n int) *memory.Buffer {
	buf, w := f.allocate(n*width), int64(width)
	out := buf.Bytes()
	for _, r := range runs {
		out = out[copy(out, values[(r.from-first)*w:(r.to-first)*w]):]
	}
	return buf
}

func (f *File) copyStrings(at []uint32, values []byte, first int64, runs []run, n int) (offsets, data *memory.Buffer) {
	size := 0
	for _, r := range runs {
		size += int(at[r.to-first] - at[r.from-first])
	}
	offsets, data = f.allocate((n+1)*offsetBytes), f.allocate(size)
	ends, out := asOffsets(offsets.Bytes()), data.Bytes()
	i, end := 0, uint32(0)
	for _, r := range runs {
		from, to := r.from-first, r.to-first
		copy(out[end:], values[at[from]:at[to]])
		for row := from; row < to; row++ {
			ends[i] = end
			end += at[row+1] - at[row]
			i++
		}
	}
	ends[n] = end
	return offsets, data
}
