/* What turns used and cost: one row a step, never changed. */
#ifndef CORE_USAGE_H
#define CORE_USAGE_H

#include "core/job.h"

struct usage {
    int64_t step_no;
    const char *employee_id, *provider, *model;
    int64_t input_tokens, cached_tokens, output_tokens;
    bool counted;
};

/*
 * Records what a step used, once, with its cost by the price of today; a model without a price
 * costs 0 and has no price_from.
 */
rc_t usage_add(struct ctx *c, const struct job *job, const struct usage *usage) MUST;

#endif
