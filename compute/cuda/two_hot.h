// Two-hot weights of values over bins.
#ifndef CHI_TWO_HOT_H
#define CHI_TWO_HOT_H

#include "elementwise.h"

namespace chi {

CHI_KERNEL(two_hot, two_hot_args) {
  for (int64_t e = first_element(); e < a.m * a.n; e += element_step()) {
    int64_t i = e / a.n, j = e % a.n;
    (void)j;
    a.dst[e] = a.x[i];
  }
}

}  // namespace chi

#endif
