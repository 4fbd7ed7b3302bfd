// Matrix products. In exact mode every element of the result is one chain of
// fused multiply-adds in ascending k, whatever the tile.
#ifndef CHI_GEMM_H
#define CHI_GEMM_H

#include "elementwise.h"

namespace chi {

// One operand seen as lines of its free index (rows of a, columns of b) over k.
struct operand {
  const float *p;
  int64_t ld, lines, k;
  bool along_k;  // neighbours in memory are neighbours in k
  CHI_DEV float at(int64_t line, int64_t l) const {
    if (line >= lines || l >= k) return 0.0f;
    return along_k ? p[line * ld + l] : p[l * ld + line];
  }
};

CHI_DEV operand left_of(const gemm_args &a) {
  return {a.a + int64_t(blockIdx.z) * a.batch_a, a.lda, a.m, a.k, !a.trans_a};
}
CHI_DEV operand right_of(const gemm_args &a) {
  return {static_cast<const float *>(a.b) + int64_t(blockIdx.z) * a.batch_b, a.ldb, a.n, a.k, a.trans_b};
}

CHI_DEV float *result_of(const gemm_args &a) { return a.c + int64_t(blockIdx.z) * a.batch_c; }

CHI_DEV float finish(const gemm_args &a, float sum, int64_t j) {
  return activate(a.act, a.bias ? sum + a.bias[j] : sum);
}

// Where element e of a tile of Lines by Depth is: neighbouring threads take
// neighbours in memory.
template <int Lines, int Depth>
CHI_DEV void tile_position(bool along_k, int e, int *line, int *l) {
  *line = along_k ? e / Depth : e % Lines;
  *l = along_k ? e % Depth : e / Lines;
}

// A tile of BM by BN by a block of 256 threads, TM by TN a thread; BK steps of k
// at a time go through shared memory, the next ones on their way in registers.
template <int BM, int BN, int BK, int TM, int TN>
struct gemm_tile {
  static constexpr int kThreads = 256;
  static constexpr int VM = TM < 4 ? TM : 4, VN = TN < 4 ? TN : 4;  // together in memory
  static constexpr int LoadA = BM * BK / kThreads, LoadB = BN * BK / kThreads;
  static_assert((BM / TM) * (BN / TN) == kThreads, "one micro tile a thread");

  static CHI_DEV int row(int r) { return r / VM * (BM / (TM / VM)) + int(threadIdx.x) / (BN / TN) * VM + r % VM; }
  static CHI_DEV int col(int c) { return c / VN * (BN / (TN / VN)) + int(threadIdx.x) % (BN / TN) * VN + c % VN; }

  template <int Lines, int Count>
  static CHI_DEV void fetch(const operand &o, int64_t line0, int64_t l0, float *next) {
    CHI_UNROLL for (int s = 0; s < Count; s++) {
      int line, l;
      tile_position<Lines, BK>(o.along_k, int(threadIdx.x) + s * kThreads, &line, &l);
      next[s] = o.at(line0 + line, l0 + l);
    }
  }

  template <int Lines, int Count>
  static CHI_DEV void store(const operand &o, float (*tile)[Lines + 4], const float *next) {
    CHI_UNROLL for (int s = 0; s < Count; s++) {
      int line, l;
      tile_position<Lines, BK>(o.along_k, int(threadIdx.x) + s * kThreads, &line, &l);
      tile[l][line] = next[s];
    }
  }

  static CHI_DEV void multiply(const float *ta, const float *tb, float (*acc)[TN]) {
    float x[TM], y[TN];
    CHI_UNROLL for (int r = 0; r < TM; r += VM) {
      vector<VM> v = *reinterpret_cast<const vector<VM> *>(ta + row(r));
      CHI_UNROLL for (int q = 0; q < VM; q++) x[r + q] = v.v[q];
    }
    CHI_UNROLL for (int c = 0; c < TN; c += VN) {
      vector<VN> v = *reinterpret_cast<const vector<VN> *>(tb + col(c));
      CHI_UNROLL for (int q = 0; q < VN; q++) y[c + q] = v.v[q];
    }
    CHI_UNROLL for (int r = 0; r < TM; r++)
      CHI_UNROLL for (int c = 0; c < TN; c++) acc[r][c] = fma(x[r], y[c], acc[r][c]);
  }

