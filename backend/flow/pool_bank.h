/*
 * Money for the calls of an event loop: the price and the hold of a try, at once where both lie in
 * the process, else from the database by a thread beside the loop. Those who wait for the same
 * payer are served in their order, many by one lease. For flow/pool_loop.c only.
 */
#ifndef FLOW_POOL_BANK_H
#define FLOW_POOL_BANK_H

#include "flow/pool.h"
#include "flow/pool_ledger.h"
#include "io/loop.h"

struct pool_bank;
struct bank_group;

/* The ledger writes at once what stands in the way of those who wait. */
struct pool_bank *pool_bank_new(struct loop *loop, struct db_pool *db, struct pool_ledger *ledger);
/* Nobody waits any more. */
void pool_bank_free(struct pool_bank *b);

/* One who asks; it stays in place until it is served. */
struct bank_wait {
    struct ctx *c; /* whose tenant pays, and where a fault goes */
    const struct payer *payer;
    const struct pool_candidate *who;
    const struct llm_ask *ask;
    struct pool_cost *cost; /* gets price and hold */
    void (*served)(void *arg, rc_t rc);
    void *arg;
    /* own */
    struct pool_bank *bank;
    struct bank_group *group; /* in which it waits, or NULL */
    struct bank_wait *next;
    struct loop_task task;
    int64_t micros, until_ms;
    rc_t rc;
};

/*
 * True: *rc says how it ended, as pool_hold would have. False: `served` is told so in a later turn
 * of the loop.
 */
bool pool_bank_hold(struct pool_bank *b, struct bank_wait *w, rc_t *rc);

/* Does not wait any more: it is served soon, with E_TIMEOUT llm_cancelled if nothing was held. */
void pool_bank_leave(struct bank_wait *w);

/* Some of what was held is free again: those who wait may be served now. */
void pool_bank_freed(struct pool_bank *b);

#endif
