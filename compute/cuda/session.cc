// Sessions; see session.h.
#include "session.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <chrono>

namespace chi {

namespace {

// sticky says whether nothing on the device can work after this result.
bool sticky(CUresult r) {
  return r == kEccError || r == kIllegalAddress || r == kLaunchTimeout || r == kAssert ||
         (r >= kHardwareStackError && r <= kLaunchFailed) || r == kUnknown;
}

int32_t status_of(CUresult r) {
  if (r == kSuccess) return CHI_OK;
  if (r == kDriverOutOfMemory) return CHI_E_MEMORY;
  return sticky(r) ? CHI_E_DEAD : CHI_E_DEVICE;
}

uint64_t handle_of(uint32_t generation, size_t index) { return uint64_t(generation) << 32 | uint64_t(index); }

}  // namespace

session *session::open(int32_t ordinal, uint64_t limit, int32_t *status, char *what, size_t n) {
  const driver *d = load_driver(what, n);
  if (!d) {
    *status = CHI_E_NO_DRIVER;
    return nullptr;
  }
  int count = 0;
  if (d->device_count(&count) != kSuccess || ordinal < 0 || ordinal >= count) {
    snprintf(what, n, "no device %d: the driver has %d", int(ordinal), count);
    *status = CHI_E_NO_DEVICE;
    return nullptr;
  }
  session *s = new session;
  s->driver_ = d;
  s->limit_ = limit;
  const char *doing = "";
  CUresult r = s->start(ordinal, &doing);
  if (r == kSuccess) return s;
  s->check(r, doing);
  snprintf(what, n, "%s", s->last_error.c_str());
  *status = status_of(r);
  delete s;
  return nullptr;
}

CUresult session::start(int32_t ordinal, const char **doing) {
  *doing = "take the device";
  if (CUresult r = driver_->device_get(&device_, ordinal)) return r;
  if (CUresult r = driver_->context_retain(&context_, device_)) return r;
  if (CUresult r = driver_->context_set(context_)) return r;
  driver_->device_attribute(&processors_, kProcessors, device_);
  if (CUresult r = load_kernels(doing)) return r;
  *doing = "make a stream";
  if (CUresult r = driver_->stream_create(&stream_, 1)) return r;  // 1: not tied to the default stream
  *doing = "allocate host memory";
  void *host = nullptr;
  if (CUresult r = driver_->host_alloc(&host, 64, 3)) return r;  // 3: portable, mapped
  fault_host_ = static_cast<volatile int32_t *>(host);
  *fault_host_ = 0;
  return driver_->host_device_pointer(&fault_device_, host, 0);
}

CUresult session::load_kernels(const char **doing) {
  *doing = "load the kernels";
  if (CUresult r = driver_->module_load(&module_, device_image())) return r;
  for (int i = 0; i < kernel_count; i++) {
    CUfunction f = nullptr;
    *doing = kernel_names[i];
    if (CUresult r = driver_->module_function(&f, module_, kernel_names[i])) return r;
    functions_.push_back(f);
  }
  return kSuccess;
}

session::~session() {
  if (!context_) return;
  driver_->context_set(context_);
  if (stream_) driver_->stream_synchronize(stream_);
  for (pending &p : pending_) driver_->event_destroy(p.event);
  for (CUevent e : events_) driver_->event_destroy(e);
  for (slot &s : slots_)
    if (s.live && s.b.at) driver_->memory_free(s.b.at);
  if (scratch_) driver_->memory_free(scratch_);
  drop_cache();
  if (stream_) driver_->stream_destroy(stream_);
  if (fault_host_) driver_->host_free(const_cast<int32_t *>(fault_host_));
  if (module_) driver_->module_unload(module_);
  driver_->context_release(device_);
}

int32_t session::fail(int32_t status, const char *format, ...) {
  char text[400];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  last_error = text;
  return status;
}

int32_t session::check(CUresult r, const char *what) {
  if (r == kSuccess) return CHI_OK;
  const char *text = nullptr;
  driver_->error_string(r, &text);
  if (sticky(r)) dead_ = true;
  return fail(status_of(r), "%s: device error %d: %s", what, r, text ? text : "unknown");
}

int32_t session::enter() {
  if (dead_) return CHI_E_DEAD;  // last_error still says why
  return check(driver_->context_set(context_), "enter");
}

const buffer *session::find(uint64_t handle) const {
  uint64_t index = handle & 0xffffffffu;
  if (index >= slots_.size()) return nullptr;
  const slot &s = slots_[index];
  return s.live && s.generation == handle >> 32 ? &s.b : nullptr;
}

void session::drop_cache() {
  for (auto &c : cached_)
    for (CUdeviceptr at : c.second) driver_->memory_free(at);
  cached_.clear();
  kept_ = 0;
}

// reserve gives memory from the cache or the device; where that is full, after
// the cache was given up.
int32_t session::reserve(uint64_t bytes, CUdeviceptr *at) {
  auto found = cached_.find(bytes);
  if (found != cached_.end() && !found->second.empty()) {
    *at = found->second.back();
    found->second.pop_back();
    kept_ -= bytes;
    return CHI_OK;
  }
  CUresult r = driver_->memory_alloc(at, bytes);
  if (r == kDriverOutOfMemory && kept_ > 0) {
    if (int32_t e = trim()) return e;
    r = driver_->memory_alloc(at, bytes);
  }
  if (r != kDriverOutOfMemory) return check(r, "alloc");
  size_t free = 0, total = 0;
  driver_->memory_info(&free, &total);
  return fail(CHI_E_MEMORY, "alloc: no room for %llu bytes: %llu of %llu are free on the device",
              static_cast<unsigned long long>(bytes), static_cast<unsigned long long>(free),
              static_cast<unsigned long long>(total));
}

void session::cache(CUdeviceptr at, uint64_t bytes) {
  cached_[bytes].push_back(at);
  kept_ += bytes;
}

int32_t session::alloc(uint64_t bytes, uint64_t *handle) {
  *handle = 0;
  if (bytes > uint64_t(1) << 46 || (limit_ && bytes > limit_ - used_))
    return fail(CHI_E_MEMORY, "alloc: %llu bytes with %llu of %llu in use", static_cast<unsigned long long>(bytes),
                static_cast<unsigned long long>(used_), static_cast<unsigned long long>(limit_));
  buffer b = {0, bytes};
  if (bytes > 0) {
    if (int32_t e = reserve(bytes, &b.at)) return e;
    if (int32_t e = check(driver_->set_bytes(b.at, 0, bytes, stream_), "alloc")) return e;
  }
  if (unused_.empty()) {
    if (slots_.empty()) slots_.emplace_back();  // index 0 is none
    unused_.push_back(uint32_t(slots_.size()));
    slots_.emplace_back();
  }
  uint32_t index = unused_.back();
  unused_.pop_back();
  slot &s = slots_[index];
  s.b = b;
  s.generation++;
  s.live = true;
  used_ += bytes;
  *handle = handle_of(s.generation, index);
  return CHI_OK;
}

int32_t session::release(uint64_t handle) {
  const buffer *b = find(handle);
  if (!b) return fail(CHI_E_HANDLE, "free: %#llx is no buffer, or was freed", static_cast<unsigned long long>(handle));
  slot &s = slots_[handle & 0xffffffffu];
  if (b->at) cache(b->at, b->bytes);
  used_ -= b->bytes;
  s.live = false;
  unused_.push_back(uint32_t(handle & 0xffffffffu));
  return CHI_OK;
}

int32_t session::memory(chi_memory_info *info) {
  *info = chi_memory_info{};
  size_t free = 0, total = 0;
  if (int32_t e = check(driver_->memory_info(&free, &total), "memory")) return e;
  info->used = used_, info->cached = kept_, info->free = free, info->total = total;
  for (const slot &s : slots_) info->buffers += s.live;
  return CHI_OK;
}

int32_t session::trim() {
  if (int32_t e = check(driver_->stream_synchronize(stream_), "trim")) return e;
  drop_cache();
  return CHI_OK;
}

int32_t session::scratch(uint64_t bytes, CUdeviceptr *at) {
  if (bytes > scratch_bytes_) {
    CUdeviceptr fresh = 0;
    if (int32_t e = reserve(bytes, &fresh)) return e;
    if (scratch_) cache(scratch_, scratch_bytes_);
    scratch_ = fresh;
    scratch_bytes_ = bytes;
  }
  *at = scratch_;
  return CHI_OK;
}

int32_t session::upload(uint64_t handle, uint64_t offset, const void *src, uint64_t n) {
  const buffer *b = find(handle);
  if (!b) return fail(CHI_E_HANDLE, "upload: %#llx is no buffer, or was freed", static_cast<unsigned long long>(handle));
  if (offset > b->bytes || n > b->bytes - offset)
    return fail(CHI_E_RANGE, "upload: %llu bytes at %llu of a buffer of %llu", static_cast<unsigned long long>(n),
                static_cast<unsigned long long>(offset), static_cast<unsigned long long>(b->bytes));
  if (n == 0) return CHI_OK;
  if (int32_t e = check(driver_->copy_in(b->at + offset, src, n, stream_), "upload")) return e;
  return check(driver_->stream_synchronize(stream_), "upload");
}

int32_t session::download(uint64_t handle, uint64_t offset, void *dst, uint64_t n) {
  const buffer *b = find(handle);
  if (!b) return fail(CHI_E_HANDLE, "download: %#llx is no buffer, or was freed", static_cast<unsigned long long>(handle));
  if (offset > b->bytes || n > b->bytes - offset)
    return fail(CHI_E_RANGE, "download: %llu bytes at %llu of a buffer of %llu", static_cast<unsigned long long>(n),
                static_cast<unsigned long long>(offset), static_cast<unsigned long long>(b->bytes));
  if (n == 0) return CHI_OK;
  if (int32_t e = check(driver_->copy_out(dst, b->at + offset, n, stream_), "download")) return e;
  return check(driver_->stream_synchronize(stream_), "download");
}

int32_t session::submit(const chi_cmd *cmds, uint64_t n, uint64_t *ticket) {
  for (uint64_t i = 0; i < n; i++)
    if (int32_t e = check_command(this, cmds[i])) return e;
  for (uint64_t i = 0; i < n; i++)
    if (int32_t e = run_command(this, cmds[i])) return e;
  poll(0);  // events of finished tickets come back
  if (events_.empty()) {
    CUevent event = nullptr;
    if (int32_t e = check(driver_->event_create(&event, 2), "submit")) return e;  // 2: without timing
    events_.push_back(event);
  }
  CUevent event = events_.back();
  events_.pop_back();
  pending_.push_back({++submitted_, event});
  *ticket = submitted_;
  return check(driver_->event_record(event, stream_), "submit");
}

// poll says whether everything up to the ticket is done.
int32_t session::poll(uint64_t ticket) {
  while (!pending_.empty()) {
    CUresult r = driver_->event_query(pending_.front().event);
    if (r == kNotReady) break;
    if (int32_t e = check(r, "run")) return e;
    events_.push_back(pending_.front().event);
    pending_.pop_front();
  }
  if (!pending_.empty() && pending_.front().ticket <= ticket) return CHI_E_TIMEOUT;
  if (ticket == 0 || *fault_host_ == 0) return CHI_OK;
  *fault_host_ = 0;
  return fail(CHI_E_INDEX, "an index was outside its table");
}

int32_t session::wait(uint64_t ticket, uint64_t timeout_us) {
  using clock = std::chrono::steady_clock;
  clock::time_point start = clock::now();
  for (unsigned nap = 0;;) {
    {
      std::lock_guard<std::mutex> lock(mutex);
      if (ticket > submitted_) return fail(CHI_E_HANDLE, "wait: %llu is no ticket", static_cast<unsigned long long>(ticket));
      if (ticket == 0) ticket = submitted_;
      if (int32_t e = enter()) return e;
      int32_t e = ticket ? poll(ticket) : int32_t(CHI_OK);
      if (e != CHI_E_TIMEOUT) return e;
    }
    uint64_t waited = uint64_t(std::chrono::duration_cast<std::chrono::microseconds>(clock::now() - start).count());
    if (waited >= timeout_us) return CHI_E_TIMEOUT;
    if (waited > 50) {  // short work is waited for awake
      nap = nap < 500 ? nap + 20 : 500;
      usleep(nap < timeout_us - waited ? nap : useconds_t(timeout_us - waited));
    }
  }
}

}  // namespace chi
