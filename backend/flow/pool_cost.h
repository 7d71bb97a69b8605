/* What a call may cost, and what it did. For flow/pool.c and whoever announces a call. */
#ifndef FLOW_POOL_COST_H
#define FLOW_POOL_COST_H

#include "core/price.h"
#include "flow/pool.h"

/*
 * The most that asking this candidate can cost. A token is at least one byte, so the question's
 * bytes with some wrapping bound its tokens; max_tokens bounds the answer's.
 */
rc_t pool_worst(struct ctx *c, const struct pool_candidate *who, const struct llm_ask *ask,
                int64_t *micros) MUST;

/* Before a try: holds the worst case; see purse_hold for the refusals. */
rc_t pool_hold(struct ctx *c, const struct pool_route *route, const struct pool_candidate *who,
               const struct llm_ask *ask, struct pool_cost *out) MUST;

/* After it: what the figures cost, or, where nobody knows, all that was held. */
rc_t pool_settle(struct ctx *c, const struct pool_candidate *who, const struct llm_answer *figures,
                 bool unknown, struct pool_cost *cost) MUST;

#endif
