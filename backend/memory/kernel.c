/* See kernel.h: the choice, and plain C for every processor. */
#include "memory/kernel.h"

#define KERNEL kernel_plain
#define KERNEL_NAME "plain"
#include "memory/kernel_body.h"

const struct kernel *kernel_best(void)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512f"))
        return &kernel_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return &kernel_avx2;
#endif
    return &kernel_plain;
}
