/* The C ABI between Chimera's Go code and a plugin that runs its operations on
 * a device: libchimera_cuda.so, its emulation libchimera_emu.so, and
 * libchimera_fake.so made of the CPU kernels.
 *
 * A plugin exports one symbol, chi_get_api. The table it returns only ever
 * grows at its end; a caller checks abi and struct_size before anything else.
 *
 * Rules. Every function returns a chi_status; the text of the last error of a
 * session is had by last_error. Handles (sessions, buffers, tickets) are
 * numbers, never pointers: generation<<32 | index, 0 is none; one that is
 * stale or invented is answered with CHI_E_HANDLE. No pointer of the caller's
 * is kept after a call. All functions may be called from any thread; calls on
 * one session take turns, wait excepted. The plugin never ends the process.
 * A device error that the driver calls sticky makes the session dead: all
 * calls but close and last_error then return CHI_E_DEAD.
 */
#ifndef CHIMERA_CUDA_H
#define CHIMERA_CUDA_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Major in the upper half, minor in the lower. A change of the major breaks
 * callers; a minor adds functions or operations. */
#define CHI_ABI_MAJOR 1u
#define CHI_ABI_MINOR 0u
#define CHI_ABI (CHI_ABI_MAJOR << 16 | CHI_ABI_MINOR)

typedef enum chi_status {
  CHI_OK = 0,
  CHI_E_ARG = 1,         /* an argument or a command that makes no sense */
  CHI_E_HANDLE = 2,      /* a handle that is not, or no longer, valid */
  CHI_E_RANGE = 3,       /* an operand reaches outside its buffer */
  CHI_E_MEMORY = 4,      /* no room on the device, or the session's limit */
  CHI_E_NO_DRIVER = 5,   /* the driver is not installed or cannot be used */
  CHI_E_NO_DEVICE = 6,   /* the driver has no such device */
  CHI_E_DEVICE = 7,      /* the device failed; the session goes on */
  CHI_E_DEAD = 8,        /* the device failed and the session is dead */
  CHI_E_UNSUPPORTED = 9, /* this plugin has no such operation */
  CHI_E_TIMEOUT = 10,    /* wait: not done yet */
  CHI_E_INDEX = 11       /* wait: an index of a table or cache was outside it */
} chi_status;

typedef struct chi_device_info {
  char name[64];
  char driver[32];        /* as "12.8" */
  uint64_t memory;        /* bytes */
  uint64_t bandwidth;     /* bytes/s of the memory as the driver tells it, 0 unknown */
  int32_t processors;     /* multiprocessors */
  int32_t clock_khz;
  int32_t compute_major;  /* compute capability */
  int32_t compute_minor;
} chi_device_info;

typedef struct chi_memory_info {
  uint64_t used;   /* bytes of live buffers of the session */
  uint64_t cached; /* bytes kept for buffers to come */
  uint64_t free;   /* bytes free on the device */
  uint64_t total;  /* bytes of the device */
  uint64_t buffers; /* live buffers */
} chi_memory_info;

#define CHI_OPERANDS 10
#define CHI_DIMS 12
#define CHI_SCALARS 8

/* A command: one operation over whole tensors. Operand i is the buffer h[i]
 * from element off[i] on, of the type that the operation says (float32 unless
 * said otherwise); a handle 0 leaves an optional operand out. Unused fields
 * are 0. Scalars that stand for float32 hold that float32 exactly. */
typedef struct chi_cmd {
  uint32_t op;
  uint32_t flags;
  uint64_t h[CHI_OPERANDS];
  uint64_t off[CHI_OPERANDS];
  int64_t d[CHI_DIMS];
  double s[CHI_SCALARS];
} chi_cmd;

/* Operations. "h: dst, x" names operands 0 and 1, "d: m, n" dimensions 0 and
 * 1, "s: eps" scalar 0. [m,n] is a row-major matrix without gaps. chain, sum,
 * dot and max are the reductions of Go package compute/internal/exact, and
 * every operation gives the bits that compute/internal/kernel defines, except
 * under CHI_FAST. An output may be the same range as an input of the same
 * shape only where "in place" is said. */
