#if defined(__x86_64__)
#include "vec_avx512.h"
#include "gemm_template.h"
#include "peak_template.h"
#include "vec_end.h"
#endif
