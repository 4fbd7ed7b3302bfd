// Package minhash makes MinHash signatures of texts for fuzzy deduplication: 14
// bands of 8 rows over word 5-grams, the parameters of FineWeb. Two texts are
// candidates if they agree in all rows of at least one band, which at Jaccard
// similarity J of their shingle sets happens with probability 1-(1-J^8)^14.
//
// # Schemes
//
// A [Scheme] says what a word is, how a shingle is hashed and how the hash is
// permuted. Signatures can be compared within one scheme only.
//
//	fast                 letters and digits, 32 bits; package compute. For
//	                     deduplicating at the speed of reading.
//	datatrove-xxh64-64   datatrove 0.10.1 with its default hash, bit for bit
//	datatrove-sha1-64    the same with the hash of FineWeb's recipe
//	datatrove-xxh32-32   the same in 32-bit precision
//	datatrove-sha1-32
//
// The datatrove schemes are for continuing a corpus made with datatrove and for
// reproducing its decisions: same words (spaCy's English rules on simplified
// text), same signatures. A text of fewer than five words has no signature in
// them; in "fast" it is one shingle, so that short duplicates are found as well.
//
// # Layout
//
//	scheme.go     names, band keys, similarity
//	hasher.go     texts to signatures, shingles and shingle sets
//	datatrove.go  parameters of the permutations mod 2^61-1, hashes
//	mt19937.go    the random numbers datatrove draws its parameters from
//	xxh32.go      the hash of datatrove-xxh32-32
//	jaccard.go    similarity of sets
//
// # Ownership and threads
//
// A Scheme is a value, free to copy and share. A [Hasher] holds scratch memory
// and serves one goroutine at a time. Nothing keeps a slice it is given.
package minhash
