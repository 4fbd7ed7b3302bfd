package datasets

// Names of the lake's tables: namespace/name.
const (
	TableDocuments  = "text/documents"
	TableDecisions  = "text/decisions"
	TableBands      = "text/bands"
	TableTraining   = "training/text"
	TableTombstones = "training/tombstones"
	TableRuns       = "ops/runs"
	TableFiles      = "ops/files"
	TableInputs     = "ops/inputs"
	TableRejects    = "ops/rejects"
)
