// Package compute holds the numerical kernels of Chimera. It knows nothing of
// datasets, pipelines or storage: slices and strings go in, numbers come out.
//
// # Layout
//
// A kernel has one definition and several implementations. The definition is
// the pure Go code of this package, which every build contains; faster twins in
// C live under internal/cpu, the only place with cgo, and are chosen at run
// time by what the CPU can do:
//
//	avx512     AVX-512 F, BW, DQ, VL, VBMI and VBMI2 (Ice Lake, Zen 4 and later)
//	avx2       AVX2 and BMI2 (Haswell, Zen and later)
//	go-avx512  Go, with the permutations in assembly for AVX-512 F
//	go-avx2    the same for AVX2
//	c          portable C with vectors of 16 bytes
//	purego     Go alone
//
// The second pair is for builds without cgo (CGO_ENABLED=0) on amd64.
// [SIMD] names the path in use. Nothing here is built for the machine that
// builds: a binary runs on any CPU of its architecture.
//
// # Exactness
//
// All paths give the same bits. MinHash is integer arithmetic throughout, so
// this is an equality and not a tolerance; the tests compare every path with a
// naive implementation made of maps and strings.
//
// # MinHash, the scheme "fast"
//
// A signature is made in five steps (minhash_words.go, minhash_hash.go); the
// files that only choose and call implementations are minhash.go, minhash_simd.go
// and minhash_amd64.go. minhash_mersenne.go has the permutations of datatrove's
// scheme, the rest of which is not this package's business.
//
//  1. Words are the maximal runs of letters (Unicode L), decimal digits (Nd) and
//     combining marks (M), lower-cased rune by rune (unicode.ToLower). Marks
//     count so that a decomposed accent or an Indic vowel sign does not cut a
//     word in two. Bytes that are not valid UTF-8 separate words.
//  2. A word's UTF-8 bytes are hashed to 64 bits.
//  3. Every five consecutive words make a shingle; a text of one to four words
//     is one shingle. A shingle's hash is a polynomial over its words' hashes,
//     finalised so that every input bit reaches every output bit.
//  4. The shingle's high 32 bits x go through 112 permutations a*x+b mod 2^32.
//  5. Value i of the signature is the least value of permutation i.
//
// ASCII blocks of 64 bytes take a shorter way than other text, with the same
// result.
//
// # Ownership and threads
//
// Functions read their inputs and write their outputs within the call and keep
// neither; C code sees Go memory only during a call. A [MinHasher] holds scratch
// memory and serves one goroutine at a time; different ones are independent.
package compute
