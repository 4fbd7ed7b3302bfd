// The emulated plugin has its kernels inside.
#include "session.h"

namespace chi {
const void *device_image() { return nullptr; }
const char plugin_build[40] = "emulated";
}  // namespace chi
