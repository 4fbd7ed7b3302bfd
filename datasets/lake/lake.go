package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/chimera-1/chimera/datasets/store"
)

// Kinds of failure that callers decide on.
var (
	ErrNoLake  = errors.New("no lake")
	ErrBusy    = errors.New("another night writes the lake")
	ErrLost    = errors.New("the lease was taken over")
	ErrPolicy  = errors.New("accumulate, never replace")
	ErrSchema  = errors.New("schema would change incompatibly")
	ErrDamaged = errors.New("damaged")
	ErrNewer   = errors.New("written by a newer version of chimera")
	ErrMoved   = errors.New("the lake was moved")
	ErrUnknown = errors.New("unknown")
)

const (
	lakePath    = "_chimera/lake.json"
	lakeVersion = 1 // newest layout that this program reads
)

// marker is _chimera/lake.json, which makes a folder a lake.
type marker struct {
	FormatVersion int       `json:"format_version"`
	CreatedAt     time.Time `json:"created_at"`
}

// Lake is an open lake. It is safe for concurrent use.
type Lake struct {
	st  store.Store
	now func() time.Time

	manifestCache sync.Map // path inside metadata -> []DataFile

	mu          sync.Mutex
	generations []*generationRecord
	events      []*eventRecord
	past        *history
	checksums   map[string]string
}

// Open opens the lake at uri, and finishes what a killed night left: it moves
// the tables' refs to what was committed.
func Open(ctx context.Context, uri string) (*Lake, error) {
	st, err := store.Open(ctx, uri)
	if err != nil {
		return nil, err
	}
	return open(ctx, st)
}

// Create opens the lake at uri, or makes an empty one.
func Create(ctx context.Context, uri string) (*Lake, error) {
	st, err := store.Open(ctx, uri)
	if err != nil {
		return nil, err
	}
	return create(ctx, st)
}

func create(ctx context.Context, st store.Store) (*Lake, error) {
	doc, err := json.Marshal(marker{FormatVersion: lakeVersion, CreatedAt: time.Now().UTC().Truncate(time.Second)})
	if err != nil {
		return nil, err
	}
	if _, err := st.Stat(ctx, lakePath); errors.Is(err, store.ErrNotExist) {
		_, err := st.Put(ctx, lakePath, append(doc, '\n'), store.Condition{IfAbsent: true})
		if err != nil && !errors.Is(err, store.ErrExist) {
			return nil, fmt.Errorf("lake: create %s: %w", st.URI(), err)
		}
	}
	return open(ctx, st)
}

func open(ctx context.Context, st store.Store) (*Lake, error) {
	doc, _, err := st.ReadFile(ctx, lakePath)
	if errors.Is(err, store.ErrNotExist) {
		return nil, fmt.Errorf("lake: %w at %s: it has no %s; chimera curate and chimera nightly make one", ErrNoLake, st.URI(), lakePath)
	}
	if err != nil {
		return nil, fmt.Errorf("lake: open %s: %w", st.URI(), err)
	}
	var m marker
	if err := json.Unmarshal(doc, &m); err != nil || m.FormatVersion < 1 {
		return nil, fmt.Errorf("lake: %s/%s: %w; it should read {\"format_version\":%d}", st.URI(), lakePath, ErrDamaged, lakeVersion)
	}
	if m.FormatVersion > lakeVersion {
		return nil, fmt.Errorf("lake: %s: %w: lake format %d, this one reads up to %d", st.URI(), ErrNewer, m.FormatVersion, lakeVersion)
	}
	l := &Lake{st: st, now: time.Now}
	return l, l.catchUp(ctx)
}

// Store is where the lake lies.
func (l *Lake) Store() store.Store { return l.st }

// URI is the lake's root.
func (l *Lake) URI() string { return l.st.URI() }

// root is the lake's root as it stands inside table metadata.
func (l *Lake) root() string {
	uri := l.st.URI()
	if strings.HasPrefix(uri, "/") {
		return fileScheme + uri
	}
	return uri
}

// fileScheme makes paths in metadata URIs: engines whose default file system
// is another one would look for a bare path there.
const fileScheme = "file://"
