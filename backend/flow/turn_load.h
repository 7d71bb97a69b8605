/* What a turn starts from. */
#ifndef FLOW_TURN_LOAD_H
#define FLOW_TURN_LOAD_H

#include <jansson.h>

#include "core/conversation.h"
#include "core/employee.h"
#include "core/evidence.h"
#include "core/inbound.h"
#include "core/step.h"
#include "flow/routing.h"
#include "flow/runner.h"
#include "flow/turn_guard.h"

#define TURN_WINDOW 40            /* messages of a conversation that an employee looks back on */
#define TURN_WINDOW_BYTES KIB(48) /* and their text; older ones are left out */
#define TURN_ANSWER_TOKENS 1500

/* What all have in common who think about one message: the employee, and those who are asked. */
struct turn_whole {
    const struct step *kept; /* the steps of earlier attempts */
    size_t kept_count;
    int64_t step; /* the newest, whoever is at it: they are counted through */
};

/* One employee thinking: about a person's message, or about a colleague's question. */
struct turn {
    const struct turn *asker; /* the colleague who waits for the answer; NULL: a person does */
    struct turn_whole *whole;
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
    int64_t own;               /* how many steps of the employee's own that makes */
    struct bytes request_hash; /* of all that is asked in this step, for replaying */
    /* of this step's answer, as JSON: a call is among them that is not done; NULL: none is */
    const json_t *calls;
    const char *stored; /* the last step's result from an earlier attempt, or NULL */
    const char *called[TURN_CALLS_MAX]; /* the calls of the steps before, with their arguments */
    size_t called_count;
    struct payer payer;  /* what routing.pool.payer points to */
    const char *call_id; /* of the announcement, see turn_book.h; NULL: there is none */
};

/*
 * Loads it, stores the person's message in its conversation, and goes on as far as an earlier
 * attempt came (turn_tools_replay). In the caller's transaction; job is read only.
 */
rc_t turn_load(struct ctx *c, const struct job *job, struct turn *t) MUST;

/*
 * The same for an employee who is asked by a colleague: he sees that question and nothing else of
 * the conversation, but it is the one that pays.
 */
rc_t turn_load_colleague(struct ctx *c, const struct turn *asker, const char *employee_id,
                         const char *question, struct turn *t) MUST;

/* To the next step, which is known by its request_hash from here on. */
void turn_next(struct ctx *c, struct turn *t);

/* Only who asked and where: for a job that will not be done. */
rc_t turn_load_place(struct ctx *c, const struct job *job, struct turn *t) MUST;

#endif
