package lake

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/apache/iceberg-go"
	"github.com/goccy/go-json"
)

// tableMetadata is Iceberg's table metadata, format version 2, as far as our
// tables use it: unpartitioned, unsorted.
type tableMetadata struct {
	FormatVersion      int                    `json:"format-version"`
	TableUUID          string                 `json:"table-uuid"`
	Location           string                 `json:"location"`
	LastSequenceNumber int64                  `json:"last-sequence-number"`
	LastUpdatedMS      int64                  `json:"last-updated-ms"`
	LastColumnID       int                    `json:"last-column-id"`
	Schemas            []tableSchema          `json:"schemas"`
	CurrentSchemaID    int                    `json:"current-schema-id"`
	PartitionSpecs     []partitionSpec        `json:"partition-specs"`
	DefaultSpecID      int                    `json:"default-spec-id"`
	LastPartitionID    int                    `json:"last-partition-id"`
	SortOrders         []sortOrder            `json:"sort-orders"`
	DefaultSortOrderID int                    `json:"default-sort-order-id"`
	Properties         map[string]string      `json:"properties"`
	CurrentSnapshotID  *int64                 `json:"current-snapshot-id,omitempty"`
	Refs               map[string]snapshotRef `json:"refs"`
	Snapshots          []snapshot             `json:"snapshots"`
	SnapshotLog        []snapshotLogEntry     `json:"snapshot-log"`
	MetadataLog        []metadataLogEntry     `json:"metadata-log"`

	version int // of the file it was read from
}

// tableSchema is a schema of a table. The same bytes are decoded once a process:
// every metadata file of a table repeats its schemas.
type tableSchema struct{ *iceberg.Schema }

var decodedSchemas sync.Map // JSON -> *iceberg.Schema

func (s *tableSchema) UnmarshalJSON(doc []byte) error {
	if known, ok := decodedSchemas.Load(string(doc)); ok {
		s.Schema = known.(*iceberg.Schema)
		return nil
	}
	s.Schema = new(iceberg.Schema)
	if err := json.Unmarshal(doc, s.Schema); err != nil {
		return err
	}
	decodedSchemas.Store(string(doc), s.Schema)
	return nil
}

type partitionSpec struct {
	SpecID int               `json:"spec-id"`
	Fields []json.RawMessage `json:"fields"`
}

type sortOrder struct {
	OrderID int               `json:"order-id"`
	Fields  []json.RawMessage `json:"fields"`
}

type snapshot struct {
	SnapshotID       int64             `json:"snapshot-id"`
	ParentSnapshotID *int64            `json:"parent-snapshot-id,omitempty"`
	SequenceNumber   int64             `json:"sequence-number"`
	TimestampMS      int64             `json:"timestamp-ms"`
	ManifestList     string            `json:"manifest-list"`
	Summary          map[string]string `json:"summary"`
	SchemaID         int               `json:"schema-id"`
}

type snapshotRef struct {
	SnapshotID int64  `json:"snapshot-id"`
	Type       string `json:"type"` // branch or tag
}

type snapshotLogEntry struct {
	SnapshotID  int64 `json:"snapshot-id"`
	TimestampMS int64 `json:"timestamp-ms"`
}

type metadataLogEntry struct {
	MetadataFile string `json:"metadata-file"`
	TimestampMS  int64  `json:"timestamp-ms"`
}

const (
	formatVersion = 2
	mainBranch    = "main"
	refBranch     = "branch"
	refTag        = "tag"
	// firstPartitionID is where Iceberg starts to number partition fields.
	firstPartitionID = 1000
	// oldMetadata is how many earlier metadata files a table keeps: about ten
	// nights to go back to if the newest is damaged. Generations do not need
	// them: every metadata file lists every snapshot.
	oldMetadata = 20
)

// encode seals the metadata as a file.
func (m *tableMetadata) encode() ([]byte, error) {
	m.Properties[sealKey] = string(unsealed)
	doc, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	return seal(doc), nil
}

// parseMetadata reads a metadata file that must be ours and whole.
func parseMetadata(doc []byte) (*tableMetadata, error) {
	if err := checkSeal(doc); err != nil {
		return nil, err
	}
	return decodeMetadata(doc)
}

