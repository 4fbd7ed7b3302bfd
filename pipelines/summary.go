package pipelines

import (
	"maps"
	"slices"

	"github.com/chimera-1/chimera/datasets"
)

// Summary is what a job says of itself: the JSON of --json, of ops.runs and of
// a generation's record.
type Summary struct {
	Job        string `json:"job"`
	RunID      string `json:"run_id"`
	Date       string `json:"date"`
	Generation int32  `json:"generation"`
	Tag        string `json:"tag"`
	SnapshotID int64  `json:"snapshot_id"`
	Status     string `json:"status"`            // published, rejected, already, nothing
	Already    bool   `json:"already,omitempty"` // this very run is published; nothing was done
	Profile    string `json:"profile"`

	Input struct {
		Files     int64 `json:"files"`
		Rows      int64 `json:"rows"`
		Bytes     int64 `json:"bytes"`
		TextBytes int64 `json:"text_bytes"`
	} `json:"input"`
	Output struct {
		Kept      int64 `json:"kept"`
		Dropped   int64 `json:"dropped"`
		Duplicate int64 `json:"duplicate"`
		Rejected  int64 `json:"rejected"`
	} `json:"output"`
	DroppedBy  map[string]int64 `json:"dropped_by"`
	Duplicates struct {
		Exact int64 `json:"exact"`
		Near  int64 `json:"near"`
		Old   int64 `json:"old"`
	} `json:"duplicates"`
	RejectedBy map[string]int64 `json:"rejected_by"`
	Redecided  *Redecided       `json:"redecided,omitempty"`

	Seconds         float64 `json:"seconds"`
	TextMBPerSecond float64 `json:"text_mb_per_second"`
	CPUSeconds      float64 `json:"cpu_seconds"`
	PeakRSSMB       float64 `json:"peak_rss_mb"`
	Report          string  `json:"report"`
	Lake            string  `json:"lake"`
}

// Redecided is what new thresholds changed.
type Redecided struct {
	Rows       int64 `json:"rows"`        // rows whose stored signals were judged
	Joined     int64 `json:"joined"`      // rows that joined training.text
	Left       int64 `json:"left"`        // rows that got a tombstone
	TextReread int64 `json:"text_reread"` // rows whose text was read again
}

// orEmpty is the summary, if there is one.
func (s *Summary) orEmpty() Summary {
	if s == nil {
		return Summary{}
	}
	return *s
}

// balanced reports whether every row that came in is accounted for.
func (s Summary) balanced() bool {
	o := s.Output
	return s.Input.Rows == o.Kept+o.Dropped+o.Duplicate+o.Rejected
}

// counts is what stages count of rows. Merging is adding, so the order of
// units does not matter.
type counts struct {
	Kept, Dropped, Duplicate, Rejected int64
	Exact, Near, Old                   int64
	DroppedBy                          map[string]int64 // by reason
	RejectedBy                         map[string]int64
	Refused                            map[string][]datasets.Reject // a few rejects by reason
	Sources                            map[string]sourceCounts
	Examples                           []string // first rejects: file:row: stage: reason
}

const (
	maxExamples = 10 // rejects that the error message may name
	maxRefused  = 3  // rejects a reason that the report shows
)

func newCounts() counts {
	return counts{DroppedBy: map[string]int64{}, RejectedBy: map[string]int64{}, Refused: map[string][]datasets.Reject{}, Sources: map[string]sourceCounts{}}
}

// add merges o into c. Units are merged in order, so the first examples stay.
func (c *counts) add(o counts) {
	c.Kept += o.Kept
	c.Dropped += o.Dropped
	c.Duplicate += o.Duplicate
	c.Rejected += o.Rejected
	c.Exact += o.Exact
	c.Near += o.Near
	c.Old += o.Old
	for _, k := range slices.Sorted(maps.Keys(o.DroppedBy)) {
		c.DroppedBy[k] += o.DroppedBy[k]
	}
	for _, k := range slices.Sorted(maps.Keys(o.RejectedBy)) {
		c.RejectedBy[k] += o.RejectedBy[k]
	}
	for k, rows := range o.Refused {
		c.Refused[k] = append(c.Refused[k], rows[:min(len(rows), maxRefused-len(c.Refused[k]))]...)
	}
	for _, k := range slices.Sorted(maps.Keys(o.Sources)) {
		c.source(k, o.Sources[k])
	}
	c.Examples = append(c.Examples, o.Examples[:min(len(o.Examples), maxExamples-len(c.Examples))]...)
}
