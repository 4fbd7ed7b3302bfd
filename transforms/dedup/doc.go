// Package dedup finds exact and near duplicates among tonight's rows and all
// rows before them, shard by shard over spill files: no process ever holds more
// than a part of one shard.
//
// # Data flow
//
// Boxes are stages; a stage is a pure function of a JSON task and the files it
// names, so that it can run anywhere, in any order, twice. Only tasks and results
// travel, with [Segment] and [FileRef] in them.
//
//	content hashes ─► Exact ─► duplicates         (before the filters; the caller's stage)
//
//	band entries of kept rows
//	      │
//	      ▼            old rows          published rows
//	  near-match ──────────────► near-settle ────────► near-pair
//	      │  ▲                    │  ▲                   │
//	      │  └ text.bands         └──┘ a duplicate       │
//	      │                         stands for another   │
//	      ├───────────── pairs ──────────────────────────┤
//	      │                │                             │
//	      │     near-sign ─► near-narrow                 │  only if a band is not enough
//	      │ edges              │ edges                   │ edges
//	      ▼                    ▼                         ▼
//	  near-contract ─► ( near-large-star ⇄ near-small-star ) ─► near-resolve
//	                     only if one task is not enough            │
//	                                     near-sign ◄───────────────┤
//	                                         └─► near-finish ◄─────┘ ◄─ published rows
//	                                                  ▼
//	                                             outcomes, by unit
//
// [Near] drives these stages through a [Runner]. Shards of the first three are
// ranges of keys, those of the graph hashes of nodes, all others ranges of rows.
// [WriteIndex] and [MergeIndex] keep text.bands, [Exact] and near-match read it.
//
// # What is near
//
// Rows are near if they share one of 14 bands of their signatures, and are as
// similar as [Options] ask. Components of the graph of near rows are clusters.
// A published row stays; a row near to it, however indirectly, is a duplicate of
// the published row that it is most similar to. See docs/design/0002-dedup.md.
//
// # Guarantees
//
// The outcomes depend on rows, options and the lake only: not on shards, units,
// the order of anything, or how often a task runs. Damaged files are found by
// checksums before anything is made of them.
package dedup
