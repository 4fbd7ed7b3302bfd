package lake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/iceberg-go"

	"github.com/chimera-1/chimera/datasets/store"
)

// Damage is a file that is not what was committed.
type Damage struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

// inventory is everything that a lake's records and metadata name, and what is
// wrong with those that name it. Where something is damaged it goes on with the
// rest.
type inventory struct {
	lake *Lake
	past *history

	named   map[string]bool     // every file that records or metadata name
	data    map[string]DataFile // data files; SHA256 is filled in by checksums
	table   map[string]string   // of a data file
	files   int64               // records and metadata files that were read
	bytes   int64
	damaged []Damage
	missing []Damage
}

// takeInventory reads all records and all metadata.
func (l *Lake) takeInventory(ctx context.Context) (*inventory, error) {
	inv := &inventory{lake: l, named: map[string]bool{}, data: map[string]DataFile{}, table: map[string]string{}}
	for _, path := range []string{lakePath, leasePath, lockPath, appliedPath} {
		inv.named[path] = true
	}
	if err := inv.records(ctx); err != nil {
		return nil, err
	}
	for _, spec := range specs {
		if err := inv.tableFiles(ctx, spec.name); err != nil {
			return nil, err
		}
	}
	return inv, nil
}

// whole says whether nothing is wrong so far.
func (inv *inventory) whole() bool { return len(inv.damaged)+len(inv.missing) == 0 }

// fault notes what is wrong with the file at path. Other errors, those of the
// store, are returned.
func (inv *inventory) fault(path string, err error) error {
	switch {
	case errors.Is(err, store.ErrNotExist):
		inv.missing = append(inv.missing, Damage{path, "it is missing"})
	case errors.Is(err, ErrDamaged):
		inv.damaged = append(inv.damaged, Damage{path, reason(err)})
	default:
		return err
	}
	return nil
}

// reason is what follows the file's name in an error about it.
func reason(err error) string {
	s := err.Error()
	if i := strings.Index(s, ErrDamaged.Error()); i >= 0 {
		s = s[i:]
	}
	s, _, _ = strings.Cut(s, "; ")
	return s
}

// read counts a record or metadata file and reads it.
func (inv *inventory) read(ctx context.Context, path string) ([]byte, error) {
	inv.named[path] = true
	doc, info, err := inv.lake.st.ReadFile(ctx, path)
	if err == nil {
		inv.files++
		inv.bytes += info.Size
	}
	return doc, err
}

// records reads the records one by one, so that all damaged ones are found.
func (inv *inventory) records(ctx context.Context) error {
	generations, err := readRecords(ctx, inv, generationsDir, func(doc []byte, n int) (*generationRecord, error) {
		return parseGeneration(doc, int32(n))
	})
	if err != nil {
		return err
	}
	events, err := readRecords(ctx, inv, eventsDir, parseEvent)
	if err != nil {
		return err
	}
	inv.lake.mu.Lock()
	inv.lake.noteChecksums(generations, events)
	inv.lake.mu.Unlock()
	inv.past = fold(generations, events)
	return nil
}

func readRecords[R any](ctx context.Context, inv *inventory, dir string, parse func([]byte, int) (R, error)) ([]R, error) {
	numbers, err := inv.lake.recordNumbers(ctx, dir)
	if err != nil || len(numbers) == 0 {
		return nil, err
	}
	var records []R
	for n := 1; n <= numbers[len(numbers)-1]; n++ {
		path := fmt.Sprintf("%s%06d.json", dir, n)
		doc, err := inv.read(ctx, path)
		var r R
		if err == nil {
			r, err = parse(doc, n)
		}
		if err != nil {
			if err = inv.fault(path, err); err != nil {
				return nil, err
			}
			continue
		}
		records = append(records, r)
	}
	return records, nil
}

// tableFiles goes from a table's metadata to its data files.
func (inv *inventory) tableFiles(ctx context.Context, table string) error {
	m, err := inv.tableMetadata(ctx, table)
	if err != nil || m == nil {
		return err
	}
	committed := map[int64]bool{}
	for _, id := range inv.past.tags[table] {
		committed[id] = true
	}
	for _, s := range m.Snapshots {
		if !committed[s.SnapshotID] {
			inv.staged(ctx, table, m, s)
		} else if err := inv.snapshotFiles(ctx, table, m, s); err != nil {
			return err
		}
	}
	for tag, id := range inv.past.tags[table] {
		if _, ok := m.snapshot(id); !ok {
			inv.damaged = append(inv.damaged, Damage{metadataPath(table, m.version), fmt.Sprintf("snapshot %d of %s is not in it", id, tag)})
		}
	}
	return nil
}

