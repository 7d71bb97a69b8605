/*
 * See crypto_fernet.h. A token: 0x80 | seconds (8, big-endian) | IV (16) | ciphertext | HMAC (32).
 */
#include "io/crypto_fernet.h"

#include <openssl/evp.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "io/crypto.h"

#define VERSION 0x80
#define HALF_KEY 16u
#define BLOCK 16u
#define HEAD (1u + 8u + BLOCK)
#define MAC 32u
#define PLAIN_MAX MIB(1)

/* The spec pads its base64; with the padding off it is the one we know. */
static rc_t unpad(struct ctx *c, const char *text, struct bytes *out)
{
    size_t len = strlen(text), bare = len;

    while (bare > 0 && len - bare < 2 && text[bare - 1] == '=')
        bare--;
    if (len % 4 != 0 || text_unbase64url(c->mem, (struct bytes){text, bare}, out) != OK)
        return E_INVALID;
    return OK;
}

static const char *pad(struct ctx *c, struct bytes raw)
{
    const char *bare = text_base64url(c->mem, raw);
    static const char *const endings[] = {"", "===", "==", "="};

    return text_printf(c->mem, "%s%s", bare, endings[strlen(bare) % 4]);
}

static rc_t key_of(struct ctx *c, const char *secret, struct bytes *key)
{
    if (unpad(c, secret, key) != OK || key->len != 2 * HALF_KEY)
        return ctx_fail(c, E_INVALID, "fernet_key",
                        "A Fernet key is 32 bytes in URL-safe base64: 44 characters.");
    log_secret_add(bytes_of(secret));
    return OK;
}

static rc_t not_a_token(struct ctx *c)
{
    return ctx_fail(c, E_INVALID, "fernet_token",
                    "This is no Fernet token, or it was made with another key.");
}

static void sign(struct bytes key, struct bytes signed_part, unsigned char mac[MAC])
{
    crypto_hmac_sha256((struct bytes){key.data, HALF_KEY}, signed_part, mac);
}

/* Runs AES-128-CBC with PKCS#7 padding; false when the padding is not right. */
static bool aes(bool encrypt, struct bytes key, const unsigned char *iv, struct bytes in,
                struct buf *out)
{
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    unsigned char *room = malloc(in.len + BLOCK);
    int first = 0, last = 0;
    bool fine = cipher != NULL && room != NULL &&
                EVP_CipherInit_ex(cipher, EVP_aes_128_cbc(), NULL,
                                  (const unsigned char *)key.data + HALF_KEY, iv, encrypt) == 1 &&
                EVP_CipherUpdate(cipher, room, &first, (const unsigned char *)in.data,
                                 (int)in.len) == 1 &&
                EVP_CipherFinal_ex(cipher, room + first, &last) == 1;

    if (fine)
        buf_add(out, room, (size_t)(first + last));
    if (room != NULL)
        crypto_wipe(room, in.len + BLOCK);
    free(room);
    EVP_CIPHER_CTX_free(cipher);
    return fine;
}

rc_t fernet_seal(struct ctx *c, const char *secret, int64_t now_s, const unsigned char *iv,
                 struct bytes plain, char **token)
{
    struct buf out = buf_new(c->mem, PLAIN_MAX + KIB(1));
    unsigned char made[BLOCK], mac[MAC];
    struct bytes key;

    TRY(key_of(c, secret, &key));
    if (plain.len > PLAIN_MAX)
        return ctx_fail(c, E_LIMIT, "fernet_too_long", "At most 1 MiB can be sealed at once.");
    randombytes_buf(made, sizeof(made));
    buf_char(&out, (char)VERSION);
    for (int shift = 56; shift >= 0; shift -= 8)
        buf_char(&out, (char)(now_s >> shift));
    buf_add(&out, iv == NULL ? made : iv, BLOCK);
    if (!aes(true, key, iv == NULL ? made : iv, plain, &out))
        abort();
    sign(key, buf_bytes(&out), mac);
    buf_add(&out, mac, sizeof(mac));
    *token = text_dup(c->mem, pad(c, buf_bytes(&out)));
    return OK;
}

static int64_t seconds_of(struct bytes token)
{
    int64_t seconds = 0;

    for (size_t i = 1; i < 9; i++)
        seconds = (int64_t)((uint64_t)seconds << 8 | (unsigned char)token.data[i]);
    return seconds;
}

rc_t fernet_open(struct ctx *c, const char *secret, int64_t now_s, int64_t ttl_s, const char *text,
                 struct bytes *plain)
{
    struct buf out = buf_new(c->mem, PLAIN_MAX + KIB(1));
    unsigned char mac[MAC];
    struct bytes key, token;

    TRY(key_of(c, secret, &key));
    if (unpad(c, text, &token) != OK || token.len < HEAD + BLOCK + MAC || token.len > PLAIN_MAX ||
        (unsigned char)token.data[0] != VERSION || (token.len - HEAD - MAC) % BLOCK != 0)
        return not_a_token(c);
    sign(key, (struct bytes){token.data, token.len - MAC}, mac);
    if (!text_same_secret((struct bytes){(const char *)mac, MAC},
                          (struct bytes){token.data + token.len - MAC, MAC}))
        return not_a_token(c);
    if (ttl_s > 0 &&
        (seconds_of(token) + ttl_s < now_s || seconds_of(token) > now_s + FERNET_SKEW_S))
        return ctx_fail(c, E_INVALID, "fernet_expired",
                        "This token is too old, or from the future.");
    if (!aes(false, key, (const unsigned char *)token.data + HEAD - BLOCK,
             (struct bytes){token.data + HEAD, token.len - HEAD - MAC}, &out))
        return not_a_token(c);
    *plain = buf_bytes(&out);
    log_secret_add(*plain);
    return OK;
}
