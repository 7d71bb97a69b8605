/* Tools in a turn: offered where they are wanted, run, and replayed. */
#ifndef FLOW_TURN_TOOLS_H
#define FLOW_TURN_TOOLS_H

#include "flow/turn_load.h"
#include "tools/tool.h"

/*
 * Offers those that have to do with what people have said in the conversation, if the employee's
 * own model is known to use tools at one of these accounts. Says in t->prompt what that costs.
 */
rc_t turn_tools_offer(struct ctx *c, const struct routing_book *book, struct turn *t) MUST;

/* The answer's parts as they go back to the model, and as a step keeps them. */
json_t *turn_tools_parts(struct ctx *c, const struct llm_answer *answer);

/*
 * Does what t->calls want, one after the other. *results is a JSON array of what came of each,
 * as a step keeps it.
 */
rc_t turn_tools_run(struct ctx *c, const struct turn *t, const struct tool_host *host,
                    json_t **results) MUST;

/* Puts t->calls and their results behind the question, which becomes that of the next step. */
rc_t turn_tools_go_on(struct ctx *c, struct turn *t, const json_t *results) MUST;

/*
 * Goes on as far as an earlier attempt came: t->step is then the step to be done, t->calls what is
 * left to be done in it, and t->stored the result of the last one if nothing is left at all.
 */
rc_t turn_tools_replay(struct ctx *c, struct turn *t) MUST;

#endif
