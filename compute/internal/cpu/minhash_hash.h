// Word and shingle hashes of MinHash: the C twin of compute/minhash_hash.go,
// included by each instruction set's file after it has defined TARGET, before
// its own loops over words.

#include <string.h>

TARGET static inline uint64_t load64(const uint8_t *p) {
	uint64_t v;
	memcpy(&v, p, 8);
	return v;
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

// roller is the polynomial over the latest five words, see Go's type of that name.
typedef struct {
	uint64_t w1, p1, p2, q1, last;
} roller;

// roll takes the hash of the next word and returns that of the shingle it ends.
TARGET static inline uint32_t roll(roller *r, uint64_t w) {
	uint64_t p = r->w1 * BASE + w;
	uint64_t q = r->p2 * (BASE * BASE) + p;
	r->last = r->q1 * BASE + w;
	r->w1 = w, r->p2 = r->p1, r->p1 = p, r->q1 = q;
	return (uint32_t)(finalise(r->last) >> 32);
}

// roll_word is roll for the word between two edges.
TARGET static inline uint32_t roll_word(roller *r, const uint8_t *norm, const uint32_t *edges) {
	return roll(r, hash_word(norm + edges[0], edges[1] - edges[0]));
}
