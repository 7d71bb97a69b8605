/*
 * Cryptography: sealed secrets, signatures, passwords and random tokens. The only code that knows
 * libsodium's keys.
 */
#ifndef IO_CRYPTO_H
#define IO_CRYPTO_H

#include "base/ctx.h"

#define CRYPTO_KEY_BYTES 32

/* Once per process; also forbids core dumps, so that no opened secret reaches a disk. */
void crypto_start(void);

/* What a sealed secret belongs to. A token moved to another place does not open. */
struct seal_place {
    const char *tenant_id, *table, *column, *row;
};

/*
 * A sealed token is base64url without padding of
 *     version (1 byte) | key id (4, big-endian) | seconds UTC (8, big-endian) | key part | nonce
 *     (24) | ciphertext | tag (16)
 * encrypted with XChaCha20-Poly1305; everything before the ciphertext and the place are bound in as
 * associated data.
 *   version 0x81, to a tenant: a random key per token, and the key part is that key in a sealed box
 *   (80 bytes,
 *                               crypto_box_seal) to the tenant's public key: who seals can't open.
 *   version 0x82, with a key:   key part empty; the key is the process's own.
 */
char *seal_to_tenant(struct ctx *c, const unsigned char public_key[32], int64_t key_id,
                     struct seal_place place, struct bytes plain);
char *seal_with_key(struct ctx *c, const char *secret, struct seal_place place, struct bytes plain);

/*
 * E_INVALID "seal_broken" for anything that was not sealed for this key and place. What was opened
 * is masked in logs.
 */
rc_t seal_open_tenant(struct ctx *c, const unsigned char public_key[32],
                      const unsigned char private_key[32], struct seal_place place,
                      const char *token, struct bytes *out) MUST;
rc_t seal_open_key(struct ctx *c, const char *secret, struct seal_place place, const char *token,
                   struct bytes *out) MUST;

/*
 * The id that tokens sealed with this secret carry: it follows from the secret and does not betray
 * it, so that a token names its key and no key is ever just tried.
 */
int64_t seal_secret_id(const char *secret);

/* The key id in a token's head, or -1 when it is no token. */
int64_t seal_key_id(struct ctx *c, const char *token);

void crypto_key_pair(unsigned char public_key[32], unsigned char private_key[32]);

void crypto_hmac_sha256(struct bytes key, struct bytes message, unsigned char out[32]);
void crypto_sha256(struct bytes message, unsigned char out[32]);
/*
 * A name for a secret in a table of this process, many times as quick: keyed by chance, so that it
 * betrays nothing, and never the same in another process.
 */
void crypto_fingerprint(struct bytes message, unsigned char out[16]);

/* A random number from 0 to below - 1, all alike. */
int64_t crypto_random_below(int64_t below);

/* 256 random bits as base64url: session tokens, keys. */
char *crypto_token(struct arena *mem);

/*
 * argon2id with the memory and passes of the settings; about 30 ms each, so never on an event loop.
 */
rc_t password_hash(struct ctx *c, const char *password, char **out) MUST;
bool password_fits(const char *hash, const char *password);
/* Hashed under other settings than those of now. */
bool password_stale(const char *hash);

/*
 * Memory for secrets that stay a while: never swapped out where the system allows it, with guard
 * pages around it, and wiped when it is given back. NULL is accepted.
 */
void *crypto_locked_new(size_t size);
void crypto_locked_free(void *data);

/* Overwrites a secret in memory. */
void crypto_wipe(void *data, size_t len);

#endif
