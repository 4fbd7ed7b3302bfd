#include "vec_c.h"
#include "attention_template.h"
#include "decode_template.h"
#include "vec_end.h"
