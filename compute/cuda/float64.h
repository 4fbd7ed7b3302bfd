// Statistics in float64. The product of two float32 is exact in float64, so it
// does not matter whether a compiler fuses it with the sum.
#ifndef CHI_FLOAT64_H
#define CHI_FLOAT64_H

#include "elementwise.h"

namespace chi {

// A group of 8 threads sums 65536 numbers; 16 groups a block.
CHI_KERNEL(sum_squares, sum_squares_args) {
  CHI_SHARED(double, part, [128]);
  const int64_t chunk = 65536;
  int64_t c = int64_t(blockIdx.x) * 16 + threadIdx.x / 8;
  int64_t end = (c + 1) * chunk < a.n ? (c + 1) * chunk : a.n;
  double p = 0;
  for (int64_t i = c * chunk + threadIdx.x % 8; i < end; i += 8) p += double(a.x[i]) * double(a.x[i]);
  part[threadIdx.x] = p;
  for (unsigned w = 4; w > 0; w /= 2) {
    CHI_BARRIER();
    if (threadIdx.x % 8 < w) part[threadIdx.x] += part[threadIdx.x + w];
  }
  if (threadIdx.x % 8 == 0 && c * chunk < a.n) a.dst[c] = part[threadIdx.x];
}

// A tile of 16 by 16 products; rows in steps of 16 through shared memory.
CHI_KERNEL(gram, gram_args) {
  CHI_SHARED(float, left, [16][17]);
  CHI_SHARED(float, right, [16][17]);
  if (blockIdx.x < blockIdx.y) return;  // below the diagonal
  int tx = threadIdx.x % 16, ty = threadIdx.x / 16;
  int64_t i0 = int64_t(blockIdx.y) * 16, j0 = int64_t(blockIdx.x) * 16;
  int64_t i = i0 + ty, j = j0 + tx;
  bool mine = i < a.n && j < a.n && j >= i;
  double sum = mine ? a.dst[i * a.n + j] : 0;
  for (int64_t r0 = 0; r0 < a.m; r0 += 16) {
    int rows = int(a.m - r0 < 16 ? a.m - r0 : 16);
    if (ty < rows) {
      left[ty][tx] = i0 + tx < a.n ? a.x[(r0 + ty) * a.n + i0 + tx] : 0.0f;
      right[ty][tx] = j0 + tx < a.n ? a.x[(r0 + ty) * a.n + j0 + tx] : 0.0f;
    }
    CHI_BARRIER();
    for (int r = 0; r < rows; r++) sum += double(left[r][ty]) * double(right[r][tx]);
    CHI_BARRIER();
  }
  if (mine) a.dst[i * a.n + j] = sum;
}

// The means of columns, and their roundings to float32.
CHI_KERNEL(col_mean, col_mean_args) {
  for (int64_t j = first_element(); j < a.n; j += element_step()) {
    double sum = 0;
    for (int64_t i = 0; i < a.m; i++) sum += double(a.x[i * a.n + j]);
    a.mean[j] = sum / double(a.m);
    a.rounded[j] = float(a.mean[j]);
  }
}

// The lower triangle from the upper; with mean the sums of products around the
// rounded means become a covariance first.
CHI_KERNEL(mirror, mirror_args) {
  for (int64_t e = first_element(); e < a.n * a.n; e += element_step()) {
    int64_t i = e / a.n, j = e % a.n;
    if (j < i) continue;
    double v = a.a[e];
    if (a.mean) {
      double di = a.mean[i] - double(float(a.mean[i])), dj = a.mean[j] - double(float(a.mean[j]));
      double shift = (double(a.m) * di) * dj;
      v = a.m < 2 ? double(nan_value()) : (v - shift) / double(a.m - 1);
    }
    a.a[e] = v;
    a.a[j * a.n + i] = v;
  }
}

}  // namespace chi

#endif
