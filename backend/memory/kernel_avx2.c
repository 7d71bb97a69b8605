/*
 * See kernel.h: compiled for AVX2, FMA and F16C (mk/model.mk). Every processor with AVX2 has F16C.
 */
#include "memory/kernel.h"

#ifdef __x86_64__
#define KERNEL kernel_avx2
#define KERNEL_NAME "avx2"
#include "memory/kernel_body.h"
#endif
