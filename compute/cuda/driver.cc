// Finds the driver in its shared library.
#include "driver.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include <mutex>

namespace chi {

namespace {

bool find(void *library, driver *d, char *what, size_t n) {
#define X(member, symbol, parameters)                                          \
  d->member = reinterpret_cast<decltype(d->member)>(dlsym(library, #symbol));  \
  if (!d->member) {                                                            \
    snprintf(what, n, "the driver's library has no " #symbol ": it is too old"); \
    return false;                                                              \
  }
  CHI_DRIVER_FUNCTIONS(X)
#undef X
  return true;
}

bool open_driver(driver *d, char *what, size_t n) {
  const char *name = getenv("CHIMERA_LIBCUDA");
  if (!name || !*name) name = "libcuda.so.1";
  void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    snprintf(what, n, "no NVIDIA driver: %s", dlerror());
    return false;
  }
  if (!find(library, d, what, n)) {
    dlclose(library);
    return false;
  }
  return true;
}

}  // namespace

const driver *load_driver(char *what, size_t n) {
  static std::mutex mutex;
  static driver d;
  static bool loaded = false;
  std::lock_guard<std::mutex> lock(mutex);
  if (!loaded) {
    if (!open_driver(&d, what, n)) return nullptr;
    loaded = true;
  }
  CUresult r = d.init(0);
  if (r == kSuccess) return &d;
  const char *text = nullptr;
  d.error_string(r, &text);
  snprintf(what, n, "the NVIDIA driver does not start: error %d, %s", r, text ? text : "unknown");
  return nullptr;
}

}  // namespace chi
