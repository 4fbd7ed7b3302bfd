// The arguments of the kernels. Every kernel takes one struct by value, so that
// the host side can start it by its number in kernels.def alone. threads is the
// number of threads of a block.
#ifndef CHI_ARGS_H
#define CHI_ARGS_H

#include <stdint.h>

namespace chi {

// Elements side by side: blocks of 256 threads, each striding over the grid.
struct fill_args {
  static constexpr int threads = 256;
  void *dst;
  int64_t n;
  uint64_t bits;
  int size;
};
struct strided_args {
  static constexpr int threads = 256;
  void *dst;
  const void *src;
  int64_t extent[6], stride[6];
  int64_t n;
  int size;
  bool reverse, accumulate;
};
struct gather_args {
  static constexpr int threads = 256;
  void *dst;
  const void *table;
  const int32_t *index;
  int64_t m, n, rows;
  int size;
  int32_t *fault;
};
struct scatter_add_args {
  static constexpr int threads = 128;
  float *table;
  const float *src;
  const int32_t *index;
  int64_t m, n, rows;
};
struct index_check_args {
  static constexpr int threads = 256;
  const int32_t *index;
  int64_t m, rows;
  int32_t *fault;
};
struct convert_args {
  static constexpr int threads = 256;
  void *dst;
  const void *x;
  int64_t n;
  bool widen;  // from bfloat16, else to it
};
struct cache_append_args {
  static constexpr int threads = 256;
  void *cache;
  const float *src;
  const int32_t *position;
  int64_t b, heads, t, n, capacity, first;
  int64_t stride_b, stride_head, stride_t;
  bool bf16;
  int32_t *fault;
};
struct where_args {
  static constexpr int threads = 256;
  float *dst;
  const uint8_t *cond;
  const float *a, *b;
  int64_t n;
};
struct index_add_args {
  static constexpr int threads = 256;
  int32_t *dst;
  const int32_t *x;
  int64_t n;
  int32_t add;
};
struct unary_args {
  static constexpr int threads = 256;
  float *dst;
  const float *x;
  int64_t n;
  int op;
};
struct unary_grad_args {
  static constexpr int threads = 256;
  float *dx;
  const float *dy, *x, *y;
  int64_t n;
  int op;
};
struct binary_args {
  static constexpr int threads = 256;
  float *dst;
  const float *a, *b;
  int64_t n, row;  // b[i%row] by rows, b[i/row] by columns
  float scalar;
  int op;
  int shape;  // 0 equal, 1 by rows, 2 by columns, 3 scalar
};
struct axpby_args {
  static constexpr int threads = 256;
  float *dst;
  const float *x, *y;
  int64_t n;
  float alpha, beta;
};
struct dropout_args {
  static constexpr int threads = 256;
  float *dst;
  const float *x;
  int64_t n;
  uint64_t base;
  uint32_t key0, key1, counter2, counter3;
  float p, scale;
};
struct adamw_args {
  static constexpr int threads = 256;
  float *p, *m, *v;
  const float *grad;
  int64_t n;
  float lr, beta1, beta2, eps, decay, correction1, correction2, grad_scale;
};

// Products: a tile of the result a block. a(i,l) = a[i*a_row+l*a_col] and so on.
struct gemm_args {
  static constexpr int threads = 256;
  float *c;
  const float *a;
  const void *b;
  const float *bias;
  int64_t m, n, k;
  int64_t lda, ldb, ldc;
  int64_t batch_a, batch_b, batch_c;
  bool trans_a, trans_b, accumulate;
  int act;
};

// Rows: a warp a row, four warps a block.
struct row_reduce_args {
  static constexpr int threads = 128;
  float *dst;
  const float *x, *y;
  int64_t m, n;
  int op;  // kernel.ReduceOp; 4: dot of x and y
};
struct arg_max_args {
  static constexpr int threads = 128;
  int32_t *dst;
  const float *x;
  int64_t m, n;
};
struct top_k_args {
  static constexpr int threads = 128;
  float *values;
  int32_t *index;
  const float *x;
  int64_t m, n, k;
};
struct nearest_row_args {
  static constexpr int threads = 128;
  int32_t *index;
  float *dist;
  const float *x, *centroids;
  int64_t m, n, k;
};
struct two_hot_args {
  static constexpr int threads = 256;
  float *dst;
  const float *x, *bins;
  int64_t m, n;
};
struct softmax_args {
  static constexpr int threads = 128;
  float *dst;
  const float *x;
  const uint8_t *mask;
  int64_t m, n, mask_rows;
  bool logarithm;
};
struct softmax_grad_args {
  static constexpr int threads = 128;
  float *dx;
  const float *dy, *y;
  int64_t m, n;
  bool logarithm;
};
struct norm_args {
  static constexpr int threads = 128;
  float *dst, *mean, *rstd;  // mean NULL: RMS norm
  const float *x, *gamma, *beta;
  int64_t m, n;
  float eps;
};
struct norm_grad_args {
  static constexpr int threads = 128;
  float *dx;
  const float *dy, *x, *mean, *rstd, *gamma;
  int64_t m, n;
};
struct loss_args {
  static constexpr int threads = 128;
  float *loss, *dx;
  const float *x, *y;
  const int32_t *target;
  int64_t m, n;
  int32_t ignore;
  float inv_t, scale;
  int op;
  int32_t *fault;
};
struct gumbel_max_args {
  static constexpr int threads = 128;
  int32_t *tokens;
  const float *x, *floor;
  const uint64_t *ids;
  const uint32_t *step;
  int64_t m, n;
  uint32_t key0, key1;
  float inv_t;
  bool lowest_if_nan;
};

// Columns: 32 columns a block, and 32 threads a column.
struct col_reduce_args {
  static constexpr int threads = 1024;
  float *dst;
  const float *x;
  int64_t m, n;
  int op;
};
struct norm_param_grad_args {
  static constexpr int threads = 1024;
  float *dgamma, *dbeta;
  const float *dy, *x, *mean, *rstd;
  int64_t m, n;
};

// Float64.
struct sum_squares_args {
  static constexpr int threads = 128;
  double *dst;
  const float *x;
  int64_t n;
};
struct gram_args {
  static constexpr int threads = 256;
  double *dst;
  const float *x;
  int64_t m, n;
};
struct col_mean_args {
  static constexpr int threads = 256;
  double *mean;
  float *rounded;
  const float *x;
  int64_t m, n;
};
struct mirror_args {
  static constexpr int threads = 256;
  double *a;
  const double *mean;
  int64_t m, n;
};

// Attention: a tile of 64 positions and 64 columns of a head a block.
struct attend_args {
  static constexpr int threads = 256;
  float *out, *lse;  // out with out_position strides
  const float *q, *k, *v;
  float *dq, *dk, *dv;
  const float *dout;
  float *e;  // dot(dout, out) a position
  int64_t heads, t, d, ld, ldo;
  int64_t batch, head, batch_o, head_o;  // strides
  float scale;
  bool causal;
};
struct decode_args {
  static constexpr int threads = 128;
  float *out;
  const float *q;
  const void *k, *v;
  const int32_t *lengths;
  float *scores;  // [b,heads,length]
  int64_t heads, length, d, extra;
  int64_t batch_q, head_q, batch_o, head_o, batch_c, head_c;
  float scale;
  bool bf16;
  int32_t *fault;
};

}  // namespace chi

#endif