enum {
  /* Moving. The size of an element in bytes, 1, 2, 4 or 8, stands in the bits
   * CHI_SIZE of flags; sizes do not mix. */
  CHI_OP_FILL = 1,     /* h: dst; d: n, bits. Every element is the low bits of d[1]. */
  CHI_OP_COPY = 2,     /* h: dst, src; d: n. The ranges do not overlap. */
  CHI_OP_STRIDED = 3,  /* h: dst, src; d: n0..n5, s0..s5. dst[n0,...,n5] without gaps =
                          src[i0*s0+...+i5*s5]: slices, transposes, broadcasts (stride 0).
                          Strides are not negative. With CHI_REVERSE the other way:
                          src without gaps to dst with strides, which do not make two
                          elements one; with CHI_ACCUMULATE (float32) it is added. */
  CHI_OP_GATHER = 4,   /* h: dst, table, index (int32); d: m, n, rows. dst[i,:] = table[index[i],:].
                          An index outside the table gives a row of 0xff bytes (NaN), and the
                          next wait CHI_E_INDEX. */
  CHI_OP_SCATTER_ADD = 5, /* h: table, src, index; d: m, n, rows. float32: table[index[i],:] +=
                          src[i,:], i ascending. An index outside the table: nothing is
                          added, and CHI_E_INDEX as above. */
  CHI_OP_TO_BF16 = 6,  /* h: dst (bf16), x; d: n. Nearest, ties to even, NaN to quiet. */
  CHI_OP_FROM_BF16 = 7, /* h: dst, x (bf16); d: n */
  CHI_OP_CACHE_APPEND = 8, /* h: cache, src, position (int32 [b], or none); d: b, heads, t, n,
                          capacity, position, source strides of b, heads, t.
                          cache[b,heads,capacity,n] at [i, j, p+x, :] = src[i,j,x,:], p =
                          position[i] or d[5]. A position outside the cache writes nothing and
                          is CHI_E_INDEX. With CHI_BF16 the cache is bfloat16 and src is rounded. */
  CHI_OP_WHERE = 9,    /* h: dst, cond (uint8), a, b; d: n. In place. */
  CHI_OP_INDEX_ADD = 10, /* h: dst, x (int32 both); d: n; d[1] is added. In place. */

  /* Products. Bits CHI_ACT: 0 none, 1 ReLU, 2 GELU, 3 SiLU, 4 tanh. */
  CHI_OP_GEMM = 20,    /* h: c, a, b, bias (n, or none); d: batch, m, n, k, lda, ldb, ldc,
                          strides of a, b, c between matrices of the batch.
                          c[i,j] = act(chain(c0, a[i,l]*b[l,j]) + bias[j]), c0 = c[i,j] with
                          CHI_ACCUMULATE, else 0. CHI_TRANS_A: a is k by m; CHI_TRANS_B: b is
                          n by k. CHI_BF16: b is bfloat16 and a is rounded to it; fast always.
                          CHI_FAST: tensor cores, operands rounded to TF32. */

  /* Elementwise; sub-operation (bits CHI_SUB) as kernel.UnaryOp and kernel.BinaryOp. In place. */
  CHI_OP_UNARY = 30,         /* h: dst, x; d: n */
  CHI_OP_UNARY_GRAD = 31,    /* h: dx, dy, x, y; d: n */
  CHI_OP_BINARY = 32,        /* h: dst, a, b; d: n */
  CHI_OP_BINARY_ROW = 33,    /* h: dst, a, b; d: m, n. dst[i,j] = op(a[i,j], b[j]). */
  CHI_OP_BINARY_COL = 34,    /* h: dst, a, b; d: m, n. dst[i,j] = op(a[i,j], b[i]). */
  CHI_OP_BINARY_SCALAR = 35, /* h: dst, a; d: n; s: b */
  CHI_OP_AXPBY = 36,         /* h: dst, x, y; d: n; s: alpha, beta. fma(alpha, x, beta*y). */
  CHI_OP_DROPOUT = 37,       /* h: dst, x; d: n, key0, key1, base, counter2, counter3; s: p, scale */

