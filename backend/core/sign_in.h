/*
 * A company's own OpenID provider: how its people come in, as its admin sets it up, and the domains
 * of e-mail addresses that lead there. What the worker does with it: sign_in_provider.h; one
 * person's way: sign_in_attempt.h. All in the tenant of the context, but for sign_in_lead.
 */
#ifndef CORE_SIGN_IN_H
#define CORE_SIGN_IN_H

#include "base/ctx.h"
#include "base/shape.h"
#include "io/db.h"

/* As its admin sees it. Nothing is set up while `issuer` is empty. */
struct sign_in {
    const char *id, *issuer, *client_id, *hint, *role;
    bool joining, passwords;
    bool ready;             /* the provider was found once, so people are sent there */
    const char *fault;      /* of the newest test; NULL: it went well, or there was none */
    const char *fault_text; /* the same as a sentence */
    const char *fault_detail;
    int64_t tested, proven; /* seconds UTC; 0: never */
    const char *redirect;   /* what the provider must be told */
    const char *own_domain; /* of whoever asks, when it can be added; else "" */
    const char *test_id;    /* of the newest test that was asked for */
    bool names_itself;      /* the provider sends `iss` with its answers (RFC 9207) */
    const char *authorize_at;
};
extern const struct shape sign_in_shape;

struct sign_in_change {
    const char *issuer, *client_id, *client_secret, *role;
    bool joining, passwords;
};
extern const struct shape sign_in_change_shape;

struct sign_in_domain {
    const char *id, *domain;
    int64_t created;
};
extern const struct shape sign_in_domain_shape;

struct sign_in_domain_new {
    const char *domain;
};
extern const struct shape sign_in_domain_new_shape;

/* The settings; empty ones when there are none. */
rc_t sign_in_get(struct ctx *c, struct sign_in *out) MUST;

/*
 * Sets it up or changes it. Another issuer or client begins anew: the secret must come with it, and
 * passwords work again until an admin has come in this way. E_INVALID "oidc_not_proven" when
 * passwords shall end before that.
 */
rc_t sign_in_save(struct ctx *c, struct sign_in_change *in) MUST;

/* Takes it away; the domains stay. E_NOT_FOUND when there is none. */
rc_t sign_in_drop(struct ctx *c) MUST;

/* Asks for a test: the job and the id that the settings show until the next one. */
struct sign_in_test {
    const char *job_id, *test_id;
};
rc_t sign_in_test(struct ctx *c, struct sign_in_test *out) MUST;

/* An admin of this tenant came in by this issuer and client. */
rc_t sign_in_proven(struct ctx *c, const char *issuer, const char *client_id) MUST;

rc_t sign_in_domain_list(struct ctx *c, struct page *page, struct sign_in_domain **items,
                         size_t *count) MUST;

/*
 * Adds a domain: that of the verified address of the person of the context, and no other.
 * E_FORBIDDEN "domain_not_yours", E_INVALID "domain_public", E_CONFLICT "domain_taken".
 */
rc_t sign_in_domain_add(struct ctx *c, const char *domain, struct sign_in_domain *out) MUST;

rc_t sign_in_domain_drop(struct ctx *c, const char *id, const char **domain) MUST;

/* Whether an address is in one of the tenant's domains. */
rc_t sign_in_domain_ours(struct ctx *c, const char *email, bool *ours) MUST;

/*
 * Becomes the tenant that an address leads to, with its settings; *found is false, and the tenant
 * none, when it leads nowhere or that company is not ready.
 */
rc_t sign_in_lead(struct ctx *c, const char *email, struct sign_in *out, bool *found) MUST;

/* E_FORBIDDEN "oidc_wanted" when people with this address must not come in by a password. */
rc_t sign_in_password_allowed(struct ctx *c, const char *email) MUST;

/* The address of this instance that people come back to. */
const char *sign_in_redirect(struct ctx *c);

/* The sentence of a code in sign_in_faults.def, or NULL. */
const char *sign_in_sentence(const char *code);

/* Fails with it; an unknown code is E_INTERNAL. */
rc_t sign_in_fail(struct ctx *c, const char *code);

/* Domains in which anybody can have an address. */
bool domain_public(const char *domain);

#endif
