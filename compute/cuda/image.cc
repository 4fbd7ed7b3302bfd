// The device image inside the plugin: a fat binary of nvcc, or PTX of clang that
// the driver compiles when a session opens. The linker takes the file in.
#include "session.h"

#ifndef CHI_IMAGE
#error "CHI_IMAGE names the file"
#endif
#ifndef CHI_BUILD
#define CHI_BUILD "cuda"
#endif

asm(".section .rodata\n"
    ".balign 16\n"
    ".globl chi_image\n"
    ".hidden chi_image\n"
    "chi_image:\n"
    ".incbin \"" CHI_IMAGE "\"\n"
    ".byte 0\n"  // PTX is a text that ends in 0
    ".previous\n");
extern "C" __attribute__((visibility("hidden"))) const char chi_image[];

namespace chi {
const void *device_image() { return chi_image; }
const char plugin_build[40] = CHI_BUILD;
}  // namespace chi
