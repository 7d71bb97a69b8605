/* See metric.h. */
#include "base/metric.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

static atomic_uint_fast64_t own[METRIC_COUNT];
static atomic_uint_fast64_t *counters = own;

static const struct {
    const char *name, *help;
} rows[] = {
#define METRIC(name, help) {"konstruct_" #name "_total", help},
#include "base/metrics.def"
#undef METRIC
};

void metric_share(void)
{
    void *shared = mmap(NULL, sizeof(own), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                        0);

    if (shared == MAP_FAILED)
        abort();
    counters = shared;
}

void metric_add(enum metric which, uint64_t n)
{
    atomic_fetch_add_explicit(&counters[which], n, memory_order_relaxed);
}

uint64_t metric_get(enum metric which)
{
    return atomic_load_explicit(&counters[which], memory_order_relaxed);
}

void metric_print(struct buf *out)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        buf_printf(out, "# HELP %s %s.\n# TYPE %s counter\n%s %llu\n", rows[i].name, rows[i].help,
                   rows[i].name, rows[i].name, (unsigned long long)metric_get((enum metric)i));
}
