package lake

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"github.com/chimera-1/chimera/datasets/store"
)

// The catalog is the tables' metadata folders: the newest vN.metadata.json is
// the table, and creating v(N+1), which must not exist, commits. The newest is
// found by listing; version-hint.text is for readers that cannot list.

var metadataName = regexp.MustCompile(`/metadata/v([1-9][0-9]{0,8})\.metadata\.json$`)

func metadataPath(table string, version int) string {
	return fmt.Sprintf("%s/metadata/v%d.metadata.json", table, version)
}

func hintPath(table string) string { return table + "/metadata/version-hint.text" }

// versions lists the metadata versions of a table, ascending.
func (l *Lake) versions(ctx context.Context, table string) ([]int, error) {
	infos, err := l.st.List(ctx, table+"/metadata/v")
	if err != nil {
		return nil, fmt.Errorf("lake: list %s: %w", table, err)
	}
	var versions []int
	for _, info := range infos {
		if m := metadataName.FindStringSubmatch(info.Path); m != nil && info.Path[:len(info.Path)-len(m[0])] == table {
			v, _ := strconv.Atoi(m[1])
			versions = append(versions, v)
		}
	}
	slices.Sort(versions)
	return versions, nil
}

// table loads the newest metadata. A table that does not exist is nil, at
// version 0.
func (l *Lake) table(ctx context.Context, table string) (*tableMetadata, int, error) {
	for try := 0; ; try++ {
		versions, err := l.versions(ctx, table)
		if err != nil || len(versions) == 0 {
			return nil, 0, err
		}
		newest := versions[len(versions)-1]
		m, err := l.metadata(ctx, table, newest)
		// The newest metadata may turn old and be pruned between the two calls.
		if errors.Is(err, store.ErrNotExist) && try < 3 {
			continue
		}
		return m, newest, err
	}
}

// metadata loads one version.
func (l *Lake) metadata(ctx context.Context, table string, version int) (*tableMetadata, error) {
	path := metadataPath(table, version)
	doc, _, err := l.st.ReadFile(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("lake: read %s: %w", path, err)
	}
	m, err := parseMetadata(doc)
	if err == nil {
		m.version = version
	}
	if errors.Is(err, ErrDamaged) {
		return nil, fmt.Errorf("lake: %s: %w; restore that file from a backup, or go on from the version before it with "+
			"chimera lake rollback --to the newest generation (nothing is deleted)", path, err)
	}
	if err != nil {
		return nil, fmt.Errorf("lake: %s: %w", path, err)
	}
	return m, nil
}

// newestWhole is table, but passes over damaged metadata. Only repairs use it.
func (l *Lake) newestWhole(ctx context.Context, table string) (*tableMetadata, int, error) {
	versions, err := l.versions(ctx, table)
	if err != nil || len(versions) == 0 {
		return nil, 0, err
	}
	for i := len(versions) - 1; i >= 0; i-- {
		var m *tableMetadata
		if m, err = l.metadata(ctx, table, versions[i]); err == nil {
			return m, versions[len(versions)-1], nil
		}
		if !errors.Is(err, ErrDamaged) {
			return nil, 0, err
		}
		slog.WarnContext(ctx, "lake: passing over damaged metadata", "file", metadataPath(table, versions[i]), "error", err)
	}
	return nil, 0, err
}

// maxTries bounds how often an update starts over because others were faster.
const maxTries = 50

// update replaces a table's metadata by what change makes of it. change gets a
// copy of the newest metadata, nil for a table that does not exist yet, and may
// be called again if someone else was faster. Returning nil changes nothing.
func (l *Lake) update(ctx context.Context, table string, change func(*tableMetadata) (*tableMetadata, error)) error {
	return l.updateFrom(ctx, table, l.table, change)
}

type loader func(ctx context.Context, table string) (*tableMetadata, int, error)

func (l *Lake) updateFrom(ctx context.Context, table string, load loader, change func(*tableMetadata) (*tableMetadata, error)) error {
	for range maxTries {
		old, version, err := load(ctx, table)
		if err != nil {
			return err
		}
		var next *tableMetadata
		if old != nil {
			next = old.clone()
		}
		if next, err = change(next); err != nil || next == nil {
			return err
		}
		done, err := l.create(ctx, table, version, old, next)
		if err != nil || done {
			return err
		}
	}
	return fmt.Errorf("lake: update %s: %w after %d tries", table, store.ErrChanged, maxTries)
}