  /* Reductions; sub-operation as kernel.ReduceOp. */
  CHI_OP_ROW_REDUCE = 50,  /* h: dst, x; d: m, n. dst[m]. */
  CHI_OP_COL_REDUCE = 51,  /* h: dst, x; d: b, m, n. dst[b,n], over the m of x[b,m,n]. */
  CHI_OP_ROW_DOT = 52,     /* h: dst, x, y; d: m, n */
  CHI_OP_ARG_MAX = 53,     /* h: dst (int32), x; d: m, n */
  CHI_OP_TOP_K = 54,       /* h: values, index (int32), x; d: m, n, k. Greatest first, equal ones by
                              index; NaN after all numbers. k is at most n. */
  CHI_OP_SUM_SQUARES = 55, /* h: dst (float64), x; d: n. dst[c] = the float64 sum of squares of the
                              c-th 65536 numbers: 8 partial sums over i%8, those 4, 2, 1 apart added. */
  CHI_OP_GRAM = 56,        /* h: dst (float64 [n,n]), x; d: m, n. dst[i,j] += x[r,i]*x[r,j], r
                              ascending, for j >= i; exact products. */
  CHI_OP_NEAREST_ROW = 57, /* h: index (int32), dist, x, centroids; d: m, n, k */
  CHI_OP_TWO_HOT = 59,     /* h: dst, x, bins; d: m, n. Weights of the two bins beside x[i]. */
  CHI_OP_COL_MEAN = 60,    /* h: mean (float64 [n]), rounded (float32 [n]), x; d: m, n. Sums in ascending
                              order of rows, divided by m. */
  CHI_OP_MIRROR = 61,      /* h: a (float64 [n,n]), mean (float64 [n], or none); d: m, n. a[j,i] = a[i,j] for
                              j >= i, which is made a covariance first where there are means:
                              (a[i,j] - (m*e[i])*e[j])/(m-1), e what rounding took from the means. */

  /* Normalisers. mask (uint8, one byte an element) is optional. In place. */
  CHI_OP_SOFTMAX = 70,          /* h: dst, x, mask; d: m, n, rows of mask (m, or less: row i%rows) */
  CHI_OP_LOG_SOFTMAX = 71,      /* h: dst, x, mask; d: m, n, rows of mask */
  CHI_OP_SOFTMAX_GRAD = 72,     /* h: dx, dy, y; d: m, n */
  CHI_OP_LOG_SOFTMAX_GRAD = 73, /* h: dx, dy, y; d: m, n */
  CHI_OP_LAYER_NORM = 74,       /* h: dst, mean, rstd, x, gamma, beta; d: m, n; s: eps */
  CHI_OP_LAYER_NORM_GRAD = 75,  /* h: dx, dy, x, mean, rstd, gamma; d: m, n */
  CHI_OP_LAYER_NORM_PARAM_GRAD = 76, /* h: dgamma, dbeta, dy, x, mean, rstd; d: m, n */
  CHI_OP_RMS_NORM = 77,         /* h: dst, rrms, x, gamma; d: m, n; s: eps */
  CHI_OP_RMS_NORM_GRAD = 78,    /* h: dx, dy, x, rrms, gamma; d: m, n */
  CHI_OP_RMS_NORM_PARAM_GRAD = 79, /* h: dgamma, dy, x, rrms; d: m, n */

  /* Attention over b sequences of t positions and heads of width n. */
  CHI_OP_ATTEND = 90,      /* h: out, lse ([b,heads,t]), q, k, v; d: b, heads, t, n, ld, ldo, strides of
                              q, k, v between sequences and heads, of out between sequences and
                              heads; s: scale. Element (i, x) of q, k, v is at i*ld+x, of out at
                              i*ldo+x. CHI_CAUSAL. */
  CHI_OP_ATTEND_GRAD = 91, /* h: dq, dk, dv, dout, out, lse, q, k, v; d, s: as above; dq, dk, dv lie as
                              q, dout as out. */
  CHI_OP_DECODE = 92,      /* h: out, q, k, v, lengths (int32 [b], or none); d: b, heads, length, n,
                              strides of q between sequences and heads, of out, of the caches; s:
                              scale. Caches are [length..., n] rows; sequence i has lengths[i]+d[10]
                              positions, or d[2] without lengths; more than d[2], or lengths[i] below
                              0, is CHI_E_INDEX. CHI_BF16: caches of bfloat16. Length 0 gives +0. */

