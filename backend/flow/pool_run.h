/*
 * A question on its way through the pool, as a machine that does nothing by itself: it says what it
 * waits for, its driver does that and steps on. pool_ask drives it by waiting (flow/pool.c), an
 * event loop by being told (flow/pool_loop.c). For flow/pool*.c only.
 */
#ifndef FLOW_POOL_RUN_H
#define FLOW_POOL_RUN_H

#include "flow/pool_try.h"

enum pool_want {
    POOL_HOLD,  /* the worst case of `who` in r->cost, as pool_hold does it; its end in r->rc */
    POOL_CALL,  /* r->trial.request made in r->trial.c, answer into r->trial.http; end in r->rc */
    POOL_SLEEP, /* until r->until_ms by clock_mono_ms, or nobody waits any more */
    POOL_ENDED  /* r->rc is pool_ask's answer */
};

enum pool_phase { RUN_CHECKED, RUN_BEGINS, RUN_HELD, RUN_CALLED, RUN_SLEPT };

struct pool_run {
    struct ctx *c;
    const struct pool_route *route;
    const struct llm_ask *ask;
    struct pool_sink sink;
    struct pool_outcome *out;
    struct pool_limits limits; /* `turn_ms` apart, those of the try that goes on */
    int64_t deadline_ms, until_ms;
    enum pool_phase phase;
    size_t index; /* of the candidate */
    int attempt;
    const struct pool_candidate *who; /* that is asked */
    struct pool_cost cost;
    struct pool_trial trial;
    bool gone; /* nobody waits any more: set by a driver that can't be asked through the sink */
    rc_t rc;
};

/* The question is checked, and nothing is done. All members of r are its own from now on. */
void pool_run_begin(struct pool_run *r, struct ctx *c, const struct pool_route *route,
                    const struct llm_ask *ask, const struct pool_sink *sink,
                    struct pool_outcome *out);

/* What is waited for now. Not after POOL_ENDED. */
enum pool_want pool_run_next(struct pool_run *r);

/* Whether anybody waits for the answer. */
bool pool_run_gone(const struct pool_run *r);

#endif
