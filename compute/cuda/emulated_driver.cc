// A CUDA driver without a device: memory is the host's, a stream is a thread
// that works off a queue, and kernels run under emulate.h. It has the functions
// of driver.h under their own names, so that it can also stand in for
// libcuda.so.1 beneath an unchanged plugin.
#include "emulated_driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

#ifdef CHI_EMULATE
#include "emulated_kernels.h"
#endif

struct CUstream_st {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> queue;
  bool busy = false, closing = false;
  std::thread worker;
};

struct CUevent_st {
  std::atomic<bool> done{true};
};

namespace chi {

bool fault(const char *name, long *value) {
  const char *all = getenv("CHIMERA_FAULTS");
  size_t n = strlen(name);
  for (const char *p = all; p && *p; p = strchr(p, ',') ? strchr(p, ',') + 1 : nullptr) {
    if (strncmp(p, name, n) != 0) continue;
    if (p[n] == '=') *value = strtol(p + n + 1, nullptr, 10);
    if (p[n] == '=' || p[n] == ',' || p[n] == 0) return true;
  }
  return false;
}

namespace {

struct device {
  std::mutex mutex;
  std::unordered_map<CUdeviceptr, size_t> memory;
  size_t used = 0, total = 0;
  long fail_alloc = 0, fail_launch = 0, slow = 0;
  std::atomic<int> broken{0};
};
device the_device;

void read_faults() {
  device &d = the_device;
  std::lock_guard<std::mutex> lock(d.mutex);
  long total = 4L << 30;
  d.fail_alloc = d.fail_launch = d.slow = 0;
  fault("alloc", &d.fail_alloc);
  fault("sticky", &d.fail_launch);
  fault("slow", &d.slow);
  fault("memory", &total);
  d.total = size_t(total);
  d.broken = 0;
}

void work(CUstream s) {
  std::unique_lock<std::mutex> lock(s->mutex);
  for (;;) {
    while (s->queue.empty() && !s->closing) s->changed.wait(lock);
    if (s->queue.empty()) return;
    std::function<void()> f = std::move(s->queue.front());
    s->queue.pop_front();
    s->busy = true;
    lock.unlock();
    f();
    lock.lock();
    s->busy = false;
    s->changed.notify_all();
  }
}

void push(CUstream s, std::function<void()> f) {
  std::lock_guard<std::mutex> lock(s->mutex);
  s->queue.push_back(std::move(f));
  s->changed.notify_all();
}

// launching counts a launch and gives its delay, or breaks the device.
CUresult launching(long *slow) {
  device &d = the_device;
  std::lock_guard<std::mutex> lock(d.mutex);
  *slow = d.slow;
  if (d.fail_launch > 0 && --d.fail_launch == 0) d.broken = kIllegalAddress;
  return d.broken;
}

void delay(long ms) {
  if (ms > 0) usleep(useconds_t(ms) * 1000);
}

}  // namespace

CUresult enqueue_host(CUstream stream, std::function<void()> f) {
  long slow;
  if (CUresult r = launching(&slow)) return r == kIllegalAddress ? kSuccess : r;
  push(stream, [=] {
    delay(slow);
    f();
  });
  return kSuccess;
}

}  // namespace chi

using namespace chi;

extern "C" {

CUresult cuInit(unsigned) {
  long n;
  return fault("nodriver", &n) ? kDriverNoDevice + 3 : kSuccess;
}
CUresult cuDriverGetVersion(int *version) {
  *version = 12080;
  return kSuccess;
}
CUresult cuGetErrorString(CUresult error, const char **text) {
  *text = error == kDriverOutOfMemory ? "out of memory" : error == kIllegalAddress ? "an illegal memory access was encountered" : "emulated";
  return kSuccess;
}
CUresult cuDeviceGetCount(int *count) {
  long n;
  *count = fault("nodevice", &n) ? 0 : 1;
  return kSuccess;
}
CUresult cuDeviceGet(CUdevice *device, int ordinal) {
  *device = ordinal;
  return ordinal == 0 ? kSuccess : 101;
}
CUresult cuDeviceGetName(char *name, int n, CUdevice) {
  snprintf(name, size_t(n), "emulated device");
  return kSuccess;
}
CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice) {
  long total = 4L << 30;
  fault("memory", &total);
  *bytes = size_t(total);
  return kSuccess;
}
CUresult cuDeviceGetAttribute(int *value, int attribute, CUdevice) {
  *value = attribute == kComputeMajor ? 9 : attribute == kProcessors ? 1 : 0;
  return kSuccess;
}
CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice) {
  read_faults();
  *context = reinterpret_cast<CUcontext>(&the_device);
  return kSuccess;
}
CUresult cuDevicePrimaryCtxRelease_v2(CUdevice) { return kSuccess; }
CUresult cuCtxSetCurrent(CUcontext) { return kSuccess; }
CUresult cuModuleLoadData(CUmodule *module, const void *) {
  *module = reinterpret_cast<CUmodule>(&the_device);
  return kSuccess;
}
CUresult cuModuleUnload(CUmodule) { return kSuccess; }

CUresult cuModuleGetFunction(CUfunction *function, CUmodule, const char *name) {
#ifdef CHI_EMULATE
  for (const emulated_kernel &k : emulated_kernels()) {
    if (strcmp(k.name, name) != 0) continue;
    *function = reinterpret_cast<CUfunction>(const_cast<emulated_kernel *>(&k));
    return kSuccess;
  }
  return kNotFound;
#else
  (void)name;
  *function = nullptr;
  return kSuccess;
#endif
}

