// Faulty kernels, one by the name given as the argument: that the emulation
// finds what it is for.
#include <stdio.h>
#include <string.h>

#include "target.h"

namespace {

struct args {
  int *out;
};

// skipped: half of the threads do not come to a barrier.
void skipped(const void *) {
  if (threadIdx.x < 32) CHI_BARRIER();
}

// diverged: half of a warp's lanes do not come to an exchange.
void diverged(const void *) {
  if (threadIdx.x % 32 < 16) chi_shuffle_xor(1, 1);
}

// raced: a neighbour's number is read before a barrier.
void raced(const void *p) {
  CHI_SHARED(int, x, [64]);
  x[threadIdx.x] = int(threadIdx.x);
  if (threadIdx.x == 40) static_cast<const args *>(p)->out[0] = x[8];
}

// sound: the same with its barrier, and a sum over a warp.
void sound(const void *p) {
  CHI_SHARED(int, x, [64]);
  x[threadIdx.x] = int(threadIdx.x);
  CHI_BARRIER();
  int sum = x[63 - threadIdx.x];
  for (int w = 16; w > 0; w /= 2) sum += chi_shuffle_xor(sum, w);
  if (threadIdx.x == 40) static_cast<const args *>(p)->out[0] = sum;
}

// outside: an element past the end of shared memory.
void outside(const void *p) {
  CHI_SHARED(int, x, [64]);
  x[threadIdx.x + 1] = 1;
  static_cast<const args *>(p)->out[0] = x[0];
}

}  // namespace

int main(int argc, char **argv) {
  const struct {
    const char *name;
    chi::emulate::body kernel;
  } kernels[] = {{"skipped", skipped}, {"diverged", diverged}, {"raced", raced}, {"sound", sound}, {"outside", outside}};
  for (auto &k : kernels) {
    if (argc < 2 || strcmp(argv[1], k.name) != 0) continue;
    int out = 0;
    args a = {&out};
    chi::emulate::dim3 grid, block;
    block.x = 64;
    chi::emulate::run(k.kernel, &a, grid, block);
    printf("%d\n", out);
    return 0;
  }
  return 2;
}
