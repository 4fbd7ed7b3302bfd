// The MinHash kernel, included by one .c file for each instruction set. That
// file defines
//
//	TARGET      attribute of every function: the instruction set
//	MINHASH     name of the function to make
//	norm_block  see normalise
//	word_mask   bit i: byte i of a block of 64 is not 0
//	put_edges   writes the positions of the set bits of a mask, ascending, and
//	            returns their number; may write up to 64 numbers whatever that is
//	min_into    lowers the signature by the permutations of n hashes
//
// The functions mirror those of package compute line by line where speed allows.

#include <string.h>

enum {
	BLOCK = 64,       // bytes looked at together; a mask is one 64-bit word
	EDGE_MAX = 1024,  // starts and ends of words held back before hashing
};

// reader walks the words of one text; its polynomial is that of Go's roller.
typedef struct {
	const uint8_t *norm;
	uint64_t w1, p1, p2, q1, last;
	int64_t words;
	uint32_t edges[EDGE_MAX + BLOCK]; // start, end, start, end ...
	uint32_t hashes[EDGE_MAX / 2 + BLOCK];
	uint32_t signature[MINHASH_SIZE] __attribute__((aligned(64)));
} word_reader;

TARGET static inline uint64_t load64(const uint8_t *p) {
	uint64_t v;
	memcpy(&v, p, 8);
	return v;
}

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

// fold is the exclusive or of the halves of the 128-bit product.
TARGET static inline uint64_t fold(uint64_t a, uint64_t b) {
	unsigned __int128 p = (unsigned __int128)a * b;
	return (uint64_t)(p >> 64) ^ (uint64_t)p;
}

#define KEY0 UINT64_C(0xa0761d6478bd642f)
#define KEY1 UINT64_C(0xe7037ed1a0b428db)
#define BASE UINT64_C(0x9e3779b97f4a7c15)

// keep[16-n] to keep[16-n+15] are n bytes of ones and then zeros: the mask of
// the first n of 16 bytes, in memory order.
static const uint8_t keep[32] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};

TARGET static inline uint64_t hash_word(const uint8_t *p, uint32_t n) {
	uint64_t h = 0;
	for (; __builtin_expect(n > 16, 0); p += 16, n -= 16)
		h = fold(load64(p) ^ KEY0 ^ h, load64(p + 8) ^ KEY1);
	const uint8_t *mask = keep + 16 - n;
	return fold((load64(p) & load64(mask)) ^ KEY0 ^ h, (load64(p + 8) & load64(mask + 8)) ^ KEY1);
}

TARGET static inline uint64_t finalise(uint64_t x) {
	x ^= x >> 33;
	x *= UINT64_C(0xff51afd7ed558ccd);
	x ^= x >> 33;
	x *= UINT64_C(0xc4ceb9fe1a85ec53);
	return x ^ x >> 33;
}

// hash_words hashes the words of the first 2*n edges and permutes the shingles
// that end at them.
TARGET static void hash_words(const minhash_job *job, word_reader *r, size_t n) {
	uint64_t w1 = r->w1, p1 = r->p1, p2 = r->p2, q1 = r->q1, last = r->last;
	for (size_t i = 0; i < n; i++) {
		uint32_t start = r->edges[2 * i];
		uint64_t w = hash_word(r->norm + start, r->edges[2 * i + 1] - start);
		uint64_t p = w1 * BASE + w;
		uint64_t q = p2 * (BASE * BASE) + p;
		last = q1 * BASE + w;
		r->hashes[i] = (uint32_t)(finalise(last) >> 32);
		w1 = w, p2 = p1, p1 = p, q1 = q;
	}
	r->w1 = w1, r->p1 = p1, r->p2 = p2, r->q1 = q1, r->last = last;
	// The first four words of a text end no shingle.
	size_t skip = r->words >= MINHASH_WORDS - 1 ? 0 : (size_t)(MINHASH_WORDS - 1 - r->words);
	r->words += (int64_t)n;
	if (n > skip) min_into(r->signature, job->a, job->b, r->hashes + skip, n - skip);
}

// one_text makes the signature of a text and returns its number of shingles.
TARGET static int32_t one_text(const minhash_job *job, word_reader *r, const uint8_t *src, size_t size, uint32_t *out) {
	size_t length = normalise(job, src, size, job->scratch);
	r->norm = job->scratch;
	r->w1 = r->p1 = r->p2 = r->q1 = r->last = 0;
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
		uint32_t h = (uint32_t)(finalise(r->last) >> 32);
		min_into(r->signature, job->a, job->b, &h, 1);
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
