// A fiber: a stack of its own on the same thread of the host.
#ifndef CHI_FIBER_H
#define CHI_FIBER_H

#include <stddef.h>

namespace chi {
namespace emulate {

struct fiber {
  void *stack = nullptr;  // lowest address; NULL for the thread's own
  size_t size = 0;
  size_t top = 0;  // bytes of the stack in use as such; the rest sets fibers apart
  void *context = nullptr;
  void *fake_stack = nullptr;  // of the address sanitizer
  ~fiber();
};

// start_fiber lets the next switch to f call entry, which must not return. The
// stack is made once and used again.
void start_fiber(fiber *f, void (*entry)());

// switch_fiber goes on with to; from goes on when somebody switches back, or
// never if it is done.
void switch_fiber(fiber *from, fiber *to, bool done);

}  // namespace emulate
}  // namespace chi

#endif
