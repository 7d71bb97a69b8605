/* Keeping a step of a turn that goes on: what was paid for is kept before anything else is done. */
#ifndef FLOW_TURN_KEEP_H
#define FLOW_TURN_KEEP_H

#include "flow/turn_load.h"

struct turn_kept {
    int64_t step;
    struct bytes request_hash;
    const char *kind;   /* "calls", "results", "answer" */
    const char *result; /* its text, see turn_step.h */
    /* what was paid for it, with its outcome for the ledger; NULL: nothing was */
    const struct pool_outcome *asked;
    const char *outcome;
    /* the entry in the audit, about the conversation: who did what, and more as JSON; or NULL */
    const char *actor, *action, *body;
    struct turn *next; /* a model is asked now: it is announced (turn_book.h); NULL: none is */
};

/*
 * In one transaction: the step, what it cost, the entry in the audit, and what comes now. Tried for
 * a minute while the database is away; whether it happened when a commit broke off is looked at
 * first.
 */
rc_t turn_keep(struct ctx *c, struct run *run, const struct turn *t, const struct turn_kept *kept)
    MUST;

#endif
