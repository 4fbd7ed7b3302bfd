package datasets

// Kinds of rows in text.bands, told apart by Band. A data file holds one kind.
const (
	BandSignature = -2 // one a document with a signature, sorted by row_id
	BandContent   = -1 // one a document with text: its content hash, sorted by (key, check, row_id)
	// 0 and up: one an LSH band of a signature, sorted by (key, row_id); bands are mixed in one file.
)

// Band is one row of text.bands, the dedup index. Its layout is internal: it
// may change between versions, but the rows are documented. Its numbers are
// packed by their differences; zstd would find nothing more to save in hashes,
// which signatures are as well.
type Band struct {
	Band      int32   `parquet:"band,id(1)" doc:"0 to 13: LSH band; -1: content hash; -2: signature"`
	Key       int64   `parquet:"key,id(2),uncompressed" doc:"64-bit hash of the band's values, or first half of the content hash, with the top bit flipped so that signed order is unsigned order; row_id for signatures"`
	Check     int64   `parquet:"check,id(3),uncompressed" doc:"second half of the content hash; 0 for other rows"`
	RowID     RowID   `parquet:"row_id,id(4),uncompressed" doc:"row in text.documents"`
	Signature *[]byte `parquet:"signature,id(5),uncompressed" doc:"112 MinHash values, little endian, band by band; null except in signature rows"`
}
