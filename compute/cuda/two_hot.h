// Two-hot weights of values over bins.
#ifndef CHI_TWO_HOT_H
#define CHI_TWO_HOT_H

#include "elementwise.h"

namespace chi {

// The first bin at or above x is j: the weights are those of bins j-1 and j.
CHI_KERNEL(two_hot, two_hot_args) {
  for (int64_t e = first_element(); e < a.m * a.n; e += element_step()) {
    float x = a.x[e / a.n];
    int64_t i = e % a.n, lo = 0, hi = a.n;
    while (lo < hi) {
      int64_t mid = (lo + hi) / 2;
      if (a.bins[mid] < x)
        lo = mid + 1;
      else
        hi = mid;
    }
    float w = 0.0f;
    if (is_nan(x)) {
      w = nan_value();
    } else if (lo == 0 || lo == a.n) {
      w = i == (lo == 0 ? 0 : a.n - 1) ? 1.0f : 0.0f;
    } else if (i == lo || i == lo - 1) {
      w = divide(x - a.bins[lo - 1], a.bins[lo] - a.bins[lo - 1]);
      if (i == lo - 1) w = 1.0f - w;
    }
    a.dst[e] = w;
  }
}

}  // namespace chi

#endif
