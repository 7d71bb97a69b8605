/* What a question that was asked leaves in the ledger; whom it is charged to the caller adds. */
#ifndef FLOW_POOL_USAGE_H
#define FLOW_POOL_USAGE_H

#include "core/usage.h"
#include "flow/pool.h"

/* Of a try that failed. One that cost nothing and has no tokens belongs into no ledger. */
bool pool_try_counts(const struct pool_try *t);
struct usage pool_try_usage(const struct pool_try *t);

/*
 * Of the answer, with who was asked in vain before. What it points to is mem's and the outcome's.
 */
struct usage pool_answer_usage(struct arena *mem, const struct pool_candidate *who,
                               const struct pool_outcome *o);

#endif
