package lake

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/chimera-1/chimera/datasets/store"
)

const runsDir = "_chimera/runs/"

// RunInfo says who wants to write.
type RunInfo struct {
	Identity string // hash of job, date, config and pinned inputs; names the scratch folder
	RunID    string // unique to the attempt
	Job      string
	Date     string // YYYY-MM-DD
	Wait     bool   // wait for the holder of the lease instead of failing with ErrBusy
}

func (r RunInfo) check() error {
	for _, f := range []struct{ name, value string }{{"identity", r.Identity}, {"run id", r.RunID}} {
		if store.CheckPath(f.value) != nil || strings.Contains(f.value, "/") {
			return fmt.Errorf("lake: %s %q cannot be a file name", f.name, f.value)
		}
	}
	return nil
}

// Night is the right to commit the next generation. Close it.
type Night struct {
	Generation int32 // number it will commit
	Run        RunInfo

	lake    *Lake
	lease   *lease
	base    base
	parent  int32 // generation that main is at
	attempt string
	load    loader // how tables are found
	close   func() error
}

// Begin takes the lease, and with it the next generation number.
func (l *Lake) Begin(ctx context.Context, run RunInfo) (*Night, error) {
	if err := run.check(); err != nil {
		return nil, err
	}
	n, err := l.lease(ctx, run, l.table)
	if err != nil {
		return nil, err
	}
	if err := l.ready(ctx); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

// ready mends what earlier nights left, and refuses a lake that must not be
// written.
func (l *Lake) ready(ctx context.Context) error {
	if err := l.catchUp(ctx); err != nil {
		return err
	}
	if err := l.checkTables(ctx); err != nil {
		return err
	}
	return l.writeHints(ctx)
}

// lease takes the lease and notes what the night builds on.
func (l *Lake) lease(ctx context.Context, run RunInfo, load loader) (*Night, error) {
	le, err := l.acquire(ctx, run)
	if err != nil {
		return nil, err
	}
	n := &Night{Run: run, lake: l, lease: le, attempt: strings.ToLower(rand.Text()[:8]), load: load}
	n.close = sync.OnceValue(func() error { return le.release(context.WithoutCancel(ctx)) })
	if err := n.rebase(ctx); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

// rebase notes the history as the one to build on.
func (n *Night) rebase(ctx context.Context) error {
	h, err := n.lake.history(ctx)
	if err != nil {
		return err
	}
	n.base, n.parent = h.top(), h.head
	n.Generation = n.base.Generation + 1
	return nil
}

// checkTables refuses to write a lake whose metadata names another place, since
// the new files would be here and the old ones there, or that knows of a
// generation whose record is lost, since its number would be given away again.
func (l *Lake) checkTables(ctx context.Context) error {
	top, err := l.newest(ctx)
	if err != nil {
		return err
	}
	for _, spec := range specs {
		m, _, err := l.table(ctx, spec.name)
		if err != nil {
			return err
		}
		if m == nil {
			continue
		}
		if m.Location != l.location(spec.name) {
			return fmt.Errorf("lake: %s: %w: %s says it lies at %s; run chimera lake relocate first", l.URI(), ErrMoved, spec.name, m.Location)
		}
		if _, ok := m.Refs[tagOf(top.Generation+1)]; ok {
			path := generationPath(top.Generation + 1)
			return fmt.Errorf("lake: %s: %w: %s has its tag; restore that file from a backup", path, errLost, spec.name)
		}
	}
	return nil
}

// errLost marks a record that must have existed.
var errLost = fmt.Errorf("%w: the record is missing", store.ErrNotExist)

// Scratch is a folder within the lake for what the run may need again after a
// crash. It is kept between attempts of the same identity. The generation
// number may differ between attempts, if another night got in between.
func (n *Night) Scratch() string { return runsDir + n.Run.Identity + "/" }

// RemoveScratch empties the scratch folder, once it is of no more use.
func (n *Night) RemoveScratch(ctx context.Context) error {
	infos, err := n.lake.st.List(ctx, n.Scratch())
	if err != nil {
		return fmt.Errorf("lake: list scratch: %w", err)
	}
	for _, info := range infos {
		if err := n.lake.st.Delete(ctx, info.Path); err != nil && !errors.Is(err, store.ErrNotExist) {
			return fmt.Errorf("lake: remove scratch: %w", err)
		}
	}
	return nil
}

// NewDataFile names a data file of a table. The name is new in every attempt,
// so that a killed attempt is never in the way.
func (n *Night) NewDataFile(table, stem string) string {
	return DataPath(table, stem+"-"+n.attempt)
}

// DataPath is where a data file of a table lies in the lake. The stem must be
// new: it carries the name of the attempt that writes the file.
func DataPath(table, stem string) string { return table + "/data/" + stem + ".parquet" }

// Close gives the lease back. Closing twice does nothing.
func (n *Night) Close() error { return n.close() }
