package lake

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/iceberg-go"
	"golang.org/x/sync/errgroup"

	"github.com/chimera-1/chimera/datasets/parquetio"
	"github.com/chimera-1/chimera/datasets/store"
)

// A snapshot is a manifest list (Avro) of manifests (Avro) of data files. A
// commit writes one manifest for what it adds and a list that names it after
// the manifests of the parent, so that files stay in the order they came.

// manifestReaders bounds how many manifests are read at once.
const manifestReaders = 8

// inLake turns a path inside a table's metadata into one within the lake.
func inLake(table, location, path string) (string, error) {
	root := strings.TrimSuffix(location, table)
	rel, ok := strings.CutPrefix(path, root)
	if !ok || store.CheckPath(rel) != nil {
		return "", fmt.Errorf("lake: %s names %s, which is outside of %s: %w", table, path, root, ErrDamaged)
	}
	return rel, nil
}

// readChecked reads a metadata file whole and, if a record holds its checksum,
// checks it.
func (l *Lake) readChecked(ctx context.Context, path string) ([]byte, error) {
	data, _, err := l.st.ReadFile(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("lake: read %s: %w", path, err)
	}
	if want, ok := l.checksum(path); ok {
		if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != want {
			return nil, fmt.Errorf("lake: %s: %w: its checksum does not match; restore that file from a backup", path, ErrDamaged)
		}
	}
	return data, nil
}

// manifests reads the list of a snapshot.
func (l *Lake) manifests(ctx context.Context, table string, m *tableMetadata, s snapshot) (files []iceberg.ManifestFile, err error) {
	path, err := inLake(table, m.Location, s.ManifestList)
	if err != nil {
		return nil, err
	}
	data, err := l.readChecked(ctx, path)
	if err != nil {
		return nil, err
	}
	err = guard(path, func() error {
		files, err = iceberg.ReadManifestList(bytes.NewReader(data))
		return err
	})
	return files, err
}

// entries reads a manifest, deleted entries included.
func (l *Lake) entries(ctx context.Context, table string, m *tableMetadata, f iceberg.ManifestFile) (entries []iceberg.ManifestEntry, err error) {
	path, err := inLake(table, m.Location, f.FilePath())
	if err != nil {
		return nil, err
	}
	data, err := l.readChecked(ctx, path)
	if err != nil {
		return nil, err
	}
	err = guard(path, func() error {
		entries, err = iceberg.ReadManifest(f, bytes.NewReader(data), false)
		return err
	})
	return entries, err
}

// guard turns whatever a decoder does with a damaged file into ErrDamaged.
func guard(path string, decode func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
		if err != nil {
			err = fmt.Errorf("lake: %s: %w: %w; restore that file from a backup", path, ErrDamaged, err)
		}
	}()
	return decode()
}

// live returns the data files of a manifest that are not deleted.
func (l *Lake) live(ctx context.Context, table string, m *tableMetadata, f iceberg.ManifestFile) ([]DataFile, error) {
	key := f.FilePath()
	if files, ok := l.manifestCache.Load(key); ok {
		return files.([]DataFile), nil
	}
	entries, err := l.entries(ctx, table, m, f)
	if err != nil {
		return nil, err
	}
	var files []DataFile
	for _, e := range entries {
		if e.Status() == iceberg.EntryStatusDELETED {
			continue
		}
		path, err := inLake(table, m.Location, e.DataFile().FilePath())
		if err != nil {
			return nil, err
		}
		files = append(files, dataFileOf(path, e.DataFile()))
	}
	l.manifestCache.Store(key, files)
	return files, nil
}

