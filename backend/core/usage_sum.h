/*
 * What models cost, summed up for the people of a company. What is summed is the ledger (usage.h).
 */
#ifndef CORE_USAGE_SUM_H
#define CORE_USAGE_SUM_H

#include "base/shape.h"
#include "io/db.h"

struct usage_sum {
    /* the hour or day (UTC), or the id of the employee, team or key, or "provider model" */
    const char *id;
    const char *name; /* of the employee, team or key; NULL: of none, or it is gone */
    int64_t calls, failed;
    int64_t input_tokens, cached_tokens, output_tokens, reasoning_tokens, images, cost_micros;
    int64_t estimated; /* calls whose tokens are our own count */
    /* calls of which nobody knows what they cost; they count at their worst case */
    int64_t unknown;
};
extern const struct shape usage_sum_shape;

#define USAGE_SUM_BY "hour|day|employee|team|model|key"

/*
 * Grouped `by` one of USAGE_SUM_BY, the newest hour or day first, the others by their id. from and
 * to are seconds UTC, 0: thirty days ago, now. Calls of no employee, team or key are left out of
 * those groups. Whole hours come rolled up, what is in no hour yet and the ends of the time from
 * the calls themselves: in one statement, so that they are never counted twice or not at all.
 */
rc_t usage_sums(struct ctx *c, const char *by, int64_t from, int64_t to, struct page *page,
                struct usage_sum **items, size_t *count) MUST;

#endif
