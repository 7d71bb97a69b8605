/* What a turn starts from. */
#ifndef FLOW_TURN_LOAD_H
#define FLOW_TURN_LOAD_H

#include "core/conversation.h"
#include "core/employee.h"
#include "core/evidence.h"
#include "core/inbound.h"
#include "flow/routing.h"
#include "flow/runner.h"

#define TURN_WINDOW 40            /* messages of a conversation that an employee looks back on */
#define TURN_WINDOW_BYTES KIB(48) /* and their text; older ones are left out */
#define TURN_ANSWER_TOKENS 1500
#define TURN_STEPS_MAX 8  /* models asked for one message, one after the other */
#define TURN_SAME_CALLS 2 /* the same call with the same arguments is run so often at most */
#define TURN_CALLS_MAX (TURN_STEPS_MAX * LLM_CALLS_MAX)

struct turn {
    struct inbound in;
    bool from_channel; /* else from the portal: the answer needs no delivery */
    const char *channel;
    struct employee_brain who;
    struct message asked;
    struct llm_ask ask;
    struct llm_message *messages;  /* what ask.messages points to; has room for all steps */
    struct evidence_prompt prompt; /* of what the question is made */
    struct routing routing;
    int64_t step;              /* that is being done, from 1 */
    struct bytes request_hash; /* of all that is asked in this step, for replaying */
    const char *stored;        /* the last step's result from an earlier attempt, or NULL */
    const char *called[TURN_CALLS_MAX]; /* the calls of the steps before, with their arguments */
    size_t called_count;
    struct payer payer;  /* what routing.pool.payer points to */
    const char *call_id; /* of the announcement, see turn_book.h; NULL: there is none */
};

/*
 * Loads it, and stores the person's message in its conversation. In the caller's transaction; job
 * is read only.
 */
rc_t turn_load(struct ctx *c, const struct job *job, struct turn *t) MUST;

/* request_hash anew, after the question has grown. */
void turn_hash(struct ctx *c, struct turn *t);

/* Only who asked and where: for a job that will not be done. */
rc_t turn_load_place(struct ctx *c, const struct job *job, struct turn *t) MUST;

#endif
