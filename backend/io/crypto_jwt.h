/*
 * Signed JSON web tokens (RFC 7515, 7517, 7519) as OpenID providers issue them: reading one, and
 * checking its signature with the provider's published keys. Only public-key signatures are known;
 * whoever holds no private key can make none of them, and "none" and HS256 are refused by that.
 * Pure: no network, no clock.
 */
#ifndef IO_CRYPTO_JWT_H
#define IO_CRYPTO_JWT_H

#include <jansson.h>

#include "base/ctx.h"

#define JWT_MAX KIB(16)
#define JWKS_MAX KIB(256)
#define JWKS_KEYS_MAX 64

/* A token that was read and not yet believed. */
struct jwt {
    const char *alg; /* one of those that we know */
    const char *kid; /* or NULL */
    json_t *claims;  /* belongs to the context's memory */
    struct bytes head_and_claims, signature;
};

/*
 * Reads the compact form. E_INVALID "oidc_token_malformed": it is none, or too long, or critical
 * extensions are named; E_FORBIDDEN "oidc_token_algorithm": it is not signed in a way we accept.
 */
rc_t jwt_read(struct ctx *c, struct bytes token, struct jwt *out) MUST;

/*
 * Checks the signature with the key that the token names, out of a JSON Web Key Set. E_NOT_FOUND
 * "oidc_token_key": no key there fits, so the keys may be out of date; E_FORBIDDEN
 * "oidc_token_signature": the key is there and the signature is not its own; E_UPSTREAM
 * "oidc_keys": the set itself can't be read.
 */
rc_t jwt_verify(struct ctx *c, const struct jwt *token, struct bytes key_set) MUST;

/* True when this is a key set in which at least one key could sign for us. */
bool jwks_usable(struct ctx *c, struct bytes key_set);

/* True for the names of algorithms that jwt_read accepts. */
bool jwt_alg_known(const char *alg);

/*
 * The left half of the hash that belongs to the algorithm, as base64url: what `at_hash` and
 * `c_hash` are made of.
 */
const char *jwt_half_hash(struct arena *mem, const char *alg, const char *text);

#endif