// snapshotFiles returns the live data files of a snapshot, oldest first.
func (l *Lake) snapshotFiles(ctx context.Context, table string, m *tableMetadata, s snapshot) ([]DataFile, error) {
	manifests, err := l.manifests(ctx, table, m, s)
	if err != nil {
		return nil, err
	}
	parts := make([][]DataFile, len(manifests))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(manifestReaders)
	for i, f := range manifests {
		g.Go(func() (err error) {
			parts[i], err = l.live(ctx, table, m, f)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(parts...), nil
}

// dataFileOf reads a manifest's description of a file.
func dataFileOf(path string, d iceberg.DataFile) DataFile {
	sizes, values, nulls := d.ColumnSizes(), d.ValueCounts(), d.NullValueCounts()
	lower, upper := d.LowerBoundValues(), d.UpperBoundValues()
	f := DataFile{Path: path, Rows: d.Count(), Bytes: d.FileSizeBytes(), Columns: make(map[int]parquetio.Bounds, len(values)), Splits: d.SplitOffsets()}
	for id, n := range values {
		f.Columns[id] = parquetio.Bounds{Lower: lower[id], Upper: upper[id], Nulls: nulls[id], Values: n, Bytes: sizes[id]}
	}
	return f
}

// entryOf describes a file for a manifest.
func entryOf(location string, f DataFile) (iceberg.DataFile, error) {
	b, err := iceberg.NewDataFileBuilder(*iceberg.UnpartitionedSpec, iceberg.EntryContentData, location, iceberg.ParquetFile,
		nil, nil, nil, f.Rows, f.Bytes)
	if err != nil {
		return nil, fmt.Errorf("lake: describe %s: %w", f.Path, err)
	}
	sizes, values, nulls := map[int]int64{}, map[int]int64{}, map[int]int64{}
	lower, upper := map[int][]byte{}, map[int][]byte{}
	for id, c := range f.Columns {
		sizes[id], values[id], nulls[id] = c.Bytes, c.Values, c.Nulls
		if c.Lower != nil && c.Upper != nil {
			lower[id], upper[id] = c.Lower, c.Upper
		}
	}
	b.ColumnSizes(sizes).ValueCounts(values).NullValueCounts(nulls).LowerBoundValues(lower).UpperBoundValues(upper)
	if len(f.Splits) > 0 {
		b.SplitOffsets(f.Splits)
	}
	return b.Build(), nil
}

// metadataFiles writes the Avro files of one snapshot and keeps their checksums.
type metadataFiles struct {
	lake    *Lake
	table   string
	written []recordFile
}

// write creates a metadata file with a name of its own and returns its path.
func (w *metadataFiles) write(ctx context.Context, prefix string, data []byte) (string, error) {
	path := fmt.Sprintf("%s/metadata/%s%s.avro", w.table, prefix, strings.ToLower(rand.Text()))
	if _, err := w.lake.st.Put(ctx, path, data, store.Condition{IfAbsent: true}); err != nil {
		return "", fmt.Errorf("lake: write %s: %w", path, err)
	}
	sum := sha256.Sum256(data)
	w.written = append(w.written, recordFile{Path: path, Bytes: int64(len(data)), SHA256: hex.EncodeToString(sum[:])})
	return path, nil
}

// manifest writes a manifest of what fill adds, for a snapshot that has not got
// a sequence number yet.
func (w *metadataFiles) manifest(ctx context.Context, m *tableMetadata, snapshotID int64, fill func(*iceberg.ManifestWriter) error) (iceberg.ManifestFile, error) {
	var buf bytes.Buffer
	mw, err := iceberg.NewManifestWriter(formatVersion, &buf, *iceberg.UnpartitionedSpec, m.schema(), snapshotID)
	if err == nil {
		err = fill(mw)
	}
	if err == nil {
		err = mw.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("lake: encode manifest of %s: %w", w.table, err)
	}
	path, err := w.write(ctx, "m-", buf.Bytes())
	if err != nil {
		return nil, err
	}
	return mw.ToManifestFile(w.absolute(m, path), int64(buf.Len()))
}

// list writes the manifest list of a snapshot.
func (w *metadataFiles) list(ctx context.Context, m *tableMetadata, s snapshot, manifests []iceberg.ManifestFile) (string, error) {
	var buf bytes.Buffer
	err := iceberg.WriteManifestList(formatVersion, &buf, s.SnapshotID, s.ParentSnapshotID, &s.SequenceNumber, 0, manifests)
	if err != nil {
		return "", fmt.Errorf("lake: encode manifest list of %s: %w", w.table, err)
	}
	path, err := w.write(ctx, fmt.Sprintf("snap-%d-", s.SnapshotID), buf.Bytes())
	if err != nil {
		return "", err
	}
	return w.absolute(m, path), nil
}

// absolute turns a path within the lake into one for the table's metadata.
func (w *metadataFiles) absolute(m *tableMetadata, path string) string {
	return strings.TrimSuffix(m.Location, w.table) + path
}
