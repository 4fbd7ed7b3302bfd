package datasets

import "fmt"

// RowID names a row for good: the generation that brought it in, shifted left
// by 40 bits, plus its ordinal in that night's pinned input order. So row ids
// of one night are dense enough to delta-encode, sort in input order, and never
// collide between nights.
type RowID = int64

// ordinalBits leaves 2^40 rows a night and 2^23 nights.
const ordinalBits = 40

// MakeRowID joins a generation (from 1) and an ordinal (from 0, below 2^40).
func MakeRowID(generation int32, ordinal int64) RowID {
	if generation < 0 || ordinal < 0 || ordinal >= 1<<ordinalBits {
		panic(fmt.Sprintf("datasets: row id out of range: generation %d, ordinal %d", generation, ordinal))
	}
	return int64(generation)<<ordinalBits | ordinal
}

// GenerationOf is the generation that brought the row in.
func GenerationOf(id RowID) int32 { return int32(id >> ordinalBits) }

// OrdinalOf is the row's place in its night's input order.
func OrdinalOf(id RowID) int64 { return id & (1<<ordinalBits - 1) }

// Tag is the name of a generation's snapshots: gen-000007.
func Tag(generation int32) string { return fmt.Sprintf("gen-%06d", generation) }
