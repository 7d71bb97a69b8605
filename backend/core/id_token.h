/*
 * What an ID token must say before a person is believed to be who it names (OpenID Connect Core
 * 3.1.3.7). Pure: the signature was checked before (io/crypto_jwt.h), and the time is given.
 */
#ifndef CORE_ID_TOKEN_H
#define CORE_ID_TOKEN_H

#include "io/crypto_jwt.h"

/* What was asked for, and by whom. */
struct id_token_wish {
    const char *issuer, *client_id;
    struct bytes nonce_hash;  /* SHA-256 of the nonce that was sent */
    const char *access_token; /* that came with it; NULL: none did */
    int64_t now_s;
};

/*
 * Whether the token answers what was asked. Each refusal is E_FORBIDDEN with a code of its own:
 * oidc_token_issuer, _audience, _party, _expired, _time, _nonce, _hash, _subject.
 */
rc_t id_token_check(struct ctx *c, const struct jwt *token, const struct id_token_wish *wish) MUST;

/* Who it is, in the provider's words; `email` is in lower case. */
struct id_token_person {
    const char *subject, *email, *name;
};

/*
 * Reads them from the token's claims, or from those that the provider's userinfo endpoint gave for
 * the same subject. E_FORBIDDEN oidc_email_missing, oidc_email_unverified, oidc_email_domain (the
 * provider's own word for the domain differs).
 */
rc_t id_token_person(struct ctx *c, const json_t *claims, const char *issuer,
                     struct id_token_person *out) MUST;

/* The part of an address behind the @, or "" when there is none. */
const char *email_domain(const char *email);

#endif
