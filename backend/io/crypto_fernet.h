/*
 * The published Fernet format (github.com/fernet/spec): AES-128 in CBC mode and HMAC-SHA256. Only
 * for taking tokens over from other systems and handing them out: it binds nothing to a place, so
 * our own secrets are sealed otherwise (crypto.h).
 */
#ifndef IO_CRYPTO_FERNET_H
#define IO_CRYPTO_FERNET_H

#include "base/ctx.h"

/* A clock that runs ahead of ours by more seconds than this is not believed. */
#define FERNET_SKEW_S 60

/*
 * `secret` is 32 bytes in base64 with the URL alphabet: 16 to sign, 16 to encrypt. E_INVALID
 * "fernet_key" when it is not. iv is 16 random bytes, or NULL: they are made.
 */
rc_t fernet_seal(struct ctx *c, const char *secret, int64_t now_s, const unsigned char *iv,
                 struct bytes plain, char **token) MUST;

/*
 * E_INVALID "fernet_key", "fernet_token" (malformed, or signed with another key), "fernet_expired"
 * (older than ttl_s, which is checked when it is above 0, or from the future).
 */
rc_t fernet_open(struct ctx *c, const char *secret, int64_t now_s, int64_t ttl_s, const char *token,
                 struct bytes *plain) MUST;

#endif
