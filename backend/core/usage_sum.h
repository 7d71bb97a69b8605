/*
 * What models cost, summed up for the people of a company. What is summed is the ledger (usage.h).
 */
#ifndef CORE_USAGE_SUM_H
#define CORE_USAGE_SUM_H

#include "base/shape.h"
#include "io/db.h"

struct usage_sum {
    const char *id;   /* the day (UTC), or the id of the employee or key, or "provider model" */
    const char *name; /* of the employee or key; NULL: of none, or it is gone */
    int64_t calls, input_tokens, cached_tokens, output_tokens, cost_micros;
    /* calls of which nobody knows what they cost; they count at their worst case */
    int64_t unknown;
};
extern const struct shape usage_sum_shape;

#define USAGE_SUM_BY "day|employee|model|key"

/*
 * Grouped `by` one of USAGE_SUM_BY, the newest day first, the others by their id. from and to are
 * seconds UTC, 0: thirty days ago, now. Calls of no employee or key are left out of those groups.
 */
rc_t usage_sums(struct ctx *c, const char *by, int64_t from, int64_t to, struct page *page,
                struct usage_sum **items, size_t *count) MUST;

#endif
