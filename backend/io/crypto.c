/* See crypto.h. */
#include "io/crypto.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"

#define VERSION_TENANT 0x81
#define VERSION_KEY 0x82
#define HEAD_BYTES 13 /* version, key id, time */
#define BOX_BYTES (CRYPTO_KEY_BYTES + crypto_box_SEALBYTES)
#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES
#define PLAIN_MAX KIB(64)

void crypto_start(void)
{
    const struct rlimit none = {0, 0};

    if (sodium_init() < 0)
        abort();
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
}

static struct bytes raw(const unsigned char *data, size_t len)
{
    return (struct bytes){(const char *)data, len};
}

static const unsigned char *bytes_raw(struct bytes b)
{
    return (const unsigned char *)b.data;
}

/* The head and the place, each part with its length, so that no two places look alike. */
static struct bytes bound(struct ctx *c, struct bytes head, struct seal_place place)
{
    struct buf b = buf_new(c->mem, KIB(4));
    const char *parts[] = {place.tenant_id, place.table, place.column, place.row};

    buf_add(&b, head.data, head.len);
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        buf_printf(&b, "%zu:%s", strlen(parts[i]), parts[i]);
    if (b.over)
        abort();
    return buf_bytes(&b);
}

/* Fixed head and key part into b; what is in b so far is what the ciphertext is bound to. */
static void put_head(struct buf *b, int version, int64_t key_id)
{
    int64_t now = clock_s();

    buf_char(b, (char)version);
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_char(b, (char)(key_id >> shift));
    for (int shift = 56; shift >= 0; shift -= 8)
        buf_char(b, (char)(now >> shift));
}

static char *seal(struct ctx *c, struct buf *b, const unsigned char key[32],
                  struct seal_place place, struct bytes plain)
{
    unsigned char nonce[NONCE_BYTES];
    unsigned char *sealed = arena_take(c->mem, plain.len + TAG_BYTES);
    unsigned long long sealed_len = 0;
    struct bytes extra;

    randombytes_buf(nonce, sizeof(nonce));
    buf_add(b, nonce, sizeof(nonce));
    extra = bound(c, buf_bytes(b), place);
    crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, &sealed_len, bytes_raw(plain), plain.len,
                                               bytes_raw(extra), extra.len, NULL, nonce, key);
    buf_add(b, sealed, (size_t)sealed_len);
    if (b->over)
        abort();
    return text_base64url(c->mem, buf_bytes(b));
}

char *seal_to_tenant(struct ctx *c, const unsigned char public_key[32], int64_t key_id,
                     struct seal_place place, struct bytes plain)
{
    struct buf b = buf_new(c->mem, PLAIN_MAX + 256);
    unsigned char key[CRYPTO_KEY_BYTES], box[BOX_BYTES];

    randombytes_buf(key, sizeof(key));
    put_head(&b, VERSION_TENANT, key_id);
    if (crypto_box_seal(box, key, sizeof(key), public_key) != 0)
        abort();
    buf_add(&b, box, sizeof(box));

    char *token = seal(c, &b, key, place, plain);

    sodium_memzero(key, sizeof(key));
    return token;
}

/* A settings secret is text of any length of 32 bytes and up; its hash is the key. */
static void key_of(const char *secret, unsigned char key[32])
{
    crypto_generichash(key, 32, (const unsigned char *)secret, strlen(secret), NULL, 0);
}

int64_t seal_secret_id(const char *secret)
{
    static const unsigned char purpose[] = "konstruct key id";
    unsigned char id[16];

    crypto_generichash(id, sizeof(id), purpose, sizeof(purpose), (const unsigned char *)secret,
                       strlen(secret) < 64 ? strlen(secret) : 64);
    return (int64_t)(((uint32_t)id[0] << 24) | ((uint32_t)id[1] << 16) | ((uint32_t)id[2] << 8) |
                     id[3]);
}

char *seal_with_key(struct ctx *c, const char *secret, struct seal_place place, struct bytes plain)
{
    struct buf b = buf_new(c->mem, PLAIN_MAX + 256);
    unsigned char key[CRYPTO_KEY_BYTES];

    key_of(secret, key);
    put_head(&b, VERSION_KEY, seal_secret_id(secret));

    char *token = seal(c, &b, key, place, plain);

    sodium_memzero(key, sizeof(key));
    return token;
}

static rc_t broken(struct ctx *c, struct seal_place place)
{
    return ctx_fail(c, E_INVALID, "seal_broken",
                    "a sealed value in %s.%s does not open with this key and place", place.table,
                    place.column);
}

/* Opens what stands behind the first `head_len` bytes (head and key part) of a decoded token. */
static rc_t unseal(struct ctx *c, struct bytes token, size_t head_len, const unsigned char key[32],
                   struct seal_place place, struct bytes *out)
{
    size_t nonce_end = head_len + NONCE_BYTES;
    struct bytes extra = bound(c, (struct bytes){token.data, nonce_end}, place);
    unsigned char *plain = arena_take(c->mem, token.len + 1);
    unsigned long long len = 0;

    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            plain, &len, NULL, bytes_raw(token) + nonce_end, token.len - nonce_end,
            bytes_raw(extra), extra.len, bytes_raw(token) + head_len, key) != 0)
        return broken(c, place);
    *out = raw(plain, (size_t)len);
    log_secret_add(*out);
    return OK;
}

