// Package lakeio runs the stages of a job on Beam.
//
// A stage is a pure function from a small task to a small result, both JSON:
// references to files, row ranges, counts. What is large (documents, key
// blocks, signatures) lives in files that the references name, and dies inside
// the stage; nothing above MaxElement ever crosses a stage boundary.
//
//	driver: tasks -> Create -> ParDo(stage) -> GroupByKey -> sink -> driver: results
//	                            |  reads files named in the task
//	                            |  writes attempt-named files
//	                            +- puts scratch/<stage>/<hash of task>.json
//
// A finished task leaves its record in the run's scratch folder before it is
// emitted. A run that was killed and started again finds the records by the
// hash of the task and redoes only what is missing; a bundle that Beam retries
// does the same. Between two stages the driver regroups the references by
// shard: at 100 bytes a reference that costs less than a shuffle, and works the
// same on every runner (docs/design/0004-stages.md).
//
// Parallelism on one machine comes from one process-wide pool (prism runs the
// elements of a stage one after another): ProcessElement submits, FinishBundle
// waits and emits.
package lakeio
