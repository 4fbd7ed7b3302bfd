// Package store keeps the lake's objects: whole files under one root, named by
// slash-separated paths, written once and read at any offset.
//
// A store promises little, so that a directory and a bucket can both keep it:
//
//   - Nothing is visible under its name before it is whole and durable.
//   - Put and Writer.Commit may be conditional: only if the name is free, or
//     only if the object is still the one that was read (its generation).
//     Of several racing conditional writers exactly one wins.
//   - List sees every write that finished before it.
//
// Back ends: Disk (temporary file, fsync, link(2) or rename(2), fsync of the
// directory) and Memory. Package storetest holds the conformance suite that a
// back end must pass, and a wrapper that injects faults.
//
// Errors are told apart with errors.Is: ErrNotExist (which is fs.ErrNotExist),
// ErrExist, ErrChanged, ErrLocked.
package store
