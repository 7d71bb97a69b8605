/* See crypto_audit.h. Hashes come from OpenSSL, which uses the processor's own instructions. */
#include "io/crypto_audit.h"

#include <openssl/evp.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES

struct digest {
    EVP_MD_CTX *state;
    EVP_MD *kind;
};

static void digest_drop(void *thing)
{
    struct digest *d = thing;

    EVP_MD_CTX_free(d->state);
    EVP_MD_free(d->kind);
}

struct digest *digest_new(struct arena *mem)
{
    struct digest *d = arena_take(mem, sizeof(*d));

    d->kind = EVP_MD_fetch(NULL, "SHA256", NULL);
    d->state = EVP_MD_CTX_new();
    if (d->kind == NULL || d->state == NULL)
        abort();
    arena_on_end(mem, digest_drop, d);
    return d;
}

void digest_begin(struct digest *d)
{
    if (EVP_DigestInit_ex2(d->state, d->kind, NULL) != 1)
        abort();
}

void digest_add(struct digest *d, const void *data, size_t len)
{
    if (EVP_DigestUpdate(d->state, data, len) != 1)
        abort();
}

void digest_end(struct digest *d, unsigned char out[HASH_BYTES])
{
    if (EVP_DigestFinal_ex(d->state, out, NULL) != 1)
        abort();
}

void sign_keys(const char *secret, const char purpose[8],
               unsigned char public_key[SIGN_PUBLIC_BYTES],
               unsigned char private_key[SIGN_PRIVATE_BYTES])
{
    unsigned char root[crypto_kdf_KEYBYTES], seed[crypto_sign_SEEDBYTES];

    crypto_generichash(root, sizeof(root), (const unsigned char *)secret, strlen(secret), NULL, 0);
    if (crypto_kdf_derive_from_key(seed, sizeof(seed), 1, purpose, root) != 0 ||
        crypto_sign_seed_keypair(public_key, private_key, seed) != 0)
        abort();
    sodium_memzero(root, sizeof(root));
    sodium_memzero(seed, sizeof(seed));
}

void sign_make(const unsigned char private_key[SIGN_PRIVATE_BYTES], struct bytes message,
               unsigned char out[SIGN_BYTES])
{
    crypto_sign_detached(out, NULL, (const unsigned char *)message.data, message.len, private_key);
}

bool sign_fits(const unsigned char public_key[SIGN_PUBLIC_BYTES], struct bytes message,
               const unsigned char signature[SIGN_BYTES])
{
    return crypto_sign_verify_detached(signature, (const unsigned char *)message.data, message.len,
                                       public_key) == 0;
}

void box_key(unsigned char key[BOX_KEY_BYTES])
{
    randombytes_buf(key, BOX_KEY_BYTES);
}

char *box_close(struct ctx *c, const unsigned char key[BOX_KEY_BYTES], struct bytes place,
                struct bytes plain)
{
    size_t len = NONCE_BYTES + plain.len + TAG_BYTES;
    unsigned char *box = arena_take(c->mem, len);

    randombytes_buf(box, NONCE_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        box + NONCE_BYTES, NULL, (const unsigned char *)plain.data, plain.len,
        (const unsigned char *)place.data, place.len, NULL, box, key);
    return text_base64url(c->mem, (struct bytes){(const char *)box, len});
}

rc_t box_open(struct ctx *c, const unsigned char key[BOX_KEY_BYTES], struct bytes place,
              const char *box, struct bytes *plain)
{
    struct bytes raw;

    if (text_unbase64url(c->mem, bytes_of(box), &raw) != OK || raw.len < NONCE_BYTES + TAG_BYTES)
        return ctx_fail(c, E_INVALID, "box_broken", "a sealed text in the audit is no box");

    unsigned char *out = arena_take(c->mem, raw.len);
    unsigned long long len = 0;
    const unsigned char *nonce = (const unsigned char *)raw.data;

    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            out, &len, NULL, nonce + NONCE_BYTES, raw.len - NONCE_BYTES,
            (const unsigned char *)place.data, place.len, nonce, key) != 0)
        return ctx_fail(c, E_INVALID, "box_broken",
                        "a sealed text in the audit does not open with its subject's key");
    *plain = (struct bytes){(const char *)out, (size_t)len};
    return OK;
}
