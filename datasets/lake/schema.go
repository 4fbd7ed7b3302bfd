package lake

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/apache/iceberg-go"

	"github.com/chimera-1/chimera/datasets"
)

// tableSpec says what a table is: its name, what a row is, what it is for.
type tableSpec struct {
	name string
	row  reflect.Type
	doc  string
	// replace allows data files to be replaced: only an index may do that.
	replace bool
	// log marks a table that says what happened; a rollback leaves it as it is.
	log bool
}

// specs are the tables of a lake, sorted by name.
var specs = []tableSpec{
	{name: datasets.TableFiles, row: reflect.TypeFor[datasets.File](), doc: "every data file written, with its SHA-256", log: true},
	{name: datasets.TableInputs, row: reflect.TypeFor[datasets.Input](), doc: "every file read"},
	{name: datasets.TableRejects, row: reflect.TypeFor[datasets.Reject](), doc: "every input row that is no document, and why"},
	{name: datasets.TableRuns, row: reflect.TypeFor[datasets.Run](), doc: "every run, with all it takes to repeat it", log: true},
	{name: datasets.TableBands, row: reflect.TypeFor[datasets.Band](), doc: "the dedup index; its layout is internal", replace: true},
	{name: datasets.TableDecisions, row: reflect.TypeFor[datasets.Decision](), doc: "what each generation decided about a row"},
	{name: datasets.TableDocuments, row: reflect.TypeFor[datasets.Document](), doc: "every row that came in, once, with its signals"},
	{name: datasets.TableTraining, row: reflect.TypeFor[datasets.Training](), doc: "what a model trains on"},
	{name: datasets.TableTombstones, row: reflect.TypeFor[datasets.Tombstone](), doc: "rows that views of training/text leave out"},
}

// specOf finds a table, or says which there are.
func specOf(table string) (tableSpec, error) {
	i := slices.IndexFunc(specs, func(s tableSpec) bool { return s.name == table })
	if i < 0 {
		return tableSpec{}, fmt.Errorf("lake: %w table %q; there are %s", ErrUnknown, table, strings.Join(tableNames(), ", "))
	}
	return specs[i], nil
}

func tableNames() []string {
	names := make([]string, len(specs))
	for i, s := range specs {
		names[i] = s.name
	}
	return names
}

// schemaOf derives a table's schema from its row struct. A struct that says no
// schema is a program error.
func schemaOf(row reflect.Type) *iceberg.Schema {
	return iceberg.NewSchema(0, fieldsOf(row)...)
}

var fieldID = regexp.MustCompile(`^id\((\d+)\)$`)

func fieldsOf(row reflect.Type) []iceberg.NestedField {
	var fields []iceberg.NestedField
	for _, f := range reflect.VisibleFields(row) {
		name, options, _ := strings.Cut(f.Tag.Get("parquet"), ",")
		id := 0
		for option := range strings.SplitSeq(options, ",") {
			if m := fieldID.FindStringSubmatch(option); m != nil {
				id, _ = strconv.Atoi(m[1])
			}
		}
		if name == "" || id == 0 {
			panic(fmt.Sprintf("lake: field %s of %s has no name or no id in its parquet tag", f.Name, row))
		}
		typ, optional := f.Type, false
		if typ.Kind() == reflect.Pointer {
			typ, optional = typ.Elem(), true
		}
		fields = append(fields, iceberg.NestedField{
			ID: id, Name: name, Type: typeOf(typ), Required: !optional, Doc: f.Tag.Get("doc"),
		})
	}
	return fields
}

func typeOf(t reflect.Type) iceberg.Type {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return iceberg.PrimitiveTypes.TimestampTz
	case t.Kind() == reflect.Struct:
		return &iceberg.StructType{FieldList: fieldsOf(t)}
	case t.Kind() == reflect.Array && t.Elem().Kind() == reflect.Uint8:
		return iceberg.FixedTypeOf(t.Len())
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return iceberg.PrimitiveTypes.Binary
	}
	switch t.Kind() {
	case reflect.Bool:
		return iceberg.PrimitiveTypes.Bool
	case reflect.Int32:
		return iceberg.PrimitiveTypes.Int32
	case reflect.Int64:
		return iceberg.PrimitiveTypes.Int64
	case reflect.Float32:
		return iceberg.PrimitiveTypes.Float32
	case reflect.Float64:
		return iceberg.PrimitiveTypes.Float64
	case reflect.String:
		return iceberg.PrimitiveTypes.String
	}
	panic(fmt.Sprintf("lake: no column type for Go type %s", t))
}
