/* A step of a turn as it is kept: its words, and how they came about. */
#ifndef FLOW_TURN_STEP_H
#define FLOW_TURN_STEP_H

#include "flow/turn_load.h"

/*
 * JSON for the table of steps: whom the pool asked, with what result, who was passed over, and of
 * what the question was made.
 */
const char *turn_step_text(struct ctx *c, const struct turn *t, const struct pool_outcome *asked,
                           const char *text, const char *outcome);

#endif
