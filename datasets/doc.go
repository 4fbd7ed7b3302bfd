// Package datasets says what a row of the lake is: documents with their
// signals, decisions, index entries, training rows, rejects and the records of
// runs and files. Each table is one Go struct; its tags are the table's schema:
//
//	parquet:"name,id(n)"  column name and Iceberg field id (never reused)
//	doc:"..."             meaning, unit and range, written into the schema
//
// A pointer field may be null; every other field is required. Field ids are
// unique within a table, nested structs included, and never change meaning.
//
// The subpackages hold the rest of the lake: store (objects), parquetio (files
// and Arrow batches), lake (tables, generations, commits), formats (raw input)
// and sample (input made from the Go distribution). Nothing here knows Beam.
package datasets
