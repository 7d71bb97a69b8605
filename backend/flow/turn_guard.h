/*
 * What keeps a turn from going on for ever: how often models are asked for one message, by how many
 * employees in a chain, and with how many equal calls. All limits of that kind stand here.
 */
#ifndef FLOW_TURN_GUARD_H
#define FLOW_TURN_GUARD_H

#include "llm/llm.h"

#define TURN_STEPS_MAX 8      /* questions to models, one after the other, of one employee */
#define TURN_ALL_STEPS_MAX 16 /* and of all who were asked for the same message together */
#define TURN_CHAIN_MAX 5      /* employees who wait for each other, the first one included */
#define TURN_SAME_CALLS 2     /* the same call with the same arguments is run so often at most */
#define TURN_CALLS_MAX (TURN_STEPS_MAX * LLM_CALLS_MAX)

struct turn;

/*
 * True when the employee must answer in the step that he is at, because he has no other: each one
 * in the chain before him keeps a step in which to answer.
 */
bool turn_guard_last(const struct turn *t);

/*
 * The code of the reason for which he must not go on with these calls, or NULL: "turn_loop" (the
 * same calls again and again), "turn_steps" (too many steps).
 */
const char *turn_guard_loop(struct ctx *c, const struct turn *t, const struct llm_answer *answer);

/*
 * Whether he may ask that colleague: E_INVALID with a sentence for the model when the colleague
 * waits for his answer (colleague_asking), the chain is too long (colleague_chain), or there would
 * be no step left for the answer (colleague_steps).
 */
rc_t turn_guard_ask(struct ctx *c, const struct turn *t, const char *employee_id) MUST;

#endif
