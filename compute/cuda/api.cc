// The table of functions: what the ABI says on the outside, sessions within.
#include <stdio.h>
#include <string.h>

#include <mutex>
#include <unordered_map>

#include "session.h"
#ifdef CHI_STATIC_DRIVER
#include "emulated_driver.h"
#endif

namespace chi {

namespace {

// Open sessions by handle. A handle is never given twice.
std::mutex sessions_mutex;
std::unordered_map<uint64_t, session *> sessions;
uint64_t opened = 0;

void copy_text(char *to, size_t n, const char *text) {
  if (n > 0) snprintf(to, n, "%s", text);
}

session *session_of(uint64_t handle) {
  std::lock_guard<std::mutex> lock(sessions_mutex);
  auto found = sessions.find(handle);
  return found == sessions.end() ? nullptr : found->second;
}

int32_t device_count(int32_t *count, char *what, size_t n) {
  *count = 0;
  copy_text(what, n, "");
  const driver *d = load_driver(what, n);
  if (!d) return CHI_E_NO_DRIVER;
  int c = 0;
  if (d->device_count(&c) != kSuccess) return CHI_E_NO_DEVICE;
  *count = c;
  return CHI_OK;
}

int32_t device_info(int32_t ordinal, chi_device_info *info) {
  *info = chi_device_info{};
  char what[256];
  const driver *d = load_driver(what, sizeof what);
  if (!d) return CHI_E_NO_DRIVER;
  CUdevice device;
  if (d->device_get(&device, ordinal) != kSuccess) return CHI_E_NO_DEVICE;
  int version = 0, clock = 0, width = 0, memory_clock = 0;
  size_t bytes = 0;
  d->device_name(info->name, int(sizeof info->name), device);
  d->device_memory(&bytes, device);
  d->driver_version(&version);
  d->device_attribute(&info->processors, kProcessors, device);
  d->device_attribute(&info->compute_major, kComputeMajor, device);
  d->device_attribute(&info->compute_minor, kComputeMinor, device);
  d->device_attribute(&clock, kClockRate, device);
  d->device_attribute(&memory_clock, kMemoryClockRate, device);
  d->device_attribute(&width, kMemoryBusWidth, device);
  info->memory = bytes;
  info->clock_khz = clock;
  info->bandwidth = uint64_t(memory_clock) * 1000 * 2 * uint64_t(width) / 8;  // two transfers a clock
  snprintf(info->driver, sizeof info->driver, "%d.%d", version / 1000, version % 1000 / 10);
  return CHI_OK;
}

int32_t open(int32_t ordinal, uint64_t limit, uint64_t *handle, char *what, size_t n) {
  *handle = 0;
  copy_text(what, n, "");
  int32_t status = CHI_OK;
  session *s = session::open(ordinal, limit, &status, what, n);
  if (!s) return status;
  std::lock_guard<std::mutex> lock(sessions_mutex);
  *handle = ++opened << 32 | 1;
  sessions[*handle] = s;
  return CHI_OK;
}

int32_t close(uint64_t handle) {
  session *s;
  {
    std::lock_guard<std::mutex> lock(sessions_mutex);
    auto found = sessions.find(handle);
    if (found == sessions.end()) return CHI_E_HANDLE;
    s = found->second;
    sessions.erase(found);
  }
  delete s;
  return CHI_OK;
}

int32_t last_error(uint64_t handle, char *text, size_t n) {
  session *s = session_of(handle);
  copy_text(text, n, s ? "" : "no such session");
  if (!s) return CHI_E_HANDLE;
  std::lock_guard<std::mutex> lock(s->mutex);
  copy_text(text, n, s->last_error.c_str());
  return CHI_OK;
}

// within runs f in turn on a live session.
template <class F>
int32_t within(uint64_t handle, F f) {
  session *s = session_of(handle);
  if (!s) return CHI_E_HANDLE;
  std::lock_guard<std::mutex> lock(s->mutex);
  if (int32_t e = s->enter()) return e;
  return f(s);
}

int32_t alloc(uint64_t handle, uint64_t bytes, uint64_t *buffer) {
  return within(handle, [=](session *s) { return s->alloc(bytes, buffer); });
}
int32_t release(uint64_t handle, uint64_t buffer) {
  return within(handle, [=](session *s) { return s->release(buffer); });
}
int32_t memory(uint64_t handle, chi_memory_info *info) {
  return within(handle, [=](session *s) { return s->memory(info); });
}
int32_t upload(uint64_t handle, uint64_t buffer, uint64_t offset, const void *src, uint64_t n) {
  return within(handle, [=](session *s) { return s->upload(buffer, offset, src, n); });
}
int32_t download(uint64_t handle, uint64_t buffer, uint64_t offset, void *dst, uint64_t n) {
  return within(handle, [=](session *s) { return s->download(buffer, offset, dst, n); });
}
int32_t submit(uint64_t handle, const chi_cmd *cmds, uint64_t n, uint64_t *ticket) {
  *ticket = 0;
  return within(handle, [=](session *s) { return s->submit(cmds, n, ticket); });
}
int32_t wait(uint64_t handle, uint64_t ticket, uint64_t timeout_us) {
  session *s = session_of(handle);
  return s ? s->wait(ticket, timeout_us) : int32_t(CHI_E_HANDLE);
}
int32_t exec(uint64_t handle, const chi_cmd *cmds, uint64_t n) {
  uint64_t ticket = 0;
  if (int32_t e = submit(handle, cmds, n, &ticket)) return e;
  return wait(handle, ticket, UINT64_MAX);
}
int32_t trim(uint64_t handle) {
  return within(handle, [](session *s) { return s->trim(); });
}

}  // namespace

static chi_api make_table() {
  chi_api t = {CHI_ABI,  uint32_t(sizeof(chi_api)), {0},    device_count, device_info, open, close, last_error, alloc,
               release, memory, upload, download, submit, wait,        exec,       trim};
  memcpy(t.build, plugin_build, sizeof t.build);
#ifdef CHI_STATIC_DRIVER
  long value = 0;
  if (fault("abi", &value)) t.abi = uint32_t(value) << 16;
  if (fault("short", &value)) t.struct_size = 64;
#endif
  return t;
}

}  // namespace chi

extern "C" const chi_api *chi_get_api(uint32_t want_major) {
  static std::mutex mutex;
  static chi_api table;
  (void)want_major;  // a plugin of several majors would choose here
  std::lock_guard<std::mutex> lock(mutex);
  table = chi::make_table();
  return &table;
}
