package lake

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/chimera-1/chimera/datasets/parquetio"
	"github.com/chimera-1/chimera/datasets/store"
)

var (
	ErrNoLake  = errors.New("no lake")
	ErrBusy    = errors.New("another night writes the lake")
	ErrLost    = errors.New("the lease was taken over")
	ErrPolicy  = errors.New("accumulation policy")
	ErrDamaged = errors.New("damaged")
	ErrNewer   = errors.New("written by a newer version")
	ErrMoved   = errors.New("the lake was moved")
	ErrUnknown = errors.New("unknown")
)

// Lake is an open lake.
type Lake struct {
	st store.Store
}

// DataFile is a file of rows.
type DataFile struct {
	Path    string // within the lake
	Rows    int64
	Bytes   int64
	SHA256  string                   // hex; set in what is committed, empty in what Files returns
	Columns map[int]parquetio.Bounds // by field id
	Splits  []int64                  // offsets of the row groups
}

// Generation is a committed night.
type Generation struct {
	Number      int32                 `json:"generation"`
	Tag         string                `json:"tag"`
	RunID       string                `json:"run_id"`
	Identity    string                `json:"identity"`
	Job         string                `json:"job"`
	Date        string                `json:"date"`
	CommittedAt time.Time             `json:"committed_at"`
	Parents     []int32               `json:"parents"`
	Tables      map[string]TableState `json:"tables"`
	Properties  map[string]string     `json:"properties,omitempty"`
	Summary     json.RawMessage       `json:"summary,omitempty"`
	RolledBack  bool                  `json:"rolled_back,omitempty"`
}

// TableState is what a generation made of one table.
type TableState struct {
	SnapshotID int64 `json:"snapshot_id"`
	RowsAdded  int64 `json:"rows_added"`
}

// RunInfo says who wants to write.
type RunInfo struct {
	Identity string // hash of job, date, config and pinned inputs
	RunID    string
	Job      string
	Date     string // YYYY-MM-DD
	Wait     bool   // wait for the holder of the lease instead of failing
}

// Night is the right to commit the next generation.
type Night struct {
	Generation int32
}

// Change is what a commit does to one table.
type Change struct {
	Add    []DataFile
	Remove []string // paths of replaced files; text/bands only
}

// Commit is what a night publishes.
type Commit struct {
	Tables     map[string]Change
	Properties map[string]string // go into the record and, as chimera.*, into every snapshot
	Summary    any               // anything that marshals to JSON
}

var errStub = errors.New("lake: not built yet")

func Open(ctx context.Context, uri string) (*Lake, error)   { return nil, errStub }
func Create(ctx context.Context, uri string) (*Lake, error) { return nil, errStub }

func (l *Lake) Store() store.Store { return l.st }
func (l *Lake) URI() string        { return l.st.URI() }

func (d DataFile) Int64Bounds(fieldID int) (lo, hi int64, ok bool) { return 0, 0, false }

func NewDataFile(path string, info parquetio.Info) DataFile {
	return DataFile{Path: path, Rows: info.Rows, Bytes: info.Bytes, SHA256: info.SHA256, Columns: info.Columns, Splits: info.Splits}
}

// Files returns the live data files of a table in snapshot order, at a
// generation or, for 0, at main.
func (l *Lake) Files(ctx context.Context, table string, generation int32) ([]DataFile, error) {
	return nil, errStub
}
func (l *Lake) Generations(ctx context.Context) ([]Generation, error) { return nil, errStub }

// Committed finds the live generation that an identity has published.
func (l *Lake) Committed(ctx context.Context, identity string) (Generation, bool, error) {
	return Generation{}, false, errStub
}

func (l *Lake) Begin(ctx context.Context, run RunInfo) (*Night, error) { return nil, errStub }

func (n *Night) Scratch() string                         { return "" }
func (n *Night) NewDataFile(table, stem string) string   { return "" }
func (n *Night) Close() error                            { return nil }
func (n *Night) RemoveScratch(ctx context.Context) error { return errStub }
func (n *Night) Commit(ctx context.Context, c Commit) (Generation, error) {
	return Generation{}, errStub
}
func (n *Night) CommitOps(ctx context.Context, tables map[string]Change) error { return errStub }

