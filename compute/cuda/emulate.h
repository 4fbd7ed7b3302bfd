// The target of a host compiler: the threads of a block are fibers on one thread
// of the host, switched where a barrier or a warp's exchange needs the others.
// What no compiler sees is checked here: a barrier that some threads skip, an
// exchange that some lanes of a warp miss, shared memory read before it is
// written (it begins as NaN), and, under the address sanitizer, reads and writes
// outside global and shared memory. CHIMERA_EMULATE_ORDER=reverse runs warps and
// lanes backwards: a missing barrier then changes results.
#ifndef CHI_EMULATE_H
#define CHI_EMULATE_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

namespace chi {
namespace emulate {

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
};

// What the fiber that runs now knows of itself.
struct thread {
  dim3 thread_idx, block_idx, block_dim, grid_dim;
};
extern thread_local thread *self;

typedef void (*body)(const void *args);

// run runs all blocks of a grid, one after another.
void run(body kernel, const void *args, dim3 grid, dim3 block);

void barrier();

// A lane gives n bytes (at most 32) and reads what the others of its warp gave,
// until the next exchange: lane l's at from(l).
void exchange(const void *give, size_t n);
const void *from(unsigned lane);

// The memory of one shared array: the same for all threads of a block. site
// tells the arrays of a kernel apart.
void *shared(const void *site, size_t bytes);

template <class T>
inline T of_lane(T x, unsigned lane) {
  exchange(&x, sizeof x);
  T y;
  memcpy(&y, from(lane), sizeof y);
  return y;
}

}  // namespace emulate
}  // namespace chi

#define threadIdx (::chi::emulate::self->thread_idx)
#define blockIdx (::chi::emulate::self->block_idx)
#define blockDim (::chi::emulate::self->block_dim)
#define gridDim (::chi::emulate::self->grid_dim)

#define CHI_DEV inline
#define CHI_KERNEL(name, args) void chi_k_##name(const args a)
#define CHI_SHARED(type, name, dims)                       \
  static const char name##_site = 0;                       \
  auto &name = *static_cast<type(*) dims>(::chi::emulate::shared(&name##_site, sizeof(type dims)))
#define CHI_BARRIER() ::chi::emulate::barrier()
#define CHI_UNROLL

CHI_DEV uint32_t chi_float_as_uint(float x) {
  uint32_t b;
  memcpy(&b, &x, sizeof b);
  return b;
}
CHI_DEV float chi_uint_as_float(uint32_t b) {
  float x;
  memcpy(&x, &b, sizeof x);
  return x;
}
CHI_DEV float chi_fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
CHI_DEV float chi_div(float a, float b) { return a / b; }
CHI_DEV float chi_sqrt(float a) { return __builtin_sqrtf(a); }
CHI_DEV unsigned chi_lane() {
  return (threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z)) % 32;
}
CHI_DEV float chi_shuffle_xor(float x, int w) { return ::chi::emulate::of_lane(x, chi_lane() ^ unsigned(w)); }
CHI_DEV int chi_shuffle_xor(int x, int w) { return ::chi::emulate::of_lane(x, chi_lane() ^ unsigned(w)); }
uint32_t chi_ballot(bool x);
CHI_DEV int chi_lowest_bit(uint32_t x) { return __builtin_ctz(x); }

// See mma.h.
void chi_mma_bf16(float c[4], const uint32_t a[4], const uint32_t b[2]);
void chi_mma_tf32(float c[4], const uint32_t a[4], const uint32_t b[2]);

#endif
