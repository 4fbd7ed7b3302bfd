// Fibers for the threads of a block; see emulate.h.
#include "emulate.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "fiber.h"

namespace chi {
namespace emulate {

thread_local thread *self = nullptr;

namespace {

constexpr unsigned kWarp = 32;

enum state { kReady, kBarrier, kExchange, kDone };

struct lane {
  thread t;
  fiber f;
  state s = kDone;
  unsigned index = 0;
  unsigned parity = 0;  // of the exchanges: a slow lane may still read the last
  unsigned char given[2][32];
};

struct block {
  body kernel;
  const void *args;
  std::vector<std::unique_ptr<lane>> lanes;  // kept for the next block
  unsigned count = 0;
  lane *current = nullptr;
  fiber scheduler;
  std::map<std::pair<const void *, size_t>, void *> arrays;  // shared memory

  ~block() {
    for (auto &a : arrays) free(a.second);
  }
};

thread_local block *running = nullptr;

[[noreturn]] void die(const char *what) {
  const thread &t = *self;
  fprintf(stderr, "emulate: %s (block %u,%u,%u thread %u,%u,%u)\n", what, t.block_idx.x, t.block_idx.y, t.block_idx.z,
          t.thread_idx.x, t.thread_idx.y, t.thread_idx.z);
  abort();
}

void wait(state s) {
  lane *me = running->current;
  me->s = s;
  switch_fiber(&me->f, &running->scheduler, false);
}

void enter() {
  running->kernel(running->args);
  lane *me = running->current;
  me->s = kDone;
  switch_fiber(&me->f, &running->scheduler, true);
}

void resume(block *b, unsigned i) {
  b->current = b->lanes[i].get();
  self = &b->current->t;
  switch_fiber(&b->scheduler, &b->current->f, false);
}

// Runs the lanes first to last-1 of one warp until all wait at a barrier or are
// done.
void run_warp(block *b, unsigned first, unsigned last, bool reverse) {
  for (;;) {
    unsigned count[4] = {0, 0, 0, 0};
    for (unsigned i = 0; i < last - first; i++) {
      unsigned l = reverse ? last - 1 - i : first + i;
      if (b->lanes[l]->s == kReady) resume(b, l);
    }
    for (unsigned l = first; l < last; l++) count[b->lanes[l]->s]++;
    if (count[kExchange] == 0) return;
    if (count[kExchange] != last - first || last - first != kWarp) die("an exchange that not all lanes of the warp reach");
    for (unsigned l = first; l < last; l++) b->lanes[l]->s = kReady;
  }
}

void run_block(block *b, bool reverse) {
  for (auto &a : b->arrays) memset(a.second, 0xff, a.first.second);
  for (unsigned i = 0; i < b->count; i++) {
    b->lanes[i]->s = kReady;
    start_fiber(&b->lanes[i]->f, enter);
  }
  unsigned warps = (b->count + kWarp - 1) / kWarp;
  for (;;) {
    for (unsigned w = 0; w < warps; w++) {
      unsigned at = (reverse ? warps - 1 - w : w) * kWarp;
      run_warp(b, at, at + kWarp < b->count ? at + kWarp : b->count, reverse);
    }
    unsigned waiting = 0;
    for (unsigned i = 0; i < b->count; i++) waiting += b->lanes[i]->s == kBarrier;
    if (waiting == 0) return;
    if (waiting != b->count) die("a barrier that not all threads reach");
    for (unsigned i = 0; i < b->count; i++) b->lanes[i]->s = kReady;
  }
}

}  // namespace

void run(body kernel, const void *args, dim3 grid, dim3 dim) {
  static thread_local block b;
  const char *order = getenv("CHIMERA_EMULATE_ORDER");
  bool reverse = order && strcmp(order, "reverse") == 0;
  b.kernel = kernel;
  b.args = args;
  b.count = dim.x * dim.y * dim.z;
  running = &b;
  while (b.lanes.size() < b.count) b.lanes.emplace_back(new lane);
  for (unsigned z = 0; z < grid.z; z++)
    for (unsigned y = 0; y < grid.y; y++)
      for (unsigned x = 0; x < grid.x; x++) {
        for (unsigned i = 0; i < b.count; i++) {
          thread &t = b.lanes[i]->t;
          b.lanes[i]->index = i;
          t.thread_idx.x = i % dim.x, t.thread_idx.y = i / dim.x % dim.y, t.thread_idx.z = i / dim.x / dim.y;
          t.block_idx.x = x, t.block_idx.y = y, t.block_idx.z = z;
          t.block_dim = dim, t.grid_dim = grid;
        }
        run_block(&b, reverse);
      }
  for (auto &a : b.arrays) free(a.second);
  b.arrays.clear();
  running = nullptr;
}

void barrier() { wait(kBarrier); }

void exchange(const void *give, size_t n) {
  lane *me = running->current;
  me->parity ^= 1;
  memcpy(me->given[me->parity], give, n);
  wait(kExchange);
}

const void *from(unsigned l) {
  lane *me = running->current;
  return running->lanes[me->index / kWarp * kWarp + l]->given[me->parity];
}

void *shared(const void *site, size_t bytes) {
  void *&p = running->arrays[{site, bytes}];
  if (!p) {
    p = malloc(bytes);  // aligned to 16, which is what kernels rely on
    if (!p) die("no memory");
    memset(p, 0xff, bytes);
  }
  return p;
}

}  // namespace emulate
}  // namespace chi

uint32_t chi_ballot(bool x) {
  unsigned char given = x;
  chi::emulate::exchange(&given, 1);
  uint32_t all = 0;
  for (unsigned l = 0; l < 32; l++) all |= uint32_t(*static_cast<const unsigned char *>(chi::emulate::from(l))) << l;
  return all;
}

namespace {

struct fragments {
  uint32_t a[4], b[2];
};

// Each lane computes its four elements from the fragments of the others; word
// multiplies the element pair of one word, in float64 since the order within an
// instruction is the hardware's affair.
template <class Word>
void mma(float c[4], const uint32_t a[4], const uint32_t b[2], Word word) {
  fragments mine = {{a[0], a[1], a[2], a[3]}, {b[0], b[1]}};
  chi::emulate::exchange(&mine, sizeof mine);
  unsigned g = chi_lane() / 4, t = chi_lane() % 4;
  for (unsigned e = 0; e < 4; e++) {
    double sum = c[e];
    for (unsigned w = 0; w < 8; w++) {
      fragments fa, fb;
      memcpy(&fa, chi::emulate::from(g * 4 + w % 4), sizeof fa);
      memcpy(&fb, chi::emulate::from((2 * t + e % 2) * 4 + w % 4), sizeof fb);
      sum += word(fa.a[w / 4 * 2 + e / 2], fb.b[w / 4]);
    }
    c[e] = float(sum);
  }
}

double value(uint32_t bits) { return chi_uint_as_float(bits); }

}  // namespace

void chi_mma_bf16(float c[4], const uint32_t a[4], const uint32_t b[2]) {
  mma(c, a, b, [](uint32_t x, uint32_t y) {
    return value(x << 16) * value(y << 16) + value(x & 0xffff0000u) * value(y & 0xffff0000u);
  });
}

void chi_mma_tf32(float c[4], const uint32_t a[4], const uint32_t b[2]) {
  mma(c, a, b, [](uint32_t x, uint32_t y) { return value(x) * value(y); });
}
