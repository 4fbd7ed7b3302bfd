// Scaled dot product attention. The scores are never stored whole: a block
// holds a tile of 64 by 64 and computes it again where it is needed twice, which
// keeps the ascending order of every chain.
#ifndef CHI_ATTENTION_H
#define CHI_ATTENTION_H

#include "rows.h"

namespace chi {

constexpr int kTile = 64, kPitch = kTile + 4, kSlice = 32;

// The part of a head that a block works on: head blockIdx.y of all, and columns
// col0 to col0+63 of its width.
struct head_view {
  int64_t in, out, row, col0;  // offsets of elements, of a position, first column
};
CHI_DEV head_view view_of(const attend_args &a) {
  int64_t b = blockIdx.y / a.heads, h = blockIdx.y % a.heads;
  return {b * a.batch + h * a.head, b * a.batch_o + h * a.head_o, int64_t(blockIdx.y) * a.t, int64_t(blockIdx.z) * kTile};
}

CHI_DEV int tile_row(int r) { return int(threadIdx.x) / 16 * 4 + r; }
CHI_DEV int tile_col(int c) { return int(threadIdx.x) % 16 * 4 + c; }

// acc[r][c] = chain over the whole width of rows i0+row of x and j0+col of y.
CHI_DEV void tile_dots(float (*acc)[4], float *space, const float *x, int64_t ldx, int64_t i0, const float *y,
                       int64_t ldy, int64_t j0, int64_t t, int64_t d) {
  float(*tx)[kPitch] = reinterpret_cast<float(*)[kPitch]>(space);
  float(*ty)[kPitch] = tx + kSlice;
  CHI_UNROLL for (int r = 0; r < 4; r++)
    CHI_UNROLL for (int c = 0; c < 4; c++) acc[r][c] = 0.0f;
  for (int64_t d0 = 0; d0 < d; d0 += kSlice) {
    CHI_BARRIER();
    for (int e = threadIdx.x; e < kTile * kSlice; e += 256) {
      int line = e / kSlice, l = e % kSlice;
      bool in = d0 + l < d;
      tx[l][line] = in && i0 + line < t ? x[(i0 + line) * ldx + d0 + l] : 0.0f;
      ty[l][line] = in && j0 + line < t ? y[(j0 + line) * ldy + d0 + l] : 0.0f;
    }
    CHI_BARRIER();
    int depth = int(d - d0 < kSlice ? d - d0 : kSlice);
    for (int l = 0; l < depth; l++) {
      vector<4> u = load4(&tx[l][tile_row(0)]), v = load4(&ty[l][tile_col(0)]);
      CHI_UNROLL for (int r = 0; r < 4; r++)
        CHI_UNROLL for (int c = 0; c < 4; c++) acc[r][c] = fma(u.v[r], v.v[c], acc[r][c]);
    }
  }
}

// Loads rows i0 and on of columns col0 and on of x into space, [64][kPitch].
CHI_DEV void load_rows(float *space, const float *x, int64_t ld, int64_t i0, int64_t col0, int64_t t, int64_t d) {
  for (int e = threadIdx.x; e < kTile * kTile; e += 256) {
    int row = e / kTile, col = e % kTile;
    space[row * kPitch + col] = i0 + row < t && col0 + col < d ? x[(i0 + row) * ld + col0 + col] : 0.0f;
  }
}

CHI_DEV bool sees(const attend_args &a, int64_t i, int64_t j) { return i < a.t && j < a.t && (!a.causal || j <= i); }

// acc[r][c] = chain of w[r][j]*x[j][c] over the j that i0+row sees, j ascending.
CHI_DEV void tile_chain(const attend_args &a, float (*acc)[4], const float (*w)[kPitch], const float *x, int64_t i0,
                        int64_t j0) {
  for (int j = 0; j < kTile; j++) {
    vector<4> v = load4(&x[j * kPitch + tile_col(0)]);
    CHI_UNROLL for (int r = 0; r < 4; r++) {
      if (!sees(a, i0 + tile_row(r), j0 + j)) continue;
      CHI_UNROLL for (int c = 0; c < 4; c++) acc[r][c] = fma(w[tile_row(r)][j], v.v[c], acc[r][c]);
    }
  }
}

CHI_DEV int64_t last_seen(const attend_args &a, int64_t i0) { return a.causal && i0 + kTile < a.t ? i0 + kTile : a.t; }

CHI_DEV void store_rows(float *out, int64_t ld, const float (*acc)[4], int64_t i0, int64_t col0, int64_t t, int64_t d) {
  CHI_UNROLL for (int r = 0; r < 4; r++)
    CHI_UNROLL for (int c = 0; c < 4; c++) {
      int64_t i = i0 + tile_row(r), x = col0 + tile_col(c);
      if (i < t && x < d) out[i * ld + x] = acc[r][c];
    }
}

// The greatest score of each row of a tile of queries, in max[64].
CHI_DEV void score_maxima(const attend_args &a, float *max, float *space, const float *q, const float *k, int64_t i0) {
  float acc[4][4], m[4];
  CHI_UNROLL for (int r = 0; r < 4; r++) m[r] = -infinity();
  for (int64_t j0 = 0; j0 < last_seen(a, i0); j0 += kTile) {
    tile_dots(acc, space, q, a.ld, i0, k, a.ld, j0, a.t, a.d);
    CHI_UNROLL for (int r = 0; r < 4; r++)
      CHI_UNROLL for (int c = 0; c < 4; c++)
        if (sees(a, i0 + tile_row(r), j0 + tile_col(c))) m[r] = greater(m[r], acc[r][c] * a.scale);
  }
  CHI_UNROLL for (int r = 0; r < 4; r++) {
    for (int w = 8; w > 0; w /= 2) m[r] = greater(m[r], chi_shuffle_xor(m[r], w));
    if (threadIdx.x % 16 == 0) max[tile_row(r)] = m[r] + 0.0f;
  }
}

CHI_KERNEL(attend, attend_args) {
  CHI_SHARED(float, space, [kTile * kPitch]);
  CHI_SHARED(float, p, [kTile][kPitch]);
  CHI_SHARED(float, max, [kTile]);
  CHI_SHARED(float, sum, [kTile]);
  head_view h = view_of(a);
  const float *q = a.q + h.in, *k = a.k + h.in, *v = a.v + h.in;
  int64_t i0 = int64_t(blockIdx.x) * kTile;
  score_maxima(a, max, space, q, k, i0);

  // Thread x sums lanes 8*(x%4) to 8*(x%4)+7 of row x/4.
  int row = int(threadIdx.x) / 4, lane0 = int(threadIdx.x) % 4 * 8;
  float part[8] = {0, 0, 0, 0, 0, 0, 0, 0}, acc[4][4], s[4][4];
  CHI_UNROLL for (int r = 0; r < 4; r++)
    CHI_UNROLL for (int c = 0; c < 4; c++) acc[r][c] = 0.0f;
  for (int64_t j0 = 0; j0 < last_seen(a, i0); j0 += kTile) {
    tile_dots(s, space, q, a.ld, i0, k, a.ld, j0, a.t, a.d);
    CHI_BARRIER();
    CHI_UNROLL for (int r = 0; r < 4; r++)
      CHI_UNROLL for (int c = 0; c < 4; c++) p[tile_row(r)][tile_col(c)] = exp(s[r][c] * a.scale - max[tile_row(r)]);
    load_rows(space, v, a.ld, j0, h.col0, a.t, a.d);
    CHI_BARRIER();
    CHI_UNROLL for (int half = 0; half < kTile; half += kLanes)
      CHI_UNROLL for (int c = 0; c < 8; c++)
        if (sees(a, i0 + row, j0 + half + lane0 + c)) part[c] += p[row][half + lane0 + c];
    tile_chain(a, acc, p, space, i0, j0);
  }
  CHI_UNROLL for (int c = 0; c < 8; c++) {
    part[c] += chi_shuffle_xor(part[c], 2);
    part[c] += chi_shuffle_xor(part[c], 1);
  }
  CHI_UNROLL for (int w = 4; w > 0; w /= 2)
    CHI_UNROLL for (int c = 0; c < w; c++) part[c] += part[c + w];
  if (lane0 == 0) sum[row] = part[0];
  CHI_BARRIER();
  CHI_UNROLL for (int r = 0; r < 4; r++) {
    float inverse = divide(1.0f, sum[tile_row(r)]);
    CHI_UNROLL for (int c = 0; c < 4; c++) acc[r][c] = acc[r][c] * inverse;
  }
  store_rows(a.out + h.out, a.ldo, acc, i0, h.col0, a.t, a.d);
  if (a.lse && h.col0 == 0 && lane0 == 0 && i0 + row < a.t) a.lse[h.row + i0 + row] = max[row] + log(sum[row]);
}

// e = dot(dout, out) of each position: a warp a position.
CHI_KERNEL(attend_dot, attend_args) {
  head_view h = view_of(a);
  for (int64_t i = int64_t(blockIdx.x) * 8 + threadIdx.x / 32; i < a.t; i += int64_t(gridDim.x) * 8) {
    const float *x = a.dout + h.out + i * a.ldo, *y = a.out + h.out + i * a.ldo;
    float p = 0.0f;
    for (int64_t j = threadIdx.x % 32; j < a.d; j += kLanes) p = fma(x[j], y[j], p);
    p = warp_sum(p);
    if (threadIdx.x % 32 == 0) a.e[h.row + i] = p;
  }
}

// The probabilities p of a tile, and ds = p*(dp-e)*scale with the dots dp of
// dout and v. 0 where nothing is seen.
CHI_DEV void score_grads(const attend_args &a, const head_view &h, float *space, int64_t i0, int64_t j0, float (*p)[4],
                         float (*ds)[4]) {
  tile_dots(p, space, a.q + h.in, a.ld, i0, a.k + h.in, a.ld, j0, a.t, a.d);
  tile_dots(ds, space, a.dout + h.out, a.ldo, i0, a.v + h.in, a.ld, j0, a.t, a.d);
  CHI_UNROLL for (int r = 0; r < 4; r++) {
    int64_t i = i0 + tile_row(r);
    float lse = i < a.t ? a.lse[h.row + i] : 0.0f, e = i < a.t ? a.e[h.row + i] : 0.0f;
    CHI_UNROLL for (int c = 0; c < 4; c++) {
      bool seen = sees(a, i, j0 + tile_col(c));
      float w = exp(p[r][c] * a.scale - lse);
      p[r][c] = seen ? w : 0.0f;
      ds[r][c] = seen ? (w * (ds[r][c] - e)) * a.scale : 0.0f;
    }
  }
}

CHI_KERNEL(attend_grad_q, attend_args) {
  CHI_SHARED(float, space, [kTile * kPitch]);
  CHI_SHARED(float, w, [kTile][kPitch]);
  head_view h = view_of(a);
  int64_t i0 = int64_t(blockIdx.x) * kTile;
  float acc[4][4], p[4][4], ds[4][4];
  CHI_UNROLL for (int r = 0; r < 4; r++)
    CHI_UNROLL for (int c = 0; c < 4; c++) acc[r][c] = 0.0f;
  for (int64_t j0 = 0; j0 < last_seen(a, i0); j0 += kTile) {
    score_grads(a, h, space, i0, j0, p, ds);
    CHI_BARRIER();
    CHI_UNROLL for (int r = 0; r < 4; r++)
      CHI_UNROLL for (int c = 0; c < 4; c++) w[tile_row(r)][tile_col(c)] = ds[r][c];
    load_rows(space, a.k + h.in, a.ld, j0, h.col0, a.t, a.d);
    CHI_BARRIER();
    tile_chain(a, acc, w, space, i0, j0);
  }
  store_rows(a.dq + h.in, a.ld, acc, i0, h.col0, a.t, a.d);
}

// acc[r][c] = chain of w[i][row]*x[i][c] over the i that see position j0+row.
CHI_DEV void tile_chain_down(const attend_args &a, float (*acc)[4], const float (*w)[kPitch], const float *x, int64_t i0,
                             int64_t j0) {
  for (int i = 0; i < kTile; i++) {
    vector<4> v = load4(&x[i * kPitch + tile_col(0)]), u = load4(&w[i][tile_row(0)]);
    CHI_UNROLL for (int r = 0; r < 4; r++) {
      if (!sees(a, i0 + i, j0 + tile_row(r))) continue;
      CHI_UNROLL for (int c = 0; c < 4; c++) acc[r][c] = fma(u.v[r], v.v[c], acc[r][c]);
    }
  }
}

CHI_KERNEL(attend_grad_kv, attend_args) {
  CHI_SHARED(float, space, [kTile * kPitch]);
  CHI_SHARED(float, w, [kTile][kPitch]);
  head_view h = view_of(a);
  int64_t j0 = int64_t(blockIdx.x) * kTile;
  float dk[4][4], dv[4][4], p[4][4], ds[4][4];
  CHI_UNROLL for (int r = 0; r < 4; r++)
    CHI_UNROLL for (int c = 0; c < 4; c++) dk[r][c] = dv[r][c] = 0.0f;
  for (int64_t i0 = a.causal ? j0 : 0; i0 < a.t; i0 += kTile) {
    score_grads(a, h, space, i0, j0, p, ds);
    CHI_BARRIER();
    CHI_UNROLL for (int r = 0; r < 4; r++)
      CHI_UNROLL for (int c = 0; c < 4; c++) w[tile_row(r)][tile_col(c)] = ds[r][c];
    load_rows(space, a.q + h.in, a.ld, i0, h.col0, a.t, a.d);
    CHI_BARRIER();
    tile_chain_down(a, dk, w, space, i0, j0);
    CHI_BARRIER();
    CHI_UNROLL for (int r = 0; r < 4; r++)
      CHI_UNROLL for (int c = 0; c < 4; c++) w[tile_row(r)][tile_col(c)] = p[r][c];
    load_rows(space, a.dout + h.out, a.ldo, i0, h.col0, a.t, a.d);
    CHI_BARRIER();
    tile_chain_down(a, dv, w, space, i0, j0);
  }
  store_rows(a.dk + h.in, a.ld, dk, j0, h.col0, a.t, a.d);
  store_rows(a.dv + h.in, a.ld, dv, j0, h.col0, a.t, a.d);
}

template <class E>
CHI_DEV float widened(const E *p, int64_t i);
template <>
CHI_DEV float widened<float>(const float *p, int64_t i) {
  return p[i];
}
template <>
CHI_DEV float widened<uint16_t>(const uint16_t *p, int64_t i) {
  return from_bf16(p[i]);
}

// One query over the cache of its head: a block a head.
template <class E>
CHI_DEV void decode_head(const decode_args &a) {
  CHI_SHARED(float, reduced, [4]);
  CHI_SHARED(float, total, [1]);
  int64_t b = blockIdx.x / a.heads, h = blockIdx.x % a.heads;
  int64_t t = a.lengths ? a.lengths[b] + a.extra : a.length;
  if (t > a.length || (a.lengths && a.lengths[b] < 0)) {
    *a.fault = 1;
    t = 0;
  }
  const float *q = a.q + b * a.batch_q + h * a.head_q;
  const E *k = static_cast<const E *>(a.k) + b * a.batch_c + h * a.head_c;
  const E *v = static_cast<const E *>(a.v) + b * a.batch_c + h * a.head_c;
  float *out = a.out + b * a.batch_o + h * a.head_o, *p = a.scores + int64_t(blockIdx.x) * a.length;
  int lane = int(threadIdx.x) % 32, warp = int(threadIdx.x) / 32;

  float max = -infinity();
  for (int64_t j = warp; j < t; j += 4) {
    float s = 0.0f;
    for (int64_t x = lane; x < a.d; x += kLanes) s = fma(q[x], widened<E>(k, j * a.d + x), s);
    s = warp_sum(s) * a.scale;
    max = greater(max, s);
    if (lane == 0) p[j] = s;
  }
  if (lane == 0) reduced[warp] = max;
  CHI_BARRIER();
  max = greater(greater(reduced[0], reduced[1]), greater(reduced[2], reduced[3])) + 0.0f;
  for (int64_t j = threadIdx.x; j < t; j += 128) p[j] = exp(p[j] - max);
  CHI_BARRIER();
  if (warp == 0) {
    float sum = 0.0f;
    for (int64_t j = lane; j < t; j += kLanes) sum += p[j];
    sum = warp_sum(sum);
    if (lane == 0) total[0] = divide(1.0f, sum);
  }
  CHI_BARRIER();
  for (int64_t x = threadIdx.x; x < a.d; x += 128) {
    float sum = 0.0f;
    for (int64_t j = 0; j < t; j++) sum = fma(p[j], widened<E>(v, j * a.d + x), sum);
    out[x] = t > 0 ? sum * total[0] : 0.0f;
  }
}

CHI_KERNEL(decode, decode_args) {
  if (a.bf16)
    decode_head<uint16_t>(a);
  else
    decode_head<float>(a);
}

}  // namespace chi

#endif
