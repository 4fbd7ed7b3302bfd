// Losses of rows of logits, with gradients. A warp a row; see rows.h.
#ifndef CHI_LOSSES_H
#define CHI_LOSSES_H

#include "rows.h"

namespace chi {

// The maximum of a row times a factor, and the sum of exp(x*factor-max).
CHI_DEV void row_exponentials(const float *x, int64_t n, float factor, bool scaled, float *max, float *sum) {
  float m = -infinity(), s = 0.0f;
  for (int64_t j = threadIdx.x; j < n; j += kLanes) m = greater(m, scaled ? x[j] * factor : x[j]);
  m = warp_max(m);
  for (int64_t j = threadIdx.x; j < n; j += kLanes) s += exp((scaled ? x[j] * factor : x[j]) - m);
  *max = m;
  *sum = warp_sum(s);
}

CHI_KERNEL(cross_entropy, loss_args) {
  for (int64_t i = first_row(); i < a.m; i += row_step()) {
    const float *x = a.x + i * a.n;
    int64_t t = a.target[i];
    bool ignored = t == a.ignore, outside = !ignored && (t < 0 || t >= a.n);
    if (ignored || outside) {
      if (threadIdx.x == 0) a.loss[i] = outside ? nan_value() : 0.0f;
      if (outside) *a.fault = 1;
      if (a.dx)
        for (int64_t j = threadIdx.x; j < a.n; j += kLanes) a.dx[i * a.n + j] = 0.0f;
      continue;
    }
    float xt = x[t], max, sum;
    row_exponentials(x, a.n, 1.0f, false, &max, &sum);
    if (threadIdx.x == 0) a.loss[i] = (log(sum) + max) - xt;
    if (!a.dx) continue;
    for (int64_t j = threadIdx.x; j < a.n; j += kLanes)
      a.dx[i * a.n + j] = (divide(exp(x[j] - max), sum) - (j == t ? 1.0f : 0.0f)) * a.scale;
  }
}

CHI_KERNEL(soft_cross_entropy, loss_args) {
  for (int64_t i = first_row(); i < a.m; i += row_step()) {
    const float *x = a.x + i * a.n, *w = a.y + i * a.n;
    float max, sum, loss = 0.0f;
    row_exponentials(x, a.n, 1.0f, false, &max, &sum);
    float total = log(sum) + max;
    for (int64_t j = threadIdx.x; j < a.n; j += kLanes) loss = fma(w[j], total - x[j], loss);
    loss = warp_sum(loss);
    if (threadIdx.x == 0) a.loss[i] = loss;
    if (!a.dx) continue;
    float weight = row_sum(w, a.n);
    for (int64_t j = threadIdx.x; j < a.n; j += kLanes)
      a.dx[i * a.n + j] = fma(divide(exp(x[j] - max), sum), weight, -w[j]) * a.scale;
  }
}

// The term weight*bracket is added to p, unless the weight is 0.
CHI_DEV float add_term(float weight, float bracket, float p) { return weight == 0.0f ? p : fma(weight, bracket, p); }

// In the order of kernel.DivergenceOp.
enum { kForwardKL, kReverseKL, kJensenShannon };

CHI_KERNEL(divergence, loss_args) {
  for (int64_t i = first_row(); i < a.m; i += row_step()) {
    const float *x = a.x + i * a.n, *y = a.y + i * a.n;
    float max_x, sum_x, max_y, sum_y;
    row_exponentials(x, a.n, a.inv_t, true, &max_x, &sum_x);
    row_exponentials(y, a.n, a.inv_t, true, &max_y, &sum_y);
    float log_x = log(sum_x), log_y = log(sum_y);
    float first = 0.0f, second = 0.0f;
    for (int64_t j = threadIdx.x; j < a.n; j += kLanes) {
      float lq = (x[j] * a.inv_t - max_x) - log_x, lp = (y[j] * a.inv_t - max_y) - log_y;
      float q = exp(lq), p = exp(lp);
      if (a.op == kForwardKL) first = add_term(p, lp - lq, first);
      if (a.op == kReverseKL) first = add_term(q, lq - lp, first);
      if (a.op == kJensenShannon) {
        float lm = log(0.5f * (p + q));
        first = add_term(p, lp - lm, first);
        second = add_term(q, lq - lm, second);
      }
    }
    first = warp_sum(first);
    second = warp_sum(second);
    if (threadIdx.x == 0) a.loss[i] = a.op == kJensenShannon ? 0.5f * (first + second) : first;
    if (!a.dx) continue;
    for (int64_t j = threadIdx.x; j < a.n; j += kLanes) {
      float lq = (x[j] * a.inv_t - max_x) - log_x, lp = (y[j] * a.inv_t - max_y) - log_y;
      float q = exp(lq), p = exp(lp), g;
      if (a.op == kForwardKL)
        g = q - p;
      else if (q == 0.0f)
        g = 0.0f;
      else if (a.op == kReverseKL)
        g = q * ((lq - lp) - first);
      else
        g = (0.5f * q) * ((lq - log(0.5f * (p + q))) - second);
      a.dx[i * a.n + j] = (g * a.inv_t) * a.scale;
    }
  }
}

CHI_KERNEL(squared_error, loss_args) {
  for (int64_t i = first_row(); i < a.m; i += row_step()) {
    const float *x = a.x + i * a.n, *y = a.y + i * a.n;
    float loss = 0.0f;
    for (int64_t j = threadIdx.x; j < a.n; j += kLanes) {
      float d = x[j] - y[j];
      loss = fma(d, d, loss);
    }
    loss = warp_sum(loss);
    if (threadIdx.x == 0) a.loss[i] = loss;
    if (!a.dx) continue;
    for (int64_t j = threadIdx.x; j < a.n; j += kLanes)
      a.dx[i * a.n + j] = (2.0f * (x[j] - y[j])) * a.scale;
  }
}

}  // namespace chi

#endif
