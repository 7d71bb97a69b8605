/*
 * What the audit needs of cryptography: quick hashes of many small pieces, Ed25519 signatures under
 * a key that follows from the master key, and boxes under the key of a subject.
 */
#ifndef IO_CRYPTO_AUDIT_H
#define IO_CRYPTO_AUDIT_H

#include "base/ctx.h"

#define HASH_BYTES 32
#define SIGN_PUBLIC_BYTES 32
#define SIGN_PRIVATE_BYTES 64
#define SIGN_BYTES 64
#define BOX_KEY_BYTES 32

/* A SHA-256 that is used again and again; lives in the arena. */
struct digest;
struct digest *digest_new(struct arena *mem);
void digest_begin(struct digest *d);
void digest_add(struct digest *d, const void *data, size_t len);
void digest_end(struct digest *d, unsigned char out[HASH_BYTES]);

/*
 * The key pair that follows from a secret of the settings for one purpose (8 characters), by
 * libsodium's key derivation. The same secret gives the same pair on every machine.
 */
void sign_keys(const char *secret, const char purpose[8],
               unsigned char public_key[SIGN_PUBLIC_BYTES],
               unsigned char private_key[SIGN_PRIVATE_BYTES]);
void sign_make(const unsigned char private_key[SIGN_PRIVATE_BYTES], struct bytes message,
               unsigned char out[SIGN_BYTES]);
bool sign_fits(const unsigned char public_key[SIGN_PUBLIC_BYTES], struct bytes message,
               const unsigned char signature[SIGN_BYTES]);

/* A new random key. */
void box_key(unsigned char key[BOX_KEY_BYTES]);

/*
 * base64url of nonce (24) | ciphertext | tag (16), XChaCha20-Poly1305; `place` is bound in. Opening
 * is E_INVALID "box_broken" for anything else. What is opened is no secret of the process: the log
 * does not learn it.
 */
char *box_close(struct ctx *c, const unsigned char key[BOX_KEY_BYTES], struct bytes place,
                struct bytes plain);
rc_t box_open(struct ctx *c, const unsigned char key[BOX_KEY_BYTES], struct bytes place,
              const char *box, struct bytes *plain) MUST;

#endif
