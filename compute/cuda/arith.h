// Exact arithmetic on a device: the functions of Go package
// compute/internal/exact, operation by operation. Compilers must not contract a
// product and a sum (nvcc -fmad=false, others -ffp-contract=off).
#ifndef CHI_ARITH_H
#define CHI_ARITH_H

#include "target.h"

namespace chi {

constexpr int kLanes = 32;

CHI_DEV uint32_t bits(float x) { return chi_float_as_uint(x); }
CHI_DEV float from_bits(uint32_t b) { return chi_uint_as_float(b); }
CHI_DEV float infinity() { return from_bits(0x7f800000u); }
CHI_DEV float nan_value() { return from_bits(0x7fc00000u); }
CHI_DEV bool is_nan(float x) { return x != x; }
CHI_DEV float fma(float a, float b, float c) { return chi_fma(a, b, c); }
CHI_DEV float divide(float a, float b) { return chi_div(a, b); }
CHI_DEV float square_root(float a) { return chi_sqrt(a); }
CHI_DEV float absolute(float x) { return from_bits(bits(x) & 0x7fffffffu); }

CHI_DEV float pow2(int n) { return from_bits(uint32_t(n + 127) << 23); }

CHI_DEV float exp(float x) {
  if (is_nan(x)) return x;
  if (x > 88.72283905206835f) return infinity();
  if (x < -87.33654475055310f) return 0.0f;
  const float rounder = 12582912.0f;
  float n = fma(x, 1.44269504088896341f, rounder) - rounder;
  float r = fma(n, -0.693359375f, x);
  r = fma(n, 2.12194440e-4f, r);
  float y = 1.9875691500e-4f;
  y = fma(y, r, 1.3981999507e-3f);
  y = fma(y, r, 8.3334519073e-3f);
  y = fma(y, r, 4.1665795894e-2f);
  y = fma(y, r, 1.6666665459e-1f);
  y = fma(y, r, 5.0000001201e-1f);
  y = fma(y, r * r, r) + 1.0f;
  int whole = int(n), half = whole >> 1;
  return (y * pow2(half)) * pow2(whole - half);
}

CHI_DEV float log(float x) {
  uint32_t b = bits(x);
  if (is_nan(x) || x < 0.0f) return nan_value();
  if (x == 0.0f) return -infinity();
  if (b == 0x7f800000u) return x;
  float e = 0.0f;
  if (b < 0x00800000u) {
    b = bits(x * 8388608.0f);
    e = -23.0f;
  }
  int k = int(b - 0x3f3504f3u) >> 23;
  float f = from_bits(b - (uint32_t(k) << 23)) - 1.0f;
  e += float(k);
  float z = f * f;
  float y = 7.0376836292e-2f;
  y = fma(y, f, -1.1514610310e-1f);
  y = fma(y, f, 1.1676998740e-1f);
  y = fma(y, f, -1.2420140846e-1f);
  y = fma(y, f, 1.4249322787e-1f);
  y = fma(y, f, -1.6668057665e-1f);
  y = fma(y, f, 2.0000714765e-1f);
  y = fma(y, f, -2.4999993993e-1f);
  y = fma(y, f, 3.3333331174e-1f);
  y = y * (f * z);
  y = fma(e, -2.12194440e-4f, y);
  y = fma(-0.5f, z, y);
  return fma(e, 0.693359375f, f + y);
}

CHI_DEV float tanh(float x) {
  float a = absolute(x), y;
  if (a >= 0.625f) {
    y = 1.0f - divide(2.0f, exp(a + a) + 1.0f);
  } else {
    float z = a * a;
    y = -5.70498872745e-3f;
    y = fma(y, z, 2.06390887954e-2f);
    y = fma(y, z, -5.37397155531e-2f);
    y = fma(y, z, 1.33314422036e-1f);
    y = fma(y, z, -3.33332819422e-1f);
    y = fma(y * z, a, a);
  }
  return from_bits(bits(y) | (bits(x) & 0x80000000u));
}

CHI_DEV float sigmoid(float x) { return divide(1.0f, 1.0f + exp(-x)); }

CHI_DEV float softplus(float x) {
  if (is_nan(x)) return x;
  float e = exp(from_bits(bits(x) | 0x80000000u));
  float u = 1.0f + e, l = e;
  if (u != 1.0f) l = divide(log(u) * e, u - 1.0f);
  return (x > 0.0f ? x : 0.0f) + l;
}

CHI_DEV float silu(float x) { return x * sigmoid(x); }
CHI_DEV float silu_grad(float x) {
  float s = sigmoid(x);
  return s * fma(x, 1.0f - s, 1.0f);
}

CHI_DEV float gelu_tanh(float x) {
  float x3 = (x * x) * x;
  return tanh(0.7978845608028654f * fma(0.044715f, x3, x));
}
CHI_DEV float gelu(float x) { return (0.5f * x) * (1.0f + gelu_tanh(x)); }
CHI_DEV float gelu_grad(float x) {
  float t = gelu_tanh(x);
  float h = 0.5f * (1.0f + t);
  float s = fma(-t, t, 1.0f);
  if (s == 0.0f) return h;  // x*x may be infinite
  float d = 0.7978845608028654f * fma(0.134145f, x * x, 1.0f);
  return fma((0.5f * x) * s, d, h);
}

CHI_DEV float relu(float x) { return x > 0.0f || is_nan(x) ? x : 0.0f; }

CHI_DEV uint16_t to_bf16(float x) {
  uint32_t b = bits(x);
  if (is_nan(x)) return uint16_t(0x7fc0u | ((b >> 16) & 0x8000u));
  return uint16_t((b + 0x7fffu + ((b >> 16) & 1u)) >> 16);
}
CHI_DEV float from_bf16(uint16_t x) { return from_bits(uint32_t(x) << 16); }

// Philox4x32-10: Salmon, Moraes, Dror and Shaw 2011.
struct words {
  uint32_t w[4];
};
CHI_DEV words philox(uint32_t k0, uint32_t k1, words c) {
  for (int round = 0; round < 10; round++) {
    uint64_t p0 = uint64_t(c.w[0]) * 0xD2511F53u, p1 = uint64_t(c.w[2]) * 0xCD9E8D57u;
    words next = {{uint32_t(p1 >> 32) ^ c.w[1] ^ k0, uint32_t(p1), uint32_t(p0 >> 32) ^ c.w[3] ^ k1, uint32_t(p0)}};
    c = next;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return c;
}
CHI_DEV float uniform(uint32_t word) { return (float(word >> 9) + 0.5f) * (1.0f / 8388608.0f); }
CHI_DEV float gumbel(uint32_t word) { return -log(-log(uniform(word))); }

// The fold of package exact over a warp: the partial sums 16 apart, then 8, 4,
// 2, 1. All lanes get the result, since a sum of two does not depend on their
// order.
CHI_DEV float warp_sum(float x) {
  for (int w = kLanes / 2; w > 0; w /= 2) x += chi_shuffle_xor(x, w);
  return x;
}

// The maximum of package exact: NaN if any is, +0 for zeros of either sign.
CHI_DEV float greater(float a, float b) { return is_nan(a) ? a : (is_nan(b) || b > a ? b : a); }
CHI_DEV float warp_max(float x) {
  for (int w = kLanes / 2; w > 0; w /= 2) x = greater(x, chi_shuffle_xor(x, w));
  return x + 0.0f;
}

}  // namespace chi

#endif
