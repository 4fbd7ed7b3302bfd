package lake

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/apache/iceberg-go"
)

// RelocateReport is what Relocate rewrote.
type RelocateReport struct {
	From   string `json:"from"` // place that the metadata named; empty: this one
	To     string `json:"to"`
	Tables int    `json:"tables"` // tables whose metadata was rewritten
	Files  int    `json:"files"`  // metadata files written for them
}

// Relocate rewrites the absolute paths that Iceberg's metadata holds, after the
// lake's folder was moved or copied. Data files stay as they are. For every
// table new manifests and lists are written for all snapshots, then one new
// metadata file switches to them; a killed Relocate is finished by the next.
func (l *Lake) Relocate(ctx context.Context) (report RelocateReport, err error) {
	id := eventRelocate + "-" + strings.ToLower(rand.Text()[:8])
	n, err := l.lease(ctx, RunInfo{Identity: id, RunID: id, Job: eventRelocate}, l.table)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	if err := l.catchUp(ctx); err != nil {
		return report, err
	}
	report.To = l.root()
	for _, spec := range specs {
		if err := l.relocateTable(ctx, spec.name, &report); err != nil {
			return report, err
		}
	}
	return report, n.recordMetadata(ctx)
}

// relocateTable rewrites one table's metadata, unless it names this place.
func (l *Lake) relocateTable(ctx context.Context, table string, report *RelocateReport) error {
	return l.update(ctx, table, func(m *tableMetadata) (*tableMetadata, error) {
		if m == nil || m.Location == l.location(table) {
			return nil, nil
		}
		from := m.clone()
		m.Location = l.location(table)
		move := &mover{from: from, to: m, out: &metadataFiles{lake: l, table: table}, done: map[string]iceberg.ManifestFile{}}
		for i, s := range from.Snapshots {
			list, err := move.snapshot(ctx, s)
			if err != nil {
				return nil, err
			}
			m.Snapshots[i].ManifestList = list
		}
		for i, e := range m.MetadataLog {
			if path, err := inLake(table, from.Location, e.MetadataFile); err == nil {
				m.MetadataLog[i].MetadataFile = move.out.absolute(m, path)
			}
		}
		report.From = strings.TrimSuffix(from.Location, "/"+table)
		report.Tables++
		report.Files += len(move.out.written) + 1
		return m, nil
	})
}

// mover writes the manifests and lists of one table anew.
type mover struct {
	from, to *tableMetadata
	out      *metadataFiles
	done     map[string]iceberg.ManifestFile // by old path; snapshots share manifests
}

func (v *mover) snapshot(ctx context.Context, s snapshot) (string, error) {
	manifests, err := v.out.lake.manifests(ctx, v.out.table, v.from, s)
	if err != nil {
		return "", err
	}
	moved := make([]iceberg.ManifestFile, len(manifests))
	for i, f := range manifests {
		if moved[i], err = v.manifest(ctx, f); err != nil {
			return "", err
		}
	}
	return v.out.list(ctx, v.to, s, moved)
}

func (v *mover) manifest(ctx context.Context, f iceberg.ManifestFile) (iceberg.ManifestFile, error) {
	if moved, ok := v.done[f.FilePath()]; ok {
		return moved, nil
	}
	entries, err := v.out.lake.entries(ctx, v.out.table, v.from, f)
	if err != nil {
		return nil, err
	}
	written, err := v.out.manifest(ctx, v.to, f.SnapshotID(), func(w *iceberg.ManifestWriter) error {
		for _, e := range entries {
			if err := v.entry(w, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	// The same manifest in all but its place: counts and sequence numbers stay.
	moved := iceberg.NewManifestFile(formatVersion, written.FilePath(), written.Length(), f.PartitionSpecID(), f.SnapshotID()).
		Content(f.ManifestContent()).SequenceNum(f.SequenceNum(), f.MinSequenceNum()).
		AddedFiles(f.AddedDataFiles()).ExistingFiles(f.ExistingDataFiles()).DeletedFiles(f.DeletedDataFiles()).
		AddedRows(f.AddedRows()).ExistingRows(f.ExistingRows()).DeletedRows(f.DeletedRows()).
		Partitions([]iceberg.FieldSummary{}).Build()
	v.done[f.FilePath()] = moved
	return moved, nil
}

// entry writes an entry with its file at the new place.
func (v *mover) entry(w *iceberg.ManifestWriter, e iceberg.ManifestEntry) error {
	path, err := inLake(v.out.table, v.from.Location, e.DataFile().FilePath())
	if err != nil {
		return err
	}
	d, err := entryOf(v.out.absolute(v.to, path), dataFileOf(path, e.DataFile()))
	if err != nil {
		return err
	}
	snapshotID, sequence := e.SnapshotID(), e.SequenceNum()
	switch e.Status() {
	case iceberg.EntryStatusADDED: // inherits its numbers from the manifest
		return w.Add(iceberg.NewManifestEntry(e.Status(), nil, nil, nil, d))
	case iceberg.EntryStatusEXISTING:
		return w.Existing(iceberg.NewManifestEntry(e.Status(), &snapshotID, &sequence, e.FileSequenceNum(), d))
	}
	return w.Delete(iceberg.NewManifestEntry(e.Status(), &snapshotID, &sequence, e.FileSequenceNum(), d))
}

// recordMetadata records the checksums of metadata files that no record has.
func (n *Night) recordMetadata(ctx context.Context) error {
	inv, err := n.lake.takeInventory(ctx)
	if err != nil {
		return err
	}
	if !inv.whole() {
		d := slices.Concat(inv.damaged, inv.missing)[0]
		return fmt.Errorf("lake: relocate: %s: %s", d.Path, d.Reason)
	}
	e := &eventRecord{Kind: eventRelocate}
	for _, path := range slices.Sorted(maps.Keys(inv.named)) {
		if _, known := n.lake.checksum(path); known || !strings.HasSuffix(path, ".avro") {
			continue
		}
		var size int64
		sum, err := n.lake.hash(ctx, path, func(n int64) { size += n })
		if err != nil {
			return err
		}
		e.Files = append(e.Files, recordFile{Path: path, SHA256: sum, Bytes: size})
	}
	if len(e.Files) == 0 {
		return nil
	}
	return n.commitEvent(ctx, e, nil, nil)
}