  static CHI_DEV void run(const gemm_args &a) {
    CHI_SHARED(float, ta, [2][BK][BM + 4]);
    CHI_SHARED(float, tb, [2][BK][BN + 4]);
    operand left = left_of(a), right = right_of(a);
    float *out = result_of(a);
    int64_t i0 = int64_t(blockIdx.y) * BM, j0 = int64_t(blockIdx.x) * BN;
    float acc[TM][TN], next_a[LoadA], next_b[LoadB];
    CHI_UNROLL for (int r = 0; r < TM; r++)
      CHI_UNROLL for (int c = 0; c < TN; c++) {
        int64_t i = i0 + row(r), j = j0 + col(c);
        acc[r][c] = a.accumulate && i < a.m && j < a.n ? out[i * a.ldc + j] : 0.0f;
      }
    fetch<BM, LoadA>(left, i0, 0, next_a);
    fetch<BN, LoadB>(right, j0, 0, next_b);
    int now = 0;
    for (int64_t l0 = 0; l0 < a.k; l0 += BK, now ^= 1) {
      store<BM, LoadA>(left, ta[now], next_a);
      store<BN, LoadB>(right, tb[now], next_b);
      CHI_BARRIER();
      fetch<BM, LoadA>(left, i0, l0 + BK, next_a);
      fetch<BN, LoadB>(right, j0, l0 + BK, next_b);
      if (a.k - l0 >= BK) {
        CHI_UNROLL for (int l = 0; l < BK; l++) multiply(ta[now][l], tb[now][l], acc);
      } else {  // a step past k would turn -0 into +0
        for (int l = 0; l < int(a.k - l0); l++) multiply(ta[now][l], tb[now][l], acc);
      }
    }
    CHI_UNROLL for (int r = 0; r < TM; r++)
      CHI_UNROLL for (int c = 0; c < TN; c++) {
        int64_t i = i0 + row(r), j = j0 + col(c);
        if (i < a.m && j < a.n) out[i * a.ldc + j] = finish(a, acc[r][c], j);
      }
  }
};

CHI_KERNEL(gemm_large, gemm_args) { gemm_tile<128, 128, 16, 8, 8>::run(a); }
CHI_KERNEL(gemm_small, gemm_args) { gemm_tile<32, 64, 16, 2, 4>::run(a); }

// Tensor cores: a tile of 64 by 64 a block, 16 by 32 a warp. Operands lie in
// shared memory as words along k, a line at a pitch of 20 words: so the words of
// a fragment lie in 32 different banks.
constexpr int kFastTile = 64, kFastPitch = 20;

CHI_DEV uint32_t to_tf32(float x) {
  return is_nan(x) ? bits(x) | 0x400000u : (bits(x) + 0x1000u) & 0xffffe000u;
}

struct bf16_words {
  static constexpr int kDepth = 32;  // of a tile of 16 words
  static CHI_DEV void multiply(float *c, const uint32_t *a, const uint32_t *b) { chi_mma_bf16(c, a, b); }
  static CHI_DEV void load_left(const operand &o, int64_t line0, int64_t l0, uint32_t (*tile)[kFastPitch]) {
    load(o.along_k, tile, [&](int64_t line, int64_t l) { return to_bf16(o.at(line0 + line, l0 + l)); });
  }
  static CHI_DEV void load_right(const operand &o, int64_t line0, int64_t l0, uint32_t (*tile)[kFastPitch]) {
    const uint16_t *p = reinterpret_cast<const uint16_t *>(o.p);
    load(o.along_k, tile, [&](int64_t line, int64_t l) -> uint16_t {
      line += line0;
      l += l0;
      if (line >= o.lines || l >= o.k) return 0;
      return o.along_k ? p[line * o.ld + l] : p[l * o.ld + line];
    });
  }
  template <class At>
  static CHI_DEV void load(bool along_k, uint32_t (*tile)[kFastPitch], At at) {
    for (int e = threadIdx.x; e < kFastTile * 16; e += 256) {
      int line, word;
      tile_position<kFastTile, 16>(along_k, e, &line, &word);
      tile[line][word] = uint32_t(at(line, 2 * word)) | uint32_t(at(line, 2 * word + 1)) << 16;
    }
  }
};

struct tf32_words {
  static constexpr int kDepth = 16;
  static CHI_DEV void multiply(float *c, const uint32_t *a, const uint32_t *b) { chi_mma_tf32(c, a, b); }
  static CHI_DEV void load_left(const operand &o, int64_t line0, int64_t l0, uint32_t (*tile)[kFastPitch]) {
    for (int e = threadIdx.x; e < kFastTile * 16; e += 256) {
      int line, word;
      tile_position<kFastTile, 16>(o.along_k, e, &line, &word);
      tile[line][word] = to_tf32(o.at(line0 + line, l0 + word));
    }
  }
  static CHI_DEV void load_right(const operand &o, int64_t line0, int64_t l0, uint32_t (*tile)[kFastPitch]) {
    load_left(o, line0, l0, tile);
  }
};

// right_of for elements of two bytes: the batch is a step of such elements.
template <class Words>
CHI_DEV operand fast_right_of(const gemm_args &a) {
  operand o = right_of(a);
  if (Words::kDepth == 32)
    o.p = reinterpret_cast<const float *>(static_cast<const uint16_t *>(a.b) + int64_t(blockIdx.z) * a.batch_b);
  return o;
}

template <class Words>
CHI_DEV void fast_gemm(const gemm_args &a) {
  CHI_SHARED(uint32_t, ta, [kFastTile][kFastPitch]);
  CHI_SHARED(uint32_t, tb, [kFastTile][kFastPitch]);
  operand left = left_of(a), right = fast_right_of<Words>(a);
  float *out = result_of(a);
  int warp = int(threadIdx.x) / 32, g = int(threadIdx.x) % 32 / 4, t = int(threadIdx.x) % 4;
  int wi = warp / 2 * 16, wj = warp % 2 * 32;
  int64_t i0 = int64_t(blockIdx.y) * kFastTile, j0 = int64_t(blockIdx.x) * kFastTile;
  float acc[4][4];
  CHI_UNROLL for (int q = 0; q < 4; q++)
    CHI_UNROLL for (int c = 0; c < 4; c++) {
      int64_t i = i0 + wi + g + c / 2 * 8, j = j0 + wj + q * 8 + 2 * t + c % 2;
      acc[q][c] = a.accumulate && i < a.m && j < a.n ? out[i * a.ldc + j] : 0.0f;
    }
  for (int64_t l0 = 0; l0 < a.k; l0 += Words::kDepth) {
    Words::load_left(left, i0, l0, ta);
    Words::load_right(right, j0, l0, tb);
    CHI_BARRIER();
    CHI_UNROLL for (int w = 0; w < 16; w += 8) {
      uint32_t fa[4] = {ta[wi + g][w + t], ta[wi + g + 8][w + t], ta[wi + g][w + t + 4], ta[wi + g + 8][w + t + 4]};
      CHI_UNROLL for (int q = 0; q < 4; q++) {
        uint32_t fb[2] = {tb[wj + q * 8 + g][w + t], tb[wj + q * 8 + g][w + t + 4]};
        Words::multiply(acc[q], fa, fb);
      }
    }
    CHI_BARRIER();
  }
  CHI_UNROLL for (int q = 0; q < 4; q++)
    CHI_UNROLL for (int c = 0; c < 4; c++) {
      int64_t i = i0 + wi + g + c / 2 * 8, j = j0 + wj + q * 8 + 2 * t + c % 2;
      if (i < a.m && j < a.n) out[i * a.ldc + j] = finish(a, acc[q][c], j);
    }
}

CHI_KERNEL(gemm_bf16, gemm_args) { fast_gemm<bf16_words>(a); }
CHI_KERNEL(gemm_tf32, gemm_args) { fast_gemm<tf32_words>(a); }

}  // namespace chi

#endif
