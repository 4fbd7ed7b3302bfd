// All kernels, compiled for the host.
#include "emulated_kernels.h"

#include "kernels.cu"

namespace chi {

namespace {
template <class Args, void (*Kernel)(const Args)>
void call(const void *args) {
  Args a;
  memcpy(&a, args, sizeof a);
  Kernel(a);
}
}  // namespace

const std::vector<emulated_kernel> &emulated_kernels() {
  static const std::vector<emulated_kernel> all = {
#define X(name, args) {"chi_k_" #name, call<args, chi_k_##name>, sizeof(args)},
#include "kernels.def"
#undef X
  };
  return all;
}

}  // namespace chi
