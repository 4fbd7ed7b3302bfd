// Package parquetio writes the lake's Parquet files from Go structs and reads
// any Parquet file as Arrow record batches without copying values.
//
// Writing. A [Writer] turns rows of one of the structs in package datasets into
// a file with embedded field ids, zstd pages of about 1 MiB with checksums, a
// page index, and row groups of about 96 MiB raw. Columns that rows are looked up
// by, and signatures, have pages of 64 KiB. Equal calls of Write and equal options
// give equal bytes. Close returns what a table format wants to know about the file:
// rows, size, SHA-256, bounds and row group offsets. [Pack] joins files without
// decompressing them.
//
// Reading. [File.Batches] streams record batches of chosen leaf columns; the
// page buffers of parquet-go become Arrow buffers and return to its pool when
// the last array that uses them is released. [File.Range] and [File.Lookup] stream
// only the rows with given keys of a sorted column, and of other columns read only
// the pages that hold such rows. [ReadRows] reads typed rows of small tables.
//
// Damage. Files come from other people and from disks that fail, so every step
// checks what it trusts: declared sizes against the file, offsets against
// buffers, row counts against the footer. Whatever does not add up, a panic
// inside parquet-go included, is an error that wraps [ErrDamaged] and names row
// group and column. An error of the underlying reader is returned as itself.
package parquetio