static rc_t decode(struct ctx *c, struct seal_place place, const char *text, int version,
                   size_t head_len, struct bytes *out)
{
    if (text == NULL || text_unbase64url(c->mem, bytes_of(text), out) != OK ||
        out->len < head_len + NONCE_BYTES + TAG_BYTES || (unsigned char)out->data[0] != version)
        return broken(c, place);
    return OK;
}

rc_t seal_open_tenant(struct ctx *c, const unsigned char public_key[32],
                      const unsigned char private_key[32], struct seal_place place,
                      const char *text, struct bytes *out)
{
    unsigned char key[CRYPTO_KEY_BYTES];
    struct bytes token;

    TRY(decode(c, place, text, VERSION_TENANT, HEAD_BYTES + BOX_BYTES, &token));
    if (crypto_box_seal_open(key, bytes_raw(token) + HEAD_BYTES, BOX_BYTES, public_key,
                             private_key) != 0)
        return broken(c, place);

    rc_t rc = unseal(c, token, HEAD_BYTES + BOX_BYTES, key, place, out);

    sodium_memzero(key, sizeof(key));
    return rc;
}

rc_t seal_open_key(struct ctx *c, const char *secret, struct seal_place place, const char *text,
                   struct bytes *out)
{
    unsigned char key[CRYPTO_KEY_BYTES];
    struct bytes token;

    TRY(decode(c, place, text, VERSION_KEY, HEAD_BYTES, &token));
    key_of(secret, key);

    rc_t rc = unseal(c, token, HEAD_BYTES, key, place, out);

    sodium_memzero(key, sizeof(key));
    return rc;
}

int64_t seal_key_id(struct ctx *c, const char *text)
{
    struct bytes token;
    int64_t id = 0;

    if (text == NULL || text_unbase64url(c->mem, bytes_of(text), &token) != OK ||
        token.len < HEAD_BYTES)
        return -1;
    for (int i = 1; i <= 4; i++)
        id = id * 256 + (unsigned char)token.data[i];
    return id;
}

void crypto_key_pair(unsigned char public_key[32], unsigned char private_key[32])
{
    crypto_box_keypair(public_key, private_key);
}

void crypto_hmac_sha256(struct bytes key, struct bytes message, unsigned char out[32])
{
    crypto_auth_hmacsha256_state state;

    crypto_auth_hmacsha256_init(&state, bytes_raw(key), key.len);
    crypto_auth_hmacsha256_update(&state, bytes_raw(message), message.len);
    crypto_auth_hmacsha256_final(&state, out);
}

void crypto_sha256(struct bytes message, unsigned char out[32])
{
    crypto_hash_sha256(out, bytes_raw(message), message.len);
}

static unsigned char fingerprint_key[crypto_shorthash_siphashx24_KEYBYTES];

static void fingerprint_key_make(void)
{
    crypto_shorthash_keygen(fingerprint_key);
}

void crypto_fingerprint(struct bytes message, unsigned char out[16])
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, fingerprint_key_make);
    crypto_shorthash_siphashx24(out, bytes_raw(message), message.len, fingerprint_key);
}

int64_t crypto_random_below(int64_t below)
{
    return (int64_t)randombytes_uniform((uint32_t)below);
}

char *crypto_token(struct arena *mem)
{
    unsigned char random[32];

    randombytes_buf(random, sizeof(random));
    return text_base64url(mem, raw(random, sizeof(random)));
}

rc_t password_hash(struct ctx *c, const char *password, char **out)
{
    char *hash = arena_take(c->mem, crypto_pwhash_STRBYTES);

    if (crypto_pwhash_str_alg(hash, password, strlen(password),
                              (unsigned long long)conf_number(CONF_argon2_passes),
                              MIB(conf_number(CONF_argon2_mib)), crypto_pwhash_ALG_ARGON2ID13) != 0)
        return ctx_fail(c, E_UNAVAILABLE, "no_memory",
                        "there is not enough memory to hash a password");
    *out = hash;
    return OK;
}

bool password_fits(const char *hash, const char *password)
{
    return crypto_pwhash_str_verify(hash, password, strlen(password)) == 0;
}

bool password_stale(const char *hash)
{
    return crypto_pwhash_str_needs_rehash(hash, (unsigned long long)conf_number(CONF_argon2_passes),
                                          MIB(conf_number(CONF_argon2_mib))) != 0;
}

void crypto_wipe(void *data, size_t len)
{
    sodium_memzero(data, len);
}

void *crypto_locked_new(size_t size)
{
    void *data = sodium_malloc(size);

    if (data == NULL)
        abort();
    return data;
}

void crypto_locked_free(void *data)
{
    sodium_free(data);
}
