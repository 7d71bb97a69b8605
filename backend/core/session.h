/* Logins. The token is known to the browser only; the database holds its hash. */
#ifndef CORE_SESSION_H
#define CORE_SESSION_H

#include <stdbool.h>

#include "base/ctx.h"

/* A new session for this person in the tenant of the context; *token is shown once. */
rc_t session_start(struct ctx *c, const char *person_id, const char **token) MUST;

/*
 * Becomes the tenant and person of the token; *found is false when there is no such session or it
 * is over.
 */
rc_t session_find(struct ctx *c, const char *token, const char **role, bool *found) MUST;

/*
 * Ends all sessions of a person of the tenant of the context, in every tenant, but for the one of
 * `kept` (NULL: none is kept).
 */
rc_t sessions_end(struct ctx *c, const char *person_id, const char *kept) MUST;

/* Ends the session of this token; ending it twice is fine. */
rc_t session_end(struct ctx *c, const char *token) MUST;

#endif
