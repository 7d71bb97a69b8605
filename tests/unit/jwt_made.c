/* See jwt_made.h. */
#include "jwt_made.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

struct made_key {
    const char *alg, *kid;
    EVP_PKEY *key;
};

static void drop(void *key)
{
    EVP_PKEY_free(key);
}

struct made_key *key_make_bits(struct ctx *c, const char *alg, const char *kid, int bits)
{
    struct made_key *made = arena_take(c->mem, sizeof(*made));

    *made = (struct made_key){alg, kid, NULL};
    if (text_is(alg, "ES256"))
        made->key = EVP_EC_gen("P-256");
    else if (text_is(alg, "EdDSA"))
        made->key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    else
        made->key = EVP_RSA_gen((unsigned)bits);
    assert(made->key != NULL);
    arena_on_end(c->mem, drop, made->key);
    return made;
}

struct made_key *key_make(struct ctx *c, const char *alg, const char *kid)
{
    return key_make_bits(c, alg, kid, 2048);
}

static const char *number(struct ctx *c, const struct made_key *key, const char *name, int len)
{
    BIGNUM *n = NULL;
    unsigned char raw[1024];

    assert(EVP_PKEY_get_bn_param(key->key, name, &n) == 1);
    len = len == 0 ? BN_num_bytes(n) : len;
    assert(BN_bn2binpad(n, raw, len) == len);
    BN_free(n);
    return text_base64url(c->mem, (struct bytes){(const char *)raw, (size_t)len});
}

const char *key_jwk(struct ctx *c, const struct made_key *key, const char *more)
{
    unsigned char raw[32];
    size_t len = sizeof(raw);
    const char *inner;

    if (text_is(key->alg, "ES256")) {
        inner = text_printf(c->mem, "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"",
                            number(c, key, OSSL_PKEY_PARAM_EC_PUB_X, 32),
                            number(c, key, OSSL_PKEY_PARAM_EC_PUB_Y, 32));
    } else if (text_is(key->alg, "EdDSA")) {
        assert(EVP_PKEY_get_raw_public_key(key->key, raw, &len) == 1);
        inner = text_printf(c->mem, "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"%s\"",
                            text_base64url(c->mem, (struct bytes){(const char *)raw, len}));
    } else {
        inner = text_printf(c->mem, "\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"",
                            number(c, key, OSSL_PKEY_PARAM_RSA_N, 0),
                            number(c, key, OSSL_PKEY_PARAM_RSA_E, 0));
    }
    return text_printf(c->mem, "{%s,\"kid\":\"%s\"%s}", inner, key->kid, more);
}

const char *key_set(struct ctx *c, const struct made_key *key)
{
    return text_printf(c->mem, "{\"keys\":[%s]}", key_jwk(c, key, ""));
}

static struct bytes bare(const unsigned char *der, size_t len, char raw[64])
{
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);

    assert(sig != NULL);
    assert(BN_bn2binpad(ECDSA_SIG_get0_r(sig), (unsigned char *)raw, 32) == 32);
    assert(BN_bn2binpad(ECDSA_SIG_get0_s(sig), (unsigned char *)raw + 32, 32) == 32);
    ECDSA_SIG_free(sig);
    return (struct bytes){raw, 64};
}

const char *token_signed(struct ctx *c, const struct made_key *key, const char *head,
                         const char *claims)
{
    const char *text = text_printf(c->mem, "%s.%s", text_base64url(c->mem, bytes_of(head)),
                                   text_base64url(c->mem, bytes_of(claims)));
    const EVP_MD *md = text_is(key->alg, "EdDSA") ? NULL : EVP_sha256();
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *how = NULL;
    unsigned char sig[1024];
    char raw[64];
    size_t len = sizeof(sig);
    struct bytes out = {(const char *)sig, 0};

    assert(EVP_DigestSignInit(ctx, &how, md, NULL, key->key) == 1);
    if (text_is(key->alg, "PS256")) {
        assert(EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1);
        assert(EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1);
    }
    assert(EVP_DigestSign(ctx, sig, &len, (const unsigned char *)text, strlen(text)) == 1);
    EVP_MD_CTX_free(ctx);
    out.len = len;
    if (text_is(key->alg, "ES256"))
        out = bare(sig, len, raw);
    return text_printf(c->mem, "%s.%s", text, text_base64url(c->mem, out));
}

const char *token_make(struct ctx *c, const struct made_key *key, const char *claims)
{
    return token_signed(
        c, key, text_printf(c->mem, "{\"alg\":\"%s\",\"kid\":\"%s\"}", key->alg, key->kid), claims);
}
