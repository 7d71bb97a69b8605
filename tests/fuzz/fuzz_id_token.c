/*
 * ID tokens and the key sets beside them: the first line is the token, the rest the keys. What is
 * believed was signed by a key of the set, and says who it is.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "core/id_token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const char nonce_hash[32] = "no nonce has this hash, surely.";
    struct ctx *c = ctx_new(MIB(32), NULL);
    const char *text = text_copy(c->mem, (const char *)data, len), *end = memchr(text, '\n', len);
    struct bytes token = {text, end == NULL ? len : (size_t)(end - text)};
    struct bytes keys = {end == NULL ? text : end + 1, end == NULL ? 0 : len - token.len - 1};
    struct id_token_wish wish = {.issuer = "https://login.example.org",
                                 .client_id = "us",
                                 .nonce_hash = {nonce_hash, sizeof(nonce_hash)},
                                 .access_token = "x",
                                 .now_s = 1800000000};
    struct id_token_person who = {NULL, NULL, NULL};
    struct jwt jwt;

    if (jwt_read(c, token, &jwt) == OK) {
        assert(jwt_alg_known(jwt.alg) && json_is_object(jwt.claims));
        assert(jwt.head_and_claims.data == text && jwt.head_and_claims.len < token.len);
        if (jwt_verify(c, &jwt, keys) == OK)
            assert(jwks_usable(c, keys));
        ctx_forgive(c);
        assert(id_token_check(c, &jwt, &wish) != OK);
        ctx_forgive(c);
        if (id_token_person(c, jwt.claims, wish.issuer, &who) == OK)
            assert(strchr(who.email, '@') != NULL && !text_blank(who.name));
    }
    (void)jwks_usable(c, keys);
    ctx_end(c);
    return 0;
}
