package lake

import (
	"fmt"
	"slices"

	"github.com/apache/iceberg-go"
)

// evolve merges what this program writes into the schema a table has. Columns
// are told apart by id. A new column must be optional, so that old files lack
// nothing; a required column may become optional; docs may change. A column
// that this program does not know stays: a newer version added it. Everything
// else would change what stored bytes mean, and is refused.
//
// The result is have itself if nothing changes.
func evolve(table string, have, want *iceberg.Schema) (*iceberg.Schema, error) {
	fields, changed, err := evolveFields(table, "", have.Fields(), want.Fields())
	if err != nil {
		return nil, err
	}
	if !changed {
		return have, nil
	}
	return iceberg.NewSchema(have.ID, fields...), nil
}

func evolveFields(table, parent string, have, want []iceberg.NestedField) ([]iceberg.NestedField, bool, error) {
	fields, changed := slices.Clone(have), false
	for _, w := range want {
		i := slices.IndexFunc(fields, func(f iceberg.NestedField) bool { return f.ID == w.ID })
		if i < 0 {
			if w.Required {
				return nil, false, schemaError(table, parent+w.Name, "is new, so it must be optional")
			}
			fields, changed = append(fields, w), true
			continue
		}
		merged, differs, err := evolveField(table, parent, fields[i], w)
		if err != nil {
			return nil, false, err
		}
		fields[i] = merged
		changed = changed || differs
	}
	for _, f := range fields {
		known := slices.ContainsFunc(want, func(w iceberg.NestedField) bool { return w.ID == f.ID })
		if !known && f.Required {
			return nil, false, schemaError(table, parent+f.Name, "is required, but this version does not write it")
		}
	}
	return fields, changed, nil
}

func evolveField(table, parent string, have, want iceberg.NestedField) (iceberg.NestedField, bool, error) {
	name := parent + have.Name
	if have.Name != want.Name {
		return have, false, schemaError(table, name, fmt.Sprintf("with id %d would be renamed to %s", have.ID, want.Name))
	}
	if !have.Required && want.Required {
		return have, false, schemaError(table, name, "is optional and would become required")
	}
	merged := have
	merged.Required, merged.Doc = want.Required, want.Doc
	changed := merged.Required != have.Required || merged.Doc != have.Doc
	haveStruct, ok1 := have.Type.(*iceberg.StructType)
	wantStruct, ok2 := want.Type.(*iceberg.StructType)
	if ok1 && ok2 {
		fields, differs, err := evolveFields(table, name+".", haveStruct.FieldList, wantStruct.FieldList)
		if err != nil {
			return have, false, err
		}
		merged.Type = &iceberg.StructType{FieldList: fields}
		return merged, changed || differs, nil
	}
	if !have.Type.Equals(want.Type) {
		return have, false, schemaError(table, name, fmt.Sprintf("of type %s would become %s", have.Type, want.Type))
	}
	return merged, changed, nil
}

func schemaError(table, column, what string) error {
	return fmt.Errorf("lake: %s: %w: column %s %s", table, ErrSchema, column, what)
}
