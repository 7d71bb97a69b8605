/*
 * The arithmetic of a neural network over rows of numbers: plain C, and the same C compiled for
 * processors with AVX2 (FMA, F16C) and with AVX-512. Weights are half precision as they lie in
 * their file; all sums are single precision.
 */
#ifndef MEMORY_KERNEL_H
#define MEMORY_KERNEL_H

#include <stddef.h>
#include <stdint.h>

/*
 * A number of half precision (IEEE 754 binary16), little-endian, at any address: the header of a
 * file of weights may have an odd length.
 */
struct half {
    unsigned char bytes[2];
};

/* All lengths are multiples of KERNEL_LANES. */
#define KERNEL_LANES 16
#define KERNEL_HEAD 32 /* numbers of one head of attention */

struct kernel {
    const char *name;
    void (*widen)(const struct half *from, float *to, size_t count);
    /*
     * out = in * weights' + bias for `rows` rows of `in_len` numbers; weights are out_len rows of
     * in_len, and out_len is a multiple of 4.
     */
    void (*linear)(const float *in, size_t rows, size_t in_len, const struct half *weights,
                   const struct half *bias, size_t out_len, float *out);
    /* Each row of `in` is added to that of `sum`, which is then brought to mean 0, variance 1, and
     * stretched. */
    void (*add_and_norm)(float *sum, const float *in, size_t rows, size_t len,
                         const struct half *weight, const struct half *bias, float epsilon);
    void (*gelu)(float *values, size_t count);
    /*
     * One head of attention over `rows` rows: queries, keys and values are KERNEL_HEAD numbers of
     * each row, rows being `stride` apart, and so is out with out_stride. `room` is for
     * KERNEL_ROOM(rows) numbers.
     */
    void (*attend)(const float *queries, const float *keys, const float *values, size_t stride,
                   size_t rows, float *room, float *out, size_t out_stride);
};
#define KERNEL_ROOM(rows) \
    ((KERNEL_HEAD + 1) * (((rows) + KERNEL_LANES - 1) / KERNEL_LANES * KERNEL_LANES))

/* The fastest one for this processor. */
const struct kernel *kernel_best(void);

extern const struct kernel kernel_plain;
#ifdef __x86_64__
/* Only where kernel_best gives them. */
extern const struct kernel kernel_avx2, kernel_avx512;
#endif

#endif
