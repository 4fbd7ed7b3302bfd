package lake

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/chimera-1/chimera/datasets/store"
)

// Orphan is a file that no snapshot and no record names: what a killed run
// left, or metadata that newer metadata has replaced.
type Orphan struct {
	Path     string    `json:"path"`
	Bytes    int64     `json:"bytes"`
	Modified time.Time `json:"modified"` // for scratch: of the run's newest file
	Reason   string    `json:"reason"`
	Deleted  bool      `json:"deleted"`
}

// SweepOptions say what to sweep. The zero value lists what is older than a day.
type SweepOptions struct {
	OlderThan time.Duration // 0: a day; negative: any age
	Delete    bool
}

// sweepAge is how old an orphan must be unless asked otherwise: a run that is
// resumed the next night still finds its finished units.
const sweepAge = 24 * time.Hour

// Sweep lists orphans and, if asked, deletes them. To delete it takes the lease,
// so that nothing of a running night is touched, and a lake without damage, so
// that it knows what is named. It never looks at files that are not ours.
func (l *Lake) Sweep(ctx context.Context, opt SweepOptions) (found []Orphan, err error) {
	if opt.Delete {
		id := "sweep-" + strings.ToLower(rand.Text()[:8])
		n, err := l.lease(ctx, RunInfo{Identity: id, RunID: id, Job: "sweep"}, l.table)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, n.Close()) }()
	}
	inv, err := l.takeInventory(ctx)
	if err != nil {
		return nil, err
	}
	if opt.Delete && !inv.whole() {
		d := slices.Concat(inv.damaged, inv.missing)[0]
		return nil, fmt.Errorf("lake: sweep: %s: %s; it may name files that look like orphans, so nothing is deleted", d.Path, d.Reason)
	}
	orphans, err := inv.orphans(ctx)
	if err != nil {
		return nil, err
	}
	for _, o := range orphans {
		if !old(l.now().Sub(o.Modified), opt.OlderThan) {
			continue
		}
		if opt.Delete {
			if err := l.st.Delete(ctx, o.Path); err != nil && !errors.Is(err, store.ErrNotExist) {
				return found, fmt.Errorf("lake: sweep: %w", err)
			}
			o.Deleted = true
		}
		found = append(found, o)
	}
	return found, nil
}

func old(age, limit time.Duration) bool {
	if limit == 0 {
		limit = sweepAge
	}
	return limit < 0 || age >= limit
}

// orphans lists the files in our folders that nothing names, sorted by path.
func (inv *inventory) orphans(ctx context.Context) ([]Orphan, error) {
	orphans := []Orphan{}
	list := func(prefix, reason string) error {
		infos, err := inv.lake.st.List(ctx, prefix)
		for _, info := range infos {
			if !inv.named[info.Path] {
				orphans = append(orphans, Orphan{Path: info.Path, Bytes: info.Size, Modified: info.Modified, Reason: reason})
			}
		}
		return err
	}
	for _, spec := range specs {
		if err := list(spec.name+"/data/", "data file that no snapshot names"); err != nil {
			return nil, err
		}
		if err := list(spec.name+"/metadata/", "metadata that nothing names any more"); err != nil {
			return nil, err
		}
	}
	if err := list(runsDir, "scratch of a run"); err != nil {
		return nil, err
	}
	if s, ok := inv.lake.st.(store.Litterer); ok {
		litter, err := s.Litter(ctx)
		if err != nil {
			return nil, err
		}
		for _, info := range litter {
			orphans = append(orphans, Orphan{Path: info.Path, Bytes: info.Size, Modified: info.Modified, Reason: "write that was not finished"})
		}
	}
	ageTogether(orphans)
	slices.SortFunc(orphans, func(a, b Orphan) int { return strings.Compare(a.Path, b.Path) })
	return orphans, nil
}

// ageTogether gives all scratch files of a run the time of the newest: a run
// that went on lately needs the oldest too.
func ageTogether(orphans []Orphan) {
	newest := map[string]time.Time{}
	run := func(o Orphan) (string, bool) {
		rest, ok := strings.CutPrefix(o.Path, runsDir)
		id, _, _ := strings.Cut(rest, "/")
		return id, ok
	}
	for _, o := range orphans {
		if id, ok := run(o); ok && o.Modified.After(newest[id]) {
			newest[id] = o.Modified
		}
	}
	for i, o := range orphans {
		if id, ok := run(o); ok {
			orphans[i].Modified = newest[id]
		}
	}
}
