package parquetio

import (
	"reflect"
	"time"
	"unsafe"
)

// A sizer says how many raw bytes a row of a type takes in a file, near enough
// to cut pages and row groups by.
type sizer struct {
	fixed   int64
	strings []uintptr // offsets of string fields
	ptrs    []uintptr // offsets of *string fields
	slices  []uintptr // offsets of []byte fields
	bytes   []uintptr // offsets of *[]byte fields
}

func sizerOf(t reflect.Type) sizer {
	var s sizer
	for i := range t.NumField() {
		s.add(t.Field(i))
	}
	return s
}

func (s *sizer) add(f reflect.StructField) {
	const lengthPrefix = 4
	switch f.Type {
	case reflect.TypeFor[string]():
		s.strings = append(s.strings, f.Offset)
	case reflect.TypeFor[*string]():
		s.ptrs = append(s.ptrs, f.Offset)
	case reflect.TypeFor[[]byte]():
		s.slices = append(s.slices, f.Offset)
	case reflect.TypeFor[*[]byte]():
		s.bytes = append(s.bytes, f.Offset)
	default:
		s.fixed += fixedSize(f.Type)
		return
	}
	s.fixed += lengthPrefix
}

// fixedSize counts nulls as if they were values: figures are rarely null.
func fixedSize(t reflect.Type) int64 {
	switch {
	case t.Kind() == reflect.Pointer:
		return fixedSize(t.Elem())
	case t == reflect.TypeFor[time.Time]():
		return 8
	case t.Kind() == reflect.Struct:
		var n int64
		for i := range t.NumField() {
			n += fixedSize(t.Field(i).Type)
		}
		return n
	default:
		return int64(t.Size())
	}
}

// isFixed says that rows of the type have one size.
func (s *sizer) isFixed() bool {
	return len(s.strings)+len(s.ptrs)+len(s.slices)+len(s.bytes) == 0
}

func (s *sizer) size(row unsafe.Pointer) int64 {
	n := s.fixed
	for _, at := range s.strings {
		n += int64(len(*(*string)(unsafe.Add(row, at))))
	}
	for _, at := range s.ptrs {
		if p := *(**string)(unsafe.Add(row, at)); p != nil {
			n += int64(len(*p))
		}
	}
	for _, at := range s.slices {
		n += int64(len(*(*[]byte)(unsafe.Add(row, at))))
	}
	for _, at := range s.bytes {
		if p := *(**[]byte)(unsafe.Add(row, at)); p != nil {
			n += int64(len(*p))
		}
	}
	return n
}
