package parquetio

import (
	"reflect"
	"sync"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"
)

// repetitive names the string columns that hold few distinct values: they are
// dictionary-encoded. Texts and ids never are, because gathering them from a
// dictionary halves the read rate.
var repetitive = map[string]bool{
	"source": true, "decision": true, "stage": true, "reason": true, "run_id": true,
	"origin_file": true, "edits": true, "job": true, "date": true, "status": true,
	"code_revision": true,
}

// unbounded names the columns whose bounds tell a reader nothing.
var unbounded = map[string]bool{
	"text": true, "excerpt": true, "summary": true, "config": true, "inputs": true, "signature": true,
}

// lookedUp names the columns that rows are looked up by, and those of the dedup
// index that are wide and looked up row by row: they have small pages. Texts are
// looked up too, but compress less in small pages.
var lookedUp = map[string]bool{"row_id": true, "key": true, "signature": true}

var schemas sync.Map // reflect.Type -> *parquet.Schema

// SchemaOf is the Parquet schema of T: its struct tags with their field ids,
// and our choice of encodings.
func SchemaOf[T any]() *parquet.Schema {
	t := reflect.TypeFor[T]()
	if s, ok := schemas.Load(t); ok {
		return s.(*parquet.Schema)
	}
	base := parquet.SchemaOf(new(T))
	s, _ := schemas.LoadOrStore(t, parquet.NewSchema(base.Name(), encodedGroup{base, encodedFields(base)}))
	return s.(*parquet.Schema)
}

// encodedGroup is a root node whose fields carry our encodings.
type encodedGroup struct {
	parquet.Node
	fields []parquet.Field
}

func (g encodedGroup) Fields() []parquet.Field { return g.fields }

// encodedField is a field with our encoding if it is a leaf, and with encoded
// fields of its own if it is a group.
type encodedField struct {
	parquet.Field
	fields   []parquet.Field
	encoding encoding.Encoding
}

func (f encodedField) Fields() []parquet.Field     { return f.fields }
func (f encodedField) Encoding() encoding.Encoding { return f.encoding }

func encodedFields(n parquet.Node) []parquet.Field {
	fields := make([]parquet.Field, 0, len(n.Fields()))
	for _, f := range n.Fields() {
		e := encodedField{Field: f}
		if f.Leaf() {
			e.encoding = encodingOf(f)
		} else {
			e.fields = encodedFields(f)
		}
		fields = append(fields, e)
	}
	return fields
}

// encodingOf chooses how a leaf is stored. Integers are delta-encoded: counts
// and row ids shrink to a byte or two before zstd sees them, which is also
// what makes writing the 150 figures of a document cheap. Everything else is
// PLAIN, which every reader knows and which decodes without a copy.
func encodingOf(f parquet.Field) encoding.Encoding {
	switch kind := f.Type().Kind(); {
	case kind == parquet.ByteArray && repetitive[f.Name()]:
		return &parquet.RLEDictionary
	case kind == parquet.Int32 || kind == parquet.Int64:
		return &parquet.DeltaBinaryPacked
	default:
		return &parquet.Plain
	}
}

// unboundedColumns are the paths of s's columns that get no bounds.
func unboundedColumns(s *parquet.Schema) [][]string {
	var paths [][]string
	for _, path := range s.Columns() {
		if unbounded[path[len(path)-1]] {
			paths = append(paths, path)
		}
	}
	return paths
}
