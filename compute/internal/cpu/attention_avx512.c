#if defined(__x86_64__)
#include "vec_avx512.h"
#include "attention_template.h"
#include "decode_template.h"
#include "vec_end.h"
#endif
