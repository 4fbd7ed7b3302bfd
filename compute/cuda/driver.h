// The part of the CUDA driver API that the plugin uses, declared by ourselves
// and found in libcuda.so.1 at run time: building needs no header and no library
// of NVIDIA's, and a machine without a driver gets a message, not a loader error.
#ifndef CHI_DRIVER_H
#define CHI_DRIVER_H

#include <stddef.h>
#include <stdint.h>

extern "C" {
typedef int CUresult;
typedef int CUdevice;
typedef struct CUctx_st *CUcontext;
typedef struct CUmod_st *CUmodule;
typedef struct CUfunc_st *CUfunction;
typedef struct CUstream_st *CUstream;
typedef struct CUevent_st *CUevent;
typedef uint64_t CUdeviceptr;
}

namespace chi {

// The results that are told apart.
enum {
  kSuccess = 0,
  kInvalidValue = 1,
  kDriverOutOfMemory = 2,
  kDriverNoDevice = 100,
  kEccError = 214,
  kNotFound = 500,
  kNotReady = 600,
  kIllegalAddress = 700,
  kLaunchTimeout = 702,
  kAssert = 710,
  kHardwareStackError = 714,
  kLaunchFailed = 719,
  kUnknown = 999
};

// The attributes of a device that are asked for.
enum { kClockRate = 13, kProcessors = 16, kMemoryClockRate = 36, kMemoryBusWidth = 37, kComputeMajor = 75, kComputeMinor = 76 };

// X(member, symbol, parameters): every function of the driver that is used.
#define CHI_DRIVER_FUNCTIONS(X)                                                                                      \
  X(init, cuInit, (unsigned flags))                                                                                  \
  X(driver_version, cuDriverGetVersion, (int *version))                                                              \
  X(error_string, cuGetErrorString, (CUresult error, const char **text))                                             \
  X(device_count, cuDeviceGetCount, (int *count))                                                                    \
  X(device_get, cuDeviceGet, (CUdevice *device, int ordinal))                                                        \
  X(device_name, cuDeviceGetName, (char *name, int n, CUdevice device))                                              \
  X(device_memory, cuDeviceTotalMem_v2, (size_t *bytes, CUdevice device))                                            \
  X(device_attribute, cuDeviceGetAttribute, (int *value, int attribute, CUdevice device))                            \
  X(context_retain, cuDevicePrimaryCtxRetain, (CUcontext *context, CUdevice device))                                 \
  X(context_release, cuDevicePrimaryCtxRelease_v2, (CUdevice device))                                                \
  X(context_set, cuCtxSetCurrent, (CUcontext context))                                                               \
  X(module_load, cuModuleLoadData, (CUmodule *module, const void *image))                                            \
  X(module_unload, cuModuleUnload, (CUmodule module))                                                                \
  X(module_function, cuModuleGetFunction, (CUfunction *function, CUmodule module, const char *name))                 \
  X(memory_info, cuMemGetInfo_v2, (size_t *free, size_t *total))                                                     \
  X(memory_alloc, cuMemAlloc_v2, (CUdeviceptr *at, size_t bytes))                                                    \
  X(memory_free, cuMemFree_v2, (CUdeviceptr at))                                                                     \
  X(host_alloc, cuMemHostAlloc, (void **at, size_t bytes, unsigned flags))                                           \
  X(host_free, cuMemFreeHost, (void *at))                                                                            \
  X(host_device_pointer, cuMemHostGetDevicePointer_v2, (CUdeviceptr *device, void *host, unsigned flags))            \
  X(copy_in, cuMemcpyHtoDAsync_v2, (CUdeviceptr dst, const void *src, size_t bytes, CUstream stream))                \
  X(copy_out, cuMemcpyDtoHAsync_v2, (void *dst, CUdeviceptr src, size_t bytes, CUstream stream))                     \
  X(copy_device, cuMemcpyDtoDAsync_v2, (CUdeviceptr dst, CUdeviceptr src, size_t bytes, CUstream stream))            \
  X(set_bytes, cuMemsetD8Async, (CUdeviceptr dst, unsigned char value, size_t n, CUstream stream))                   \
  X(stream_create, cuStreamCreate, (CUstream * stream, unsigned flags))                                              \
  X(stream_destroy, cuStreamDestroy_v2, (CUstream stream))                                                           \
  X(stream_synchronize, cuStreamSynchronize, (CUstream stream))                                                      \
  X(event_create, cuEventCreate, (CUevent * event, unsigned flags))                                                  \
  X(event_record, cuEventRecord, (CUevent event, CUstream stream))                                                   \
  X(event_query, cuEventQuery, (CUevent event))                                                                      \
  X(event_destroy, cuEventDestroy_v2, (CUevent event))                                                               \
  X(launch, cuLaunchKernel,                                                                                          \
    (CUfunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y,     \
     unsigned block_z, unsigned shared, CUstream stream, void **args, void **extra))

struct driver {
#define X(member, symbol, parameters) CUresult(*member) parameters;
  CHI_DRIVER_FUNCTIONS(X)
#undef X
};

// load_driver gives the driver, made ready, or NULL with the reason in what.
// CHIMERA_LIBCUDA names another library than libcuda.so.1.
const driver *load_driver(char *what, size_t n);

}  // namespace chi

#endif
