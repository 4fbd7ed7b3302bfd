// The MinHash kernel, included by one .c file for each instruction set. That
// file defines
//
//	TARGET      attribute of every function: the instruction set
//	MINHASH     name of the function to make
//	norm_block  see normalise
//	word_mask   bit i: byte i of a block of 64 is not 0
//	put_edges   writes the positions of the set bits of a mask, ascending, and
//	            returns their number; may write up to 64 numbers whatever that is
//	min_hash    lowers the signature by the permutations of one hash
//	min_words   the same by those of the shingles that end at n words
//
// after including minhash_hash.h.

#include <string.h>

enum {
	BLOCK = 64, // bytes looked at together; a mask is one 64-bit word
};

// word_reader walks the words of one text.
typedef struct {
	const uint8_t *norm;
	roller roll;
	int64_t words;
	uint32_t edges[EDGE_MAX + BLOCK]; // start, end, start, end ...
	uint32_t signature[MINHASH_SIZE] __attribute__((aligned(64)));
} word_reader;

// decode_rune is utf8.DecodeRune: it returns the length of the rune at p and
// sets *rune, to 0 and length 1 if the bytes are not valid UTF-8 (no surrogates,
// no over-long forms, nothing above U+10FFFF). 0 is no word rune either.
TARGET static inline size_t decode_rune(const uint8_t *p, size_t n, uint32_t *rune) {
	uint32_t c = p[0];
	*rune = 0;
	if (n >= 2 && c >= 0xc2 && c <= 0xdf && (p[1] & 0xc0) == 0x80) {
		*rune = (c & 0x1f) << 6 | (p[1] & 0x3f);
		return 2;
	}
	if (n >= 3 && (c & 0xf0) == 0xe0 && (p[1] & 0xc0) == 0x80 && (p[2] & 0xc0) == 0x80) {
		uint32_t r = (c & 0x0f) << 12 | (p[1] & 0x3f) << 6 | (p[2] & 0x3f);
		if (r < 0x800 || (r >= 0xd800 && r <= 0xdfff)) return 1;
		*rune = r;
		return 3;
	}
	if (n >= 4 && c >= 0xf0 && c <= 0xf4 && (p[1] & 0xc0) == 0x80 && (p[2] & 0xc0) == 0x80 &&
	    (p[3] & 0xc0) == 0x80) {
		uint32_t r = (c & 0x07) << 18 | (p[1] & 0x3f) << 12 | (p[2] & 0x3f) << 6 | (p[3] & 0x3f);
		if (r < 0x10000 || r > 0x10ffff) return 1;
		*rune = r;
		return 4;
	}
	return 1;
}

// encode_rune writes the UTF-8 form of r, one zero byte for 0, and returns its length.
TARGET static inline size_t encode_rune(uint8_t *p, uint32_t r) {
	if (r < 0x80) {
		p[0] = (uint8_t)r;
		return 1;
	}
	if (r < 0x800) {
		p[0] = (uint8_t)(0xc0 | r >> 6);
		p[1] = (uint8_t)(0x80 | (r & 0x3f));
		return 2;
	}
	if (r < 0x10000) {
		p[0] = (uint8_t)(0xe0 | r >> 12);
		p[1] = (uint8_t)(0x80 | (r >> 6 & 0x3f));
		p[2] = (uint8_t)(0x80 | (r & 0x3f));
		return 3;
	}
	p[0] = (uint8_t)(0xf0 | r >> 18);
	p[1] = (uint8_t)(0x80 | (r >> 12 & 0x3f));
	p[2] = (uint8_t)(0x80 | (r >> 6 & 0x3f));
	p[3] = (uint8_t)(0x80 | (r & 0x3f));
	return 4;
}

// normalise writes the normal form of src to dst and returns its length without
// the padding. norm_block(src, n, dst) does so for a block of n <= 64 bytes as
// if they were ASCII, writes 64 bytes, and returns the mask of those that are
// not; from the first of them on the block is done again, rune by rune.
TARGET static size_t normalise(const minhash_job *job, const uint8_t *src, size_t n, uint8_t *dst) {
	size_t i = 0, o = 0;
	while (i < n) {
		size_t size = n - i < BLOCK ? n - i : BLOCK;
		uint64_t other = norm_block(src + i, size, dst + o);
		if (!other) {
			i += size, o += size;
			continue;
		}
		size_t ascii = (size_t)__builtin_ctzll(other);
		i += ascii, o += ascii;
		do {
			uint32_t r;
			i += decode_rune(src + i, n - i, &r);
			r = job->rune_blocks[(uint32_t)job->rune_index[r >> 8] << 8 | (r & 0xff)];
			o += encode_rune(dst + o, r);
		} while (i < n && src[i] >= 0x80);
	}
	memset(dst + o, 0, BLOCK);
	return o;
}

// hash_words takes in the words of the first 2*n edges.
TARGET static void hash_words(const minhash_job *job, word_reader *r, size_t n) {
	const uint32_t *edges = r->edges;
	// The first four words of a text end no shingle.
	for (; n > 0 && r->words < MINHASH_WORDS - 1; n--, edges += 2, r->words++) roll_word(&r->roll, r->norm, edges);
	r->words += (int64_t)n;
	min_words(r->signature, job, &r->roll, r->norm, edges, n);
}

// one_text makes the signature of a text and returns its number of shingles.
TARGET static int32_t one_text(const minhash_job *job, word_reader *r, const uint8_t *src, size_t size, uint32_t *out) {
	size_t length = normalise(job, src, size, job->scratch);
	r->norm = job->scratch;
	r->roll = (roller){0};
	r->words = 0;
	memset(r->signature, 0xff, sizeof r->signature);
	size_t edges = 0;
	uint64_t carry = 0; // the last byte of the block before belongs to a word
	// A word that ends with the text has its end at length, maybe a block further.
	for (size_t at = 0; at <= length; at += BLOCK) {
		uint64_t m = word_mask(r->norm + at);
		edges += put_edges(m ^ (m << 1 | carry), (uint32_t)at, r->edges + edges);
		carry = m >> 63;
		if (edges > EDGE_MAX - BLOCK) {
			hash_words(job, r, edges / 2);
			r->edges[0] = r->edges[edges - 1]; // a start without its end, if odd
			edges &= 1;
		}
	}
	hash_words(job, r, edges / 2);
	if (r->words == 0) return 0;
	if (r->words < MINHASH_WORDS) {
		min_hash(r->signature, job, (uint32_t)(finalise(r->roll.last) >> 32));
	}
	memcpy(out, r->signature, sizeof r->signature);
	return r->words < MINHASH_WORDS ? 1 : (int32_t)(r->words - (MINHASH_WORDS - 1));
}

TARGET void MINHASH(const minhash_job *job) {
	word_reader r;
	for (int64_t i = 0; i < job->n; i++) {
		int32_t from = job->offsets[i], to = job->offsets[i + 1];
		job->counts[i] = one_text(job, &r, job->data + from, (size_t)(to - from), job->signatures + i * MINHASH_SIZE);
	}
}
