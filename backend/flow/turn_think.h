/* A turn's thinking: models are asked, what they want done is done, until there are words. */
#ifndef FLOW_TURN_THINK_H
#define FLOW_TURN_THINK_H

#include "flow/turn_load.h"

/* How a turn ended, and the words for it. */
struct ending {
    const char *text, *outcome;
    /* JSON of what was asked of whom, to be stored; NULL when it is stored already */
    const char *step;
    /* the last question, which is not in the ledger yet; NULL when nobody was asked this time */
    const struct pool_outcome *asked;
};

/* How all who think about one message do so. */
struct thinking {
    struct run *run;
    const struct pool_sink *sink;
    int64_t until_ms; /* by clock_mono_ms */
};

/*
 * Asks models, and does what they want, until there are words; t->stored is NULL. Steps before the
 * last one are kept and booked as they are done. After a fault end->asked, where it is not NULL, is
 * what must still be booked.
 */
rc_t turn_think_through(struct ctx *c, const struct thinking *how, struct turn *t,
                        struct ending *end) MUST;

/* The words of t->stored, a step that an earlier attempt kept: nobody is asked or paid again. */
rc_t turn_think_replay(struct ctx *c, const struct turn *t, struct ending *end) MUST;

/*
 * Finds the words: those that an earlier attempt stored, or those of a model. Steps before the last
 * one are stored and booked as they are done. After a fault end->asked is what must still be
 * booked.
 */
rc_t turn_think(struct ctx *c, struct run *run, struct turn *t, struct ending *end) MUST;

#endif
