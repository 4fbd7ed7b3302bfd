// The kernels by name, for the emulated driver.
#ifndef CHI_EMULATED_KERNELS_H
#define CHI_EMULATED_KERNELS_H

#include <vector>

#include "emulate.h"

namespace chi {

struct emulated_kernel {
  const char *name;
  emulate::body run;
  size_t bytes;  // of its arguments
};

const std::vector<emulated_kernel> &emulated_kernels();

}  // namespace chi

#endif
