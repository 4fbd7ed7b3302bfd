// Commands to kernels: which, with what grid and arguments.
#include <algorithm>

#include "args.h"
#include "check.h"

namespace chi {

namespace {

// The kernels by number, in the order of kernels.def.
enum kernel_number {
#define X(name, args) k_##name,
#include "kernels.def"
#undef X
};

struct grid {
  int64_t x, y, z;
};

template <class Args>
int32_t launch(session *s, kernel_number k, grid g, unsigned bx, unsigned by, const Args &a) {
  if (g.x == 0 || g.y == 0 || g.z == 0) return CHI_OK;
  if (g.x > 0x7fffffff || g.y > 65535 || g.z > 65535)
    return s->fail(CHI_E_ARG, "%s: a grid of %lld by %lld by %lld is too large", kernel_names[k], static_cast<long long>(g.x),
                   static_cast<long long>(g.y), static_cast<long long>(g.z));
  void *args[] = {const_cast<Args *>(&a)};
  return s->check(s->cuda().launch(s->function(k), unsigned(g.x), unsigned(g.y), unsigned(g.z), bx, by, 1, 0, s->stream(),
                                   args, nullptr),
                  kernel_names[k]);
}

int64_t blocks_of(int64_t n, int64_t size) { return (n + size - 1) / size; }

// elements: threads stride over the grid, so 16 blocks a multiprocessor do for
// any n.
template <class Args>
int32_t elements(session *s, kernel_number k, int64_t n, const Args &a) {
  int64_t most = int64_t(s->processors()) * 16;
  return launch(s, k, {std::min(blocks_of(n, 256), most), 1, 1}, 256, 1, a);
}

template <class Args>
int32_t rows(session *s, kernel_number k, int64_t m, const Args &a) {
  return launch(s, k, {std::min<int64_t>(blocks_of(m, 4), 1 << 20), 1, 1}, 32, 4, a);
}

template <class E>
E *at(session *s, const chi_cmd &c, int i) {
  return operand_at<E>(s, c, i);
}
float *f32(session *s, const chi_cmd &c, int i) { return at<float>(s, c, i); }
float scalar(const chi_cmd &c, int i) { return float(c.s[i]); }

int32_t run_strided(session *s, const chi_cmd &c) {
  strided_args a{};
  a.dst = at<char>(s, c, 0), a.src = at<char>(s, c, 1);
  a.size = size_of(c);
  // Offsets are in elements: at<char> counted them as bytes.
  a.dst = static_cast<char *>(a.dst) + c.off[0] * uint64_t(a.size - 1);
  a.src = static_cast<const char *>(a.src) + c.off[1] * uint64_t(a.size - 1);
  a.n = 1;
  for (int i = 0; i < 6; i++) {
    a.extent[i] = c.d[i];
    a.stride[i] = c.d[6 + i];
    a.n *= c.d[i];
  }
  a.reverse = c.flags & CHI_REVERSE;
  a.accumulate = c.flags & CHI_ACCUMULATE;
  return elements(s, k_strided, a.n, a);
}

// bytes_at is operand i where elements have the size of the flags.
char *bytes_at(session *s, const chi_cmd &c, int i) {
  char *p = at<char>(s, c, i);
  return p ? p + c.off[i] * uint64_t(size_of(c) - 1) : nullptr;
}

int32_t run_copy(session *s, const chi_cmd &c) {
  uint64_t bytes = uint64_t(c.d[0]) * uint64_t(size_of(c));
  if (bytes == 0) return CHI_OK;
  return s->check(s->cuda().copy_device(CUdeviceptr(bytes_at(s, c, 0)), CUdeviceptr(bytes_at(s, c, 1)), bytes, s->stream()),
                  "copy");
}

int32_t run_scatter_add(session *s, const chi_cmd &c) {
  const int64_t m = c.d[0], n = c.d[1], rows = c.d[2];
  const int32_t *index = at<int32_t>(s, c, 2);
  if (int32_t e = elements(s, k_index_check, m, index_check_args{index, m, rows, s->fault_flag()})) return e;
  scatter_add_args a{f32(s, c, 0), f32(s, c, 1), index, m, n, rows};
  return launch(s, k_scatter_add, {std::min<int64_t>(blocks_of(rows, 4), 1 << 20), blocks_of(n, 128), 1}, 32, 4, a);
}

int32_t run_moves(session *s, const chi_cmd &c) {
  const int64_t *d = c.d;
  switch (c.op) {
    case CHI_OP_FILL: return elements(s, k_fill, d[0], fill_args{bytes_at(s, c, 0), d[0], uint64_t(d[1]), size_of(c)});
    case CHI_OP_COPY: return run_copy(s, c);
    case CHI_OP_STRIDED: return run_strided(s, c);
    case CHI_OP_GATHER:
      return elements(s, k_gather, d[0] * d[1],
                      gather_args{bytes_at(s, c, 0), bytes_at(s, c, 1), at<int32_t>(s, c, 2), d[0], d[1], d[2], size_of(c),
                                  s->fault_flag()});
    case CHI_OP_SCATTER_ADD: return run_scatter_add(s, c);
    case CHI_OP_TO_BF16: return elements(s, k_convert, d[0], convert_args{at<uint16_t>(s, c, 0), f32(s, c, 1), d[0], false});
    case CHI_OP_FROM_BF16: return elements(s, k_convert, d[0], convert_args{f32(s, c, 0), at<uint16_t>(s, c, 1), d[0], true});
    case CHI_OP_WHERE:
      return elements(s, k_where, d[0], where_args{f32(s, c, 0), at<uint8_t>(s, c, 1), f32(s, c, 2), f32(s, c, 3), d[0]});
    case CHI_OP_INDEX_ADD:
      return elements(s, k_index_add, d[0], index_add_args{at<int32_t>(s, c, 0), at<int32_t>(s, c, 1), d[0], int32_t(d[1])});
  }
  cache_append_args a{};
  a.bf16 = c.flags & CHI_BF16;
  a.cache = a.bf16 ? static_cast<void *>(at<uint16_t>(s, c, 0)) : f32(s, c, 0);
  a.src = f32(s, c, 1), a.position = at<int32_t>(s, c, 2);
  a.b = d[0], a.heads = d[1], a.t = d[2], a.n = d[3], a.capacity = d[4], a.first = d[5];
  a.stride_b = d[6], a.stride_head = d[7], a.stride_t = d[8];
  a.fault = s->fault_flag();
  return elements(s, k_cache_append, a.b * a.heads * a.t * a.n, a);
}

int32_t run_gemm(session *s, const chi_cmd &c) {
  const int64_t *d = c.d;
  gemm_args a{};
  bool bf16 = c.flags & CHI_BF16, fast = bf16 || c.flags & CHI_FAST;
  a.c = f32(s, c, 0), a.a = f32(s, c, 1), a.bias = f32(s, c, 3);
  a.b = bf16 ? static_cast<const void *>(at<uint16_t>(s, c, 2)) : f32(s, c, 2);
  a.m = d[1], a.n = d[2], a.k = d[3], a.lda = d[4], a.ldb = d[5], a.ldc = d[6];
  a.batch_a = d[7], a.batch_b = d[8], a.batch_c = d[9];
  a.trans_a = c.flags & CHI_TRANS_A, a.trans_b = c.flags & CHI_TRANS_B;
  a.accumulate = c.flags & CHI_ACCUMULATE, a.act = act_of(c);
  // The large tile where it gives every multiprocessor a block.
  bool large = blocks_of(a.m, 128) * blocks_of(a.n, 128) * d[0] >= s->processors() && a.m > 64 && a.n > 64;
  int64_t tile_m = fast ? 64 : large ? 128 : 32, tile_n = fast ? 64 : large ? 128 : 64;
  kernel_number k = bf16 ? k_gemm_bf16 : fast ? k_gemm_tf32 : large ? k_gemm_large : k_gemm_small;
  // The grid's second and third dimensions are short: long operands go in parts.
  const int64_t most = 32768;
  for (int64_t z = 0; z < d[0]; z += most)
    for (int64_t i = 0; i < a.m; i += most * tile_m) {
      gemm_args part = a;
      part.c += z * a.batch_c + i * a.ldc;
      part.a += z * a.batch_a + (a.trans_a ? i : i * a.lda);
      part.b = static_cast<const char *>(a.b) + z * a.batch_b * (bf16 ? 2 : 4);
      part.m = std::min(a.m - i, most * tile_m);
      grid g = {blocks_of(a.n, tile_n), blocks_of(part.m, tile_m), std::min(d[0] - z, most)};
      if (int32_t e = launch(s, k, g, 256, 1, part)) return e;
    }
  return CHI_OK;
}

int32_t run_elementwise(session *s, const chi_cmd &c) {
  const int64_t *d = c.d;
  switch (c.op) {
    case CHI_OP_UNARY: return elements(s, k_unary, d[0], unary_args{f32(s, c, 0), f32(s, c, 1), d[0], sub_of(c)});
    case CHI_OP_UNARY_GRAD:
      return elements(s, k_unary_grad, d[0],
                      unary_grad_args{f32(s, c, 0), f32(s, c, 1), f32(s, c, 2), f32(s, c, 3), d[0], sub_of(c)});
    case CHI_OP_AXPBY:
      return elements(s, k_axpby, d[0],
                      axpby_args{f32(s, c, 0), f32(s, c, 1), f32(s, c, 2), d[0], scalar(c, 0), scalar(c, 1)});
    case CHI_OP_DROPOUT:
      return elements(s, k_dropout, (d[0] + 3) / 4,
                      dropout_args{f32(s, c, 0), f32(s, c, 1), d[0], uint64_t(d[3]), uint32_t(d[1]), uint32_t(d[2]),
                                   uint32_t(d[4]), uint32_t(d[5]), scalar(c, 0), scalar(c, 1)});
    case CHI_OP_ADAMW:
      return elements(s, k_adamw, d[0],
                      adamw_args{f32(s, c, 0), f32(s, c, 1), f32(s, c, 2), f32(s, c, 3), d[0], scalar(c, 0), scalar(c, 1),
                                 scalar(c, 2), scalar(c, 3), scalar(c, 4), scalar(c, 5), scalar(c, 6), scalar(c, 7)});
  }
  binary_args a{};
  a.dst = f32(s, c, 0), a.a = f32(s, c, 1), a.op = sub_of(c);
  a.shape = int(c.op) - CHI_OP_BINARY;
  a.b = a.shape == 3 ? nullptr : f32(s, c, 2);
  a.scalar = scalar(c, 0);
  a.row = d[1];
  a.n = a.shape == 1 || a.shape == 2 ? d[0] * d[1] : d[0];
  return elements(s, k_binary, a.n, a);
}

int32_t run_col_reduce(session *s, const chi_cmd &c) {
  const int64_t *d = c.d, most = 32768;
  for (int64_t b = 0; b < d[0]; b += most) {
    col_reduce_args a{f32(s, c, 0) + b * d[2], f32(s, c, 1) + b * d[1] * d[2], d[1], d[2], sub_of(c)};
    if (int32_t e = launch(s, k_col_reduce, {blocks_of(d[2], 32), std::min(d[0] - b, most), 1}, 32, 32, a)) return e;
  }
  return CHI_OK;
}

int32_t run_reductions(session *s, const chi_cmd &c) {
  const int64_t *d = c.d;
  const float *x = f32(s, c, 1);
  switch (c.op) {
    case CHI_OP_ROW_REDUCE:
      return rows(s, k_row_reduce, d[0], row_reduce_args{f32(s, c, 0), x, nullptr, d[0], d[1], sub_of(c)});
    case CHI_OP_COL_REDUCE: return run_col_reduce(s, c);
    case CHI_OP_ROW_DOT: return rows(s, k_row_reduce, d[0], row_reduce_args{f32(s, c, 0), x, f32(s, c, 2), d[0], d[1], 4});
    case CHI_OP_ARG_MAX: return rows(s, k_arg_max, d[0], arg_max_args{at<int32_t>(s, c, 0), x, d[0], d[1]});
    case CHI_OP_TOP_K:
      return rows(s, k_top_k, d[0], top_k_args{f32(s, c, 0), at<int32_t>(s, c, 1), f32(s, c, 2), d[0], d[1], d[2]});
    case CHI_OP_SUM_SQUARES:
      return launch(s, k_sum_squares, {blocks_of(d[0], 16 * 65536), 1, 1}, 128, 1,
                    sum_squares_args{at<double>(s, c, 0), x, d[0]});
    case CHI_OP_GRAM: {
      int64_t tiles = blocks_of(d[1], 16);
      return launch(s, k_gram, {tiles, tiles, 1}, 256, 1, gram_args{at<double>(s, c, 0), x, d[0], d[1]});
    }
    case CHI_OP_NEAREST_ROW:
      return rows(s, k_nearest_row, d[0],
                  nearest_row_args{at<int32_t>(s, c, 0), x == nullptr ? nullptr : f32(s, c, 1), f32(s, c, 2), f32(s, c, 3), d[0],
                                   d[1], d[2]});
  }
  if (c.op == CHI_OP_COL_MEAN)
    return elements(s, k_col_mean, d[1], col_mean_args{at<double>(s, c, 0), f32(s, c, 1), f32(s, c, 2), d[0], d[1]});
  if (c.op == CHI_OP_MIRROR)
    return elements(s, k_mirror, d[1] * d[1], mirror_args{at<double>(s, c, 0), at<double>(s, c, 1), d[0], d[1]});
  return elements(s, k_two_hot, d[0] * d[1], two_hot_args{f32(s, c, 0), x, f32(s, c, 2), d[0], d[1]});
}

int32_t run_param_grad(session *s, const norm_param_grad_args &a) {
  return launch(s, k_norm_param_grad, {blocks_of(a.n, 32), 1, 1}, 32, 32, a);
}

int32_t run_normalisers(session *s, const chi_cmd &c) {
  const int64_t m = c.d[0], n = c.d[1];
  float *o[6];
  for (int i = 0; i < 6; i++) o[i] = f32(s, c, i);
  switch (c.op) {
    case CHI_OP_SOFTMAX:
    case CHI_OP_LOG_SOFTMAX:
      return rows(s, k_softmax, m,
                  softmax_args{o[0], o[1], at<uint8_t>(s, c, 2), m, n, c.d[2], c.op == CHI_OP_LOG_SOFTMAX});
    case CHI_OP_SOFTMAX_GRAD:
    case CHI_OP_LOG_SOFTMAX_GRAD:
      return rows(s, k_softmax_grad, m, softmax_grad_args{o[0], o[1], o[2], m, n, c.op == CHI_OP_LOG_SOFTMAX_GRAD});
    case CHI_OP_LAYER_NORM: return rows(s, k_norm, m, norm_args{o[0], o[1], o[2], o[3], o[4], o[5], m, n, scalar(c, 0)});
    case CHI_OP_RMS_NORM: return rows(s, k_norm, m, norm_args{o[0], nullptr, o[1], o[2], o[3], nullptr, m, n, scalar(c, 0)});
    case CHI_OP_LAYER_NORM_GRAD: return rows(s, k_norm_grad, m, norm_grad_args{o[0], o[1], o[2], o[3], o[4], o[5], m, n});
    case CHI_OP_RMS_NORM_GRAD: return rows(s, k_norm_grad, m, norm_grad_args{o[0], o[1], o[2], nullptr, o[3], o[4], m, n});
    case CHI_OP_LAYER_NORM_PARAM_GRAD: return run_param_grad(s, {o[0], o[1], o[2], o[3], o[4], o[5], m, n});
  }
  return run_param_grad(s, {o[0], nullptr, o[1], o[2], nullptr, o[3], m, n});
}

int32_t run_attend(session *s, const chi_cmd &c) {
  const int64_t *d = c.d, heads = d[0] * d[1];
  attend_args a{};
  a.heads = d[1], a.t = d[2], a.d = d[3], a.ld = d[4], a.ldo = d[5];
  a.batch = d[6], a.head = d[7], a.batch_o = d[8], a.head_o = d[9];
  a.scale = scalar(c, 0), a.causal = c.flags & CHI_CAUSAL;
  grid g = {blocks_of(a.t, 64), heads, blocks_of(a.d, 64)};
  if (c.op == CHI_OP_ATTEND) {
    a.out = f32(s, c, 0), a.lse = f32(s, c, 1), a.q = f32(s, c, 2), a.k = f32(s, c, 3), a.v = f32(s, c, 4);
    return launch(s, k_attend, g, 256, 1, a);
  }
  a.dq = f32(s, c, 0), a.dk = f32(s, c, 1), a.dv = f32(s, c, 2), a.dout = f32(s, c, 3), a.out = f32(s, c, 4);
  a.lse = f32(s, c, 5), a.q = f32(s, c, 6), a.k = f32(s, c, 7), a.v = f32(s, c, 8);
  CUdeviceptr e = 0;
  if (heads * a.t == 0) return CHI_OK;
  if (int32_t r = s->scratch(uint64_t(heads * a.t) * 4, &e)) return r;
  a.e = reinterpret_cast<float *>(e);
  if (int32_t r = launch(s, k_attend_dot, {blocks_of(a.t, 8), heads, 1}, 256, 1, a)) return r;
  if (int32_t r = launch(s, k_attend_grad_q, g, 256, 1, a)) return r;
  return launch(s, k_attend_grad_kv, g, 256, 1, a);
}

int32_t run_decode(session *s, const chi_cmd &c) {
  const int64_t *d = c.d;
  decode_args a{};
  a.bf16 = c.flags & CHI_BF16;
  a.out = f32(s, c, 0), a.q = f32(s, c, 1), a.lengths = at<int32_t>(s, c, 4);
  a.k = a.bf16 ? static_cast<const void *>(at<uint16_t>(s, c, 2)) : f32(s, c, 2);
  a.v = a.bf16 ? static_cast<const void *>(at<uint16_t>(s, c, 3)) : f32(s, c, 3);
  a.heads = d[1], a.length = d[2], a.d = d[3], a.extra = d[10];
  a.batch_q = d[4], a.head_q = d[5], a.batch_o = d[6], a.head_o = d[7], a.batch_c = d[8], a.head_c = d[9];
  a.scale = scalar(c, 0);
  CUdeviceptr scores = 0;
  if (d[0] * d[1] == 0) return CHI_OK;
  if (int32_t e = s->scratch(uint64_t(std::max<int64_t>(d[0] * d[1] * d[2], 1)) * 4, &scores)) return e;
  a.scores = reinterpret_cast<float *>(scores);
  a.fault = s->fault_flag();
  return launch(s, k_decode, {d[0] * d[1], 1, 1}, 128, 1, a);
}

int32_t run_losses(session *s, const chi_cmd &c) {
  const int64_t m = c.d[0];
  if (c.op == CHI_OP_GUMBEL_MAX)
    return rows(s, k_gumbel_max, m,
                gumbel_max_args{at<int32_t>(s, c, 0), f32(s, c, 1), f32(s, c, 2), at<uint64_t>(s, c, 3), at<uint32_t>(s, c, 4),
                                m, c.d[1], uint32_t(c.d[2]), uint32_t(c.d[3]), scalar(c, 0), bool(c.flags & CHI_LOWEST_IF_NAN)});
  loss_args a{};
  a.loss = f32(s, c, 0), a.dx = f32(s, c, 1), a.x = f32(s, c, 2);
  a.m = m, a.n = c.d[1], a.op = sub_of(c), a.fault = s->fault_flag();
  a.scale = scalar(c, 0);
  kernel_number k = c.op == CHI_OP_SOFT_CROSS_ENTROPY ? k_soft_cross_entropy : k_squared_error;
  if (c.op == CHI_OP_CROSS_ENTROPY) {
    k = k_cross_entropy;
    a.target = at<int32_t>(s, c, 3);
    a.ignore = int32_t(c.d[2]);
  } else {
    a.y = f32(s, c, 3);
  }
  if (c.op == CHI_OP_DIVERGENCE) {
    k = k_divergence;
    a.inv_t = scalar(c, 0), a.scale = scalar(c, 1);
  }
  return rows(s, k, m, a);
}

}  // namespace

int32_t run_command(session *s, const chi_cmd &c) {
  if (c.op < CHI_OP_GEMM) return run_moves(s, c);
  if (c.op == CHI_OP_GEMM) return run_gemm(s, c);
  if (c.op < CHI_OP_ROW_REDUCE || c.op == CHI_OP_ADAMW) return run_elementwise(s, c);
  if (c.op < CHI_OP_SOFTMAX) return run_reductions(s, c);
  if (c.op < CHI_OP_ATTEND) return run_normalisers(s, c);
  if (c.op == CHI_OP_DECODE) return run_decode(s, c);
  if (c.op < CHI_OP_CROSS_ENTROPY) return run_attend(s, c);
  return run_losses(s, c);
}

const char *const kernel_names[] = {
#define X(name, args) "chi_k_" #name,
#include "kernels.def"
#undef X
};
const int kernel_count = int(sizeof kernel_names / sizeof *kernel_names);

}  // namespace chi