// create writes next as the version after the given one, unless someone else
// has written that.
func (l *Lake) create(ctx context.Context, table string, version int, old, next *tableMetadata) (done bool, err error) {
	now := l.now().UnixMilli()
	if old != nil {
		next.LastUpdatedMS = max(now, old.LastUpdatedMS)
		next.MetadataLog = append(next.MetadataLog, metadataLogEntry{
			MetadataFile: l.root() + "/" + metadataPath(table, old.version), TimestampMS: old.LastUpdatedMS,
		})
		next.MetadataLog = next.MetadataLog[max(0, len(next.MetadataLog)-oldMetadata):]
	} else {
		next.LastUpdatedMS = now
	}
	doc, err := next.encode()
	if err != nil {
		return false, fmt.Errorf("lake: encode metadata of %s: %w", table, err)
	}
	path := metadataPath(table, version+1)
	_, err = l.st.Put(ctx, path, doc, store.Condition{IfAbsent: true})
	switch {
	case errors.Is(err, store.ErrExist):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("lake: write %s: %w", path, err)
	}
	return l.settle(ctx, table, version+1)
}

// settle makes sure that the version just created counts, and prunes metadata
// files too old to keep; that may not fail the commit.
func (l *Lake) settle(ctx context.Context, table string, version int) (done bool, err error) {
	versions, err := l.versions(ctx, table)
	if err != nil {
		return false, err
	}
	if newest := versions[len(versions)-1]; newest > version {
		// Someone went on from our version, or we slept so long that ours was
		// pruned before we wrote it. Then it is nobody's, and we start over.
		return slices.Contains(versions, version+1), nil
	}
	for _, v := range versions {
		if v >= version-oldMetadata {
			break
		}
		if err := l.st.Delete(ctx, metadataPath(table, v)); err != nil && !errors.Is(err, store.ErrNotExist) {
			slog.WarnContext(ctx, "lake: old metadata not removed", "file", metadataPath(table, v), "error", err)
		}
	}
	return true, nil
}

// writeHint names the newest metadata for readers that do not list. It is
// written only when main has moved: until then the version it names is as good.
func (l *Lake) writeHint(ctx context.Context, table string) error {
	versions, err := l.versions(ctx, table)
	if err != nil || len(versions) == 0 {
		return err
	}
	want := strconv.Itoa(versions[len(versions)-1])
	if have, _, err := l.st.ReadFile(ctx, hintPath(table)); err == nil && string(have) == want {
		return nil
	}
	if _, err := l.st.Put(ctx, hintPath(table), []byte(want), store.Condition{}); err != nil {
		return fmt.Errorf("lake: write %s: %w", hintPath(table), err)
	}
	return nil
}

// writeHints mends hints that were lost or damaged.
func (l *Lake) writeHints(ctx context.Context) error {
	for _, spec := range specs {
		if err := l.writeHint(ctx, spec.name); err != nil {
			return err
		}
	}
	return nil
}

// newTable is the metadata of a table before its first commit.
func (l *Lake) newTable(spec tableSpec) *tableMetadata {
	schema := schemaOf(spec.row)
	return &tableMetadata{
		FormatVersion:   formatVersion,
		TableUUID:       uuid.NewString(),
		Location:        l.location(spec.name),
		LastPartitionID: firstPartitionID - 1,
		LastColumnID:    schema.HighestFieldID(),
		Schemas:         []tableSchema{{schema}},
		PartitionSpecs:  []partitionSpec{{Fields: []json.RawMessage{}}},
		SortOrders:      []sortOrder{{Fields: []json.RawMessage{}}},
		Properties: map[string]string{
			"comment": spec.doc,
			// Expiry in other tools would delete training data.
			"gc.enabled":                                 "false",
			"commit.retry.num-retries":                   "10",
			"write.format.default":                       "parquet",
			"write.parquet.compression-codec":            "zstd",
			"write.target-file-size-bytes":               strconv.Itoa(512 << 20),
			"write.metadata.previous-versions-max":       strconv.Itoa(oldMetadata),
			"write.metadata.delete-after-commit.enabled": "true",
		},
		Refs:        map[string]snapshotRef{},
		Snapshots:   []snapshot{},
		SnapshotLog: []snapshotLogEntry{},
		MetadataLog: []metadataLogEntry{},
	}
}

// location is where a table's metadata says it lies.
func (l *Lake) location(table string) string { return l.root() + "/" + table }

// newSnapshotID is random, positive and new to the table.
func newSnapshotID(m *tableMetadata) int64 {
	for {
		var b [8]byte
		rand.Read(b[:]) // never fails
		id := int64(binary.BigEndian.Uint64(b[:]) >> 1)
		if _, taken := m.snapshot(id); id != 0 && !taken {
			return id
		}
	}
}
