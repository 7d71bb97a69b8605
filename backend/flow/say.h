/* How a message comes in that needs no channel: from the portal, from the terminal. */
#ifndef FLOW_SAY_H
#define FLOW_SAY_H

#include "core/conversation.h"

/*
 * What is said, by whom and where. `key` names the message within its conversation: said again, it
 * is the same.
 */
struct say {
    const char *conversation_id, *key, *author, *name, *text;
};

/* What came of it. */
struct said {
    const char *conversation_id, *inbound_id, *job_id;
    struct message message;
};

/* Stores message and job, once, in the caller's transaction; the answer needs no delivery. */
rc_t say_add(struct ctx *c, const struct say *say, struct said *out) MUST;

/* Hints to the workers and to who watches; once it is committed. */
void say_ring(struct ctx *c, const struct said *said);

/* The connection of a message that came through no channel. */
#define SAY_NO_CONNECTION "00000000-0000-0000-0000-000000000000"

#endif
