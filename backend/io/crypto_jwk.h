/* Public keys as OpenID providers publish them (RFC 7517, 7518, 8037). For crypto_jwt.c alone. */
#ifndef IO_CRYPTO_JWK_H
#define IO_CRYPTO_JWK_H

#include <openssl/evp.h>

#include "io/crypto_jwt.h"

struct jwk {
    const char *kid; /* or NULL */
    EVP_PKEY *key;   /* freed with the context's memory */
};

/*
 * The keys of a set that may check signatures of this algorithm (NULL: of any that we know); those
 * that are broken, weak, private or meant for something else are passed over. E_UPSTREAM
 * "oidc_keys" when it is no key set, or has more than JWKS_KEYS_MAX keys.
 */
rc_t jwks_read(struct ctx *c, struct bytes key_set, const char *alg, struct jwk keys[JWKS_KEYS_MAX],
               size_t *count) MUST;

#endif
