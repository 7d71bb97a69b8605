/* Tools in a turn: offered where they are wanted, run, guarded against loops, and replayed. */
#ifndef FLOW_TURN_TOOLS_H
#define FLOW_TURN_TOOLS_H

#include "core/step.h"
#include "flow/turn_load.h"

/*
 * Offers those that have to do with what people have said in the conversation, if the employee's
 * own model is known to use tools. Says in t->prompt what that costs.
 */
void turn_tools_offer(struct ctx *c, struct turn *t);

/*
 * Runs what the model calls, one after the other. *exchange is JSON: the answer's parts as they go
 * back to the model, and the results. It is what a step keeps.
 */
rc_t turn_tools_run(struct ctx *c, struct turn *t, const struct llm_answer *answer,
                    json_t **exchange) MUST;

/* Puts such an exchange behind the question, which becomes that of the next step. */
rc_t turn_tools_go_on(struct ctx *c, struct turn *t, const json_t *exchange) MUST;

/*
 * Goes on as far as an earlier attempt came: t->step is then the step to be done, and t->stored the
 * result of the last one if there is nothing left to think about.
 */
rc_t turn_tools_replay(struct ctx *c, struct turn *t, const struct step *steps, size_t count) MUST;

/*
 * The code of the reason for which the turn must not go on with these calls, or NULL: "turn_loop"
 * (the same calls again and again), "turn_steps" (too many steps).
 */
const char *turn_tools_loop(struct ctx *c, struct turn *t, const struct llm_answer *answer);

#endif
