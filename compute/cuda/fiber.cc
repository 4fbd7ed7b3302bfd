// Fibers by a few lines of assembly on x86-64, where swapcontext would make a
// system call a switch, and by ucontext elsewhere.
#include "fiber.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#if !defined(__x86_64__)
#include <ucontext.h>
#endif

#if defined(__SANITIZE_ADDRESS__)
#define CHI_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CHI_ASAN 1
#endif
#endif
#ifdef CHI_ASAN
#include <pthread.h>
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace chi {
namespace emulate {

namespace {
constexpr size_t kStack = 256 << 10, kGuard = 4096;

// What a fresh fiber does first.
thread_local void (*first_entry)() = nullptr;
thread_local fiber *arriving = nullptr;

void arrive(fiber *me) {
#ifdef CHI_ASAN
  __sanitizer_finish_switch_fiber(me->fake_stack, nullptr, nullptr);
#else
  (void)me;
#endif
}

#ifdef CHI_ASAN
struct extent {
  void *at;
  size_t size;
};
extent own_stack() {
  static thread_local extent own = {nullptr, 0};
  if (own.at) return own;
  pthread_attr_t attr;
  pthread_getattr_np(pthread_self(), &attr);
  pthread_attr_getstack(&attr, &own.at, &own.size);
  pthread_attr_destroy(&attr);
  return own;
}
#endif

void begin() {
  arrive(arriving);
  first_entry();
  abort();
}
}  // namespace

#if defined(__x86_64__)
extern "C" __attribute__((visibility("hidden"))) void chi_switch_stack(void **save, void *load);
asm(R"(
.text
.hidden chi_switch_stack
.globl chi_switch_stack
.type chi_switch_stack, @function
chi_switch_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size chi_switch_stack, .-chi_switch_stack
)");
#endif

fiber::~fiber() {
  if (stack) munmap(static_cast<char *>(stack) - kGuard, kStack + kGuard);
#if !defined(__x86_64__)
  free(context);
#endif
}

void start_fiber(fiber *f, void (*entry)()) {
  first_entry = entry;
  if (!f->stack) {
    void *p = mmap(nullptr, kStack + kGuard, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) {
      perror("emulate: mmap");
      abort();
    }
    mprotect(p, kGuard, PROT_NONE);
    f->stack = static_cast<char *>(p) + kGuard;
    f->size = kStack;
    // Stacks whose tops are a power of two apart would share a few cache lines.
    static thread_local size_t count = 0;
    f->top = kStack - count++ % 61 * 256;
  }
#ifdef CHI_ASAN
  // Frames that returned cleaned up; those of the last switch, at the top, did not.
  __asan_unpoison_memory_region(static_cast<char *>(f->stack) + f->top - 4096, 4096);
#endif
  f->fake_stack = nullptr;
#if defined(__x86_64__)
  // As if begin had been called: its return address slot keeps the stack aligned.
  void **top = reinterpret_cast<void **>(static_cast<char *>(f->stack) + f->top) - 1;
  *top = nullptr;
  *--top = reinterpret_cast<void *>(begin);
  top -= 6;
  memset(top, 0, 6 * sizeof *top);
  f->context = top;
#else
  if (!f->context) f->context = malloc(sizeof(ucontext_t));
  ucontext_t *u = static_cast<ucontext_t *>(f->context);
  getcontext(u);
  u->uc_stack.ss_sp = f->stack;
  u->uc_stack.ss_size = f->top;
  u->uc_link = nullptr;
  makecontext(u, begin, 0);
#endif
}

void switch_fiber(fiber *from, fiber *to, bool done) {
#ifdef CHI_ASAN
  extent e = to->stack ? extent{to->stack, to->size} : own_stack();
  __sanitizer_start_switch_fiber(done ? nullptr : &from->fake_stack, e.at, e.size);
#else
  (void)done;
#endif
  arriving = to;
#if defined(__x86_64__)
  chi_switch_stack(&from->context, to->context);
#else
  if (!from->context) from->context = malloc(sizeof(ucontext_t));
  swapcontext(static_cast<ucontext_t *>(from->context), static_cast<ucontext_t *>(to->context));
#endif
  arrive(from);
}

}  // namespace emulate
}  // namespace chi
