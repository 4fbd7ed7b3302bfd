// What plugins without a device use of the emulated driver beside the driver's
// own functions.
#ifndef CHI_EMULATED_DRIVER_H
#define CHI_EMULATED_DRIVER_H

#include <functional>

#include "driver.h"

namespace chi {

// Faults on cue, from the environment variable CHIMERA_FAULTS, read when a
// context is made: words separated by commas.
//
//   nodriver     the driver does not start
//   nodevice     the driver has no device
//   alloc=N      the N-th allocation of device memory fails, and all later ones
//   sticky=N     the N-th launch fails and leaves the device broken
//   slow=MS      every launch takes MS milliseconds
//   memory=N     the device has N bytes (else 4 GiB)
//   abi=N        the table says major version N (chi_get_api)
//   short        the table says it is shorter than it is (chi_get_api)
bool fault(const char *name, long *value);

// enqueue runs f on the stream as if it were a kernel.
CUresult enqueue_host(CUstream stream, std::function<void()> f);

}  // namespace chi

#endif
