/*
 * The body of a kernel (kernel.h), included once for each kind of processor with KERNEL and
 * KERNEL_NAME set. Written in vectors, which the compiler makes of whatever the processor has.
 */
#include <math.h>
#include <string.h>

#ifdef __AVX2__
#include <immintrin.h>
#endif

/* The widest vectors that the processor surely has. */
#ifdef __AVX512F__
#define LANES 16
#elif defined(__AVX2__)
#define LANES 8
#else
#define LANES 4
#endif
typedef float lanes __attribute__((vector_size(4 * LANES)));
typedef int32_t int_lanes __attribute__((vector_size(4 * LANES)));

#define IN_CHUNK 384 /* so many weights of a row are widened at a time */
#define OUT_AT_ONCE 4
#ifdef __AVX512F__
#define ROWS_AT_ONCE 5
#else
#define ROWS_AT_ONCE 3
#endif

static inline lanes load(const float *from)
{
    lanes v;

    memcpy(&v, from, sizeof(v));
    return v;
}

static inline void store(float *to, lanes v)
{
    memcpy(to, &v, sizeof(v));
}

static inline lanes all(float value)
{
    return value - (lanes){0};
}

/* a * b + c */
static inline lanes fused(lanes a, lanes b, lanes c)
{
#ifdef __AVX512F__
    return (lanes)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__AVX2__)
    return (lanes)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
    return a * b + c;
#endif
}

static inline float sum_of(lanes v)
{
    float low = 0, high = 0;

    for (int i = 0; i < LANES / 2; i++) {
        low += v[i];
        high += v[i + LANES / 2];
    }
    return low + high;
}

static inline lanes widened(const struct half *from)
{
#ifdef __AVX512F__
    __m256i halves;

    memcpy(&halves, from, sizeof(halves));
    return (lanes)_mm512_cvtph_ps(halves);
#elif defined(__AVX2__)
    __m128i halves;

    memcpy(&halves, from, sizeof(halves));
    return (lanes)_mm256_cvtph_ps(halves);
#else
    /* Sign apart, the bits moved to their places are the number over 2^112, small ones as well. */
    int_lanes bits, sign;
    lanes v;

    for (int i = 0; i < LANES; i++)
        bits[i] = from[i].bytes[0] | from[i].bytes[1] << 8;
    sign = (bits & 0x8000) << 16;
    bits = (bits & 0x7fff) << 13;
    memcpy(&v, &bits, sizeof(v));
    v *= 0x1p112f;
    memcpy(&bits, &v, sizeof(v));
    bits |= sign;
    memcpy(&v, &bits, sizeof(v));
    return v;
#endif
}

static void widen(const struct half *from, float *to, size_t count)
{
    for (size_t i = 0; i < count; i += LANES)
        store(to + i, widened(from + i));
}

/* The dot products of `rows` rows with four rows of weights, added to what is there. */
static inline __attribute__((always_inline)) void tile(const float *in, size_t rows, size_t stride,
                                                       size_t len,
                                                       float weights[OUT_AT_ONCE][IN_CHUNK],
                                                       float *out, size_t out_stride)
{
    lanes sums[ROWS_AT_ONCE][OUT_AT_ONCE] = {{all(0)}};

    for (size_t k = 0; k < len; k += LANES)
        for (size_t n = 0; n < OUT_AT_ONCE; n++) {
            const lanes w = load(weights[n] + k);

            for (size_t r = 0; r < rows; r++)
                sums[r][n] = fused(load(in + r * stride + k), w, sums[r][n]);
        }
    for (size_t r = 0; r < rows; r++)
        for (size_t n = 0; n < OUT_AT_ONCE; n++)
            out[r * out_stride + n] += sum_of(sums[r][n]);
}

static void linear(const float *in, size_t rows, size_t in_len, const struct half *weights,
                   const struct half *bias, size_t out_len, float *out)
{
    float own[OUT_AT_ONCE][IN_CHUNK] __attribute__((aligned(64)));

    for (size_t r = 0; r < rows; r++)
        widen(bias, out + r * out_len, out_len);
    for (size_t k = 0; k < in_len; k += IN_CHUNK) {
        const size_t len = in_len - k < IN_CHUNK ? in_len - k : IN_CHUNK;

        for (size_t n = 0; n < out_len; n += OUT_AT_ONCE) {
            size_t r = 0;

            for (size_t i = 0; i < OUT_AT_ONCE; i++)
                widen(weights + (n + i) * in_len + k, own[i], len);
            for (; r + ROWS_AT_ONCE <= rows; r += ROWS_AT_ONCE)
                tile(in + r * in_len + k, ROWS_AT_ONCE, in_len, len, own, out + r * out_len + n,
                     out_len);
            for (; r < rows; r++)
                tile(in + r * in_len + k, 1, in_len, len, own, out + r * out_len + n, out_len);
        }
    }
}

static void norm_row(float *row, size_t len, const struct half *weight, const struct half *bias,
                     float epsilon)
{
    lanes sum = all(0), squares = all(0);

    for (size_t i = 0; i < len; i += LANES)
        sum += load(row + i);

    const lanes mean = all(sum_of(sum) / (float)len);

    for (size_t i = 0; i < len; i += LANES) {
        const lanes off = load(row + i) - mean;

        squares = fused(off, off, squares);
    }

    const lanes scale = all(1 / sqrtf(sum_of(squares) / (float)len + epsilon));

    for (size_t i = 0; i < len; i += LANES)
        store(row + i,
              fused((load(row + i) - mean) * scale, widened(weight + i), widened(bias + i)));
}

