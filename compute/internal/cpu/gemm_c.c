#include "vec_c.h"
#include "gemm_template.h"
#include "peak_template.h"
#include "vec_end.h"
