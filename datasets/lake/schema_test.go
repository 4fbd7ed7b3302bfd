package lake

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/apache/iceberg-go"
	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/parquetio"
)

func TestSchemaOfTombstones(t *testing.T) {
	got := schemaOf(reflect.TypeFor[datasets.Tombstone]())
	want := iceberg.NewSchema(0,
		iceberg.NestedField{ID: 1, Name: "row_id", Type: iceberg.PrimitiveTypes.Int64, Required: true, Doc: "row in training.text"},
		iceberg.NestedField{ID: 2, Name: "generation", Type: iceberg.PrimitiveTypes.Int32, Required: true, Doc: "first generation without the row"},
		iceberg.NestedField{ID: 3, Name: "reason", Type: iceberg.PrimitiveTypes.String, Required: true, Doc: "why: the filter's reason string, or a removal request"},
	)
	if !got.Equals(want) {
		t.Errorf("schema\n%s\nwant\n%s", got, want)
	}
}

func TestSchemaOfDocuments(t *testing.T) {
	s := schemaOf(reflect.TypeFor[datasets.Document]())
	for name, want := range map[string]struct {
		id       int
		typ      string
		required bool
	}{
		"text":                               {6, "string", false},
		"content_hash":                       {8, "fixed[16]", true},
		"ingested_at":                        {12, "timestamptz", true},
		"signals.gopher_quality":             {200, "", true},
		"signals.gopher_quality.words":       {201, "long", true},
		"signals.gopher_quality.alpha_ratio": {215, "double", false},
		"signals.c4_quality.lorem_ipsum":     {308, "boolean", true},
		"signals.fineweb_after_c4":           {600, "", false},
	} {
		f, ok := s.FindFieldByName(name)
		if !ok || f.ID != want.id || f.Required != want.required || want.typ != "" && f.Type.String() != want.typ || f.Doc == "" {
			t.Errorf("%s is %+v (found: %t), want %+v", name, f, ok, want)
		}
	}
}

// What the tables' schemas say is what the Parquet files hold: names, ids,
// nullability and types, as the Parquet library derives them by itself.
func TestSchemasMatchParquet(t *testing.T) {
	for table, s := range map[string]*parquet.Schema{
		datasets.TableDocuments: parquetio.SchemaOf[datasets.Document](), datasets.TableDecisions: parquetio.SchemaOf[datasets.Decision](),
		datasets.TableBands: parquetio.SchemaOf[datasets.Band](), datasets.TableTraining: parquetio.SchemaOf[datasets.Training](),
		datasets.TableTombstones: parquetio.SchemaOf[datasets.Tombstone](), datasets.TableRuns: parquetio.SchemaOf[datasets.Run](),
		datasets.TableFiles: parquetio.SchemaOf[datasets.File](), datasets.TableInputs: parquetio.SchemaOf[datasets.Input](),
		datasets.TableRejects: parquetio.SchemaOf[datasets.Reject](),
	} {
		spec, err := specOf(table)
		must(t, err)
		var want []string
		for _, f := range s.Fields() {
			want = parquetFields(want, "", f)
		}
		if diff := cmp.Diff(want, icebergFields(nil, "", schemaOf(spec.row).Fields())); diff != "" {
			t.Errorf("%s (-parquet +iceberg):\n%s", table, diff)
		}
		seen := map[int]bool{}
		for _, c := range columns(nil, "", schemaOf(spec.row).Fields()) {
			if seen[c.ID] || c.Doc == "" {
				t.Errorf("%s: column %s has a used id or no doc", table, c.Name)
			}
			seen[c.ID] = true
		}
	}
}

func parquetFields(into []string, parent string, f parquet.Field) []string {
	typ := "struct"
	if f.Leaf() {
		typ = f.Type().String()
	}
	into = append(into, fmt.Sprintf("%d %s%s %s required=%t", f.ID(), parent, f.Name(), typ, f.Required()))
	for _, c := range f.Fields() {
		into = parquetFields(into, parent+f.Name()+".", c)
	}
	return into
}

// icebergFields prints fields with the Parquet types that Iceberg prescribes
// (specification, appendix A), as parquet-go names them.
func icebergFields(into []string, parent string, fields []iceberg.NestedField) []string {
	for _, f := range fields {
		typ := map[string]string{
			"long": "INT(64,true)", "int": "INT(32,true)", "float": "FLOAT", "double": "DOUBLE", "boolean": "BOOLEAN",
			"string": "STRING", "binary": "BYTE_ARRAY", "fixed[16]": "FIXED_LEN_BYTE_ARRAY(16)",
			"timestamptz": "TIMESTAMP(isAdjustedToUTC=true,unit=MICROS)",
		}[f.Type.String()]
		nested, isStruct := f.Type.(*iceberg.StructType)
		if isStruct {
			typ = "struct"
		}
		into = append(into, fmt.Sprintf("%d %s%s %s required=%t", f.ID, parent, f.Name, typ, f.Required))
		if isStruct {
			into = icebergFields(into, parent+f.Name+".", nested.FieldList)
		}
	}
	return into
}

