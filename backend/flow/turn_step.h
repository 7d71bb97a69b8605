/* A step of a turn as it is kept: its words, and how they came about. */
#ifndef FLOW_TURN_STEP_H
#define FLOW_TURN_STEP_H

#include "flow/turn_think.h"

/*
 * The last step's result for the table of steps, as JSON: its words, whom the pool asked, with what
 * result, who was passed over, and of what the question was made.
 */
const char *turn_step_text(struct ctx *c, const struct turn *t, const struct pool_outcome *asked,
                           const struct ending *end);

/* The same of a step in which the model wants something done: with the parts of its answer. */
const char *turn_step_calls(struct ctx *c, const struct turn *t, const struct pool_outcome *asked,
                            json_t *parts);

/* What came of that, and how far the turn has come with it. */
const char *turn_step_results(struct ctx *c, const struct turn *t, json_t *results);

/* Names of the tools that an answer calls, with blanks between; NULL: none. */
const char *turn_step_tools(struct ctx *c, const struct llm_answer *answer);

#endif
