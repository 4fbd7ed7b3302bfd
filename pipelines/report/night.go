package report

import "time"

// Status of a night.
const (
	Published = "published" // a generation was made
	Rejected  = "rejected"  // more rejects than max_rejects: nothing was published
)

// Night is all that a report shows of one run: the pipeline fills it, Write and
// WriteJSON only render it. What is left empty is left out of the page.
type Night struct {
	Lake     string    `json:"lake"`     // root of the lake
	Job      string    `json:"job"`      // curate or redecide
	Tag      string    `json:"tag"`      // generation, as in gen-000007; empty if nothing was published
	Date     string    `json:"date"`     // the night's date, YYYY-MM-DD
	RunID    string    `json:"run_id"`   // run
	Profile  string    `json:"profile"`  // filters that decided
	Status   string    `json:"status"`   // Published or Rejected
	Message  string    `json:"message"`  // why nothing was published; empty otherwise
	Started  time.Time `json:"started"`  // start of the run, shown in UTC
	Seconds  float64   `json:"seconds"`  // wall time of the run
	Revision string    `json:"revision"` // version and revision of the program

	Input   Input   `json:"input"`   // what came in
	Output  Output  `json:"output"`  // what became of it; its parts add up to Input.Rows
	Sources []Part  `json:"sources"` // the same by source, in the order they are shown
	Drops   []Drop  `json:"drops"`   // what dropped Output.Dropped rows, stages in the order they ran
	Figures []Chart `json:"figures"` // distributions of the main signals

	Profiles []Outcome `json:"profiles"` // what each profile keeps of the rows judged tonight
	Clusters []Cluster `json:"clusters"` // largest groups of near duplicates, largest first
	Samples  []Sample  `json:"samples"`  // some rows, kept and dropped
	Refused  []Refusal `json:"refused"`  // what the Output.Rejected rows were rejected for
	Stages   []Stage   `json:"stages"`   // cost of each stage, in the order they ran
	PeakRSS  int64     `json:"peak_rss"` // largest resident memory of the process, bytes; 0 if unknown
	Lineage  Lineage   `json:"lineage"`  // what went in, exactly, and what was written
	Before   []Entry   `json:"before"`   // nights before this one, oldest first
}

// Input is how much came in.
type Input struct {
	Files     int64 `json:"files"`      // files read
	Rows      int64 `json:"rows"`       // rows read, rejects included
	Bytes     int64 `json:"bytes"`      // size of the files, as stored
	TextBytes int64 `json:"text_bytes"` // UTF-8 bytes of the texts
}

// Output is what became of the rows: Kept + Dropped + Exact + Near + Rejected
// is every row read.
type Output struct {
	Kept     int64 `json:"kept"`
	Dropped  int64 `json:"dropped"`
	Exact    int64 `json:"exact"`    // duplicates with the same content
	Near     int64 `json:"near"`     // duplicates with nearly the same content
	Old      int64 `json:"old"`      // of Exact and Near: those of an earlier night's row
	Rejected int64 `json:"rejected"` // input that is no document
}

// Duplicate is the number of rows that repeat another one.
func (o Output) Duplicate() int64 { return o.Exact + o.Near }

// Rows is the number of rows with an outcome.
func (o Output) Rows() int64 { return o.Kept + o.Dropped + o.Exact + o.Near + o.Rejected }

// Part is one source's share of a night.
type Part struct {
	Source string  `json:"source"`
	Input  Input   `json:"input"`
	Output Output  `json:"output"`
	Length *Sketch `json:"length,omitempty"` // code points of its texts; Lengths makes an empty one. nil: unknown
}

// Drop is the number of rows that one filter dropped for one reason.
type Drop struct {
	Stage  string `json:"stage"`  // filter, as in gopher_quality
	Reason string `json:"reason"` // the filter's reason, as in gopher_short_doc
	Rows   int64  `json:"rows"`
}

// Chart is the distribution of one figure over the rows judged tonight.
type Chart struct {
	Histogram
	Thresholds []Threshold `json:"thresholds,omitempty"` // where the profile cuts; none if it does not
}

// Threshold is a limit that a profile sets on a figure.
type Threshold struct {
	Value      float64 `json:"value"`
	DropsBelow bool    `json:"drops_below"` // rows below Value are dropped, else rows above it
	Reason     string  `json:"reason"`      // the filter's reason
}

