/* How programs get through the gate: by API key, by access token, or as an OAuth client. */
#ifndef API_PROGRAMS_H
#define API_PROGRAMS_H

#include "api/http.h"
#include "api/routes.h"

/* Says in the answer's header WWW-Authenticate, too, why it was refused; gives rc back. */
rc_t challenged(struct ctx *c, const char *challenge, rc_t rc);

/* What follows "Bearer " in the header that no browser sends by itself, or NULL. */
const char *bearer_of(const struct req *rq);

/*
 * Becomes whoever shows a key or an access token. E_UNAUTH "invalid_token" with the header that RFC
 * 6750 wants.
 */
rc_t program_enter(struct ctx *c, struct req *rq, const char *bearer) MUST;

/* Which models it may use: rq->models. */
rc_t program_models(struct ctx *c, struct req *rq) MUST;

/* Its scopes, then: E_FORBIDDEN "insufficient_scope", or "persons_only" where none is enough. */
rc_t program_scope(struct ctx *c, const struct req *rq, const struct route *route) MUST;

/* Whether a program that waits or reads on may still do so. */
rc_t program_stay(struct ctx *c, const struct req *rq) MUST;

/* Who calls a token endpoint: the client of the header Authorization (Basic) or of the form. */
rc_t client_check(struct ctx *c, struct req *rq) MUST;

/* Turns problem details that were made already into the errors of RFC 6749, section 5.2. */
void client_problem(struct ctx *c, struct res *rs);

#endif
