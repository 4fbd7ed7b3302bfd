package lake

import (
	"context"
	"slices"

	"github.com/apache/iceberg-go"
)

// TableInfo is a table at main.
type TableInfo struct {
	Name       string `json:"table"`
	Doc        string `json:"doc"`
	Rows       int64  `json:"rows"`
	Files      int64  `json:"files"`
	Bytes      int64  `json:"bytes"`
	SnapshotID int64  `json:"snapshot_id"` // 0: never committed
	Snapshots  int    `json:"snapshots"`
	Metadata   string `json:"metadata"` // newest metadata file, within the lake
}

// Column is a column of a table. Those of a struct follow it, with dotted names.
type Column struct {
	ID       int    `json:"id"`
	Name     string `json:"name"`
	Type     string `json:"type"`
	Required bool   `json:"required"`
	Doc      string `json:"doc"`
}

// TableDetail is a table with its schema.
type TableDetail struct {
	TableInfo
	Location   string            `json:"location"`
	UUID       string            `json:"uuid"`
	Columns    []Column          `json:"columns"`
	Properties map[string]string `json:"properties"`
	Tags       map[string]int64  `json:"tags"`
}

// Tables lists the tables there can be, sorted by name.
func (l *Lake) Tables(ctx context.Context) ([]TableInfo, error) {
	infos := make([]TableInfo, len(specs))
	for i, spec := range specs {
		info, _, err := l.describe(ctx, spec)
		if err != nil {
			return nil, err
		}
		infos[i] = info
	}
	return infos, nil
}

// Describe describes one table. One that was never committed has the schema it
// will get.
func (l *Lake) Describe(ctx context.Context, table string) (TableDetail, error) {
	spec, err := specOf(table)
	if err != nil {
		return TableDetail{}, err
	}
	info, m, err := l.describe(ctx, spec)
	if err != nil {
		return TableDetail{}, err
	}
	if m == nil {
		m = l.newTable(spec)
	}
	d := TableDetail{TableInfo: info, Location: m.Location, UUID: m.TableUUID, Properties: m.Properties, Tags: map[string]int64{}}
	d.Columns = columns(nil, "", m.schema().Fields())
	for name, ref := range m.Refs {
		if ref.Type == refTag {
			d.Tags[name] = ref.SnapshotID
		}
	}
	return d, nil
}

func (l *Lake) describe(ctx context.Context, spec tableSpec) (TableInfo, *tableMetadata, error) {
	info := TableInfo{Name: spec.name, Doc: spec.doc}
	m, version, err := l.table(ctx, spec.name)
	if err != nil || m == nil {
		return info, nil, err
	}
	info.Snapshots, info.Metadata = len(m.Snapshots), metadataPath(spec.name, version)
	h, err := l.history(ctx)
	if err != nil {
		return info, nil, err
	}
	if s, ok := m.snapshot(h.mains[spec.name]); ok {
		info.SnapshotID = s.SnapshotID
		info.Rows = counter(s.Summary, "total-records")
		info.Files = counter(s.Summary, "total-data-files")
		info.Bytes = counter(s.Summary, "total-files-size")
	}
	return info, m, nil
}

// columns flattens fields, nested ones after their struct.
func columns(into []Column, parent string, fields []iceberg.NestedField) []Column {
	for _, f := range fields {
		c := Column{ID: f.ID, Name: parent + f.Name, Type: f.Type.String(), Required: f.Required, Doc: f.Doc}
		nested, isStruct := f.Type.(*iceberg.StructType)
		if isStruct {
			c.Type = "struct"
		}
		into = append(into, c)
		if isStruct {
			into = columns(into, c.Name+".", nested.FieldList)
		}
	}
	return into
}

// TableDiff is what changed in a table from one generation to another.
type TableDiff struct {
	Table        string   `json:"table"`
	Rows         int64    `json:"rows"` // added less removed
	FilesAdded   []string `json:"files_added"`
	FilesRemoved []string `json:"files_removed"`
}

// Diff says what changed from generation a to generation b, table by table; 0
// is main. Tables without a change are left out.
func (l *Lake) Diff(ctx context.Context, a, b int32) ([]TableDiff, error) {
	var diffs []TableDiff
	for _, spec := range specs {
		before, err := l.Files(ctx, spec.name, a)
		if err != nil {
			return nil, err
		}
		after, err := l.Files(ctx, spec.name, b)
		if err != nil {
			return nil, err
		}
		d := TableDiff{Table: spec.name, FilesAdded: missingFrom(before, after), FilesRemoved: missingFrom(after, before)}
		rows := func(f DataFile) int64 { return f.Rows }
		d.Rows = total(after, rows) - total(before, rows)
		if len(d.FilesAdded)+len(d.FilesRemoved) > 0 {
			diffs = append(diffs, d)
		}
	}
	return diffs, nil
}

// missingFrom are the paths of the files that others lack, sorted.
func missingFrom(others, files []DataFile) []string {
	there := map[string]bool{}
	for _, f := range others {
		there[f.Path] = true
	}
	paths := []string{}
	for _, f := range files {
		if !there[f.Path] {
			paths = append(paths, f.Path)
		}
	}
	slices.Sort(paths)
	return paths
}
