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

/*
 * The most tokens that this candidate is asked to answer: providers refuse a limit that is above
 * what the model ever says; below it, it changes nothing.
 */
int64_t pool_most_answer(const struct pool_candidate *who, const struct llm_ask *ask);

/*
 * A price that is only assumed holds at the provider's own address; at one that somebody named,
 * another model answers to that name, and nothing is known. After price_find.
 */
void pool_price_at(const struct pool_candidate *who, struct price *price);

/*
 * What asking this candidate costs, as far as that is at hand: what its tenant says, else what the
 * process remembers of the table. False: price_find is to be asked. `from` lives as long as mem or
 * the candidate.
 */
bool pool_price_recall(struct arena *mem, const struct pool_candidate *who, struct price *out);

/* Before a try: holds the worst case; see purse_hold for the refusals. */
rc_t pool_hold(struct ctx *c, const struct pool_route *route, const struct pool_candidate *who,
               const struct llm_ask *ask, struct pool_cost *out) MUST;

/* The same from prices that are known already: the worst case. */
int64_t pool_worst_at(const struct price *price, const struct pool_candidate *who,
                      const struct llm_ask *ask);

/*
 * After it: what the figures cost at the price that it was held at, or, where nobody knows, all
 * that was held.
 */
void pool_settle(const struct llm_answer *figures, bool unknown, struct pool_cost *cost);

#endif
