// The loop over words of the instruction sets that keep the whole signature in
// registers. The including file has defined
//
//	lanes            the 112 values; load_lanes, store_lanes
//	constants        the permutations, in registers or where they are in memory;
//	                 load_constants
//	step             lowers the lanes by the permutations of one hash

// AHEAD is how many words hashing runs in front of the permutations. Hashing
// takes general registers and the scalar multiplier, the step takes the vector
// ports, so both fit into one loop at the time of the slower; but a step that
// waits for its own hash fills the scheduler and stops the next word. Four
// words are more than the 40 cycles or so that a hash takes.
enum { AHEAD = 4 };

TARGET static void min_hash(uint32_t *sig, const minhash_job *job, uint32_t hash) {
	lanes m = load_lanes(sig);
	constants c = load_constants(job);
	step(&m, &c, hash);
	store_lanes(sig, m);
}

TARGET static void min_words(uint32_t *sig, const minhash_job *job, roller *state, const uint8_t *norm,
                             const uint32_t *edges, size_t n) {
	lanes m = load_lanes(sig);
	constants c = load_constants(job);
	roller r = *state;
	uint32_t hashes[EDGE_MAX / 2];
	size_t ready = 0;
	for (; ready < n && ready < AHEAD; ready++) hashes[ready] = roll_word(&r, norm, edges + 2 * ready);
	for (size_t i = 0; i + AHEAD < n; i++) {
		hashes[i + AHEAD] = roll_word(&r, norm, edges + 2 * (i + AHEAD));
		step(&m, &c, hashes[i]);
	}
	for (size_t i = n - ready; i < n; i++) step(&m, &c, hashes[i]);
	*state = r;
	store_lanes(sig, m);
}
