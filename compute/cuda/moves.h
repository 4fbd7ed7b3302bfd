// Kernels that move elements and change none.
#ifndef CHI_MOVES_H
#define CHI_MOVES_H

#include "elementwise.h"

namespace chi {

template <class E>
CHI_DEV void copy_element(void *dst, int64_t i, const void *src, int64_t j) {
  static_cast<E *>(dst)[i] = static_cast<const E *>(src)[j];
}

CHI_DEV void move_element(int size, void *dst, int64_t i, const void *src, int64_t j) {
  if (size == 4) copy_element<uint32_t>(dst, i, src, j);
  if (size == 2) copy_element<uint16_t>(dst, i, src, j);
  if (size == 8) copy_element<uint64_t>(dst, i, src, j);
  if (size == 1) copy_element<uint8_t>(dst, i, src, j);
}

CHI_KERNEL(fill, fill_args) {
  for (int64_t i = first_element(); i < a.n; i += element_step()) move_element(a.size, a.dst, i, &a.bits, 0);
}

CHI_KERNEL(strided, strided_args) {
  for (int64_t i = first_element(); i < a.n; i += element_step()) {
    int64_t rest = i, at = 0;
    CHI_UNROLL for (int d = 5; d >= 0; d--) {
      if (a.extent[d] == 1) continue;
      at += rest % a.extent[d] * a.stride[d];
      rest /= a.extent[d];
    }
    if (!a.reverse)
      move_element(a.size, a.dst, i, a.src, at);
    else if (a.accumulate)
      static_cast<float *>(a.dst)[at] += static_cast<const float *>(a.src)[i];
    else
      move_element(a.size, a.dst, at, a.src, i);
  }
}

CHI_KERNEL(gather, gather_args) {
  const uint64_t none = ~uint64_t(0);
  for (int64_t i = first_element(); i < a.m * a.n; i += element_step()) {
    int64_t row = a.index[i / a.n];
    if (row >= 0 && row < a.rows) {
      move_element(a.size, a.dst, i, a.table, row * a.n + i % a.n);
      continue;
    }
    move_element(a.size, a.dst, i, &none, 0);
    *a.fault = 1;
  }
}

CHI_KERNEL(index_check, index_check_args) {
  for (int64_t i = first_element(); i < a.m; i += element_step())
    if (a.index[i] < 0 || a.index[i] >= a.rows) *a.fault = 1;
}

// A warp owns a row of the table and 128 columns of it, looks through all
// indices, and adds the rows that are its own in ascending order: no atomics.
CHI_KERNEL(scatter_add, scatter_add_args) {
  int lane = threadIdx.x;
  int64_t col = int64_t(blockIdx.y) * 128 + lane;
  for (int64_t row = int64_t(blockIdx.x) * 4 + threadIdx.y; row < a.rows; row += int64_t(gridDim.x) * 4) {
    float acc[4];
    CHI_UNROLL for (int c = 0; c < 4; c++) acc[c] = col + 32 * c < a.n ? a.table[row * a.n + col + 32 * c] : 0.0f;
    bool any = false;
    for (int64_t first = 0; first < a.m; first += 32) {
      uint32_t mine = chi_ballot(first + lane < a.m && a.index[first + lane] == row);
      any |= mine != 0;
      for (; mine; mine &= mine - 1) {
        const float *src = a.src + (first + chi_lowest_bit(mine)) * a.n;
        CHI_UNROLL for (int c = 0; c < 4; c++) if (col + 32 * c < a.n) acc[c] += src[col + 32 * c];
      }
    }
    if (!any) continue;
    CHI_UNROLL for (int c = 0; c < 4; c++) if (col + 32 * c < a.n) a.table[row * a.n + col + 32 * c] = acc[c];
  }
}

CHI_KERNEL(cache_append, cache_append_args) {
  int64_t n = a.b * a.heads * a.t * a.n;
  for (int64_t i = first_element(); i < n; i += element_step()) {
    int64_t x = i % a.n, t = i / a.n % a.t, head = i / (a.n * a.t) % a.heads, b = i / (a.n * a.t * a.heads);
    int64_t at = (a.position ? a.position[b] : a.first) + t;
    if (at < 0 || at >= a.capacity) {
      *a.fault = 1;
      continue;
    }
    at = ((b * a.heads + head) * a.capacity + at) * a.n + x;
    float v = a.src[b * a.stride_b + head * a.stride_head + t * a.stride_t + x];
    if (a.bf16)
      static_cast<uint16_t *>(a.cache)[at] = to_bf16(v);
    else
      static_cast<float *>(a.cache)[at] = v;
  }
}

}  // namespace chi

#endif
