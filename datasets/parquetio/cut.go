package parquetio

import (
	"reflect"
	"strings"
	"unsafe"

	"github.com/parquet-go/parquet-go"
)

// smallPageBytes are 8192 integers: as many rows as a record batch has.
const smallPageBytes = 64 << 10 // raw

// A pageCut ends the pages of a column that is looked up with the row that
// reaches smallPageBytes.
type pageCut struct {
	column int
	size   sizer
	raw    int64 // bytes in the open page
}

// pageCuts are those of the fields of T.
func pageCuts[T any](schema *parquet.Schema) []pageCut {
	var cuts []pageCut
	t := reflect.TypeFor[T]()
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("parquet"), ",")
		if leaf, ok := schema.Lookup(name); ok && lookedUp[name] {
			c := pageCut{column: leaf.ColumnIndex}
			c.size.add(field)
			cuts = append(cuts, c)
		}
	}
	return cuts
}

// fit is how many of the rows, of which there are some, still go into the open
// page.
func fit[T any](c *pageCut, rows []T) int {
	left := smallPageBytes - c.raw
	if c.size.isFixed() {
		return int(min(int64(len(rows)), (left+c.size.fixed-1)/c.size.fixed))
	}
	for i := range rows {
		if left -= c.size.size(unsafe.Pointer(&rows[i])); left <= 0 {
			return i + 1
		}
	}
	return len(rows)
}

// grow counts rows that were written and reports whether the page ends with them.
func grow[T any](c *pageCut, rows []T) bool {
	if c.size.isFixed() {
		c.raw += int64(len(rows)) * c.size.fixed
	} else {
		for i := range rows {
			c.raw += c.size.size(unsafe.Pointer(&rows[i]))
		}
	}
	if c.raw < smallPageBytes {
		return false
	}
	c.raw = 0
	return true
}