static void add_and_norm(float *sum, const float *in, size_t rows, size_t len,
                         const struct half *weight, const struct half *bias, float epsilon)
{
    for (size_t r = 0; r < rows; r++) {
        float *row = sum + r * len;

        for (size_t i = 0; i < len; i += LANES)
            store(row + i, load(row + i) + load(in + r * len + i));
        norm_row(row, len, weight, bias, epsilon);
    }
}

/*
 * e^x for x of at most 0, to some 7 digits: 2 to the whole part by the exponent's bits, the rest by
 * its series. Adding and taking away a large number rounds, because 23 bits is all there is.
 */
static inline lanes exponential(lanes x)
{
    const lanes large = all(12582912.0f);
    const int_lanes is_tiny = x < all(-87.0f);
    lanes whole, rest, sum;
    int_lanes power;

    x = (lanes)(((int_lanes)x & ~is_tiny) | ((int_lanes)all(-87.0f) & is_tiny));
    whole = fused(x, all(1.44269504f), large) - large;
    rest = fused(whole, all(-0.693359375f), x);
    rest = fused(whole, all(2.12194440e-4f), rest);
    sum = all(1.0f / 5040);
    sum = fused(sum, rest, all(1.0f / 720));
    sum = fused(sum, rest, all(1.0f / 120));
    sum = fused(sum, rest, all(1.0f / 24));
    sum = fused(sum, rest, all(1.0f / 6));
    sum = fused(sum, rest, all(0.5f));
    sum = fused(sum, rest, all(1.0f));
    sum = fused(sum, rest, all(1.0f));
    power = (__builtin_convertvector(whole, int_lanes) + 127) << 23;
    return sum * (lanes)power;
}

/* x/2 (1 + erf(x / sqrt 2)); erf by a rational formula that is off by at most 1.5e-7. */
static void gelu(float *values, size_t count)
{
    for (size_t i = 0; i < count; i += LANES) {
        const lanes x = load(values + i);
        const lanes size = (lanes)((int_lanes)x & 0x7fffffff) * all(0.70710678f);
        const lanes t = all(1) / fused(size, all(0.3275911f), all(1));
        lanes sum = all(1.061405429f), erf;

        sum = fused(sum, t, all(-1.453152027f));
        sum = fused(sum, t, all(1.421413741f));
        sum = fused(sum, t, all(-0.284496736f));
        sum = fused(sum, t, all(0.254829592f));
        erf = all(1) - sum * t * exponential(-size * size);
        erf = (lanes)((int_lanes)erf | ((int_lanes)x & (int32_t)0x80000000));
        store(values + i, all(0.5f) * x * (all(1) + erf));
    }
}

/* What each key gives one query, as shares of 1; behind the last key nothing. */
static void shares(const float *query, const float *keys, size_t rows, size_t room, float *out)
{
    const float scale = 0.17677669529663687f; /* 1 / sqrt(KERNEL_HEAD) */
    float most = -INFINITY;
    lanes sum = all(0);

    for (size_t k = 0; k < room; k += LANES) {
        lanes score = all(0);

        for (size_t d = 0; d < KERNEL_HEAD; d++)
            score = fused(all(query[d]), load(keys + d * room + k), score);
        store(out + k, score * all(scale));
    }
    for (size_t k = 0; k < rows; k++)
        most = out[k] > most ? out[k] : most;
    for (size_t k = rows; k < room; k++)
        out[k] = -INFINITY;
    for (size_t k = 0; k < room; k += LANES) {
        const lanes share = exponential(load(out + k) - all(most));

        store(out + k, share);
        sum += share;
    }
    for (size_t k = rows; k < room; k++) {
        sum[k % LANES] -= out[k];
        out[k] = 0;
    }

    const lanes one = all(1 / sum_of(sum));

    for (size_t k = 0; k < room; k += LANES)
        store(out + k, load(out + k) * one);
}

static void attend(const float *queries, const float *keys, const float *values, size_t stride,
                   size_t rows, float *room, float *out, size_t out_stride)
{
    const size_t wide = (rows + KERNEL_LANES - 1) / KERNEL_LANES * KERNEL_LANES;
    float *turned = room, *share = room + KERNEL_HEAD * wide;

    memset(turned, 0, KERNEL_HEAD * wide * sizeof(float));
    for (size_t k = 0; k < rows; k++)
        for (size_t d = 0; d < KERNEL_HEAD; d++)
            turned[d * wide + k] = keys[k * stride + d];
    for (size_t q = 0; q < rows; q++) {
        lanes sums[KERNEL_HEAD / LANES] = {all(0)};

        shares(queries + q * stride, turned, rows, wide, share);
        for (size_t k = 0; k < rows; k++)
            for (size_t d = 0; d < KERNEL_HEAD / LANES; d++)
                sums[d] = fused(all(share[k]), load(values + k * stride + d * LANES), sums[d]);
        for (size_t d = 0; d < KERNEL_HEAD / LANES; d++)
            store(out + q * out_stride + d * LANES, sums[d]);
    }
}

const struct kernel KERNEL = {
    .name = KERNEL_NAME,
    .widen = widen,
    .linear = linear,
    .add_and_norm = add_and_norm,
    .gelu = gelu,
    .attend = attend,
};