func TestSchemaOfNonsensePanics(t *testing.T) {
	for name, row := range map[string]reflect.Type{
		"no id": reflect.TypeFor[struct {
			A int64 `parquet:"a"`
		}](),
		"no type": reflect.TypeFor[struct {
			A map[string]int `parquet:"a,id(1)"`
		}](),
	} {
		func() {
			defer func() {
				if r := recover(); r == nil || !strings.HasPrefix(fmt.Sprint(r), "lake: ") {
					t.Errorf("%s: panic %v", name, r)
				}
			}()
			schemaOf(row)
		}()
	}
}

func TestEvolve(t *testing.T) {
	type inner struct {
		X int64  `parquet:"x,id(11)" doc:"x"`
		Y *int64 `parquet:"y,id(12)"`
	}
	type base struct {
		A int64   `parquet:"a,id(1)" doc:"a"`
		B *string `parquet:"b,id(2)"`
		S inner   `parquet:"s,id(10)"`
	}
	have := schemaOf(reflect.TypeFor[base]())
	type s1 struct {
		X int64  `parquet:"x,id(11)" doc:"x"`
		Y *int64 `parquet:"y,id(12)"`
		Z *bool  `parquet:"z,id(13)" doc:"new"`
	}
	for name, c := range map[string]struct {
		want    reflect.Type
		columns []string // of the result; nil: refused
		text    string   // of the error
	}{
		"same": {reflect.TypeFor[base](), []string{"a", "b", "s", "s.x", "s.y"}, ""},
		"new columns, also nested": {reflect.TypeFor[struct {
			A int64    `parquet:"a,id(1)" doc:"a"`
			B *string  `parquet:"b,id(2)"`
			C *float32 `parquet:"c,id(3)"`
			S s1       `parquet:"s,id(10)"`
		}](), []string{"a", "b", "s", "s.x", "s.y", "s.z", "c"}, ""},
		"older program": {reflect.TypeFor[struct {
			A int64 `parquet:"a,id(1)" doc:"a"`
			S inner `parquet:"s,id(10)"`
		}](), []string{"a", "b", "s", "s.x", "s.y"}, ""},
		"required becomes optional": {reflect.TypeFor[struct {
			A *int64  `parquet:"a,id(1)" doc:"a"`
			B *string `parquet:"b,id(2)"`
			S inner   `parquet:"s,id(10)"`
		}](), []string{"a", "b", "s", "s.x", "s.y"}, ""},
		"new required column": {reflect.TypeFor[struct {
			base
			C int64 `parquet:"c,id(3)"`
		}](), nil, "column c is new, so it must be optional"},
		"other type": {reflect.TypeFor[struct {
			A int32 `parquet:"a,id(1)" doc:"a"`
			S inner `parquet:"s,id(10)"`
		}](), nil, "column a of type long would become int"},
		"renamed": {reflect.TypeFor[struct {
			A int64 `parquet:"aa,id(1)" doc:"a"`
			S inner `parquet:"s,id(10)"`
		}](), nil, "column a with id 1 would be renamed to aa"},
		"optional becomes required": {reflect.TypeFor[struct {
			A int64  `parquet:"a,id(1)" doc:"a"`
			B string `parquet:"b,id(2)"`
			S inner  `parquet:"s,id(10)"`
		}](), nil, "column b is optional and would become required"},
		"required column dropped": {reflect.TypeFor[struct {
			S inner `parquet:"s,id(10)"`
		}](), nil, "column a is required, but this version does not write it"},
		"nested type": {reflect.TypeFor[struct {
			A int64 `parquet:"a,id(1)" doc:"a"`
			S struct {
				X bool `parquet:"x,id(11)"`
			} `parquet:"s,id(10)"`
		}](), nil, "column s.x of type long would become boolean"},
	} {
		var want []iceberg.NestedField
		if name == "new required column" { // embedded fields
			want = append(have.Fields(), iceberg.NestedField{ID: 3, Name: "c", Type: iceberg.PrimitiveTypes.Int64, Required: true})
		} else {
			want = schemaOf(c.want).Fields()
		}
		got, err := evolve("t", have, iceberg.NewSchema(0, want...))
		if c.columns == nil {
			wantErr(t, err, ErrSchema, c.text)
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var names []string
		for _, col := range columns(nil, "", got.Fields()) {
			names = append(names, col.Name)
		}
		if diff := cmp.Diff(c.columns, names); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if name == "same" && got != have {
			t.Error("same schema counts as changed")
		}
	}
}
