// A session: one device's context, its queue, its buffers and its last error.
#ifndef CHI_SESSION_H
#define CHI_SESSION_H

#include <deque>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "chimera_cuda.h"
#include "driver.h"

namespace chi {

// A failure: its status, with a text for people left in the session.
struct buffer {
  CUdeviceptr at;
  uint64_t bytes;
};

class session {
 public:
  // open gives NULL, with status and text, where the device cannot be had.
  static session *open(int32_t ordinal, uint64_t limit, int32_t *status, char *what, size_t n);
  ~session();

  // The functions of the table, one to one. The caller holds the mutex, except
  // for wait.
  int32_t alloc(uint64_t bytes, uint64_t *handle);
  int32_t release(uint64_t handle);
  int32_t memory(chi_memory_info *info);
  int32_t upload(uint64_t handle, uint64_t offset, const void *src, uint64_t n);
  int32_t download(uint64_t handle, uint64_t offset, void *dst, uint64_t n);
  int32_t submit(const chi_cmd *cmds, uint64_t n, uint64_t *ticket);
  int32_t wait(uint64_t ticket, uint64_t timeout_us);
  int32_t trim();

  // enter makes the device current; CHI_E_DEAD where it failed for good.
  int32_t enter();

  // For commands. fail notes a text and gives the status back. check notes what
  // a failed call of the driver means.
  __attribute__((format(printf, 3, 4))) int32_t fail(int32_t status, const char *format, ...);
  int32_t check(CUresult r, const char *what);
  const buffer *find(uint64_t handle) const;
  // scratch is device memory that the commands of this session take turns in.
  int32_t scratch(uint64_t bytes, CUdeviceptr *at);
  const driver &cuda() const { return *driver_; }
  CUstream stream() const { return stream_; }
  CUfunction function(int kernel) const { return functions_[size_t(kernel)]; }
  int32_t *fault_flag() const { return reinterpret_cast<int32_t *>(fault_device_); }
  int processors() const { return processors_; }

  std::mutex mutex;
  std::string last_error;

 private:
  session() = default;
  CUresult start(int32_t ordinal, const char **doing);
  CUresult load_kernels(const char **doing);
  int32_t reserve(uint64_t bytes, CUdeviceptr *at);
  void cache(CUdeviceptr at, uint64_t bytes);
  int32_t poll(uint64_t ticket);
  void drop_cache();

  struct slot {
    buffer b;
    uint32_t generation = 0;
    bool live = false;
  };
  struct pending {
    uint64_t ticket;
    CUevent event;
  };

  const driver *driver_ = nullptr;
  CUdevice device_ = 0;
  CUcontext context_ = nullptr;
  CUmodule module_ = nullptr;
  CUstream stream_ = nullptr;
  std::vector<CUfunction> functions_;
  int processors_ = 1;
  volatile int32_t *fault_host_ = nullptr;  // kernels set it: an index was outside
  CUdeviceptr fault_device_ = 0;

  std::vector<slot> slots_;
  std::vector<uint32_t> unused_;
  // Memory given back, by size. One queue runs everything in order, so that a
  // new owner's commands come after the last one's.
  std::unordered_map<uint64_t, std::vector<CUdeviceptr>> cached_;
  uint64_t used_ = 0, kept_ = 0, limit_ = 0;
  CUdeviceptr scratch_ = 0;
  uint64_t scratch_bytes_ = 0;

  std::deque<pending> pending_;
  std::vector<CUevent> events_;
  uint64_t submitted_ = 0;
  bool dead_ = false;
};

// What differs between plugins. check_command says whether a command makes
// sense, run_command queues it; kernel_names are the symbols of the device
// image, which is NULL where kernels are not loaded from one.
int32_t check_command(session *s, const chi_cmd &c);
int32_t run_command(session *s, const chi_cmd &c);
extern const char *const kernel_names[];
extern const int kernel_count;
const void *device_image();
extern const char plugin_build[40];

}  // namespace chi

#endif
