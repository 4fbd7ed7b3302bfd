// Package config reads a run's configuration: one YAML file, the environment
// and flags, laid over the built-in defaults in that order.
//
// Reading is strict. An unknown key, a wrong type, a value out of range is an
// error that names file and line and, where it can, the key that was meant; all
// faults are told at once. The source of every value is remembered, so that
// [Loaded.Print] shows where each came from; what it prints is a configuration
// that gives the same run.
//
// A key is a path of YAML keys, as in curate.dedup.scheme. The same path in
// capitals is the environment variable: CHIMERA_CURATE_DEDUP_SCHEME.
package config
