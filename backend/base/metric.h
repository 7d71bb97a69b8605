/* Counters that several processes share. They only ever grow, without locks. */
#ifndef BASE_METRIC_H
#define BASE_METRIC_H

#include <stdint.h>

#include "base/text.h"

enum metric {
#define METRIC(name, help) METRIC_##name,
#include "base/metrics.def"
#undef METRIC
    METRIC_COUNT
};

/*
 * Puts the counters into memory that later children share. Call once, before forking; without it
 * they are the process's own.
 */
void metric_share(void);
void metric_add(enum metric which, uint64_t n);
uint64_t metric_get(enum metric which);
/* All of them in Prometheus' text exposition format 0.0.4. */
void metric_print(struct buf *out);

#endif
