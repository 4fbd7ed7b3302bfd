package datasets

import "time"

// Reject is one row of ops.rejects: input that is no document. Bad data is
// never an error; it becomes a Reject, is counted, and the run goes on.
type Reject struct {
	Row       string   `parquet:"row,id(1)" doc:"file:row of the input, 1-based"`
	Stage     string   `parquet:"stage,id(2)" doc:"operation that refused the row, as in read.jsonl"`
	Reason    string   `parquet:"reason,id(3)" doc:"why, in a few words without data"`
	Value     *float64 `parquet:"value,id(4)" doc:"figure that decided (byte offset, size in bytes), if any"`
	Threshold *float64 `parquet:"threshold,id(5)" doc:"limit it was held against, if any"`
	Excerpt   string   `parquet:"excerpt,id(6)" doc:"at most 200 bytes of the input, escaped"`
	RunID     string   `parquet:"run_id,id(7)" doc:"run that refused it"`
}

// File is one row of ops.files: a data file we wrote, so that a flipped byte is found.
type File struct {
	Path   string `parquet:"path,id(1)" doc:"path within the lake, forward slashes"`
	SHA256 string `parquet:"sha256,id(2)" doc:"SHA-256 of the file, hex"`
	Rows   int64  `parquet:"rows,id(3)" doc:"rows in the file"`
	Bytes  int64  `parquet:"bytes,id(4)" doc:"size of the file in bytes"`
	RunID  string `parquet:"run_id,id(5)" doc:"run that wrote it"`
}

// Input is one row of ops.inputs: a file we read.
type Input struct {
	Path     string    `parquet:"path,id(1)" doc:"path as given" json:"path"`
	Bytes    int64     `parquet:"bytes,id(2)" doc:"size in bytes when pinned" json:"bytes"`
	Modified time.Time `parquet:"modified,timestamp(microsecond),id(3)" doc:"modification time when pinned, UTC" json:"modified"`
	SHA256   *string   `parquet:"sha256,id(4)" doc:"SHA-256, hex, where the file was read whole; else null" json:"sha256"`
	Rows     int64     `parquet:"rows,id(5)" doc:"rows read, rejects included" json:"rows"`
	RunID    string    `parquet:"run_id,id(6)" doc:"run that read it" json:"run_id"`
}

// Run is one row of ops.runs: how a run went, with all it takes to repeat it.
type Run struct {
	RunID        string    `parquet:"run_id,id(1)" doc:"run"`
	Job          string    `parquet:"job,id(2)" doc:"curate, redecide, rollback"`
	Date         string    `parquet:"date,id(3)" doc:"the night's date, YYYY-MM-DD"`
	Generation   *int32    `parquet:"generation,id(4)" doc:"generation published; null if none was"`
	Status       string    `parquet:"status,id(5)" doc:"published, or rejected: more rejects than max_rejects"`
	Started      time.Time `parquet:"started,timestamp(microsecond),id(6)" doc:"start, UTC"`
	Ended        time.Time `parquet:"ended,timestamp(microsecond),id(7)" doc:"moment of the commit, UTC"`
	Summary      string    `parquet:"summary,id(8)" doc:"the summary that --json prints, JSON"`
	Config       string    `parquet:"config,id(9)" doc:"effective configuration, YAML"`
	CodeRevision string    `parquet:"code_revision,id(10)" doc:"version and revision of the program"`
	Inputs       string    `parquet:"inputs,id(11)" doc:"pinned inputs, JSON: path, size, modified, sha256 where read whole"`
}