// Outcome is what one profile keeps.
type Outcome struct {
	Profile string `json:"profile"`
	Kept    int64  `json:"kept"`    // rows it keeps
	Rows    int64  `json:"rows"`    // of so many rows judged
	Tonight bool   `json:"tonight"` // this profile decided
}

// Member is one text of a cluster.
type Member struct {
	RowID  int64  `json:"row_id,string"`
	DocID  string `json:"doc_id"`
	Source string `json:"source"`
	Row    string `json:"row"`   // file:row it came from
	Text   string `json:"text"`  // may be cut; the page compares the first MaxDiffWords words
	Chars  int64  `json:"chars"` // code points of the whole text
	Old    bool   `json:"old"`   // published on an earlier night
}

// Cluster is a group of near duplicates.
type Cluster struct {
	Size       int64   `json:"size"`       // rows in it, the survivor included
	Survivor   Member  `json:"survivor"`   // the row that stays
	Duplicate  Member  `json:"duplicate"`  // one of the others, compared with the survivor
	Similarity float64 `json:"similarity"` // Jaccard similarity of the two, 0 to 1
	Verified   bool    `json:"verified"`   // Similarity is exact, else estimated from signatures
}

// Sample is one row with what was decided about it and why.
type Sample struct {
	RowID     int64    `json:"row_id,string"`
	DocID     string   `json:"doc_id"`
	Source    string   `json:"source"`
	Row       string   `json:"row"`                 // file:row it came from
	Kept      bool     `json:"kept"`                // else dropped
	Stage     string   `json:"stage,omitempty"`     // filter that dropped it
	Reason    string   `json:"reason,omitempty"`    // why
	Figure    string   `json:"figure,omitempty"`    // deciding figure, as in gopher_quality.alpha_ratio
	Value     *float64 `json:"value,omitempty"`     // its value
	Threshold *float64 `json:"threshold,omitempty"` // limit it was held against
	Text      string   `json:"text"`                // may be cut; the page shows about MaxSampleRunes of it
	Chars     int64    `json:"chars"`               // code points of the whole text
	Marks     []Mark   `json:"marks,omitempty"`     // what made the figure: parts of Text
}

// Mark is the part Text[Start:End] of a sample, in bytes.
type Mark struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

// Refusal is one reason for rejects.
type Refusal struct {
	Stage    string    `json:"stage"`  // operation that refused the rows, as in read.jsonl
	Reason   string    `json:"reason"` // why, without data
	Rows     int64     `json:"rows"`
	Examples []Example `json:"examples"` // a few of the rows
}

// Example is one rejected row.
type Example struct {
	Row     string `json:"row"`     // file:row
	Excerpt string `json:"excerpt"` // escaped bytes of the input
}

// Stage is what one stage of the run cost.
type Stage struct {
	Name       string  `json:"name"`
	Seconds    float64 `json:"seconds"`     // wall time
	CPUSeconds float64 `json:"cpu_seconds"` // of all cores together; 0 if unknown
	Bytes      int64   `json:"bytes"`       // bytes of input it went through; 0 if it reads none
	Rows       int64   `json:"rows"`        // rows it went through; 0 if it counts none
	Tasks      int64   `json:"tasks"`       // units of work
}

// Lineage is what it takes to make the night again.
type Lineage struct {
	Inputs     []PinnedFile `json:"inputs"`      // files read, in input order; may be the first few only
	Parents    []string     `json:"parents"`     // generations this one stands on
	ConfigHash string       `json:"config_hash"` // hash of the effective configuration
	Config     string       `json:"config"`      // the configuration, YAML
	Identity   string       `json:"identity"`    // hash of job, date, source, configuration and inputs
	Tables     []Table      `json:"tables"`      // tables written
}

// PinnedFile is one file as it was when the run began.
type PinnedFile struct {
	Path     string    `json:"path"`
	Bytes    int64     `json:"bytes"`
	Rows     int64     `json:"rows"`
	Modified time.Time `json:"modified"`
	SHA256   string    `json:"sha256,omitempty"` // hex; empty where the file was not read whole
}

// Table is one table's new state.
type Table struct {
	Name       string `json:"name"`
	SnapshotID int64  `json:"snapshot_id,string"` // Iceberg snapshot
	RowsAdded  int64  `json:"rows_added"`
	Rows       int64  `json:"rows"`  // rows in the table now; 0 if unknown
	Bytes      int64  `json:"bytes"` // bytes added; 0 if unknown
}
