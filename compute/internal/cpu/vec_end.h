// Ends a file of kernels: what the header of a level began.
#if !defined(CHI_BASELINE)
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
