// What commands must satisfy: that dimensions are possible and every operand
// lies within its buffer. So no command that passes here reads or writes memory
// of anybody else, whatever the caller's mistake.
#include "check.h"

namespace chi {

namespace {

// A count that remembers overflow and negative dimensions.
struct count {
  int64_t n;
  bool bad;
  count(int64_t v) : n(v), bad(v < 0) {}
};
count operator*(count a, count b) {
  count r(0);
  r.bad = __builtin_mul_overflow(a.n, b.n, &r.n) || a.bad || b.bad;
  return r;
}
count operator+(count a, count b) {
  count r(0);
  r.bad = __builtin_add_overflow(a.n, b.n, &r.n) || a.bad || b.bad;
  return r;
}

// The operands of a command as they are listed.
class operands {
 public:
  explicit operands(const chi_cmd &c) : c_(c) {}
  void need(count n, int size) { add(n, size, false); }
  void maybe(count n, int size) { add(n, size, true); }
  // spread is a strided operand: its last element is at the sum of (n-1)*stride.
  template <size_t N>
  void spread(const count (&n)[N], const count (&stride)[N], int size, bool optional = false) {
    count last = 1;
    bool none = false;
    for (size_t i = 0; i < N; i++) {
      none |= n[i].n == 0;
      last = last + count(n[i].n > 0 ? n[i].n - 1 : 0) * stride[i];
      last.bad |= n[i].bad;
    }
    if (none) last.n = 0;
    add(last, size, optional);
  }
  int32_t check(session *s) const;

