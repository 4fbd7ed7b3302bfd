// Commands to the CPU's C kernels, one after another on the thread that stands
// for the device's queue: a plugin that is as fast as the CPU and whose Go side
// is tested like any other's.
#include <string.h>

#include <cmath>
#include <functional>
#include <vector>

#include "check.h"
#include "emulated_driver.h"

extern "C" {
#include "kernels.h"
#include "kernels_rows.h"
}

namespace chi {

const void *device_image() { return nullptr; }
const char plugin_build[40] = "fake";
const char *const kernel_names[] = {nullptr};
const int kernel_count = 0;

namespace {

int level() {
  static const int best = chi_supports(CHI_AVX512) ? CHI_AVX512 : chi_supports(CHI_AVX2) ? CHI_AVX2 : CHI_C;
  return best;
}

#define CALL(name, ...) CHI_DISPATCH(level(), name, (__VA_ARGS__))

// What a command works on once it runs: the pointers are those of its session
// when it was submitted.
struct work {
  chi_cmd c;
  char *p[CHI_OPERANDS];
  int32_t *fault;
  template <class E>
  E *at(int i) const {
    return p[i] ? reinterpret_cast<E *>(p[i]) + c.off[i] : nullptr;
  }
  float *f(int i) const { return at<float>(i); }
  float s(int i) const { return float(c.s[i]); }
  char *bytes(int i) const { return p[i] ? p[i] + c.off[i] * uint64_t(size_of(c)) : nullptr; }
};

// each calls f with every index of the extents and its offset by the strides.
void each(const int64_t *extent, const int64_t *stride, int axes, int64_t at, const std::function<void(int64_t)> &f) {
  if (axes == 0) return f(at);
  for (int64_t i = 0; i < extent[0]; i++) each(extent + 1, stride + 1, axes - 1, at + i * stride[0], f);
}

void strided(const work &w) {
  size_t size = size_t(size_of(w.c));
  int64_t i = 0;
  each(w.c.d, w.c.d + 6, 6, 0, [&](int64_t at) {
    if (w.c.flags & CHI_ACCUMULATE)
      w.f(0)[at] += w.f(1)[i];
    else if (w.c.flags & CHI_REVERSE)
      memcpy(w.bytes(0) + size_t(at) * size, w.bytes(1) + size_t(i) * size, size);
    else
      memcpy(w.bytes(0) + size_t(i) * size, w.bytes(1) + size_t(at) * size, size);
    i++;
  });
}

void gather(const work &w) {
  const int64_t m = w.c.d[0], n = w.c.d[1], rows = w.c.d[2];
  size_t row = size_t(n) * size_t(size_of(w.c));
  for (int64_t i = 0; i < m; i++) {
    int64_t at = w.at<int32_t>(2)[i];
    if (at >= 0 && at < rows) {
      memcpy(w.bytes(0) + size_t(i) * row, w.bytes(1) + size_t(at) * row, row);
      continue;
    }
    memset(w.bytes(0) + size_t(i) * row, 0xff, row);
    *w.fault = 1;
  }
}

void scatter_add(const work &w) {
  const int64_t m = w.c.d[0], n = w.c.d[1], rows = w.c.d[2];
  for (int64_t i = 0; i < m; i++) {
    int64_t at = w.at<int32_t>(2)[i];
    if (at < 0 || at >= rows)
      *w.fault = 1;
    else
      CALL(binary, BINARY_ADD, w.f(0) + at * n, w.f(0) + at * n, w.f(1) + i * n, n);
  }
}

void cache_append(const work &w) {
  const int64_t *d = w.c.d, n = d[3];
  for (int64_t b = 0; b < d[0]; b++)
    for (int64_t h = 0; h < d[1]; h++)
      for (int64_t t = 0; t < d[2]; t++) {
        int64_t at = (w.p[2] ? w.at<int32_t>(2)[b] : d[5]) + t;
        if (at < 0 || at >= d[4]) {
          *w.fault = 1;
          continue;
        }
        at = ((b * d[1] + h) * d[4] + at) * n;
        const float *src = w.f(1) + b * d[6] + h * d[7] + t * d[8];
        if (w.c.flags & CHI_BF16) {
          CALL(to_bf16, w.at<uint16_t>(0) + at, src, n);
        } else {
          memcpy(w.f(0) + at, src, size_t(n) * sizeof *src);
        }
      }
}

void fill(const work &w) {
  size_t size = size_t(size_of(w.c));
  for (int64_t i = 0; i < w.c.d[0]; i++) memcpy(w.bytes(0) + size_t(i) * size, &w.c.d[1], size);
}

void moves(const work &w) {
  const int64_t n = w.c.d[0];
  switch (w.c.op) {
    case CHI_OP_FILL: return fill(w);
    case CHI_OP_COPY: memcpy(w.bytes(0), w.bytes(1), size_t(n) * size_t(size_of(w.c))); return;
    case CHI_OP_STRIDED: return strided(w);
    case CHI_OP_GATHER: return gather(w);
    case CHI_OP_SCATTER_ADD: return scatter_add(w);
    case CHI_OP_TO_BF16: CALL(to_bf16, w.at<uint16_t>(0), w.f(1), n); return;
    case CHI_OP_FROM_BF16: CALL(from_bf16, w.f(0), w.at<uint16_t>(1), n); return;
    case CHI_OP_CACHE_APPEND: return cache_append(w);
    case CHI_OP_WHERE: CALL(where, w.f(0), w.at<uint8_t>(1), w.f(2), w.f(3), n); return;
  }
  for (int64_t i = 0; i < n; i++)
    w.at<int32_t>(0)[i] = int32_t(uint32_t(w.at<int32_t>(1)[i]) + uint32_t(w.c.d[1]));
}

// widened is a matrix of bfloat16 as float32, which loses nothing.
std::vector<float> widened(const uint16_t *x, int64_t rows, int64_t cols, int64_t ld) {
  std::vector<float> v(size_t(rows * cols));
  for (int64_t i = 0; i < rows; i++) CALL(from_bf16, v.data() + i * cols, x + i * ld, cols);
  return v;
}

void gemm_one(const work &w, int64_t batch) {
  const int64_t *d = w.c.d;
  bool bf16 = w.c.flags & CHI_BF16, trans_b = w.c.flags & CHI_TRANS_B;
  chi_matmul g{};
  g.c = w.f(0) + batch * d[9], g.a = w.f(1) + batch * d[7], g.bias = w.f(3);
  g.m = d[1], g.n = d[2], g.k = d[3], g.lda = d[4], g.ldc = d[6];
  g.trans_a = bool(w.c.flags & CHI_TRANS_A), g.accumulate = bool(w.c.flags & CHI_ACCUMULATE), g.act = act_of(w.c);
  g.p1 = (g.n + PANEL - 1) / PANEL;
  int64_t rows = trans_b ? g.n : g.k, cols = trans_b ? g.k : g.n, ld = d[5];
  size_t packed = size_t(g.p1 * (g.k + g.k % 2) * PANEL);
  if (!bf16) {
    std::vector<float> b(packed + 1);
    CALL(pack, b.data(), w.f(2) + batch * d[8], ld, g.k, g.n, trans_b, 0, g.p1);
    g.b = b.data();
    CALL(gemm, &g);
    return;
  }
  std::vector<float> wide = widened(w.at<uint16_t>(2) + batch * d[8], rows, cols, ld);
  std::vector<uint16_t> b(packed + 1);
  CALL(pack_bf16, b.data(), wide.data(), cols, g.k, g.n, trans_b, 0, g.p1);
  g.bf16 = b.data();
  CALL(gemm_bf16, &g);
}

void gemm(const work &w) {
  if (w.c.d[1] == 0 || w.c.d[2] == 0) return;
  for (int64_t i = 0; i < w.c.d[0]; i++) gemm_one(w, i);
}

void elementwise(const work &w) {
  const int64_t *d = w.c.d;
  int32_t op = sub_of(w.c);
  switch (w.c.op) {
    case CHI_OP_UNARY: CALL(unary, op, w.f(0), w.f(1), d[0]); return;
    case CHI_OP_UNARY_GRAD: {
      // The kernel reads both x and y, whichever the derivative needs.
      const float *x = w.f(2) ? w.f(2) : w.f(3), *y = w.f(3) ? w.f(3) : w.f(2);
      CALL(unary_grad, op, w.f(0), w.f(1), x ? x : w.f(1), y ? y : w.f(1), d[0]);
      return;
    }
    case CHI_OP_BINARY: CALL(binary, op, w.f(0), w.f(1), w.f(2), d[0]); return;
    case CHI_OP_BINARY_ROW: CALL(binary_row, op, w.f(0), w.f(1), w.f(2), d[0], d[1]); return;
    case CHI_OP_BINARY_COL: CALL(binary_col, op, w.f(0), w.f(1), w.f(2), d[0], d[1]); return;
    case CHI_OP_BINARY_SCALAR: CALL(binary_scalar, op, w.f(0), w.f(1), w.s(0), d[0]); return;
    case CHI_OP_AXPBY: CALL(axpby, w.f(0), w.s(0), w.f(1), w.s(1), w.f(2), d[0]); return;
    case CHI_OP_DROPOUT:
      CALL(dropout, w.f(0), w.f(1), d[0], w.s(0), w.s(1), uint32_t(d[1]), uint32_t(d[2]), uint64_t(d[3]), uint32_t(d[4]),
           uint32_t(d[5]));
      return;
  }
  chi_adamw_step a = {w.s(0), w.s(1), w.s(2), w.s(3), w.s(4), w.s(5), w.s(6), w.s(7)};
  CALL(adamw, w.f(0), w.f(1), w.f(2), w.f(3), d[0], &a);
}

// before orders elements: greater first, equals by index, NaN last.
bool before(float v, int64_t i, float u, int64_t j) {
  if (v > u) return true;
  if (v < u) return false;
  if (std::isnan(v) != std::isnan(u)) return std::isnan(u);
  return i < j;
}

void top_k(const work &w) {
  const int64_t m = w.c.d[0], n = w.c.d[1], k = w.c.d[2];
  for (int64_t r = 0; r < m; r++) {
    const float *x = w.f(2) + r * n;
    for (int64_t e = 0; e < k; e++) {
      int64_t best = -1, last = e ? w.at<int32_t>(1)[r * k + e - 1] : -1;
      for (int64_t j = 0; j < n; j++)
        if ((e == 0 || before(x[last], last, x[j], j)) && (best < 0 || before(x[j], j, x[best], best))) best = j;
      w.at<int32_t>(1)[r * k + e] = int32_t(best);
      w.f(0)[r * k + e] = x[best];
    }
  }
}

void two_hot(const work &w) {
  const int64_t m = w.c.d[0], n = w.c.d[1];
  const float *bins = w.f(2);
  for (int64_t r = 0; r < m; r++) {
    float x = w.f(1)[r], *dst = w.f(0) + r * n;
    int64_t j = 0;
    while (j < n && bins[j] < x) j++;
    for (int64_t i = 0; i < n; i++) dst[i] = std::isnan(x) ? NAN : 0.0f;
    if (std::isnan(x)) continue;
    if (j == 0 || j == n) {
      dst[j == 0 ? 0 : n - 1] = 1.0f;
      continue;
    }
    float u = (x - bins[j - 1]) / (bins[j] - bins[j - 1]);
    dst[j - 1] = 1.0f - u, dst[j] = u;
  }
}

void col_mean(const work &w) {
  const int64_t m = w.c.d[0], n = w.c.d[1];
  for (int64_t j = 0; j < n; j++) {
    double sum = 0;
    for (int64_t i = 0; i < m; i++) sum += double(w.f(2)[i * n + j]);
    w.at<double>(0)[j] = sum / double(m);
    w.f(1)[j] = float(sum / double(m));
  }
}

void mirror(const work &w) {
  const int64_t m = w.c.d[0], n = w.c.d[1];
  double *a = w.at<double>(0);
  const double *mean = w.at<double>(1);
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = i; j < n; j++) {
      double v = a[i * n + j];
      if (mean) {
        double shift = (double(m) * (mean[i] - double(float(mean[i])))) * (mean[j] - double(float(mean[j])));
        v = m < 2 ? NAN : (v - shift) / double(m - 1);
      }
      a[i * n + j] = a[j * n + i] = v;
    }
}

void reductions(const work &w) {
  const int64_t *d = w.c.d;
  switch (w.c.op) {
    case CHI_OP_ROW_REDUCE: CALL(row_reduce, sub_of(w.c), w.f(0), w.f(1), d[0], d[1]); return;
    case CHI_OP_COL_REDUCE:
      for (int64_t b = 0; b < d[0]; b++)
        CALL(col_reduce, sub_of(w.c), w.f(0) + b * d[2], w.f(1) + b * d[1] * d[2], d[1], d[2], 0, d[2]);
      return;
    case CHI_OP_ROW_DOT: CALL(row_dot, w.f(0), w.f(1), w.f(2), d[0], d[1]); return;
    case CHI_OP_ARG_MAX: CALL(arg_max, w.at<int32_t>(0), w.f(1), d[0], d[1]); return;
    case CHI_OP_TOP_K: return top_k(w);
    case CHI_OP_SUM_SQUARES:
      for (int64_t i = 0; i < d[0]; i += 65536)
        CALL(sum_squares64, w.at<double>(0) + i / 65536, w.f(1) + i, d[0] - i < 65536 ? d[0] - i : 65536);
      return;
    case CHI_OP_GRAM: CALL(gram, w.at<double>(0), w.f(1), d[0], d[1], 0, d[1]); return;
    case CHI_OP_NEAREST_ROW: CALL(nearest_row, w.at<int32_t>(0), w.f(1), w.f(2), w.f(3), d[0], d[2], d[1]); return;
    case CHI_OP_TWO_HOT: return two_hot(w);
    case CHI_OP_COL_MEAN: return col_mean(w);
    case CHI_OP_MIRROR: return mirror(w);
  }
}

// softmax runs rows in groups that share a mask.
void softmax(const work &w) {
  const int64_t m = w.c.d[0], n = w.c.d[1];
  const uint8_t *mask = w.at<uint8_t>(2);
  int64_t group = mask ? w.c.d[2] : m;
  for (int64_t i = 0; i < m; i += group) {
    int64_t rows = m - i < group ? m - i : group;
    if (w.c.op == CHI_OP_SOFTMAX) {
      CALL(softmax, w.f(0) + i * n, w.f(1) + i * n, rows, n, mask);
    } else {
      CALL(log_softmax, w.f(0) + i * n, w.f(1) + i * n, rows, n, mask);
    }
  }
}

void normalisers(const work &w) {
  const int64_t m = w.c.d[0], n = w.c.d[1];
  switch (w.c.op) {
    case CHI_OP_SOFTMAX:
    case CHI_OP_LOG_SOFTMAX: return softmax(w);
    case CHI_OP_SOFTMAX_GRAD: CALL(softmax_grad, w.f(0), w.f(1), w.f(2), m, n); return;
    case CHI_OP_LOG_SOFTMAX_GRAD: CALL(log_softmax_grad, w.f(0), w.f(1), w.f(2), m, n); return;
    case CHI_OP_LAYER_NORM: CALL(layer_norm, w.f(0), w.f(1), w.f(2), w.f(3), w.f(4), w.f(5), m, n, w.s(0)); return;
    case CHI_OP_LAYER_NORM_GRAD: CALL(layer_norm_grad, w.f(0), w.f(1), w.f(2), w.f(3), w.f(4), w.f(5), m, n); return;
    case CHI_OP_LAYER_NORM_PARAM_GRAD:
      CALL(layer_norm_param_grad, w.f(0), w.f(1), w.f(2), w.f(3), w.f(4), w.f(5), m, n, 0, n);
      return;
    case CHI_OP_RMS_NORM: CALL(rms_norm, w.f(0), w.f(1), w.f(2), w.f(3), m, n, w.s(0)); return;
    case CHI_OP_RMS_NORM_GRAD: CALL(rms_norm_grad, w.f(0), w.f(1), w.f(2), w.f(3), w.f(4), m, n); return;
  }
  CALL(rms_norm_param_grad, w.f(0), w.f(1), w.f(2), w.f(3), m, n, 0, n);
}

// The room that package kernel's AttentionScratch gives.
size_t attention_scratch(int64_t t, int64_t d) {
  auto packed = [](int64_t k, int64_t n) { return (n + PANEL - 1) / PANEL * k * PANEL; };
  return size_t(4 * packed(t, d) + 4 * packed(d, t) + 2 * 64 * (t + PANEL) + 4096);
}

void attend(const work &w) {
  const int64_t *d = w.c.d;
  std::vector<float> scratch(attention_scratch(d[2], d[3]));
  chi_head head = {d[2], d[3], d[4], d[5], w.s(0), bool(w.c.flags & CHI_CAUSAL), scratch.data()};
  if (d[2] == 0) return;
  for (int64_t i = 0; i < d[0] * d[1]; i++) {
    int64_t in = i / d[1] * d[6] + i % d[1] * d[7], out = i / d[1] * d[8] + i % d[1] * d[9], row = i * d[2];
    if (w.c.op == CHI_OP_ATTEND) {
      CALL(attend, w.f(0) + out, w.f(1) + row, w.f(2) + in, w.f(3) + in, w.f(4) + in, &head);
    } else {
      CALL(attend_grad, w.f(0) + in, w.f(1) + in, w.f(2) + in, w.f(3) + out, w.f(4) + out, w.f(5) + row, w.f(6) + in,
           w.f(7) + in, w.f(8) + in, &head);
    }
  }
}

void decode(const work &w) {
  const int64_t *d = w.c.d, n = d[3];
  std::vector<float> scratch(size_t(d[2] + LANES));
  for (int64_t i = 0; i < d[0] * d[1]; i++) {
    int64_t b = i / d[1], h = i % d[1], cache = b * d[8] + h * d[9];
    int64_t t = w.p[4] ? w.at<int32_t>(4)[b] + d[10] : d[2];
    float *out = w.f(0) + b * d[6] + h * d[7];
    const float *q = w.f(1) + b * d[4] + h * d[5];
    if (t > d[2] || (w.p[4] && w.at<int32_t>(4)[b] < 0)) {
      *w.fault = 1;
      t = 0;
    }
    if (t == 0) {
      memset(out, 0, size_t(n) * sizeof *out);
    } else if (w.c.flags & CHI_BF16) {
      CALL(decode_bf16, out, q, w.at<uint16_t>(2) + cache, w.at<uint16_t>(3) + cache, t, n, w.s(0), scratch.data());
    } else {
      CALL(decode, out, q, w.f(2) + cache, w.f(3) + cache, t, n, w.s(0), scratch.data());
    }
  }
}

void cross_entropy(const work &w) {
  const int64_t m = w.c.d[0], n = w.c.d[1];
  int32_t ignore = int32_t(w.c.d[2]);
  for (int64_t i = 0; i < m; i++) {
    int32_t t = w.at<int32_t>(3)[i];
    float *dx = w.f(1) ? w.f(1) + i * n : nullptr;
    if (t == ignore || (t >= 0 && t < n)) {
      CALL(cross_entropy, w.f(0) + i, dx, w.f(2) + i * n, &t, 1, n, ignore, w.s(0));
      continue;
    }
    *w.fault = 1;
    w.f(0)[i] = NAN;
    if (dx) memset(dx, 0, size_t(n) * sizeof *dx);
  }
}

void losses(const work &w) {
  const int64_t m = w.c.d[0], n = w.c.d[1];
  switch (w.c.op) {
    case CHI_OP_CROSS_ENTROPY: return cross_entropy(w);
    case CHI_OP_SOFT_CROSS_ENTROPY: CALL(soft_cross_entropy, w.f(0), w.f(1), w.f(2), w.f(3), m, n, w.s(0)); return;
    case CHI_OP_DIVERGENCE: CALL(divergence, sub_of(w.c), w.f(0), w.f(1), w.f(2), w.f(3), m, n, w.s(0), w.s(1)); return;
    case CHI_OP_SQUARED_ERROR: CALL(squared_error, w.f(0), w.f(1), w.f(2), w.f(3), m, n, w.s(0)); return;
  }
  std::vector<float> floor(w.f(2) ? size_t(m) : 0);
  for (int64_t i = 0; i < int64_t(floor.size()); i++) {
    floor[size_t(i)] = w.f(2)[i];
    if (w.c.flags & CHI_LOWEST_IF_NAN && std::isnan(floor[size_t(i)])) floor[size_t(i)] = -INFINITY;
  }
  CALL(gumbel_max, w.at<int32_t>(0), w.f(1), m, n, w.s(0), w.f(2) ? floor.data() : nullptr, uint32_t(w.c.d[2]), uint32_t(w.c.d[3]),
       w.at<uint64_t>(3), w.at<uint32_t>(4));
}

void run(const work &w) {
  if (w.c.op < CHI_OP_GEMM) return moves(w);
  if (w.c.op == CHI_OP_GEMM) return gemm(w);
  if (w.c.op < CHI_OP_ROW_REDUCE || w.c.op == CHI_OP_ADAMW) return elementwise(w);
  if (w.c.op < CHI_OP_SOFTMAX) return reductions(w);
  if (w.c.op < CHI_OP_ATTEND) return normalisers(w);
  if (w.c.op == CHI_OP_DECODE) return decode(w);
  if (w.c.op < CHI_OP_CROSS_ENTROPY) return attend(w);
  losses(w);
}

}  // namespace

int32_t run_command(session *s, const chi_cmd &c) {
  work w{c, {}, s->fault_flag()};
  for (int i = 0; i < CHI_OPERANDS; i++) {
    const buffer *b = s->find(c.h[i]);
    w.p[i] = b ? reinterpret_cast<char *>(b->at) : nullptr;
  }
  return s->check(enqueue_host(s->stream(), [w] { run(w); }), "run");
}

}  // namespace chi
