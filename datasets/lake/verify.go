package lake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/chimera-1/chimera/datasets"
)

// VerifyReport is what Verify found.
type VerifyReport struct {
	Files   int64    `json:"files"` // files checked
	Bytes   int64    `json:"bytes"` // of them that were read
	Damaged []Damage `json:"damaged"`
	Missing []Damage `json:"missing"`
	Orphans []Orphan `json:"orphans"` // no fault
}

// OK says whether every committed file is whole.
func (r VerifyReport) OK() bool { return len(r.Damaged)+len(r.Missing) == 0 }

// Verify reads every file that was ever committed, rolled-back generations
// included, and holds it against its SHA-256. progress, if not nil, is told how
// many bytes of data files are done.
func (l *Lake) Verify(ctx context.Context, progress func(done, total int64)) (VerifyReport, error) {
	inv, err := l.takeInventory(ctx)
	if err != nil {
		return VerifyReport{}, err
	}
	if err := inv.checksums(ctx); err != nil {
		return VerifyReport{}, err
	}
	v := &verification{inv: inv, progress: progress}
	if err := v.run(ctx); err != nil {
		return VerifyReport{}, err
	}
	report := VerifyReport{Files: inv.files + v.files, Bytes: inv.bytes + v.done, Damaged: inv.damaged, Missing: inv.missing}
	for _, list := range [][]Damage{report.Damaged, report.Missing} {
		slices.SortFunc(list, func(a, b Damage) int { return strings.Compare(a.Path, b.Path) })
	}
	if report.Orphans, err = inv.orphans(ctx); err != nil {
		return VerifyReport{}, err
	}
	return report, nil
}

// checksums fills in what ops/files says about the data files. The checksums of
// its own files stand in the records.
func (inv *inventory) checksums(ctx context.Context) error {
	own := map[string]string{}
	inv.lake.mu.Lock()
	for path := range inv.data {
		if sum, ok := inv.lake.checksums[path]; ok {
			own[path] = sum
		}
	}
	inv.lake.mu.Unlock()
	for path, sum := range own {
		inv.set(path, sum)
	}
	for _, path := range inv.dataPaths() {
		if inv.table[path] != datasets.TableFiles {
			continue
		}
		sum, err := inv.lake.hash(ctx, path, nil)
		if err != nil || sum != inv.data[path].SHA256 {
			continue // run finds it and says so
		}
		err = readDataFile(ctx, inv.lake.st, path, func(rows []datasets.File) error {
			for _, r := range rows {
				inv.set(r.Path, r.SHA256)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (inv *inventory) set(path, sum string) {
	if f, ok := inv.data[path]; ok {
		f.SHA256 = sum
		inv.data[path] = f
	}
}

// hash reads an object and returns its SHA-256.
func (l *Lake) hash(ctx context.Context, path string, count func(n int64)) (string, error) {
	o, err := l.st.Open(ctx, path)
	if err != nil {
		return "", err
	}
	defer o.Close()
	h := sha256.New()
	buf := make([]byte, 1<<20)
	for at := int64(0); at < o.Size(); {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		n, err := o.ReadAt(buf[:min(int64(len(buf)), o.Size()-at)], at)
		h.Write(buf[:n])
		at += int64(n)
		if count != nil {
			count(int64(n))
		}
		if err != nil && (err != io.EOF || at < o.Size()) {
			return "", fmt.Errorf("lake: read %s at byte %d: %w", path, at, err)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// verification reads the data files.
type verification struct {
	inv      *inventory
	progress func(done, total int64)

	mu    sync.Mutex
	total int64
	done  int64
	files int64
}

func (v *verification) run(ctx context.Context) error {
	paths := v.inv.dataPaths()
	for _, path := range paths {
		v.total += v.inv.data[path].Bytes
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0)) // hashing is what takes the time
	for _, path := range paths {
		g.Go(func() error { return v.check(ctx, v.inv.data[path]) })
	}
	return g.Wait()
}

// check holds one data file against what was committed.
func (v *verification) check(ctx context.Context, want DataFile) error {
	sum, err := v.inv.lake.hash(ctx, want.Path, v.count)
	v.mu.Lock()
	defer v.mu.Unlock()
	if err == nil {
		v.files++
	}
	switch {
	case err == nil && want.SHA256 == "":
		err = fmt.Errorf("%w: no checksum of it is recorded in ops/files", ErrDamaged)
	case err == nil && sum != want.SHA256:
		err = fmt.Errorf("%w: its SHA-256 is %s, but %s was committed", ErrDamaged, sum, want.SHA256)
	}
	if err != nil {
		return v.inv.fault(want.Path, err)
	}
	return nil
}

func (v *verification) count(n int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.done += n
	if v.progress != nil {
		v.progress(v.done, max(v.total, v.done))
	}
}
