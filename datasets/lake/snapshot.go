package lake

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/iceberg-go"
)

// propertyPrefix marks what we add to snapshot summaries.
const propertyPrefix = "chimera."

// Operations of a snapshot, as Iceberg names them.
const (
	opAppend    = "append"
	opReplace   = "replace"   // other files, same rows
	opOverwrite = "overwrite" // files go, and rows with them or beside them
)

// stage adds to m a snapshot that makes the change to main, without moving
// main. It returns the snapshot and the metadata files it wrote.
func (l *Lake) stage(ctx context.Context, table string, m *tableMetadata, c Change, properties map[string]string) (snapshot, []recordFile, error) {
	parent, hasParent := m.main()
	s := snapshot{
		SnapshotID:     newSnapshotID(m),
		SequenceNumber: m.LastSequenceNumber + 1,
		TimestampMS:    max(l.now().UnixMilli(), m.LastUpdatedMS),
		SchemaID:       m.CurrentSchemaID,
	}
	var manifests []iceberg.ManifestFile
	w := &metadataFiles{lake: l, table: table}
	if hasParent {
		s.ParentSnapshotID = &parent.SnapshotID
		s.TimestampMS = max(s.TimestampMS, parent.TimestampMS+1) // also where the clock went back
		var err error
		if manifests, err = l.manifests(ctx, table, m, parent); err != nil {
			return s, nil, err
		}
	}
	manifests, removed, err := w.remove(ctx, m, s.SnapshotID, manifests, c.Remove)
	if err != nil {
		return s, nil, err
	}
	if manifests, err = w.merge(ctx, m, s.SnapshotID, manifests); err != nil {
		return s, nil, err
	}
	if len(c.Add) > 0 {
		added, err := w.add(ctx, m, s.SnapshotID, c.Add)
		if err != nil {
			return s, nil, err
		}
		manifests = append(manifests, added)
	}
	if s.ManifestList, err = w.list(ctx, m, s, manifests); err != nil {
		return s, nil, err
	}
	s.Summary = summarize(parent.Summary, c.Add, removed, properties)
	m.Snapshots = append(m.Snapshots, s)
	m.LastSequenceNumber = s.SequenceNumber
	return s, w.written, nil
}

// add writes a manifest of new files.
func (w *metadataFiles) add(ctx context.Context, m *tableMetadata, snapshotID int64, files []DataFile) (iceberg.ManifestFile, error) {
	return w.manifest(ctx, m, snapshotID, func(mw *iceberg.ManifestWriter) error {
		for _, f := range files {
			d, err := entryOf(w.absolute(m, f.Path), f)
			if err != nil {
				return err
			}
			if err := mw.Add(iceberg.NewManifestEntry(iceberg.EntryStatusADDED, nil, nil, nil, d)); err != nil {
				return err
			}
		}
		return nil
	})
}

// remove returns the manifests without the files at paths. Only manifests that
// hold one of them are written anew; those without live files are left out.
func (w *metadataFiles) remove(ctx context.Context, m *tableMetadata, snapshotID int64, manifests []iceberg.ManifestFile, paths []string) (kept []iceberg.ManifestFile, removed []DataFile, err error) {
	drop := map[string]bool{}
	for _, path := range paths {
		drop[path] = true
	}
	for _, f := range manifests {
		if f.AddedDataFiles() == 0 && f.ExistingDataFiles() == 0 {
			continue
		}
		if len(drop) > 0 {
			live, err := w.lake.live(ctx, w.table, m, f)
			if err != nil {
				return nil, nil, err
			}
			gone := slices.DeleteFunc(slices.Clone(live), func(d DataFile) bool { return !drop[d.Path] })
			if len(gone) > 0 {
				if f, err = w.without(ctx, m, snapshotID, f, drop); err != nil {
					return nil, nil, err
				}
				removed = append(removed, gone...)
			}
		}
		kept = append(kept, f)
	}
	if len(removed) != len(drop) {
		return nil, nil, fmt.Errorf("lake: %s: %d of %d files to remove are not live", w.table, len(drop)-len(removed), len(drop))
	}
	return kept, removed, nil
}