  /* Losses: one a row; gradients are optional and may lie over x. */
  CHI_OP_CROSS_ENTROPY = 100,      /* h: loss, dx, x, target (int32); d: m, n, ignore; s: scale. A target
                                      that is no class is CHI_E_INDEX. */
  CHI_OP_SOFT_CROSS_ENTROPY = 101, /* h: loss, dx, x, w; d: m, n; s: scale */
  CHI_OP_DIVERGENCE = 102,         /* h: loss, dx, x, y; d: m, n; s: invT, scale; sub as kernel.DivergenceOp */
  CHI_OP_SQUARED_ERROR = 103,      /* h: loss, dx, x, y; d: m, n; s: scale */

  CHI_OP_ADAMW = 110, /* h: p, m, v, grad; d: n; s: lr, beta1, beta2, eps, weight decay, correction1,
                         correction2, grad scale */
  CHI_OP_GUMBEL_MAX = 111 /* h: tokens (int32), x, floor, ids (uint64), step (uint32); d: m, n, key0,
                         key1; s: invT. floor is optional; with CHI_LOWEST_IF_NAN one that is
                            NaN lets all numbers in. */
};

/* Flags. */
#define CHI_SUB 0x000000ffu        /* a sub-operation */
#define CHI_SIZE 0x00000f00u       /* size of an element in bytes */
#define CHI_SIZE_SHIFT 8
#define CHI_ACT 0x0000f000u
#define CHI_ACT_SHIFT 12
#define CHI_TRANS_A 0x00010000u
#define CHI_TRANS_B 0x00020000u
#define CHI_ACCUMULATE 0x00040000u
#define CHI_BF16 0x00080000u
#define CHI_FAST 0x00100000u
#define CHI_CAUSAL 0x00200000u
#define CHI_REVERSE 0x00400000u
#define CHI_LOWEST_IF_NAN 0x00800000u

typedef struct chi_api {
  uint32_t abi;         /* CHI_ABI of the plugin */
  uint32_t struct_size; /* bytes of this table in the plugin */
  char build[40];       /* what the plugin is: kind, compiler, revision */

  /* The number of devices; CHI_E_NO_DRIVER with its text in what (of n bytes,
   * always ended by 0) where there is no usable driver. */
  int32_t (*device_count)(int32_t *count, char *what, size_t n);
  int32_t (*device_info)(int32_t ordinal, chi_device_info *info);

  /* open makes a session: its own memory, of at most limit bytes (0: all), and
   * its own queue. On failure the text is written to what. close waits for the
   * queue and gives everything back. */
  int32_t (*open)(int32_t ordinal, uint64_t limit, uint64_t *session, char *what, size_t n);
  int32_t (*close)(uint64_t session);
  /* last_error copies the text of the session's last error, ended by 0. */
  int32_t (*last_error)(uint64_t session, char *text, size_t n);

  /* alloc makes a buffer of zero bytes; its content is zero. free does not
   * wait: commands that use the buffer and were submitted before still may. */
  int32_t (*alloc)(uint64_t session, uint64_t bytes, uint64_t *buffer);
  int32_t (*free)(uint64_t session, uint64_t buffer);
  int32_t (*memory)(uint64_t session, chi_memory_info *info);
  /* upload and download copy n bytes at a byte offset of a buffer, after what
   * was submitted before, and return when the copy is done. */
  int32_t (*upload)(uint64_t session, uint64_t buffer, uint64_t offset, const void *src, uint64_t n);
  int32_t (*download)(uint64_t session, uint64_t buffer, uint64_t offset, void *dst, uint64_t n);

  /* submit queues n commands, which run in order, and gives a ticket. All are
   * checked before the first is queued; a refused list has no effect. */
  int32_t (*submit)(uint64_t session, const chi_cmd *cmds, uint64_t n, uint64_t *ticket);
  /* wait returns when what was submitted up to the ticket is done, or with
   * CHI_E_TIMEOUT after timeout_us; 0 only asks. Ticket 0 is all so far. */
  int32_t (*wait)(uint64_t session, uint64_t ticket, uint64_t timeout_us);
  /* exec is submit and wait without a limit of time. */
  int32_t (*exec)(uint64_t session, const chi_cmd *cmds, uint64_t n);
  /* trim gives cached memory back to the device. */
  int32_t (*trim)(uint64_t session);
} chi_api;

/* chi_get_api returns the table if the plugin's major version is want_major,
 * and else the plugin's own all the same: the caller compares abi and names
 * both in its message. It never returns NULL. */
#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
const chi_api *chi_get_api(uint32_t want_major);

#ifdef __cplusplus
}
#endif

#endif
