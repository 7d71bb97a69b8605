/* See crypto_jwt.h. The keys themselves are read in crypto_jwk.c. */
#include "io/crypto_jwt.h"

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

#include "base/shape.h"
#include "io/crypto_jwk.h"

#define EC_HALF 32 /* bytes of one number in an ES256 signature */

static rc_t malformed(struct ctx *c, const char *why)
{
    return ctx_fail(c, E_INVALID, "oidc_token_malformed", "the ID token is not well formed: %s",
                    why);
}

/* One part of the token as a JSON object. */
static rc_t part_read(struct ctx *c, struct bytes part, json_t **out)
{
    struct bytes json;

    if (text_unbase64url(c->mem, part, &json) != OK)
        return malformed(c, "base64");
    if (json_parse(c, json, out) != OK || !json_is_object(*out)) {
        ctx_forgive(c);
        return malformed(c, "JSON");
    }
    return OK;
}

static rc_t split(struct ctx *c, struct bytes token, struct bytes part[3])
{
    const char *at = token.data, *end = token.data + token.len;

    for (int i = 0; i < 3; i++) {
        const char *dot = i < 2 ? memchr(at, '.', (size_t)(end - at)) : end;

        if (dot == NULL || (i == 2 && memchr(at, '.', (size_t)(end - at)) != NULL))
            return malformed(c, "it has not three parts");
        part[i] = (struct bytes){at, (size_t)(dot - at)};
        at = dot + 1;
    }
    return OK;
}

static rc_t head_read(struct ctx *c, const json_t *head, struct jwt *out)
{
    const char *alg = json_str(head, "alg");
    const json_t *kid = json_object_get(head, "kid");

    /* What is critical must be understood, and we understand nothing beyond the plain form. */
    if (json_object_get(head, "crit") != NULL || json_object_get(head, "b64") != NULL)
        return malformed(c, "it names extensions");
    if (kid != NULL && !json_is_string(kid))
        return malformed(c, "kid is no text");
    if (alg == NULL || !jwt_alg_known(alg))
        return ctx_fail(c, E_FORBIDDEN, "oidc_token_algorithm",
                        "the ID token is signed with an algorithm that is not accepted");
    out->alg = alg;
    out->kid = kid == NULL ? NULL : json_string_value(kid);
    return OK;
}

rc_t jwt_read(struct ctx *c, struct bytes token, struct jwt *out)
{
    struct bytes part[3];
    json_t *head;

    if (token.len > JWT_MAX)
        return malformed(c, "it is too long");
    TRY(split(c, token, part));
    TRY(part_read(c, part[0], &head));
    TRY(head_read(c, head, out));
    TRY(part_read(c, part[1], &out->claims));
    if (text_unbase64url(c->mem, part[2], &out->signature) != OK)
        return malformed(c, "base64");
    out->head_and_claims = (struct bytes){token.data,
                                          (size_t)(part[1].data + part[1].len - token.data)};
    return OK;
}

/* ES256 signatures are two bare numbers; OpenSSL wants them in DER. NULL when they are not. */
static unsigned char *der_of(struct arena *mem, struct bytes two, size_t *len)
{
    const unsigned char *raw = (const unsigned char *)two.data;
    unsigned char *der = NULL, *out = NULL;
    ECDSA_SIG *sig;
    BIGNUM *r, *s;
    int made;

    if (two.len != 2 * (size_t)EC_HALF)
        return NULL;
    sig = ECDSA_SIG_new();
    r = BN_bin2bn(raw, EC_HALF, NULL);
    s = BN_bin2bn(raw + EC_HALF, EC_HALF, NULL);
    if (sig == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(sig, r, s) != 1)
        abort();
    made = i2d_ECDSA_SIG(sig, &der);
    if (made <= 0)
        abort();
    *len = (size_t)made;
    out = arena_take(mem, *len);
    memcpy(out, der, *len);
    OPENSSL_free(der);
    ECDSA_SIG_free(sig);
    return out;
}

static bool fits(struct ctx *c, const struct jwt *token, EVP_PKEY *key)
{
    const unsigned char *sig = (const unsigned char *)token->signature.data;
    size_t len = token->signature.len;
    const EVP_MD *md = text_is(token->alg, "EdDSA") ? NULL : EVP_sha256();
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *how = NULL;
    bool good;

    if (ctx == NULL)
        abort();
    if (text_is(token->alg, "ES256"))
        sig = der_of(c->mem, token->signature, &len);
    good = sig != NULL && EVP_DigestVerifyInit(ctx, &how, md, NULL, key) == 1;
    if (good && text_is(token->alg, "PS256"))
        good = EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1;
    good = good &&
           EVP_DigestVerify(ctx, sig, len, (const unsigned char *)token->head_and_claims.data,
                            token->head_and_claims.len) == 1;
    EVP_MD_CTX_free(ctx);
    return good;
}

static rc_t unknown_key(struct ctx *c)
{
    return ctx_fail(c, E_NOT_FOUND, "oidc_token_key",
                    "the ID token is signed with a key that the provider does not publish");
}

/*
 * A token that names its key is checked with the keys of that name; one that names none only when
 * there is no choice, since trying keys until one fits would make every key as good as the best.
 */
rc_t jwt_verify(struct ctx *c, const struct jwt *token, struct bytes key_set)
{
    struct jwk keys[JWKS_KEYS_MAX];
    size_t count, meant = 0;
    bool good = false;

    TRY(jwks_read(c, key_set, token->alg, keys, &count));
    for (size_t i = 0; i < count; i++) {
        if (token->kid != NULL ? !text_is(keys[i].kid, token->kid) : count > 1)
            continue;
        meant++;
        good = good || fits(c, token, keys[i].key);
    }
    if (meant == 0)
        return unknown_key(c);
    return good ? OK
                : ctx_fail(c, E_FORBIDDEN, "oidc_token_signature",
                           "the signature of the ID token is wrong");
}

const char *jwt_half_hash(struct arena *mem, const char *alg, const char *text)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned int len = 0;

    if (EVP_Digest(text, strlen(text), hash, &len,
                   text_is(alg, "EdDSA") ? EVP_sha512() : EVP_sha256(), NULL) != 1)
        abort();
    return text_base64url(mem, (struct bytes){(const char *)hash, len / 2});
}
