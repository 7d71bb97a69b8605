/* Keeping a step of a turn that goes on: what was paid for is kept before anything else is done. */
#ifndef FLOW_TURN_KEEP_H
#define FLOW_TURN_KEEP_H

#include "flow/turn_load.h"

struct turn_kept {
    const char *kind;   /* of step: "calls", "answer" */
    const char *result; /* its text, see turn_step.h */
    const struct pool_outcome *asked;
    const char *outcome; /* for the ledger */
    /* the entry in the audit, about the conversation: who did what, and more of it as JSON */
    const char *actor, *action, *body;
};

/*
 * In one transaction: the step, what it cost, and the entry in the audit. Tried for a minute while
 * the database is away; whether it happened when a commit broke off is looked at first.
 */
rc_t turn_keep(struct ctx *c, struct run *run, const struct turn *t, const struct turn_kept *kept)
    MUST;

#endif
