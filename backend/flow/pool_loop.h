/*
 * The pool of models for thousands of questions on one thread: the same order, retries, limits and
 * money as pool_ask, driven by an event loop. Nothing here blocks: prices and slices of caps that
 * are at hand are used at once, others are fetched by threads beside the loop, many callers'
 * worth at a time; the ledger is written by another one, in batches. What a question cost is
 * booked here and not by the caller.
 */
#ifndef FLOW_POOL_LOOP_H
#define FLOW_POOL_LOOP_H

#include "flow/pool.h"
#include "io/loop.h"

struct pool_loop;
struct pool_call; /* a question under way */

/* purse_start was called. `db` connects as the worker's role; three of its connections are used. */
struct pool_loop *pool_loop_new(struct loop *loop, struct db_pool *db);
/* No question is under way any more. Waits until the ledger is written. */
void pool_loop_free(struct pool_loop *p);

struct pool_question {
    struct ctx *c; /* whose tenant pays; memory for the answer; no transaction is open */
    const struct pool_route *route;
    const struct llm_ask *ask;
    struct pool_sink sink; /* `cancelled` is not asked: see pool_leave */
    /*
     * Told once, in a later turn of the loop: rc and c's fault as pool_ask would have answered. The
     * handle is gone then; c may be ended in here.
     */
    void (*ended)(void *arg, rc_t rc, const struct pool_outcome *out);
    void *arg; /* of `ended`; the sink has its own */
};

/* Begins. The question is copied; what it points to stays as it is until `ended`. */
struct pool_call *pool_start(struct pool_loop *p, const struct pool_question *question);

/*
 * Stop or go on reading the answer: for a reader who is slower than the model. A few KiB that
 * are here already may still come. May be called from the sink.
 */
void pool_hold_back(struct pool_call *call, bool hold);

/*
 * Nobody waits for the answer any more: the sink hears nothing from now on. `ended` still comes: at
 * once (in the next turn), or, when so little of the answer is left that reading on is cheaper than
 * guessing (KONSTRUCT_DRAIN_TOKENS), at its end or ten seconds later, so that the figures are the
 * provider's. An answer that is cut off is booked by our own count.
 */
void pool_leave(struct pool_call *call);

/* The candidate whose answer comes in; for the sink, while it is told of a piece. */
const struct pool_candidate *pool_asked(const struct pool_call *call);

/* Waits until the ledger has all that has ended by now: for tests. */
void pool_loop_flush(struct pool_loop *p);

/* Questions under way. */
size_t pool_loop_count(const struct pool_loop *p);

#endif