 private:
  void add(count n, int size, bool optional) {
    counts_[n_] = n.n;
    sizes_[n_] = size;
    optional_[n_] = optional;
    bad_ |= n.bad;
    n_++;
  }
  const chi_cmd &c_;
  int64_t counts_[CHI_OPERANDS];
  int sizes_[CHI_OPERANDS];
  bool optional_[CHI_OPERANDS];
  int n_ = 0;
  bool bad_ = false;
};

int32_t operands::check(session *s) const {
  if (bad_) return s->fail(CHI_E_ARG, "operation %u: a dimension is negative or too large", c_.op);
  for (int i = 0; i < n_; i++) {
    if (c_.h[i] == 0 && (optional_[i] || counts_[i] == 0)) continue;
    const buffer *b = s->find(c_.h[i]);
    if (!b)
      return s->fail(CHI_E_HANDLE, "operation %u: operand %d: %#llx is no buffer, or was freed", c_.op, i,
                     static_cast<unsigned long long>(c_.h[i]));
    uint64_t have = b->bytes / uint64_t(sizes_[i]);
    if (c_.off[i] > have || uint64_t(counts_[i]) > have - c_.off[i])
      return s->fail(CHI_E_RANGE, "operation %u: operand %d: %lld elements from %llu on in a buffer of %llu", c_.op, i,
                     static_cast<long long>(counts_[i]), static_cast<unsigned long long>(c_.off[i]),
                     static_cast<unsigned long long>(have));
  }
  return CHI_OK;
}

int element_size(const chi_cmd &c) { return int((c.flags & CHI_SIZE) >> CHI_SIZE_SHIFT); }

bool moves(const chi_cmd &c, operands *o) {
  const int64_t *d = c.d;
  int size = element_size(c);
  switch (c.op) {
    case CHI_OP_FILL: o->need(d[0], size); return true;
    case CHI_OP_COPY: o->need(d[0], size), o->need(d[0], size); return true;
    case CHI_OP_STRIDED: {
      const count n[6] = {d[0], d[1], d[2], d[3], d[4], d[5]}, stride[6] = {d[6], d[7], d[8], d[9], d[10], d[11]};
      count all = n[0] * n[1] * n[2] * n[3] * n[4] * n[5];
      if (c.flags & CHI_REVERSE) {
        o->spread(n, stride, size);
        o->need(all, size);
      } else {
        o->need(all, size);
        o->spread(n, stride, size);
      }
      return true;
    }
    case CHI_OP_GATHER: o->need(count(d[0]) * d[1], size), o->need(count(d[2]) * d[1], size), o->need(d[0], 4); return true;
    case CHI_OP_SCATTER_ADD: o->need(count(d[2]) * d[1], 4), o->need(count(d[0]) * d[1], 4), o->need(d[0], 4); return true;
    case CHI_OP_TO_BF16: o->need(d[0], 2), o->need(d[0], 4); return true;
    case CHI_OP_FROM_BF16: o->need(d[0], 4), o->need(d[0], 2); return true;
    case CHI_OP_CACHE_APPEND: {
      o->need(count(d[0]) * d[1] * d[4] * d[3], c.flags & CHI_BF16 ? 2 : 4);
      const count n[4] = {d[0], d[1], d[2], d[3]}, stride[4] = {d[6], d[7], d[8], 1};
      o->spread(n, stride, 4);
      o->maybe(d[0], 4);
      return true;
    }
    case CHI_OP_WHERE: o->need(d[0], 4), o->need(d[0], 1), o->need(d[0], 4), o->need(d[0], 4); return true;
    case CHI_OP_INDEX_ADD: o->need(d[0], 4), o->need(d[0], 4); return true;
  }
  return false;
}

bool products(const chi_cmd &c, operands *o) {
  if (c.op != CHI_OP_GEMM) return false;
  const int64_t *d = c.d;
  count batch = d[0], m = d[1], n = d[2], k = d[3];
  bool ta = c.flags & CHI_TRANS_A, tb = c.flags & CHI_TRANS_B;
  const count nc[3] = {batch, m, n}, sc[3] = {d[9], d[6], 1};
  const count na[3] = {batch, ta ? k : m, ta ? m : k}, sa[3] = {d[7], d[4], 1};
  const count nb[3] = {batch, tb ? n : k, tb ? k : n}, sb[3] = {d[8], d[5], 1};
  o->spread(nc, sc, 4);
  o->spread(na, sa, 4);
  o->spread(nb, sb, c.flags & CHI_BF16 ? 2 : 4);
  o->maybe(n, 4);
  return true;
}

bool elementwise(const chi_cmd &c, operands *o) {
  const int64_t *d = c.d;
  count n = d[0], mn = count(d[0]) * d[1];
  switch (c.op) {
    case CHI_OP_UNARY: o->need(n, 4), o->need(n, 4); return true;
    case CHI_OP_UNARY_GRAD: o->need(n, 4), o->need(n, 4), o->maybe(n, 4), o->maybe(n, 4); return true;
    case CHI_OP_BINARY: o->need(n, 4), o->need(n, 4), o->need(n, 4); return true;
    case CHI_OP_BINARY_ROW: o->need(mn, 4), o->need(mn, 4), o->need(d[1], 4); return true;
    case CHI_OP_BINARY_COL: o->need(mn, 4), o->need(mn, 4), o->need(d[0], 4); return true;
    case CHI_OP_BINARY_SCALAR: o->need(n, 4), o->need(n, 4); return true;
    case CHI_OP_AXPBY: o->need(n, 4), o->need(n, 4), o->need(n, 4); return true;
    case CHI_OP_DROPOUT: o->need(n, 4), o->need(n, 4); return true;
    case CHI_OP_ADAMW: o->need(n, 4), o->need(n, 4), o->need(n, 4), o->need(n, 4); return true;
  }
  return false;
}

bool reductions(const chi_cmd &c, operands *o) {
  const int64_t *d = c.d;
  count m = d[0], mn = count(d[0]) * d[1];
  switch (c.op) {
    case CHI_OP_ROW_REDUCE: o->need(m, 4), o->need(mn, 4); return true;
    case CHI_OP_COL_REDUCE: o->need(count(d[0]) * d[2], 4), o->need(mn * d[2], 4); return true;
    case CHI_OP_ROW_DOT: o->need(m, 4), o->need(mn, 4), o->need(mn, 4); return true;
    case CHI_OP_ARG_MAX: o->need(m, 4), o->need(mn, 4); return true;
    case CHI_OP_TOP_K: o->need(m * d[2], 4), o->need(m * d[2], 4), o->need(mn, 4); return d[2] <= d[1];
    case CHI_OP_SUM_SQUARES: o->need((d[0] + 65535) / 65536, 8), o->need(m, 4); return true;
    case CHI_OP_GRAM: o->need(count(d[1]) * d[1], 8), o->need(mn, 4); return true;
    case CHI_OP_NEAREST_ROW: o->need(m, 4), o->need(m, 4), o->need(mn, 4), o->need(count(d[2]) * d[1], 4); return true;
    case CHI_OP_COL_MEAN: o->need(d[1], 8), o->need(d[1], 4), o->need(mn, 4); return true;
    case CHI_OP_MIRROR: o->need(count(d[1]) * d[1], 8), o->maybe(d[1], 8); return true;
    case CHI_OP_TWO_HOT: o->need(mn, 4), o->need(m, 4), o->need(d[1], 4); return true;
  }
  return false;
}

bool normalisers(const chi_cmd &c, operands *o) {
  const int64_t *d = c.d;
  count m = d[0], n = d[1], mn = m * n;
  switch (c.op) {
    case CHI_OP_SOFTMAX:
    case CHI_OP_LOG_SOFTMAX: o->need(mn, 4), o->need(mn, 4), o->maybe(count(d[2]) * d[1], 1); return c.h[2] == 0 || d[2] > 0 || d[0] == 0;
    case CHI_OP_SOFTMAX_GRAD:
    case CHI_OP_LOG_SOFTMAX_GRAD: o->need(mn, 4), o->need(mn, 4), o->need(mn, 4); return true;
    case CHI_OP_LAYER_NORM: o->need(mn, 4), o->need(m, 4), o->need(m, 4), o->need(mn, 4), o->need(n, 4), o->need(n, 4); return true;
    case CHI_OP_LAYER_NORM_GRAD: o->need(mn, 4), o->need(mn, 4), o->need(mn, 4), o->need(m, 4), o->need(m, 4), o->need(n, 4); return true;
    case CHI_OP_LAYER_NORM_PARAM_GRAD: o->need(n, 4), o->need(n, 4), o->need(mn, 4), o->need(mn, 4), o->need(m, 4), o->need(m, 4); return true;
    case CHI_OP_RMS_NORM: o->need(mn, 4), o->need(m, 4), o->need(mn, 4), o->need(n, 4); return true;
    case CHI_OP_RMS_NORM_GRAD: o->need(mn, 4), o->need(mn, 4), o->need(mn, 4), o->need(m, 4), o->need(n, 4); return true;
    case CHI_OP_RMS_NORM_PARAM_GRAD: o->need(n, 4), o->need(mn, 4), o->need(mn, 4), o->need(m, 4); return true;
  }
  return false;
}

bool attention(const chi_cmd &c, operands *o) {
  const int64_t *d = c.d;
  count lse = count(d[0]) * d[1] * d[2];
  if (c.op == CHI_OP_DECODE) {
    const count n[3] = {d[0], d[1], d[3]};
    const count out[3] = {d[6], d[7], 1}, q[3] = {d[4], d[5], 1};
    const count nc[4] = {d[0], d[1], d[2], d[3]}, cache[4] = {d[8], d[9], d[3], 1};
    int size = c.flags & CHI_BF16 ? 2 : 4;
    o->spread(n, out, 4), o->spread(n, q, 4), o->spread(nc, cache, size), o->spread(nc, cache, size), o->maybe(d[0], 4);
    return true;
  }
  const count n[4] = {d[0], d[1], d[2], d[3]};
  const count in[4] = {d[6], d[7], d[4], 1}, out[4] = {d[8], d[9], d[5], 1};
  if (c.op == CHI_OP_ATTEND) {
    o->spread(n, out, 4), o->need(lse, 4);
    for (int i = 0; i < 3; i++) o->spread(n, in, 4);
    return true;
  }
  if (c.op != CHI_OP_ATTEND_GRAD) return false;
  for (int i = 0; i < 3; i++) o->spread(n, in, 4);
  for (int i = 0; i < 2; i++) o->spread(n, out, 4);
  o->need(lse, 4);
  for (int i = 0; i < 3; i++) o->spread(n, in, 4);
  return true;
}

bool losses(const chi_cmd &c, operands *o) {
  const int64_t *d = c.d;
  count m = d[0], mn = count(d[0]) * d[1];
  switch (c.op) {
    case CHI_OP_CROSS_ENTROPY: o->need(m, 4), o->maybe(mn, 4), o->need(mn, 4), o->need(m, 4); return true;
    case CHI_OP_SOFT_CROSS_ENTROPY:
    case CHI_OP_DIVERGENCE:
    case CHI_OP_SQUARED_ERROR: o->need(m, 4), o->maybe(mn, 4), o->need(mn, 4), o->need(mn, 4); return true;
    case CHI_OP_GUMBEL_MAX: o->need(m, 4), o->need(mn, 4), o->maybe(m, 4), o->need(m, 8), o->need(m, 4); return true;
  }
  return false;
}

bool sized(const chi_cmd &c) {
  bool by_size = c.op == CHI_OP_FILL || c.op == CHI_OP_COPY || c.op == CHI_OP_STRIDED || c.op == CHI_OP_GATHER;
  int s = element_size(c);
  if (by_size && s != 1 && s != 2 && s != 4 && s != 8) return false;
  return !(c.flags & CHI_ACCUMULATE && c.op == CHI_OP_STRIDED && (s != 4 || !(c.flags & CHI_REVERSE)));
}

// The number of sub-operations of an operation.
uint32_t subs(uint32_t op) {
  switch (op) {
    case CHI_OP_UNARY:
    case CHI_OP_UNARY_GRAD: return 13;
    case CHI_OP_BINARY:
    case CHI_OP_BINARY_ROW:
    case CHI_OP_BINARY_COL:
    case CHI_OP_BINARY_SCALAR: return 6;
    case CHI_OP_ROW_REDUCE:
    case CHI_OP_COL_REDUCE: return 4;
    case CHI_OP_DIVERGENCE: return 3;
  }
  return 1;
}

}  // namespace

int32_t check_command(session *s, const chi_cmd &c) {
  operands o(c);
  typedef bool (*family)(const chi_cmd &, operands *);
  static const family families[] = {moves, products, elementwise, reductions, normalisers, attention, losses};
  if (!sized(c) || (c.flags & CHI_SUB) >= subs(c.op) || (c.flags & CHI_ACT) >> CHI_ACT_SHIFT > 4)
    return s->fail(CHI_E_ARG, "operation %u: flags %#x make no sense", c.op, c.flags);
  for (int i = 0; i < CHI_DIMS; i++)
    if (c.d[i] < 0 && c.op < CHI_OP_UNARY && c.op != CHI_OP_INDEX_ADD && c.op != CHI_OP_FILL)
      return s->fail(CHI_E_ARG, "operation %u: dimension %d is %lld", c.op, i, static_cast<long long>(c.d[i]));
  for (family f : families)
    if (f(c, &o)) return o.check(s);
  return s->fail(CHI_E_UNSUPPORTED, "operation %u: unknown, or its dimensions make no sense", c.op);
}

}  // namespace chi
