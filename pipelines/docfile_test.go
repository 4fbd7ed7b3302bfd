package pipelines

import (
	"reflect"
	"testing"

	"github.com/chimera-1/chimera/datasets"
)

// TestBareDocument has every column of a document but its signals, with the same
// tag and type.
func TestBareDocument(t *testing.T) {
	whole, bare := reflect.TypeFor[datasets.Document](), reflect.TypeFor[bareDocument]()
	if bare.NumField() != whole.NumField()-1 {
		t.Errorf("%d fields, want one less than %d", bare.NumField(), whole.NumField())
	}
	for i := range whole.NumField() {
		want := whole.Field(i)
		if want.Name == "Signals" {
			continue
		}
		got, ok := bare.FieldByName(want.Name)
		if !ok || got.Type != want.Type || got.Tag.Get("parquet") != want.Tag.Get("parquet") {
			t.Errorf("%s is %v %q, want %v %q", want.Name, got.Type, got.Tag.Get("parquet"), want.Type, want.Tag.Get("parquet"))
		}
	}
}
