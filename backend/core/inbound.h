/* A message as it came in, under its own identity in its channel. */
#ifndef CORE_INBOUND_H
#define CORE_INBOUND_H

#include "base/ctx.h"

struct inbound {
    const char *id, *connection_id, *message_key, *conversation_id, *reply_to, *author,
        *author_name, *text;
    const char *refused_by; /* the limit that refused it, or NULL; read only */
};

/*
 * Stores it once under its message key; *fresh says whether it is new. The job is the caller's
 * business.
 */
rc_t inbound_add(struct ctx *c, const struct inbound *in, bool *fresh) MUST;
rc_t inbound_get(struct ctx *c, const char *id, struct inbound *out) MUST;

#endif
