/*
 * A question to the pool that belongs to no turn: announced before it, and in the ledger when this
 * returns, whatever became of it. Turns do the same in their own transactions: turn_book.h.
 */
#ifndef FLOW_POOL_BOOKED_H
#define FLOW_POOL_BOOKED_H

#include "flow/pool.h"

/*
 * As pool_ask. The caller has no transaction open, and none is open afterwards. Without a payer
 * nothing is booked. What can't be booked is logged, and the sweep settles it.
 */
rc_t pool_ask_booked(struct ctx *c, const struct pool_route *route, const struct llm_ask *ask,
                     const struct pool_sink *sink, struct pool_outcome *out) MUST;

#endif
