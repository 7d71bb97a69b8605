/*
 * Speaking with a company's OpenID provider: its description, its keys, a code for an ID token.
 * Nothing is followed anywhere, nothing private is called unless the settings allow it, and every
 * answer is bounded. Faults carry the codes of core/sign_in_faults.def, and a detail for the admin.
 */
#ifndef FLOW_OIDC_H
#define FLOW_OIDC_H

#include <jansson.h>

#include "core/sign_in_provider.h"

/* Asks the provider what it is, and fills what is asked of `p`. */
rc_t oidc_discover(struct ctx *c, struct sign_in_provider *p) MUST;

/* Asks for its keys; *keys is JSON text with a key of use in it. */
rc_t oidc_keys(struct ctx *c, const struct sign_in_provider *p, const char **keys) MUST;

struct oidc_answer {
    const char *id_token, *access_token; /* access_token may be NULL */
};

/* Exchanges the code. */
rc_t oidc_exchange(struct ctx *c, const struct sign_in_provider *p, const char *code,
                   const char *verifier, struct oidc_answer *out) MUST;

/*
 * What the userinfo endpoint says of the one whom the access token stands for; E_FORBIDDEN
 * "oidc_email_missing" when it says nothing of use, or speaks of somebody else than `subject`.
 */
rc_t oidc_userinfo(struct ctx *c, const struct sign_in_provider *p, const char *access_token,
                   const char *subject, json_t **out) MUST;

/*
 * Whether the provider accepts our client id and secret: asked with a code that it can't know, so
 * that all it can object to is the code. E_CONFLICT "oidc_client" when it objects to the client.
 */
rc_t oidc_client_check(struct ctx *c, const struct sign_in_provider *p) MUST;

#endif
