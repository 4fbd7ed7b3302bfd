// Package lake keeps the tables of a lake as Apache Iceberg v2 tables, and
// commits a whole night of them at once.
//
// # Layout
//
//	<namespace>/<table>/data/*.parquet           rows, never changed
//	<namespace>/<table>/metadata/vN.metadata.json, *.avro
//	<namespace>/<table>/metadata/version-hint.text
//	_chimera/lake.json                           format version
//	_chimera/lease.json, lease.lock              who writes now
//	_chimera/generations/NNNNNN.json             one a night: the commit point
//	_chimera/events/NNNNNN.json                  rollbacks and the like
//	_chimera/applied.json                        hint: records already applied
//	_chimera/runs/<identity>/                    scratch of a run
//
// # A night
//
// Begin takes the lease and with it the next generation number. Commit writes,
// for every table, a snapshot on the branch run-<id>; then it creates the
// generation's record, which must not exist yet; that one create is the commit
// point of the night. After it every table's main moves to its snapshot and
// gets the tag gen-NNNNNN. Whoever opens the lake next moves what a killed
// night left unmoved, so a night is published whole or not at all.
//
// # What it refuses
//
// Data files are never dropped: a commit whose live files do not contain those
// of its parent fails, for every table but text/bands, the dedup index. Nothing
// but Sweep deletes, and it deletes only what no snapshot names.
//
// docs/lake-layout.md describes the files for people who read or repair a lake.
package lake
