/* Who comes in: a session for the browser, and what the portal is told of it. */
#ifndef API_WELCOME_H
#define API_WELCOME_H

#include <jansson.h>

#include "api/http.h"
#include "core/person.h"

/*
 * A new session of this person in the tenant of the context, its cookie, and `Me` as the answer.
 * Entries for the audit come after it: a transaction takes the locks of memberships first.
 */
rc_t welcome(struct ctx *c, const struct req *rq, struct res *rs, int status, const char *person_id)
    MUST;

/* The same with a session that is there already. */
rc_t welcome_with(struct ctx *c, struct res *rs, int status, const char *token) MUST;

/* What the portal is told of a session; `barred` as of session_find. */
rc_t welcome_tell(struct ctx *c, const char *token, const char *role, const char *barred,
                  struct me *out) MUST;

/* What a person did, with text about that person; takes the reference over. */
rc_t audit_person(struct ctx *c, const char *person_id, const char *action, json_t *about) MUST;

#endif
