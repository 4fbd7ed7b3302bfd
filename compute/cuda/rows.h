// Kernels that reduce rows: a warp a row, lane j taking elements j, j+32, ...,
// which makes the partial sums of package exact the lanes themselves.
#ifndef CHI_ROWS_H
#define CHI_ROWS_H

#include "elementwise.h"

namespace chi {

CHI_DEV int64_t first_row() { return int64_t(blockIdx.x) * 4 + threadIdx.y; }
CHI_DEV int64_t row_step() { return int64_t(gridDim.x) * 4; }

CHI_DEV float row_sum(const float *x, int64_t n) {
  float p = 0.0f;
  for (int64_t j = threadIdx.x; j < n; j += kLanes) p += x[j];
  return warp_sum(p);
}

CHI_DEV float row_dot(const float *x, const float *y, int64_t n) {
  float p = 0.0f;
  for (int64_t j = threadIdx.x; j < n; j += kLanes) p = fma(x[j], y[j], p);
  return warp_sum(p);
}

CHI_DEV float row_max(const float *x, int64_t n) {
  float p = -infinity();
  for (int64_t j = threadIdx.x; j < n; j += kLanes) p = greater(p, x[j]);
  return warp_max(p);
}

CHI_DEV float row_min(const float *x, int64_t n) {
  float p = -infinity();
  for (int64_t j = threadIdx.x; j < n; j += kLanes) p = greater(p, -x[j]);
  return -warp_max(p);
}

// In the order of kernel.ReduceOp, and the product of two rows.
enum { kSum, kMaximum, kMinimum, kSumSquares, kDot };

CHI_KERNEL(row_reduce, row_reduce_args) {
  for (int64_t i = first_row(); i < a.m; i += row_step()) {
    const float *x = a.x + i * a.n;
    float r;
    switch (a.op) {
      case kSum: r = row_sum(x, a.n); break;
      case kMaximum: r = row_max(x, a.n); break;
      case kMinimum: r = row_min(x, a.n); break;
      case kSumSquares: r = row_dot(x, x, a.n); break;
      default: r = row_dot(x, a.y + i * a.n, a.n);
    }
    if (threadIdx.x == 0) a.dst[i] = r;
  }
}

// The rank of element j: greater for a greater value, among equals for a lesser
// index; zeros of both signs are equal and NaN is below all numbers.
struct rank {
  uint32_t value, index;
};
CHI_DEV rank rank_of(float x, int64_t j) {
  uint32_t b = bits(x + 0.0f);
  b = is_nan(x) ? 1u : b >> 31 ? ~b : b | 0x80000000u;
  return rank{b, ~uint32_t(j)};
}
CHI_DEV bool above(rank a, rank b) { return a.value > b.value || (a.value == b.value && a.index > b.index); }
CHI_DEV rank warp_highest(rank r) {
  for (int w = kLanes / 2; w > 0; w /= 2) {
    rank o = {uint32_t(chi_shuffle_xor(int(r.value), w)), uint32_t(chi_shuffle_xor(int(r.index), w))};
    if (above(o, r)) r = o;
  }
  return r;
}
CHI_DEV rank lowest() { return rank{0, ~0u}; }

CHI_KERNEL(arg_max, arg_max_args) {
  for (int64_t i = first_row(); i < a.m; i += row_step()) {
    rank best = lowest();
    for (int64_t j = threadIdx.x; j < a.n; j += kLanes) {
      rank r = rank_of(a.x[i * a.n + j], j);
      if (above(r, best)) best = r;
    }
    best = warp_highest(best);
    if (threadIdx.x == 0) a.dst[i] = int32_t(~best.index);
  }
}

// The k highest ranks one after another: each search takes those below the last.
CHI_KERNEL(top_k, top_k_args) {
  for (int64_t i = first_row(); i < a.m; i += row_step()) {
    rank last = {~0u, ~0u};
    for (int64_t k = 0; k < a.k; k++) {
      rank best = lowest();
      for (int64_t j = threadIdx.x; j < a.n; j += kLanes) {
        rank r = rank_of(a.x[i * a.n + j], j);
        if (above(last, r) && above(r, best)) best = r;
      }
      last = warp_highest(best);
      if (threadIdx.x == 0) {
        int32_t j = int32_t(~last.index);
        a.index[i * a.k + k] = j;
        a.values[i * a.k + k] = a.x[i * a.n + j];
      }
    }
  }
}

CHI_KERNEL(nearest_row, nearest_row_args) {
  for (int64_t i = first_row(); i < a.m; i += row_step()) {
    float least = nan_value();
    int32_t index = 0;
    for (int64_t c = 0; c < a.k; c++) {
      float p = 0.0f;
      for (int64_t j = threadIdx.x; j < a.n; j += kLanes) {
        float d = a.x[i * a.n + j] - a.centroids[c * a.n + j];
        p = fma(d, d, p);
      }
      p = warp_sum(p);
      if (p < least || (is_nan(least) && !is_nan(p))) {
        least = p;
        index = int32_t(c);
      }
    }
    if (threadIdx.x == 0) {
      a.index[i] = index;
      a.dist[i] = least;
    }
  }
}

// Among those at or above the floor the token of the greatest score.
CHI_KERNEL(gumbel_max, gumbel_max_args) {
  for (int64_t i = first_row(); i < a.m; i += row_step()) {
    const float *x = a.x + i * a.n;
    float floor = a.floor ? a.floor[i] : 0.0f;
    if (a.lowest_if_nan && is_nan(floor)) floor = -infinity();
    uint64_t id = a.ids ? a.ids[i] : 0;
    uint32_t step = a.step ? a.step[i] : 0;
    rank best = lowest();
    for (int64_t q = threadIdx.x; q < (a.n + 3) / 4; q += kLanes) {
      words w = {{0, 0, 0, 0}};
      if (a.inv_t != 0.0f)
        w = philox(a.key0, a.key1, words{{uint32_t(id), uint32_t(id >> 32), step, uint32_t(q)}});
      for (int c = 0; c < 4; c++) {
        int64_t j = 4 * q + c;
        if (j >= a.n || (a.floor && !(x[j] >= floor))) continue;
        float score = a.inv_t != 0.0f ? fma(x[j], a.inv_t, gumbel(w.w[c])) : x[j];
        rank r = rank_of(score, j);
        if (above(r, best)) best = r;
      }
    }
    best = warp_highest(best);
    if (threadIdx.x == 0) a.tokens[i] = best.value ? int32_t(~best.index) : 0;
  }
}

}  // namespace chi

#endif
