/*
 * Tokens and keys for tests: made by OpenSSL itself, in each way that is accepted and some that are
 * not.
 */
#ifndef TESTS_UNIT_JWT_MADE_H
#define TESTS_UNIT_JWT_MADE_H

#include "base/ctx.h"

struct made_key;

/* A fresh key for "RS256", "PS256", "ES256" or "EdDSA"; freed with the context's memory. */
struct made_key *key_make(struct ctx *c, const char *alg, const char *kid);
/* With another size, for RSA. */
struct made_key *key_make_bits(struct ctx *c, const char *alg, const char *kid, int bits);

/* The public half as a JWK, with more members when `more` is not "" (it begins with a comma). */
const char *key_jwk(struct ctx *c, const struct made_key *key, const char *more);
/* A key set of this one key. */
const char *key_set(struct ctx *c, const struct made_key *key);

/* A token with this head, in JSON, signed by the key. */
const char *token_signed(struct ctx *c, const struct made_key *key, const char *head,
                         const char *claims);
/* The same with the usual head. */
const char *token_make(struct ctx *c, const struct made_key *key, const char *claims);

#endif
