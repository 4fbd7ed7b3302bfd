// Kernels that turn rows into rows: softmax and the norms, with gradients. A
// warp a row; see rows.h. Outputs may lie over inputs: a lane reads its elements
// before it writes them, and what it needs of others' came by shuffles before.
#ifndef CHI_NORMALISE_H
#define CHI_NORMALISE_H

#include "rows.h"

namespace chi {

CHI_KERNEL(softmax, softmax_args) {
  for (int64_t i = first_row(); i < a.m; i += row_step()) {
    const float *x = a.x + i * a.n;
    float *dst = a.dst + i * a.n;
    const uint8_t *mask = a.mask ? a.mask + i % a.mask_rows * a.n : nullptr;
    float max = -infinity(), sum = 0.0f;
    for (int64_t j = threadIdx.x; j < a.n; j += kLanes)
      if (!mask || mask[j]) max = greater(max, x[j]);
    max = warp_max(max);
    for (int64_t j = threadIdx.x; j < a.n; j += kLanes)
      if (!mask || mask[j]) sum += exp(x[j] - max);
    sum = warp_sum(sum);
    float shift = a.logarithm ? log(sum) : 0.0f;
    for (int64_t j = threadIdx.x; j < a.n; j += kLanes) {
      bool in = !mask || mask[j];
      float d = x[j] - max;
      if (a.logarithm)
        dst[j] = in ? d - shift : -infinity();
      else
        dst[j] = in ? divide(exp(d), sum) : 0.0f;
    }
  }
}

CHI_KERNEL(softmax_grad, softmax_grad_args) {
  for (int64_t i = first_row(); i < a.m; i += row_step()) {
    const float *dy = a.dy + i * a.n, *y = a.y + i * a.n;
    float *dx = a.dx + i * a.n;
    float r = a.logarithm ? row_sum(dy, a.n) : row_dot(dy, y, a.n);
    for (int64_t j = threadIdx.x; j < a.n; j += kLanes) {
      if (a.logarithm)
        dx[j] = y[j] == -infinity() ? 0.0f : fma(-exp(y[j]), r, dy[j]);
      else
        dx[j] = y[j] * (dy[j] - r);
    }
  }
}

CHI_KERNEL(norm, norm_args) {
  for (int64_t i = first_row(); i < a.m; i += row_step()) {
    const float *x = a.x + i * a.n;
    float *dst = a.dst + i * a.n;
    float n = float(a.n), mean = 0.0f, sum = 0.0f;
    if (a.mean) mean = divide(row_sum(x, a.n), n);
    for (int64_t j = threadIdx.x; j < a.n; j += kLanes) {
      float d = a.mean ? x[j] - mean : x[j];
      sum = fma(d, d, sum);
    }
    float rstd = divide(1.0f, square_root(divide(warp_sum(sum), n) + a.eps));
    for (int64_t j = threadIdx.x; j < a.n; j += kLanes) {
      if (a.mean)
        dst[j] = fma((x[j] - mean) * rstd, a.gamma[j], a.beta[j]);
      else
        dst[j] = (x[j] * rstd) * a.gamma[j];
    }
    if (threadIdx.x != 0) continue;
    a.rstd[i] = rstd;
    if (a.mean) a.mean[i] = mean;
  }
}

CHI_KERNEL(norm_grad, norm_grad_args) {
  for (int64_t i = first_row(); i < a.m; i += row_step()) {
    const float *dy = a.dy + i * a.n, *x = a.x + i * a.n;
    float *dx = a.dx + i * a.n;
    float n = float(a.n), mean = a.mean ? a.mean[i] : 0.0f, rstd = a.rstd[i];
    float sum = 0.0f, dot = 0.0f;
    for (int64_t j = threadIdx.x; j < a.n; j += kLanes) {
      float g = dy[j] * a.gamma[j];
      float hat = (a.mean ? x[j] - mean : x[j]) * rstd;
      sum += g;
      dot = fma(g, hat, dot);
    }
    float shift = divide(warp_sum(sum), n), b = divide(warp_sum(dot), n);
    for (int64_t j = threadIdx.x; j < a.n; j += kLanes) {
      float g = dy[j] * a.gamma[j];
      float hat = (a.mean ? x[j] - mean : x[j]) * rstd;
      dx[j] = fma(-hat, b, a.mean ? g - shift : g) * rstd;
    }
  }
}

// Columns: thread (x, y) of a block takes rows y, y+32, ... of column x of its
// 32; lanes 32 apart in memory meet in shared memory for the fold.
template <class Fold>
CHI_DEV void fold_columns(float (*part)[33], float p, Fold fold) {
  part[threadIdx.y][threadIdx.x] = p;
  for (unsigned w = kLanes / 2; w > 0; w /= 2) {
    CHI_BARRIER();
    if (threadIdx.y < w)
      part[threadIdx.y][threadIdx.x] = fold(part[threadIdx.y][threadIdx.x], part[threadIdx.y + w][threadIdx.x]);
  }
}

struct add_fold {
  CHI_DEV float operator()(float a, float b) const { return a + b; }
};
struct max_fold {
  CHI_DEV float operator()(float a, float b) const { return greater(a, b); }
};

CHI_KERNEL(col_reduce, col_reduce_args) {
  CHI_SHARED(float, part, [32][33]);
  const float *x = a.x + int64_t(blockIdx.y) * a.m * a.n;
  float *dst = a.dst + int64_t(blockIdx.y) * a.n;
  int64_t j = int64_t(blockIdx.x) * 32 + threadIdx.x;
  bool search = a.op == kMaximum || a.op == kMinimum;
  float p = search ? -infinity() : 0.0f;
  if (j < a.n)
    for (int64_t i = threadIdx.y; i < a.m; i += kLanes) {
      float v = x[i * a.n + j];
      switch (a.op) {
        case kSum: p += v; break;
        case kMaximum: p = greater(p, v); break;
        case kMinimum: p = greater(p, -v); break;
        default: p = fma(v, v, p);
      }
    }
  if (search)
    fold_columns(part, p, max_fold());
  else
    fold_columns(part, p, add_fold());
  if (threadIdx.y != 0 || j >= a.n) return;
  p = part[0][threadIdx.x];
  if (search) p += 0.0f;
  dst[j] = a.op == kMinimum ? -p : p;
}

CHI_KERNEL(norm_param_grad, norm_param_grad_args) {
  CHI_SHARED(float, part, [32][33]);
  int64_t j = int64_t(blockIdx.x) * 32 + threadIdx.x;
  float gamma = 0.0f, beta = 0.0f;
  if (j < a.n)
    for (int64_t i = threadIdx.y; i < a.m; i += kLanes) {
      float v = a.x[i * a.n + j], dy = a.dy[i * a.n + j];
      float hat = (a.mean ? v - a.mean[i] : v) * a.rstd[i];
      gamma = fma(dy, hat, gamma);
      beta += dy;
    }
  fold_columns(part, gamma, add_fold());
  if (threadIdx.y == 0 && j < a.n) a.dgamma[j] = part[0][threadIdx.x];
  if (!a.dbeta) return;
  CHI_BARRIER();
  fold_columns(part, beta, add_fold());
  if (threadIdx.y == 0 && j < a.n) a.dbeta[j] = part[0][threadIdx.x];
}

}  // namespace chi

#endif