// tableMetadata reads the metadata files that count: the newest, and those of
// its log. It returns the newest whole one.
func (inv *inventory) tableMetadata(ctx context.Context, table string) (*tableMetadata, error) {
	versions, err := inv.lake.versions(ctx, table)
	if err != nil {
		return nil, err
	}
	if len(versions) == 0 {
		if inv.past.mains[table] != 0 {
			inv.missing = append(inv.missing, Damage{table + "/metadata", "the table is committed, but its metadata folder is empty"})
		}
		return nil, nil
	}
	var newest *tableMetadata
	counts := map[string]bool{metadataPath(table, versions[len(versions)-1]): true}
	for _, v := range slices.Backward(versions) {
		path := metadataPath(table, v)
		if newest != nil && !counts[path] {
			continue // superseded: Sweep may have it
		}
		doc, err := inv.read(ctx, path)
		var m *tableMetadata
		if err == nil {
			m, err = parseMetadata(doc)
		}
		if err != nil {
			if err = inv.fault(path, err); err != nil {
				return nil, err
			}
			continue
		}
		if newest == nil {
			m.version = v
			newest = m
			inv.expectLog(table, m, counts, versions)
		}
	}
	return newest, inv.hint(ctx, table, newest)
}

// hint checks that the version hint leads other readers to what we read.
func (inv *inventory) hint(ctx context.Context, table string, newest *tableMetadata) error {
	path := hintPath(table)
	doc, err := inv.read(ctx, path)
	if errors.Is(err, store.ErrNotExist) && newest != nil && len(newest.Refs[mainBranch].Type) == 0 {
		return nil // nothing was published yet that it could lead to
	}
	if err == nil && newest != nil && string(doc) != strconv.Itoa(newest.version) {
		version, _ := strconv.Atoi(string(doc))
		hinted, _ := inv.lake.metadata(ctx, table, version)
		if hinted == nil || !newest.sameRefs(hinted) {
			err = fmt.Errorf("%w: it does not lead to the newest metadata; the next night writes it anew", ErrDamaged)
		}
	}
	if err != nil {
		return inv.fault(path, err)
	}
	return nil
}

// expectLog notes the metadata files that the log of m names.
func (inv *inventory) expectLog(table string, m *tableMetadata, counts map[string]bool, versions []int) {
	there := map[string]bool{}
	for _, v := range versions {
		there[metadataPath(table, v)] = true
	}
	for _, e := range m.MetadataLog {
		path, err := inLake(table, m.Location, e.MetadataFile)
		if err != nil {
			continue // of another place, before a move
		}
		counts[path] = true
		if !there[path] {
			inv.missing = append(inv.missing, Damage{path, "it is missing (an earlier metadata file; no reader needs it)"})
		}
	}
}

// snapshotFiles notes the files that a snapshot names. Manifests shared by
// several snapshots are read once.
func (inv *inventory) snapshotFiles(ctx context.Context, table string, m *tableMetadata, s snapshot) error {
	list, err := inLake(table, m.Location, s.ManifestList)
	if err != nil {
		return inv.fault(metadataPath(table, m.version), err)
	}
	manifests, err := inv.lake.manifests(ctx, table, m, s)
	inv.count(list, err)
	if err != nil {
		return inv.fault(list, err)
	}
	for _, f := range manifests {
		path, err := inLake(table, m.Location, f.FilePath())
		if err != nil {
			if err := inv.fault(list, err); err != nil {
				return err
			}
			continue
		}
		if inv.named[path] {
			continue
		}
		entries, err := inv.lake.entries(ctx, table, m, f)
		inv.count(path, err)
		if err != nil {
			if err := inv.fault(path, err); err != nil {
				return err
			}
			continue
		}
		if err := inv.dataFiles(table, m, path, entries); err != nil {
			return err
		}
	}
	return nil
}

// staged names the files of a snapshot that a night has staged, whether it is
// still under way or dead; the next night drops what is dead. They were never
// committed, so they need not be whole.
func (inv *inventory) staged(ctx context.Context, table string, m *tableMetadata, s snapshot) {
	if path, err := inLake(table, m.Location, s.ManifestList); err == nil {
		inv.named[path] = true
	}
	manifests, _ := inv.lake.manifests(ctx, table, m, s)
	for _, f := range manifests {
		if path, err := inLake(table, m.Location, f.FilePath()); err == nil && !inv.named[path] {
			inv.named[path] = true
			files, _ := inv.lake.live(ctx, table, m, f)
			for _, d := range files {
				inv.named[d.Path] = true
			}
		}
	}
}

// count notes a metadata file that was read.
func (inv *inventory) count(path string, err error) {
	if !inv.named[path] && err == nil {
		inv.files++
	}
	inv.named[path] = true
}

func (inv *inventory) dataFiles(table string, m *tableMetadata, manifest string, entries []iceberg.ManifestEntry) error {
	for _, e := range entries {
		path, err := inLake(table, m.Location, e.DataFile().FilePath())
		if err != nil {
			return inv.fault(manifest, err)
		}
		inv.named[path] = true
		inv.table[path] = table
		inv.data[path] = dataFileOf(path, e.DataFile())
	}
	return nil
}

// dataPaths are the data files in order.
func (inv *inventory) dataPaths() []string { return slices.Sorted(maps.Keys(inv.data)) }
