/*
 * The built-in embedding model on one core:
 *   bench_embed FOLDER SECONDS     the model's folder; about so long for each row
 * Prints one JSON object: how long opening takes, and for so many texts of so many tokens the
 * least and the middle processor time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "memory/minilm.h"

#define TEXTS_MOST 64
#define RUNS_MOST 2000

static double cpu_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* A text of so many tokens, its begin and end counted. */
static const char *text_of(struct arena *mem, int tokens)
{
    struct buf b = buf_new(mem, KIB(8));

    for (int i = 2; i < tokens; i++)
        buf_text(&b, i % 3 == 0 ? "letter " : i % 3 == 1 ? "was " : "paid ");
    return buf_str(&b);
}

static void row(const struct minilm *m, int texts, int tokens, double seconds, bool last)
{
    static float vectors[TEXTS_MOST * MINILM_DIMENSIONS];
    static double times[RUNS_MOST];
    struct ctx *c = ctx_new(MIB(1), NULL);
    const char *list[TEXTS_MOST];
    size_t counts[TEXTS_MOST], all = 0;
    int64_t until = clock_mono_us() + (int64_t)(seconds * 1e6);
    int runs = 0;

    for (int i = 0; i < texts; i++)
        list[i] = text_of(c->mem, tokens);
    while (runs < RUNS_MOST && (runs == 0 || clock_mono_us() < until)) {
        struct ctx *own = ctx_new(MIB(32), NULL);
        double began = cpu_ms();

        minilm_vectors(own, m, list, (size_t)texts, vectors, counts);
        times[runs++] = cpu_ms() - began;
        ctx_end(own);
    }
    for (int i = 0; i < texts; i++)
        all += counts[i];
    qsort(times, (size_t)runs, sizeof(times[0]), by_size);
    printf("{\"texts\":%d,\"tokens\":%zu,\"best_ms\":%.3f,\"ms\":%.3f}%s", texts, all, times[0],
           times[runs / 2], last ? "" : ",");
    ctx_end(c);
}

int main(int argc, char **argv)
{
    static const struct {
        int texts, tokens;
    } rows[] = {{1, 10}, {1, 64}, {1, 256}, {1, 512}, {32, 10}};
    struct ctx *c = ctx_new(MIB(64), NULL);
    struct minilm *m;
    double began = cpu_ms();

    if (argc != 3 || minilm_open(c, c->mem, argv[1], &m) != OK) {
        fprintf(stderr, "bench_embed FOLDER SECONDS %s\n",
                c->fault.detail == NULL ? "" : c->fault.detail);
        return 1;
    }
    printf("{\"kernel\":\"%s\",\"open_ms\":%.1f,\"rows\":[", kernel_best()->name, cpu_ms() - began);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        row(m, rows[i].texts, rows[i].tokens, strtod(argv[2], NULL), i + 1 == COUNT_OF(rows));
    printf("]}\n");
    ctx_end(c);
    return 0;
}
