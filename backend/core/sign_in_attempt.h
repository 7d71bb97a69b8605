/*
 * One person's way to a company's provider and back. What travels (state, nonce, the secret of the
 * browser) is stored as hashes, what the worker needs (PKCE verifier, code) sealed. An attempt is
 * begun by one browser, comes back once, is proven or refused by the worker, and is gone then.
 */
#ifndef CORE_SIGN_IN_ATTEMPT_H
#define CORE_SIGN_IN_ATTEMPT_H

#include "core/id_token.h"
#include "core/sign_in.h"

/* Begins one in the tenant of the context. */
struct sign_in_start {
    const char *address; /* where the browser goes */
    const char *browser; /* the secret that its cookie keeps */
};
rc_t sign_in_attempt_begin(struct ctx *c, const struct sign_in *settings, const char *email,
                           struct sign_in_start *out) MUST;
#define SIGN_IN_MINUTES 10

/* For the web process: an attempt that came back. */
struct sign_in_attempt {
    const char *id, *issuer, *client_id, *step, *fault;
    const char *subject, *email, *name; /* once it is proven */
};

/*
 * Becomes the tenant of the attempt. E_INVALID "oidc_over" when there is none of this state that
 * this browser began, or it came back already, or its time is over: nobody is told which.
 */
rc_t sign_in_attempt_find(struct ctx *c, const char *state, const char *browser,
                          struct sign_in_attempt *out) MUST;

/* Hands the code to the worker, once; `job_id` is to be rung for. E_INVALID "oidc_over" else. */
rc_t sign_in_attempt_ask(struct ctx *c, const char *id, const char *code, const char **job_id) MUST;

rc_t sign_in_attempt_get(struct ctx *c, const char *id, struct sign_in_attempt *out) MUST;

/* Removes it; E_INVALID "oidc_over" when somebody was quicker, so that one proof opens one door. */
rc_t sign_in_attempt_end(struct ctx *c, const char *id) MUST;

/* For the worker. */
struct sign_in_question {
    const char *step; /* "" when the attempt is gone */
    const char *issuer, *client_id, *reference;
    const char *verifier, *code; /* opened */
    struct bytes nonce_hash;
};
rc_t sign_in_question_get(struct ctx *c, const char *id, struct sign_in_question *out) MUST;
rc_t sign_in_attempt_proven(struct ctx *c, const char *id, const struct id_token_person *who) MUST;
rc_t sign_in_attempt_refused(struct ctx *c, const char *id, const char *code) MUST;

/* Whom a provider means; *person_id is NULL when nobody was linked yet. */
rc_t sign_in_link_find(struct ctx *c, const char *issuer, const char *subject,
                       const char **person_id, const char **role) MUST;
/* A member whose own proven address this is; NULL when there is none. */
rc_t sign_in_member_find(struct ctx *c, const char *email, const char **person_id,
                         const char **role) MUST;
rc_t sign_in_link_add(struct ctx *c, const char *issuer, const char *subject, const char *person_id)
    MUST;

#endif
