// Package formats reads what came in: JSON Lines, Parquet, CSV and TSV, and
// folders of text files, plain or compressed, by anyone, in any state.
//
// [List] pins the inputs of a run, [Plan] cuts them into work units of about
// equal size, [Unit.Open] reads the rows of one. A [Reader] returns a document
// or a reject for every row:
//
//	bad data      a row that is no document, a file that is cut or corrupt:
//	              one datasets.Reject each, naming file and row; reading goes on
//	bad world     a file that cannot be opened, a disk that fails, a file that
//	              changes while it is read: an error naming the file
//
// Nothing that a file says about itself is trusted: rows, expansion and
// windows are limited (see [Options]), and of a compressed file only rows whose
// bytes are known to be good are returned. To know that, compressed files are
// decompressed twice: a checksum stands behind the data it covers.
package formats
