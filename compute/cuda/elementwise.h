// Kernels that treat each element by itself.
#ifndef CHI_ELEMENTWISE_H
#define CHI_ELEMENTWISE_H

#include "arith.h"
#include "args.h"

namespace chi {

// The first element of a thread and the step to its next: neighbouring threads
// take neighbouring elements, so that memory is read in whole lines.
CHI_DEV int64_t first_element() { return int64_t(blockIdx.x) * blockDim.x + threadIdx.x; }
CHI_DEV int64_t element_step() { return int64_t(gridDim.x) * blockDim.x; }

// Numbers that are read at once.
template <int N>
struct alignas(4 * N) vector {
  float v[N];
};
CHI_DEV vector<4> load4(const float *p) { return *reinterpret_cast<const vector<4> *>(p); }

// In the order of kernel.UnaryOp.
enum { kNeg, kAbs, kSquare, kSqrt, kReciprocal, kExp, kLog, kTanh, kSigmoid, kSoftplus, kReLU, kGELU, kSiLU };

CHI_DEV float unary_of(int op, float x) {
  switch (op) {
    case kNeg: return -x;
    case kAbs: return absolute(x);
    case kSquare: return x * x;
    case kSqrt: return square_root(x);
    case kReciprocal: return divide(1.0f, x);
    case kExp: return exp(x);
    case kLog: return log(x);
    case kTanh: return tanh(x);
    case kSigmoid: return sigmoid(x);
    case kSoftplus: return softplus(x);
    case kReLU: return relu(x);
    case kGELU: return gelu(x);
    default: return silu(x);
  }
}

CHI_DEV float unary_grad_of(int op, float dy, float x, float y) {
  switch (op) {
    case kNeg: return dy * -1.0f;
    case kAbs: return dy * (x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x == 0.0f ? 0.0f : x);
    case kSquare: return dy * (2.0f * x);
    case kSqrt: return dy * divide(0.5f, y);
    case kReciprocal: return dy * (-y * y);
    case kExp: return dy * y;
    case kLog: return dy * divide(1.0f, x);
    case kTanh: return dy * fma(-y, y, 1.0f);
    case kSigmoid: return dy * (y * (1.0f - y));
    case kSoftplus: return dy * sigmoid(x);
    case kReLU: return x > 0.0f || is_nan(x) ? dy : 0.0f;
    case kGELU: return dy * gelu_grad(x);
    default: return dy * silu_grad(x);
  }
}

// In the order of kernel.BinaryOp.
enum { kAdd, kSub, kMul, kDiv, kMax, kMin };

CHI_DEV float binary_of(int op, float a, float b) {
  switch (op) {
    case kAdd: return a + b;
    case kSub: return a - b;
    case kMul: return a * b;
    case kDiv: return divide(a, b);
    case kMax: return is_nan(a) ? a : is_nan(b) ? b : a > b ? a : b;
    default: return is_nan(a) ? a : is_nan(b) ? b : a < b ? a : b;
  }
}

// In the order of kernel.Act.
CHI_DEV float activate(int act, float x) {
  switch (act) {
    case 0: return x;
    case 1: return relu(x);
    case 2: return gelu(x);
    case 3: return silu(x);
    default: return tanh(x);
  }
}

CHI_KERNEL(unary, unary_args) {
  for (int64_t i = first_element(); i < a.n; i += element_step()) a.dst[i] = unary_of(a.op, a.x[i]);
}

CHI_KERNEL(unary_grad, unary_grad_args) {
  for (int64_t i = first_element(); i < a.n; i += element_step())
    a.dx[i] = unary_grad_of(a.op, a.dy[i], a.x ? a.x[i] : 0.0f, a.y ? a.y[i] : 0.0f);
}

CHI_KERNEL(binary, binary_args) {
  for (int64_t i = first_element(); i < a.n; i += element_step()) {
    float b = a.scalar;
    if (a.shape == 0) b = a.b[i];
    if (a.shape == 1) b = a.b[i % a.row];
    if (a.shape == 2) b = a.b[i / a.row];
    a.dst[i] = binary_of(a.op, a.a[i], b);
  }
}

CHI_KERNEL(axpby, axpby_args) {
  for (int64_t i = first_element(); i < a.n; i += element_step()) a.dst[i] = fma(a.alpha, a.x[i], a.beta * a.y[i]);
}

CHI_KERNEL(where, where_args) {
  for (int64_t i = first_element(); i < a.n; i += element_step()) a.dst[i] = a.cond[i] ? a.a[i] : a.b[i];
}

CHI_KERNEL(index_add, index_add_args) {
  for (int64_t i = first_element(); i < a.n; i += element_step())
    a.dst[i] = int32_t(uint32_t(a.x[i]) + uint32_t(a.add));
}

// A thread draws a block of four words for four elements.
CHI_KERNEL(dropout, dropout_args) {
  for (int64_t q = first_element(); q < (a.n + 3) / 4; q += element_step()) {
    uint64_t c = a.base + uint64_t(q);
    words w = philox(a.key0, a.key1, words{{uint32_t(c), uint32_t(c >> 32), a.counter2, a.counter3}});
    for (int i = 0; i < 4; i++) {
      int64_t j = 4 * q + i;
      if (j < a.n) a.dst[j] = uniform(w.w[i]) >= a.p ? a.x[j] * a.scale : 0.0f;
    }
  }
}

CHI_KERNEL(convert, convert_args) {
  for (int64_t i = first_element(); i < a.n; i += element_step()) {
    if (a.widen)
      static_cast<float *>(a.dst)[i] = from_bf16(static_cast<const uint16_t *>(a.x)[i]);
    else
      static_cast<uint16_t *>(a.dst)[i] = to_bf16(static_cast<const float *>(a.x)[i]);
  }
}

CHI_KERNEL(adamw, adamw_args) {
  for (int64_t i = first_element(); i < a.n; i += element_step()) {
    float g = a.grad[i] * a.grad_scale;
    float m = fma(a.beta1, a.m[i], (1.0f - a.beta1) * g);
    float v = fma(a.beta2, a.v[i], ((1.0f - a.beta2) * g) * g);
    float u = divide(m * a.correction1, square_root(v * a.correction2) + a.eps);
    a.m[i] = m;
    a.v[i] = v;
    a.p[i] = fma(-a.lr, fma(a.decay, a.p[i], u), a.p[i]);
  }
}

}  // namespace chi

#endif
