package lake

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/goccy/go-json"

	"github.com/chimera-1/chimera/datasets"
)

// Records are what the lake's history is made of: one a night under
// _chimera/generations, one an event (a rollback, the ops rows of a night that
// was not published, a move of the folder) under _chimera/events. Each is
// created once under the next free number and never changed. A record holds
// the moment it takes effect: all that it names was written before.

// recordVersion is the newest version of a record that this program reads.
const recordVersion = 1

const (
	generationsDir = "_chimera/generations/"
	eventsDir      = "_chimera/events/"
)

// recordFile is a metadata file, or a data file of ops/files, with its
// checksum. Other data files have theirs in ops/files.
type recordFile struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
	Rows   int64  `json:"rows,omitempty"` // data files only
}

// base is the history that a record was built on. A record whose base is not
// what precedes it was made by someone who had lost the lease, and is void.
type base struct {
	Generation int32 `json:"generation"` // newest number taken
	Event      int   `json:"event"`      // newest number taken
}

// generationRecord is a file under _chimera/generations.
type generationRecord struct {
	FormatVersion int `json:"format_version"`
	Generation
	Base     base         `json:"base"`
	Files    []recordFile `json:"files"`
	Checksum string       `json:"chimera.sha256"` // last: see sealed
}

// Kinds of events.
const (
	eventOps      = "ops"      // rows of ops tables, without a generation
	eventRollback = "rollback" // main goes back to generation To
	eventRelocate = "relocate" // metadata was rewritten for a new place
)

// eventRecord is a file under _chimera/events.
type eventRecord struct {
	FormatVersion int                   `json:"format_version"`
	Number        int                   `json:"event"`
	Kind          string                `json:"kind"`
	To            int32                 `json:"to,omitempty"`
	Reason        string                `json:"reason,omitempty"`
	RunID         string                `json:"run_id"`
	At            time.Time             `json:"at"`
	Tables        map[string]TableState `json:"tables"` // where main goes
	Base          base                  `json:"base"`
	Files         []recordFile          `json:"files"`
	Checksum      string                `json:"chimera.sha256"`
}

func generationPath(n int32) string { return fmt.Sprintf("%s%06d.json", generationsDir, n) }
func eventPath(n int) string        { return fmt.Sprintf("%s%06d.json", eventsDir, n) }

// tag is what the snapshots of an event are called.
func (e *eventRecord) tag() string { return fmt.Sprintf("%s-%06d", e.Kind, e.Number) }

var recordName = regexp.MustCompile(`/([0-9]{6,9})\.json$`)

// recordNumber reads the number in a record's path; 0 is no record.
func recordNumber(path string) int {
	m := recordName.FindStringSubmatch(path)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1])
	return n
}

// encodeRecord seals a record. Its Checksum must be empty, and is set.
func encodeRecord(r any, checksum *string) ([]byte, error) {
	*checksum = string(unsealed)
	doc, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return nil, err
	}
	doc = seal(append(doc, '\n'))
	return doc, nil
}

func (r *generationRecord) encode() ([]byte, error) { return encodeRecord(r, &r.Checksum) }
func (e *eventRecord) encode() ([]byte, error)      { return encodeRecord(e, &e.Checksum) }

// decodeRecord reads a record into r, whatever doc holds.
func decodeRecord(doc []byte, r any) error {
	var version struct {
		FormatVersion int `json:"format_version"`
	}
	if err := json.Unmarshal(doc, &version); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if version.FormatVersion > recordVersion {
		return fmt.Errorf("%w: record version %d, this one reads up to %d", ErrNewer, version.FormatVersion, recordVersion)
	}
	if err := json.Unmarshal(doc, r); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil
}

// parseGeneration reads the record of generation n.
func parseGeneration(doc []byte, n int32) (*generationRecord, error) {
	r := new(generationRecord)
	if err := decodeRecord(doc, r); err != nil {
		return nil, err
	}
	if err := checkSeal(doc); err != nil {
		return nil, err
	}
	if r.Number != n || r.Tag != datasets.Tag(n) || len(r.Parents) > 1 {
		return nil, fmt.Errorf("%w: it is not the record of generation %d", ErrDamaged, n)
	}
	return r, nil
}

// parseEvent reads the record of event n.
func parseEvent(doc []byte, n int) (*eventRecord, error) {
	e := new(eventRecord)
	if err := decodeRecord(doc, e); err != nil {
		return nil, err
	}
	if err := checkSeal(doc); err != nil {
		return nil, err
	}
	if e.Number != n {
		return nil, fmt.Errorf("%w: it is not the record of event %d", ErrDamaged, n)
	}
	return e, nil
}

// parent is the generation that r follows; 0 is none.
func (r *generationRecord) parent() int32 {
	if len(r.Parents) == 0 {
		return 0
	}
	return r.Parents[0]
}
