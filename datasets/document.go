package datasets

import "time"

// Document is one row of text.documents: what came in, once, for good.
type Document struct {
	RowID       RowID     `parquet:"row_id,id(1)" doc:"generation << 40 | ordinal in the night's pinned input order; unique"`
	DocID       string    `parquet:"doc_id,id(2)" doc:"the id given in the input, else the content hash in hex"`
	Source      string    `parquet:"source,id(3)" doc:"name of the source given for the input"`
	OriginFile  string    `parquet:"origin_file,id(4)" doc:"file the row was read from"`
	OriginRow   int64     `parquet:"origin_row,id(5)" doc:"1-based line or record number in origin_file"`
	Text        *string   `parquet:"text,id(6)" doc:"the text after configured normalisers, UTF-8; null for an exact duplicate"`
	TextBytes   int64     `parquet:"text_bytes,id(7)" doc:"length of the text in bytes, also where text is null"`
	ContentHash [16]byte  `parquet:"content_hash,id(8)" doc:"XXH3-128, big endian, of the text with line ends as LF and outer blanks removed"`
	Signals     *Signals  `parquet:"signals,id(9)" doc:"figures of every filter; null for an exact duplicate"`
	Generation  int32     `parquet:"generation,id(10)" doc:"generation that brought the row in, from 1"`
	RunID       string    `parquet:"run_id,id(11)" doc:"run that wrote the row"`
	IngestedAt  time.Time `parquet:"ingested_at,timestamp(microsecond),id(12)" doc:"start of that run, UTC"`
	Edits       string    `parquet:"edits,id(13)" doc:"configured normalisers that changed the text, comma separated; empty: none did"`
}

// Training is one row of training.text: what a model trains on.
type Training struct {
	RowID      RowID   `parquet:"row_id,id(1)" doc:"row in text.documents"`
	DocID      string  `parquet:"doc_id,id(2)" doc:"doc_id in text.documents"`
	Text       string  `parquet:"text,id(3)" doc:"the text as the profile's line edits leave it, UTF-8"`
	Source     string  `parquet:"source,id(4)" doc:"name of the source"`
	Synthetic  bool    `parquet:"synthetic,id(5)" doc:"true if a model made the text"`
	Weight     float32 `parquet:"weight,id(6)" doc:"sampling weight, > 0; 1 unless configured"`
	Generation int32   `parquet:"generation,id(7)" doc:"generation that brought the row into training"`
}

// Tombstone is one row of training.tombstones: a row of training.text that
// views leave out from its generation on. The data file stays.
type Tombstone struct {
	RowID      RowID  `parquet:"row_id,id(1)" doc:"row in training.text"`
	Generation int32  `parquet:"generation,id(2)" doc:"first generation without the row"`
	Reason     string `parquet:"reason,id(3)" doc:"why: the filter's reason string, or a removal request"`
}
