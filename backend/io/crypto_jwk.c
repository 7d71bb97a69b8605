/* See crypto_jwk.h. */
#include "io/crypto_jwk.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <string.h>

#include "base/shape.h"

#define RSA_LEAST 256    /* bytes: 2048 bits */
#define RSA_MOST 1024    /* a larger one would only cost us time */
#define RSA_POWER_MOST 8 /* bytes of the public exponent */
#define EC_BYTES 32
#define ED_BYTES 32

/* A member as bytes, of a length between these; false when it is not that. */
static bool number(struct ctx *c, const json_t *jwk, const char *name, size_t least, size_t most,
                   struct bytes *out)
{
    const char *text = json_str(jwk, name);

    if (text == NULL || text_unbase64url(c->mem, bytes_of(text), out) != OK)
        return false;
    while (out->len > 0 && least != most && out->data[0] == 0)
        *out = (struct bytes){out->data + 1, out->len - 1};
    return out->len >= least && out->len <= most;
}

static BIGNUM *big(struct bytes b)
{
    BIGNUM *n = BN_bin2bn((const unsigned char *)b.data, (int)b.len, NULL);

    if (n == NULL)
        abort();
    return n;
}

/* Makes a key of what was put together, which is freed; NULL when OpenSSL refuses it. */
static EVP_PKEY *key_made(const char *type, OSSL_PARAM_BLD *parts)
{
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(parts);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;

    if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1)
        abort();
    if (EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(parts);
    return key;
}

static EVP_PKEY *rsa_read(struct ctx *c, const json_t *jwk)
{
    struct bytes n, e;
    BIGNUM *modulus, *power;
    OSSL_PARAM_BLD *parts;
    EVP_PKEY *key = NULL;

    if (!number(c, jwk, "n", RSA_LEAST, RSA_MOST, &n) ||
        !number(c, jwk, "e", 1, RSA_POWER_MOST, &e))
        return NULL;
    modulus = big(n);
    power = big(e);
    /* With 1 as the power everybody could sign. */
    if (BN_is_odd(modulus) && BN_is_odd(power) && !BN_is_one(power)) {
        parts = OSSL_PARAM_BLD_new();
        if (parts == NULL || OSSL_PARAM_BLD_push_BN(parts, OSSL_PKEY_PARAM_RSA_N, modulus) != 1 ||
            OSSL_PARAM_BLD_push_BN(parts, OSSL_PKEY_PARAM_RSA_E, power) != 1)
            abort();
        key = key_made("RSA", parts);
    }
    BN_free(modulus);
    BN_free(power);
    return key;
}

static EVP_PKEY *ec_read(struct ctx *c, const json_t *jwk)
{
    unsigned char point[1 + 2 * EC_BYTES] = {POINT_CONVERSION_UNCOMPRESSED};
    struct bytes x, y;
    OSSL_PARAM_BLD *parts;

    if (!number(c, jwk, "x", EC_BYTES, EC_BYTES, &x) ||
        !number(c, jwk, "y", EC_BYTES, EC_BYTES, &y))
        return NULL;
    memcpy(point + 1, x.data, EC_BYTES);
    memcpy(point + 1 + EC_BYTES, y.data, EC_BYTES);
    parts = OSSL_PARAM_BLD_new();
    if (parts == NULL ||
        OSSL_PARAM_BLD_push_utf8_string(parts, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(parts, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)) != 1)
        abort();
    return key_made("EC", parts);
}

static EVP_PKEY *ed_read(struct ctx *c, const json_t *jwk)
{
    struct bytes x;

    if (!number(c, jwk, "x", ED_BYTES, ED_BYTES, &x))
        return NULL;
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (const unsigned char *)x.data,
                                       ED_BYTES);
}

/* Each algorithm that is accepted, and the kind of key behind it. */
static const struct kind {
    const char *alg, *kty, *crv;
    EVP_PKEY *(*read)(struct ctx *c, const json_t *jwk);
} kinds[] = {
    {"RS256", "RSA", NULL, rsa_read},
    {"PS256", "RSA", NULL, rsa_read},
    {"ES256", "EC", "P-256", ec_read},
    {"EdDSA", "OKP", "Ed25519", ed_read},
};

bool jwt_alg_known(const char *alg)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (text_is(kinds[i].alg, alg))
            return true;
    return false;
}

/* NULL: this key is not for this. A member that is not there forbids nothing. */
static const struct kind *kind_of(const json_t *jwk, const char *alg)
{
    const char *own = json_str(jwk, "alg"), *use = json_str(jwk, "use");

    if (!json_is_object(jwk) || (use != NULL && !text_is(use, "sig")))
        return NULL;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        const struct kind *k = &kinds[i];

        if ((alg == NULL || text_is(alg, k->alg)) && (own == NULL || text_is(own, k->alg)) &&
            text_is(json_str(jwk, "kty"), k->kty) &&
            (k->crv == NULL || text_is(json_str(jwk, "crv"), k->crv)))
            return k;
    }
    return NULL;
}

static void key_drop(void *key)
{
    EVP_PKEY_free(key);
}

static rc_t set_of(struct ctx *c, struct bytes key_set, json_t **keys)
{
    json_t *root;

    if (key_set.len <= JWKS_MAX && json_parse(c, key_set, &root) == OK) {
        *keys = json_object_get(root, "keys");
        if (json_is_array(*keys) && json_array_size(*keys) <= JWKS_KEYS_MAX)
            return OK;
    }
    ctx_forgive(c);
    return ctx_fail(c, E_UPSTREAM, "oidc_keys", "the provider's keys can't be read");
}

rc_t jwks_read(struct ctx *c, struct bytes key_set, const char *alg, struct jwk keys[JWKS_KEYS_MAX],
               size_t *count)
{
    json_t *set = NULL;

    *count = 0;
    TRY(set_of(c, key_set, &set));
    for (size_t i = 0; i < json_array_size(set); i++) {
        const json_t *jwk = json_array_get(set, i);
        const struct kind *kind = kind_of(jwk, alg);
        EVP_PKEY *key = kind == NULL ? NULL : kind->read(c, jwk);

        if (key == NULL)
            continue;
        arena_on_end(c->mem, key_drop, key);
        keys[(*count)++] = (struct jwk){json_str(jwk, "kid"), key};
    }
    return OK;
}

bool jwks_usable(struct ctx *c, struct bytes key_set)
{
    struct jwk keys[JWKS_KEYS_MAX];
    size_t count;

    if (jwks_read(c, key_set, NULL, keys, &count) != OK) {
        ctx_forgive(c);
        return false;
    }
    return count > 0;
}
