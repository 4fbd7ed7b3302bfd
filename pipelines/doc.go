// Package pipelines assembles jobs: one file a job, each a struct of options
// with Validate and Run. What a job does to rows lives in transforms; where rows
// live, in datasets.
//
// Curate is one night of text:
//
//	plan       list and pin inputs, cut work units                      plan.go
//	hash       read: count rows, hash contents                          stage_hash.go
//	exact      by shard: which rows repeat a content ever seen          stage_exact.go
//	signals    read again, if texts are needed: figures, filter verdicts,
//	           signatures, text.documents of the unit                   stage_signals.go
//	match ...  by shard: near pairs, components, outcomes               near.go
//	write      by unit: text.decisions, training.text                   stage_write.go
//	pack       unit files into table files, index runs                  pack.go
//	commit     one exclusive create, then refs move                     commit.go
//
// Every stage runs through lakeio, which records finished tasks: a run killed
// at any moment goes on where it was.
package pipelines