// decodeMetadata is parseMetadata without the checksum: whatever doc holds, it
// returns metadata that hangs together, or an error.
func decodeMetadata(doc []byte) (m *tableMetadata, err error) {
	defer func() { // iceberg-go's schema decoder is not ours to trust
		if r := recover(); r != nil {
			m, err = nil, fmt.Errorf("%w: %v", ErrDamaged, r)
		}
	}()
	m = new(tableMetadata)
	if err := json.Unmarshal(doc, m); err != nil || m.FormatVersion != formatVersion {
		return nil, notOurs(doc, err)
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return m, nil
}

// notOurs says why doc is no metadata of our version: it may be of a newer one.
func notOurs(doc []byte, err error) error {
	var version struct {
		FormatVersion int `json:"format-version"`
	}
	switch probe := json.Unmarshal(doc, &version); {
	case probe == nil && version.FormatVersion > formatVersion:
		return fmt.Errorf("%w: Iceberg format version %d, this one reads %d", ErrNewer, version.FormatVersion, formatVersion)
	case err != nil:
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return fmt.Errorf("%w: format version %d", ErrDamaged, version.FormatVersion)
}

// check is what the code relies on.
func (m *tableMetadata) check() error {
	switch {
	case m.Location == "":
		return fmt.Errorf("no location")
	case m.Properties == nil:
		return fmt.Errorf("no properties")
	}
	if slices.Contains(m.Schemas, tableSchema{}) || m.schema() == nil {
		return fmt.Errorf("no schema %d", m.CurrentSchemaID)
	}
	seen := map[int64]bool{}
	for _, s := range m.Snapshots {
		if seen[s.SnapshotID] || s.ManifestList == "" || s.Summary == nil || s.SequenceNumber > m.LastSequenceNumber {
			return fmt.Errorf("snapshot %d is no good", s.SnapshotID)
		}
		seen[s.SnapshotID] = true
	}
	for name, ref := range m.Refs {
		if !seen[ref.SnapshotID] {
			return fmt.Errorf("ref %s names snapshot %d, which is not there", name, ref.SnapshotID)
		}
	}
	main, ok := m.Refs[mainBranch]
	if ok != (m.CurrentSnapshotID != nil) || ok && main.SnapshotID != *m.CurrentSnapshotID {
		return fmt.Errorf("main is not the current snapshot")
	}
	return nil
}

// clone copies what an update may change.
func (m *tableMetadata) clone() *tableMetadata {
	c := *m
	c.Schemas = slices.Clone(m.Schemas)
	c.Properties = maps.Clone(m.Properties)
	c.Refs = maps.Clone(m.Refs)
	if c.Refs == nil {
		c.Refs = map[string]snapshotRef{}
	}
	c.Snapshots = slices.Clone(m.Snapshots)
	c.SnapshotLog = slices.Clone(m.SnapshotLog)
	c.MetadataLog = slices.Clone(m.MetadataLog)
	return &c
}

// schema is the current schema, or nil.
func (m *tableMetadata) schema() *iceberg.Schema { return m.schemaWithID(m.CurrentSchemaID) }

func (m *tableMetadata) schemaWithID(id int) *iceberg.Schema {
	for _, s := range m.Schemas {
		if s.ID == id {
			return s.Schema
		}
	}
	return nil
}

// snapshot finds a snapshot by id.
func (m *tableMetadata) snapshot(id int64) (snapshot, bool) {
	i := slices.IndexFunc(m.Snapshots, func(s snapshot) bool { return s.SnapshotID == id })
	if i < 0 {
		return snapshot{}, false
	}
	return m.Snapshots[i], true
}

// main is the snapshot that readers see, if there is one.
func (m *tableMetadata) main() (snapshot, bool) {
	if m.CurrentSnapshotID == nil {
		return snapshot{}, false
	}
	return m.snapshot(*m.CurrentSnapshotID)
}

// sameRefs says whether other has all refs of m, but for those of runs.
func (m *tableMetadata) sameRefs(other *tableMetadata) bool {
	for name, ref := range m.Refs {
		if other.Refs[name] != ref && !strings.HasPrefix(name, branchOf("")) {
			return false
		}
	}
	return true
}

// setMain moves main, and logs the move.
func (m *tableMetadata) setMain(id, nowMS int64) {
	m.CurrentSnapshotID = &id
	m.Refs[mainBranch] = snapshotRef{SnapshotID: id, Type: refBranch}
	if n := len(m.SnapshotLog); n > 0 {
		nowMS = max(nowMS, m.SnapshotLog[n-1].TimestampMS) // a clock may go back, the log may not
	}
	m.SnapshotLog = append(m.SnapshotLog, snapshotLogEntry{SnapshotID: id, TimestampMS: nowMS})
}

// addSchema makes a schema the current one.
func (m *tableMetadata) addSchema(fields []iceberg.NestedField) {
	id := 0
	for _, s := range m.Schemas {
		id = max(id, s.ID+1)
	}
	s := iceberg.NewSchema(id, fields...)
	m.Schemas = append(m.Schemas, tableSchema{s})
	m.CurrentSchemaID = id
	m.LastColumnID = max(m.LastColumnID, s.HighestFieldID())
}