// without writes a manifest anew: dropped entries as deleted, the rest as
// existing.
func (w *metadataFiles) without(ctx context.Context, m *tableMetadata, snapshotID int64, f iceberg.ManifestFile, drop map[string]bool) (iceberg.ManifestFile, error) {
	entries, err := w.lake.entries(ctx, w.table, m, f)
	if err != nil {
		return nil, err
	}
	return w.manifest(ctx, m, snapshotID, func(mw *iceberg.ManifestWriter) error {
		for _, e := range entries {
			if e.Status() == iceberg.EntryStatusDELETED {
				continue
			}
			path, err := inLake(w.table, m.Location, e.DataFile().FilePath())
			if err != nil {
				return err
			}
			write := mw.Existing
			if drop[path] {
				write = mw.Delete
			}
			if err := write(e); err != nil {
				return err
			}
		}
		return nil
	})
}

// mergeAt is how many manifests a snapshot has before they are merged into one.
// Opening a manifest takes a millisecond, whatever is in it: a table of a year
// of nights would take half a second to list.
const mergeAt = 32

// merge writes one manifest for many, with the same entries in the same order.
func (w *metadataFiles) merge(ctx context.Context, m *tableMetadata, snapshotID int64, manifests []iceberg.ManifestFile) ([]iceberg.ManifestFile, error) {
	if len(manifests) < mergeAt {
		return manifests, nil
	}
	var live int32
	merged, err := w.manifest(ctx, m, snapshotID, func(mw *iceberg.ManifestWriter) error {
		for _, f := range manifests {
			live += f.AddedDataFiles() + f.ExistingDataFiles()
			entries, err := w.lake.entries(ctx, w.table, m, f)
			if err != nil {
				return err
			}
			for _, e := range entries {
				if e.Status() == iceberg.EntryStatusDELETED {
					continue
				}
				if err := mw.Existing(e); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if merged.ExistingDataFiles() != live {
		return nil, fmt.Errorf("lake: %s: %w: %d of %d files left after merging manifests", w.table, ErrPolicy, merged.ExistingDataFiles(), live)
	}
	return []iceberg.ManifestFile{merged}, nil
}

// summarize fills in the counters that Iceberg readers expect, and ours.
func summarize(parent map[string]string, added, removed []DataFile, properties map[string]string) map[string]string {
	s := map[string]string{"operation": operation(added, removed)}
	set := func(key string, n int64) { s[key] = strconv.FormatInt(n, 10) }
	count := func(what, addedKey, removedKey, totalKey string, size func(DataFile) int64) {
		plus, minus := total(added, size), total(removed, size)
		set(addedKey, plus)
		if len(removed) > 0 {
			set(removedKey, minus)
		}
		set(totalKey, counter(parent, totalKey)+plus-minus)
	}
	count("files", "added-data-files", "deleted-data-files", "total-data-files", func(DataFile) int64 { return 1 })
	count("rows", "added-records", "deleted-records", "total-records", func(f DataFile) int64 { return f.Rows })
	count("bytes", "added-files-size", "removed-files-size", "total-files-size", func(f DataFile) int64 { return f.Bytes })
	set("changed-partition-count", int64(min(1, len(added)+len(removed))))
	set("total-delete-files", 0)
	set("total-position-deletes", 0)
	set("total-equality-deletes", 0)
	for _, k := range slices.Sorted(maps.Keys(properties)) {
		s[propertyPrefix+strings.TrimPrefix(k, propertyPrefix)] = properties[k]
	}
	delete(s, sealKey) // the place of a checksum must stand once in a document
	return s
}

func operation(added, removed []DataFile) string {
	rows := func(f DataFile) int64 { return f.Rows }
	switch {
	case len(removed) == 0:
		return opAppend
	case total(added, rows) == total(removed, rows):
		return opReplace
	}
	return opOverwrite
}

func total(files []DataFile, size func(DataFile) int64) int64 {
	var n int64
	for _, f := range files {
		n += size(f)
	}
	return n
}

// counter reads a number of a summary; a missing one is 0.
func counter(summary map[string]string, key string) int64 {
	n, _ := strconv.ParseInt(summary[key], 10, 64)
	return n
}
