package dedup

import (
	"math/bits"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/transforms/dedup/minhash"
)

// Entry says that a row has a key: half of its content hash, or an LSH band of
// its signature.
type Entry struct {
	Key   uint64
	Check uint64 // second half of a content hash; number of an LSH band
	Row   int64  // not negative
}

// Segment is a sorted run of records of one shard in a spill file. It is all
// that travels between stages.
type Segment struct {
	File   string `json:"f"`           // path within the store
	Offset int64  `json:"o,omitempty"` // of its first block
	Length int64  `json:"l"`           // bytes, checksums included
	Count  int64  `json:"n"`           // records
	Shard  int32  `json:"s,omitempty"`
}

// FileRef is a Parquet file of the lake, with the bounds of the column it is
// sorted by, so that files that cannot hold a key are not opened.
type FileRef struct {
	Path   string
	Lo, Hi int64 // smallest and largest row_id, or key with its top bit flipped
	Rows   int64
}

// holds reports whether the file can have keys between lo and hi.
func (f FileRef) holds(lo, hi int64) bool { return f.Lo <= hi && lo <= f.Hi }

// Index is what the lake knows already, by kind of file.
type Index struct {
	Content    []FileRef // content entries, by key
	Bands      []FileRef // band entries, by key
	Signatures []FileRef // signatures, by row_id
	Decisions  []FileRef // text.decisions, by row_id
	Documents  []FileRef // text.documents, by row_id
}

// ShardOf is the shard of a key: shards are equal ranges of keys, so that a
// shard's part of a sorted file lies together.
func ShardOf(key uint64, shards int) int {
	hi, _ := bits.Mul64(key, uint64(shards))
	return int(hi)
}

// keyRange is the smallest and the largest key of a shard.
func keyRange(shard, shards int) (lo, hi uint64) {
	lo = firstKey(shard, shards)
	if shard+1 == shards {
		return lo, ^uint64(0)
	}
	return lo, firstKey(shard+1, shards) - 1
}

// firstKey is the least key with floor(key*shards / 2^64) >= shard.
func firstKey(shard, shards int) uint64 {
	if shard == 0 {
		return 0
	}
	q, rem := bits.Div64(uint64(shard), 0, uint64(shards))
	if rem > 0 {
		q++
	}
	return q
}

// flip turns an unsigned key into the signed one of text.bands and back: same order.
func flip(key uint64) int64 { return int64(key ^ 1<<63) }

// AppendBands adds the entries of every band of a signature.
func AppendBands(dst []Entry, scheme minhash.Scheme, sig []byte, row datasets.RowID) []Entry {
	for b := range minhash.Bands {
		dst = append(dst, Entry{Key: scheme.BandKey(sig, b), Check: uint64(b), Row: row})
	}
	return dst
}

// ExcludeEntry names a row whose stored decision no longer counts. Lists of
// them are spilled like other entries, in one shard.
func ExcludeEntry(row datasets.RowID) Entry { return Entry{Key: uint64(row), Row: row} }
