package datasets

// What a generation decided about a row.
const (
	Keep      = "keep"
	Drop      = "drop"
	Duplicate = "duplicate"
)

// Stage and reasons of decisions that no filter makes.
const (
	StageInput  = "input" // Drop with ReasonEmpty: blank text
	StageDedup  = "dedup" // Duplicate with ReasonExact or ReasonNear
	ReasonEmpty = "empty"
	ReasonExact = "exact"
	ReasonNear  = "near"
)

// Decision is one row of text.decisions. Of a row's decisions the one with the
// highest DecidedIn counts.
type Decision struct {
	RowID         RowID    `parquet:"row_id,id(1)" doc:"row in text.documents"`
	DecidedIn     int32    `parquet:"decided_in,id(2)" doc:"generation that decided; the highest counts"`
	Decision      string   `parquet:"decision,id(3)" doc:"keep, drop or duplicate"`
	Stage         string   `parquet:"stage,id(4)" doc:"filter that dropped the row, dedup for duplicates, input for blank text; empty for keep"`
	Reason        string   `parquet:"reason,id(5)" doc:"the filter's reason; exact or near for duplicates; empty for keep"`
	DuplicateOf   *RowID   `parquet:"duplicate_of,id(6)" doc:"row_id of the survivor; null unless duplicate"`
	DuplicateOfID *string  `parquet:"duplicate_of_id,id(7)" doc:"doc_id of the survivor; null unless duplicate"`
	Similarity    *float32 `parquet:"similarity,id(8)" doc:"estimated Jaccard similarity to the survivor, 0 to 1; true Jaccard when verified; 1 for exact; null unless duplicate"`
	Cluster       *int64   `parquet:"cluster,id(9)" doc:"smallest row_id of the near-duplicate cluster; null if the row is in none"`
	Bridges       *string  `parquet:"bridges,id(10)" doc:"row_ids, comma separated, of published rows of other clusters that this duplicate is also near to; null if none"`
}
