//go:build cgo

package cpu

/*
#cgo noescape run_pack
#cgo nocallback run_pack
#cgo noescape run_pack_bf16
#cgo nocallback run_pack_bf16
#cgo noescape run_gemm
#cgo nocallback run_gemm
#cgo noescape run_gemm_bf16
#cgo nocallback run_gemm_bf16
#include "gemm_bf16.h"
#include "kernels.h"

// Plain arguments: cgo forbids a struct in Go memory that holds Go pointers.

static void run_pack(int level, float *dst, const float *b, int64_t ldb, int64_t k, int64_t n, int32_t trans,
	int64_t p0, int64_t p1) {
	CHI_DISPATCH(level, pack, (dst, b, ldb, k, n, trans, p0, p1));
}

static void run_pack_bf16(int level, uint16_t *dst, const float *b, int64_t ldb, int64_t k, int64_t n, int32_t trans,
	int64_t p0, int64_t p1) {
	CHI_DISPATCH(level, pack_bf16, (dst, b, ldb, k, n, trans, p0, p1));
}

static void run_gemm(int level, float *c, int64_t ldc, const float *a, int64_t lda, const float *b, const float *bias,
	int64_t m, int64_t n, int64_t k, int64_t p0, int64_t p1, int32_t trans, int32_t accumulate, int32_t act) {
	chi_matmul g = {.c = c, .a = a, .b = b, .bias = bias, .ldc = ldc, .lda = lda, .m = m, .n = n, .k = k,
		.p0 = p0, .p1 = p1, .trans_a = trans, .accumulate = accumulate, .act = act};
	CHI_DISPATCH(level, gemm, (&g));
}

// The ways to multiply bfloat16 that this CPU has beside its levels, for tests:
// level avx512 takes the best.
enum { BF16_AMX = 100, BF16_PAIRS };

static void run_gemm_bf16(int level, float *c, int64_t ldc, const float *a, int64_t lda, const uint16_t *b,
	const float *bias, int64_t m, int64_t n, int64_t k, int64_t p0, int64_t p1, int32_t trans, int32_t accumulate,
	int32_t act) {
	chi_matmul g = {.c = c, .a = a, .bf16 = b, .bias = bias, .ldc = ldc, .lda = lda, .m = m, .n = n, .k = k,
		.p0 = p0, .p1 = p1, .trans_a = trans, .accumulate = accumulate, .act = act};
#if defined(__x86_64__)
	switch (m ? level : CHI_C) {
	case BF16_AMX: chi_gemm_bf16_amx(&g); return;
	case BF16_PAIRS: chi_gemm_bf16_pairs(&g); return;
	}
#endif
	CHI_DISPATCH(level, gemm_bf16, (&g));
}

static int has_bf16(int way) {
#if defined(__x86_64__)
	if (way == BF16_AMX) return chi_supports(CHI_AVX512) && chi_amx_ready();
	return chi_supports(CHI_AVX512) && __builtin_cpu_supports("avx512bf16");
#else
	return 0;
#endif
}

// run_fma_peak returns operations a second on the processor.
static double run_fma_peak(int level, int64_t rounds) {
	double flops, start = chi_thread_seconds();
	CHI_DISPATCH(level, fma_peak, (rounds, &flops));
	return flops / (chi_thread_seconds() - start);
}
*/
import "C"

import (
	"slices"
	"time"
	"unsafe"

	"github.com/chimera-1/chimera/compute/internal/kernel"
)

func floats(x []float32) *C.float   { return (*C.float)(unsafe.SliceData(x)) }
func halves(x []uint16) *C.uint16_t { return (*C.uint16_t)(unsafe.SliceData(x)) }

func flag(b bool) C.int32_t {
	if b {
		return 1
	}
	return 0
}

// Pack is the method of [kernel.Products].
func (s set) Pack(dst, b []float32, ldb, k, n int, trans bool, p0, p1 int) {
	C.run_pack(s.level, floats(dst), floats(b), C.int64_t(ldb), C.int64_t(k), C.int64_t(n), flag(trans),
		C.int64_t(p0), C.int64_t(p1))
}

// PackBF16 is the method of [kernel.Products].
func (s set) PackBF16(dst []uint16, b []float32, ldb, k, n int, trans bool, p0, p1 int) {
	C.run_pack_bf16(s.level, halves(dst), floats(b), C.int64_t(ldb), C.int64_t(k), C.int64_t(n), flag(trans),
		C.int64_t(p0), C.int64_t(p1))
}

// Gemm is the method of [kernel.Products].
func (s set) Gemm(g *kernel.Gemm) {
	C.run_gemm(s.level, floats(g.C), C.int64_t(g.LDC), floats(g.A), C.int64_t(g.LDA), floats(g.B), floats(g.Bias),
		C.int64_t(g.M), C.int64_t(g.N), C.int64_t(g.K), C.int64_t(g.P0), C.int64_t(g.P1),
		flag(g.TransA), flag(g.Accumulate), C.int32_t(g.Act))
}

// GemmBF16 is the method of [kernel.Products].
func (s set) GemmBF16(g *kernel.Gemm) {
	C.run_gemm_bf16(s.level, floats(g.C), C.int64_t(g.LDC), floats(g.A), C.int64_t(g.LDA), halves(g.BF16), floats(g.Bias),
		C.int64_t(g.M), C.int64_t(g.N), C.int64_t(g.K), C.int64_t(g.P0), C.int64_t(g.P1),
		flag(g.TransA), flag(g.Accumulate), C.int32_t(g.Act))
}

// bf16Ways are the level avx512 with each way to multiply bfloat16, for tests.
func bf16Ways() []set {
	var out []set
	for _, s := range []set{{C.BF16_AMX, "amx"}, {C.BF16_PAIRS, "avx512bf16"}} {
		if C.has_bf16(s.level) != 0 {
			out = append(out, s)
		}
	}
	return out
}

// FMAPeak measures how fast a level of [Sets] does fused multiply-adds on this
// core, in GFLOP/s (two operations each), by a loop without memory: the median of
// slices of about a hundredth of so many seconds, by the time that the thread had
// on the processor.
func FMAPeak(level string, seconds float64) float64 {
	id := levelOf(level)
	rounds := C.int64_t(1000)
	for start := time.Now(); ; start = time.Now() {
		C.run_fma_peak(id, rounds)
		if time.Since(start).Seconds() > seconds/200 {
			break
		}
		rounds *= 2
	}
	var rates []float64
	for end := time.Now().Add(time.Duration(seconds * float64(time.Second))); len(rates) < 3 || time.Now().Before(end); {
		rates = append(rates, float64(C.run_fma_peak(id, rounds))/1e9)
	}
	slices.Sort(rates)
	return rates[len(rates)/2]
}

func levelOf(name string) C.int {
	for _, s := range sets {
		if s.name == name {
			return s.level
		}
	}
	panic("cpu: unknown level " + name)
}
