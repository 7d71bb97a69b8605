/*
 * Limits: how often something may happen, by token buckets that all processes share in Redis, or
 * by this process's own while Redis is away. One thread of a process uses them.
 */
#ifndef CORE_LIMIT_H
#define CORE_LIMIT_H

#include <stdbool.h>

#include "base/ctx.h"

enum limit {
#define LIMIT(name, ...) LIMIT_##name,
#include "base/limits.def"
#undef LIMIT
    LIMIT_COUNT
};

/*
 * A bucket that a request takes from: one of this limit, of this address, tenant, connection, ...
 */
struct limit_use {
    enum limit which;
    const char *whom; /* NULL: the request has none of it, and the limit does not apply */
};

/*
 * Begins to judge: nothing is limited in a process that did not call it (the command line, say).
 * redis_url NULL: by its own buckets only.
 */
void limit_start(const char *redis_url);
void limit_stop(void);

/*
 * Takes one from each bucket, or none when one of them is empty: then E_LIMIT "limit_reached", the
 * fault naming the limit and how many seconds to wait. Rates are those of the context's tenant. In
 * one round trip, and never longer than some milliseconds: a Redis that does not answer at once is
 * left alone for a while.
 */
rc_t limit_take(struct ctx *c, const struct limit_use *uses, size_t count) MUST;

/*
 * The same for what comes often: takes a hundred milliseconds' worth at once and gives it out here,
 * so that most calls ask nobody. Never lets more through; what a process has taken and not given
 * out when it ends, or within a second, counts as used.
 */
rc_t limit_take_ahead(struct ctx *c, const struct limit_use *uses, size_t count) MUST;

/* Gives back what was taken for something that came to nothing. May be lost. */
void limit_give(struct ctx *c, const struct limit_use *uses, size_t count);

/* What a limit is counted by for an address: an IPv6 customer owns a network of 64 bits. */
const char *limit_address(struct ctx *c, const char *remote);

/* The name in answers and plans. */
const char *limit_name(enum limit which);

/* The rows as a table in Markdown, for the operators' guide. */
void limit_print(struct buf *out);

#endif
