// Package storetest says what a store.Store must do, and lets stores fail on
// purpose.
//
// Run is the conformance suite; a back end's test is one call of it. Faulty
// wraps a store so that a chosen operation fails, that the disk is full after
// so many bytes, or that the process seems to have been killed between two
// operations.
package storetest
