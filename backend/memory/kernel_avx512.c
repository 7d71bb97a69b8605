/* See kernel.h: compiled for AVX-512 (mk/model.mk). */
#include "memory/kernel.h"

#ifdef __x86_64__
#define KERNEL kernel_avx512
#define KERNEL_NAME "avx512"
#include "memory/kernel_body.h"
#endif