// Damage is a committed file that is not what was committed.
type Damage struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

// Orphan is a file that no snapshot and no record names.
type Orphan struct {
	Path     string    `json:"path"`
	Bytes    int64     `json:"bytes"`
	Modified time.Time `json:"modified"`
	Reason   string    `json:"reason"`
	Deleted  bool      `json:"deleted,omitempty"`
}

// VerifyReport is what Verify found.
type VerifyReport struct {
	Files   int64    `json:"files"`
	Bytes   int64    `json:"bytes"`
	Damaged []Damage `json:"damaged"`
	Missing []Damage `json:"missing"`
	Orphans []Orphan `json:"orphans"`
}

// OK says whether every committed file is whole.
func (r VerifyReport) OK() bool { return len(r.Damaged) == 0 && len(r.Missing) == 0 }

func (l *Lake) Verify(ctx context.Context, progress func(done, total int64)) (VerifyReport, error) {
	return VerifyReport{}, errStub
}

// SweepOptions say what to sweep.
type SweepOptions struct {
	OlderThan time.Duration // 0: a day; negative: any age
	Delete    bool          // else only list
}

func (l *Lake) Sweep(ctx context.Context, opt SweepOptions) ([]Orphan, error) { return nil, errStub }

// RollbackInfo says who rolls back, and why.
type RollbackInfo struct {
	RunID, Reason, CodeRevision string
	Wait                        bool
}

func (l *Lake) Rollback(ctx context.Context, to int32, info RollbackInfo) error { return errStub }

// RelocateReport is what Relocate rewrote.
type RelocateReport struct {
	From   string `json:"from"`
	To     string `json:"to"`
	Tables int    `json:"tables"`
	Files  int    `json:"files"`
}

func (l *Lake) Relocate(ctx context.Context) (RelocateReport, error) {
	return RelocateReport{}, errStub
}

// TableInfo is one line of lake ls.
type TableInfo struct {
	Name       string `json:"table"`
	Doc        string `json:"doc"`
	Rows       int64  `json:"rows"`
	Files      int64  `json:"files"`
	Bytes      int64  `json:"bytes"`
	SnapshotID int64  `json:"snapshot_id"`
	Snapshots  int    `json:"snapshots"`
	Metadata   string `json:"metadata"` // path of the newest metadata file
}

// Column is a column of a table; nested ones follow their struct, dotted.
type Column struct {
	ID       int    `json:"id"`
	Name     string `json:"name"`
	Type     string `json:"type"`
	Required bool   `json:"required"`
	Doc      string `json:"doc"`
}

// TableDetail is what lake show prints.
type TableDetail struct {
	TableInfo
	Location   string            `json:"location"`
	Columns    []Column          `json:"columns"`
	Properties map[string]string `json:"properties"`
	Tags       map[string]int64  `json:"tags"`
}

func (l *Lake) Tables(ctx context.Context) ([]TableInfo, error) { return nil, errStub }
func (l *Lake) Describe(ctx context.Context, table string) (TableDetail, error) {
	return TableDetail{}, errStub
}

// TableDiff is what changed in a table between two generations.
type TableDiff struct {
	Table        string   `json:"table"`
	Rows         int64    `json:"rows"` // added less removed
	FilesAdded   []string `json:"files_added"`
	FilesRemoved []string `json:"files_removed"`
}

func (l *Lake) Diff(ctx context.Context, a, b int32) ([]TableDiff, error) { return nil, errStub }

// ReadTable yields the typed rows of a small table, file by file.
func ReadTable[T any](ctx context.Context, l *Lake, table string, generation int32, yield func([]T) error) error {
	return errStub
}

// WriteDataFile writes rows as one new data file.
func WriteDataFile[T any](ctx context.Context, l *Lake, path string, rows []T) (DataFile, error) {
	return DataFile{}, errStub
}
