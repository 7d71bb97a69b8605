/* Logins. The token is known to the browser only; the database holds its hash. */
#ifndef CORE_SESSION_H
#define CORE_SESSION_H

#include <stdbool.h>

#include "base/ctx.h"
#include "base/shape.h"
#include "io/db.h"

/* As its person sees it. */
struct session {
    const char *id, *agent;
    int64_t created, seen;
    bool current; /* the one that asks */
};
extern const struct shape session_shape;

/*
 * A new session for this person in the tenant of the context; *token is shown once. Of the
 * browser's name for itself (NULL: it gives none) the kind is kept. Sessions of the person that are
 * over go.
 */
rc_t session_start(struct ctx *c, const char *person_id, const char *user_agent, const char **token)
    MUST;

/*
 * The session was opened by the company's own provider, which speaks for this company alone: it
 * leads into no other.
 */
rc_t session_by_company(struct ctx *c, const char *token) MUST;

struct session_found {
    const char *role; /* NULL: there is no such session, or it is over */
    /*
     * NULL, or what keeps its person from everything but their own account, as a code of a fault:
     * "factor_missing", "tenant_suspended".
     */
    const char *barred;
};

/* Becomes the tenant and person of the token, and notes that the session was used. */
rc_t session_find(struct ctx *c, const char *token, struct session_found *out) MUST;

/*
 * E_UNAUTH "unauthenticated" when the session of this token, in the tenant of the context, is over.
 */
rc_t session_stay(struct ctx *c, const char *token) MUST;

/*
 * The session goes on in another company of its person, with a token of its own and no longer than
 * it would have lasted: the one of `token` ends, and the context becomes the other tenant. The
 * caller has made sure of the membership (tenancy_get).
 */
rc_t session_move(struct ctx *c, const char *token, const char *tenant_id, const char **fresh) MUST;

/* How a token is stored. */
struct bytes session_hash(struct ctx *c, const char *token);

/*
 * Of the person of the context, in the tenant of the context; `token` says which one asks: it comes
 * first, then those that were used last.
 */
rc_t session_list(struct ctx *c, const char *token, struct page *page, struct session **items,
                  size_t *count) MUST;

/* Ends one of them; E_NOT_FOUND for everything else. */
rc_t session_drop(struct ctx *c, const char *id) MUST;

/*
 * Ends all sessions of a person of the tenant of the context, in every tenant, but for the one of
 * `kept` (NULL: none is kept).
 */
rc_t sessions_end(struct ctx *c, const char *person_id, const char *kept) MUST;

/* Ends the session of this token; ending it twice is fine. */
rc_t session_end(struct ctx *c, const char *token) MUST;

/*
 * What requests that change something must bring besides the cookie, which a browser sends by
 * itself: it follows from the token and the web process's key, and only our own pages are told it.
 */
const char *session_csrf(struct arena *mem, const char *token);

/* "Firefox on Linux": only words of ours, whatever the browser says. */
const char *session_agent(struct arena *mem, const char *user_agent);

#endif
