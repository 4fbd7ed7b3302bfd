package lake

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/chimera-1/chimera/datasets"
)

// Metadata survives being written and read, and the standard library reads in
// it what the fast one wrote.
func TestMetadataRoundTrip(t *testing.T) {
	st, l := threeNights(t)
	for _, spec := range specs {
		m, version, err := l.table(ctx, spec.name)
		must(t, err)
		file, _, err := st.ReadFile(ctx, metadataPath(spec.name, version))
		must(t, err)
		again, err := m.encode()
		must(t, err)
		if diff := cmp.Diff(string(file), string(again)); diff != "" {
			t.Errorf("%s: written again (-file +again):\n%s", spec.name, diff)
		}
		var std tableMetadata
		must(t, json.Unmarshal(file, &std))
		std.Properties[sealKey] = string(unsealed) // as m.encode left it
		stdDoc, err := json.Marshal(std)
		must(t, err)
		fastDoc, err := json.Marshal(m)
		must(t, err)
		if diff := cmp.Diff(string(stdDoc), string(fastDoc)); diff != "" {
			t.Errorf("%s: encoding/json reads something else:\n%s", spec.name, diff)
		}
	}
}

// The fields that Iceberg's specification requires of version 2 metadata
// (table 1 of the section on table metadata) are all there.
func TestMetadataFields(t *testing.T) {
	st, l := threeNights(t)
	_, version, err := l.table(ctx, datasets.TableTraining)
	must(t, err)
	file, _, err := st.ReadFile(ctx, metadataPath(datasets.TableTraining, version))
	must(t, err)
	var m map[string]any
	must(t, json.Unmarshal(file, &m))
	for _, field := range []string{
		"format-version", "table-uuid", "location", "last-sequence-number", "last-updated-ms", "last-column-id", "schemas",
		"current-schema-id", "partition-specs", "default-spec-id", "last-partition-id", "sort-orders", "default-sort-order-id",
		"properties", "current-snapshot-id", "snapshots", "snapshot-log", "metadata-log", "refs",
	} {
		if _, ok := m[field]; !ok {
			t.Errorf("no %s", field)
		}
	}
	for field, want := range map[string]any{
		"format-version": 2.0, "last-sequence-number": 3.0, "last-column-id": 7.0, "last-partition-id": 999.0, "default-spec-id": 0.0,
		"location": "mem:/training/text",
	} {
		if m[field] != want {
			t.Errorf("%s is %v, want %v", field, m[field], want)
		}
	}
}
