/* What a turn's calls cost: announced before them, and entered into the ledger after. */
#ifndef FLOW_TURN_BOOK_H
#define FLOW_TURN_BOOK_H

#include "flow/turn_load.h"

/*
 * Tells, in the transaction that loads the turn, that a model may be asked, at its worst price: if
 * this process dies, the sweep settles it. Nothing for models that cost nothing.
 */
rc_t turn_announce(struct ctx *c, const struct job *job, struct turn *t) MUST;

/*
 * Every call of the turn, answered or failed, that cost or may cost something, and the end of the
 * announcement. In the transaction that makes the turn true. Adds the tokens to run->tokens.
 */
rc_t turn_book(struct ctx *c, struct run *run, const struct turn *t, const struct pool_outcome *o,
               const char *outcome) MUST;

/*
 * The same in a transaction of its own, for a turn that could not be recorded: what was spent is
 * spent. The fault of the context stays; what fails here is logged, and the sweep settles it.
 */
void turn_book_anyway(struct ctx *c, struct run *run, const struct turn *t,
                      const struct pool_outcome *o);

#endif