CUresult cuLaunchKernel(CUfunction function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                        unsigned, CUstream stream, void **args, void **) {
#ifdef CHI_EMULATE
  const emulated_kernel *k = reinterpret_cast<const emulated_kernel *>(function);
  if (gx == 0 || gy == 0 || gz == 0 || gy > 65535 || gz > 65535 || bx * by * bz > 1024) return kInvalidValue;
  std::string copy(static_cast<const char *>(args[0]), k->bytes);
  return enqueue_host(stream, [=] {
    emulate::run(k->run, copy.data(), emulate::dim3{gx, gy, gz}, emulate::dim3{bx, by, bz});
  });
#else
  (void)function, (void)gx, (void)gy, (void)gz, (void)bx, (void)by, (void)bz, (void)stream, (void)args;
  return kNotFound;
#endif
}

CUresult cuMemGetInfo_v2(size_t *free, size_t *total) {
  std::lock_guard<std::mutex> lock(the_device.mutex);
  *total = the_device.total;
  *free = the_device.total - the_device.used;
  return kSuccess;
}
CUresult cuMemAlloc_v2(CUdeviceptr *at, size_t bytes) {
  device &d = the_device;
  std::lock_guard<std::mutex> lock(d.mutex);
  if (d.broken) return d.broken;
  if (d.fail_alloc == 1 || bytes > d.total - d.used) return kDriverOutOfMemory;
  if (d.fail_alloc > 1) d.fail_alloc--;
  void *p = nullptr;
  if (posix_memalign(&p, 64, bytes)) return kDriverOutOfMemory;
  memset(p, 0xff, bytes);
  *at = CUdeviceptr(p);
  d.memory[*at] = bytes;
  d.used += bytes;
  return kSuccess;
}
CUresult cuMemFree_v2(CUdeviceptr at) {
  device &d = the_device;
  std::lock_guard<std::mutex> lock(d.mutex);
  auto found = d.memory.find(at);
  if (found == d.memory.end()) return kInvalidValue;
  d.used -= found->second;
  d.memory.erase(found);
  free(reinterpret_cast<void *>(at));
  return kSuccess;
}
CUresult cuMemHostAlloc(void **at, size_t bytes, unsigned) {
  *at = calloc(1, bytes);
  return *at ? kSuccess : kDriverOutOfMemory;
}
CUresult cuMemFreeHost(void *at) {
  free(at);
  return kSuccess;
}
CUresult cuMemHostGetDevicePointer_v2(CUdeviceptr *device, void *host, unsigned) {
  *device = CUdeviceptr(host);
  return kSuccess;
}

static CUresult copy(void *dst, const void *src, size_t bytes, CUstream stream) {
  if (the_device.broken) return the_device.broken;
  push(stream, [=] { memcpy(dst, src, bytes); });
  return kSuccess;
}
CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr dst, const void *src, size_t bytes, CUstream stream) {
  return copy(reinterpret_cast<void *>(dst), src, bytes, stream);
}
CUresult cuMemcpyDtoHAsync_v2(void *dst, CUdeviceptr src, size_t bytes, CUstream stream) {
  return copy(dst, reinterpret_cast<const void *>(src), bytes, stream);
}
CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr dst, CUdeviceptr src, size_t bytes, CUstream stream) {
  return copy(reinterpret_cast<void *>(dst), reinterpret_cast<const void *>(src), bytes, stream);
}
CUresult cuMemsetD8Async(CUdeviceptr dst, unsigned char value, size_t n, CUstream stream) {
  if (the_device.broken) return the_device.broken;
  push(stream, [=] { memset(reinterpret_cast<void *>(dst), value, n); });
  return kSuccess;
}

CUresult cuStreamCreate(CUstream *stream, unsigned) {
  *stream = new CUstream_st;
  (*stream)->worker = std::thread(work, *stream);
  return kSuccess;
}
CUresult cuStreamDestroy_v2(CUstream s) {
  {
    std::lock_guard<std::mutex> lock(s->mutex);
    s->closing = true;
    s->changed.notify_all();
  }
  s->worker.join();
  delete s;
  return kSuccess;
}
CUresult cuStreamSynchronize(CUstream s) {
  std::unique_lock<std::mutex> lock(s->mutex);
  while (!s->queue.empty() || s->busy) s->changed.wait(lock);
  return the_device.broken;
}

CUresult cuEventCreate(CUevent *event, unsigned) {
  *event = new CUevent_st;
  return kSuccess;
}
CUresult cuEventRecord(CUevent event, CUstream stream) {
  event->done = false;
  push(stream, [=] { event->done = true; });
  return kSuccess;
}
CUresult cuEventQuery(CUevent event) {
  if (the_device.broken) return the_device.broken;
  return event->done ? kSuccess : kNotReady;
}
CUresult cuEventDestroy_v2(CUevent event) {
  delete event;
  return kSuccess;
}

}  // extern "C"

#ifdef CHI_STATIC_DRIVER
namespace chi {
const driver *load_driver(char *what, size_t n) {
  static const driver d = {
#define X(member, symbol, parameters) symbol,
      CHI_DRIVER_FUNCTIONS(X)
#undef X
  };
  if (d.init(0) == kSuccess) return &d;
  snprintf(what, n, "the driver does not start: emulated fault");
  return nullptr;
}
}  // namespace chi
#endif
