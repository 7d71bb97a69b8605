/* What an ID token must say: each claim alone made wrong is refused under its own code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/id_token.h"
#include "io/crypto.h"

#include <cmocka.h>

#define NOW 1800000000
#define ISSUER "https://login.example.org"
#define TOKEN "an access token"

static int setup(void **state)
{
    crypto_start();
    *state = ctx_new(MIB(8), NULL);
    return 0;
}

static int teardown(void **state)
{
    ctx_end(*state);
    return 0;
}

static json_t *good_claims(void)
{
    return json_pack("{s:s, s:s, s:s, s:i, s:i, s:s, s:s, s:b, s:s}", "iss", ISSUER, "aud", "us",
                     "sub", "42", "exp", NOW + 300, "iat", NOW - 1, "nonce", "the nonce", "email",
                     "Ann@Acme.example", "email_verified", 1, "name", " Ann Smith ");
}

/* Takes the claims over; the code, or "" when they are believed. */
static const char *code_of(struct ctx *c, json_t *claims, struct id_token_person *who)
{
    unsigned char hash[32];
    struct jwt token = {.alg = "RS256", .claims = claims};
    const char *issuer = json_string_value(json_object_get(claims, "iss"));
    struct id_token_wish wish = {.issuer = ISSUER,
                                 .client_id = "us",
                                 .nonce_hash = {(const char *)hash, sizeof(hash)},
                                 .access_token = TOKEN,
                                 .now_s = NOW};
    const char *code = "";

    /* The rules of some issuers are their own. */
    if (issuer != NULL && (strstr(issuer, "google") != NULL || strstr(issuer, "microsoft") != NULL))
        wish.issuer = issuer;
    crypto_sha256(BYTES("the nonce"), hash);
    if (id_token_check(c, &token, &wish) != OK ||
        id_token_person(c, claims, wish.issuer, who) != OK)
        code = c->fault.code;
    else
        *who = (struct id_token_person){text_dup(c->mem, who->subject), who->email, who->name};
    ctx_forgive(c);
    json_decref(claims);
    return code;
}

/* Claims with some replaced; a null takes one away. */
static json_t *with(const char *changes)
{
    json_t *claims = good_claims(), *more = json_loads(changes, 0, NULL);
    const char *key;
    void *next;

    assert_non_null(more);
    json_object_update(claims, more);
    json_decref(more);
    json_object_foreach_safe(claims, next, key, more)
    {
        if (json_is_null(more))
            json_object_del(claims, key);
    }
    return claims;
}

static void a_good_one_names_a_person(void **state)
{
    struct ctx *c = *state;
    struct id_token_person who;

    assert_string_equal(code_of(c, good_claims(), &who), "");
    assert_string_equal(who.subject, "42");
    assert_string_equal(who.email, "ann@acme.example");
    assert_string_equal(who.name, "Ann Smith");
    assert_string_equal(code_of(c, with("{\"name\":null}"), &who), "");
    assert_string_equal(who.name, "ann");
}

static void each_claim_is_checked(void **state)
{
    static const struct {
        const char *changes, *code;
    } rows[] = {
        {"{\"iss\":\"https://login.example.org/\"}", "oidc_token_issuer"},
        {"{\"iss\":null}", "oidc_token_issuer"},
        {"{\"iss\":[\"https://login.example.org\"]}", "oidc_token_issuer"},
        {"{\"aud\":\"them\"}", "oidc_token_audience"},
        {"{\"aud\":[\"them\"]}", "oidc_token_audience"},
        {"{\"aud\":[]}", "oidc_token_audience"},
        {"{\"aud\":null}", "oidc_token_audience"},
        {"{\"aud\":{\"us\":\"us\"}}", "oidc_token_audience"},
        {"{\"aud\":[\"us\"]}", ""},
        {"{\"aud\":[\"us\",\"them\"]}", "oidc_token_party"},
        {"{\"aud\":[\"us\",\"them\"],\"azp\":\"us\"}", ""},
        {"{\"azp\":\"them\"}", "oidc_token_party"},
        {"{\"azp\":\"us\"}", ""},
        {"{\"exp\":1799999000}", "oidc_token_expired"},
        {"{\"exp\":1799999880}", "oidc_token_expired"},
        {"{\"exp\":1799999881}", ""},
        {"{\"exp\":1800000300.5}", ""},
        {"{\"exp\":null}", "oidc_token_expired"},
        {"{\"exp\":\"1800000300\"}", "oidc_token_expired"},
        {"{\"exp\":-1}", "oidc_token_expired"},
        {"{\"exp\":1e300}", "oidc_token_expired"},
        {"{\"iat\":null}", "oidc_token_time"},
        {"{\"iat\":1800000121}", "oidc_token_time"},
        {"{\"iat\":1800000120}", ""},
        {"{\"iat\":1799990000}", "oidc_token_time"},
        {"{\"nbf\":1800000500}", "oidc_token_time"},
        {"{\"nbf\":1800000000}", ""},
        {"{\"nonce\":\"another\"}", "oidc_token_nonce"},
        {"{\"nonce\":null}", "oidc_token_nonce"},
        {"{\"nonce\":[\"the nonce\"]}", "oidc_token_nonce"},
        {"{\"at_hash\":\"77QmUPtjPfzWtF2AnpK9RQ\"}", "oidc_token_hash"},
        {"{\"at_hash\":7}", "oidc_token_hash"},
        {"{\"sub\":null}", "oidc_token_subject"},
        {"{\"sub\":\"\"}", "oidc_token_subject"},
        {"{\"sub\":42}", "oidc_token_subject"},
        {"{\"email\":null}", "oidc_email_missing"},
        {"{\"email\":\"\"}", "oidc_email_missing"},
        {"{\"email\":\"ann\"}", "oidc_email_missing"},
        {"{\"email\":\"ann@acme.example, eve@evil.example\"}", "oidc_email_missing"},
        {"{\"email\":\"ann@evil.example@acme.example\"}", "oidc_email_missing"},
        {"{\"email\":\"ann@acme.example\\n\"}", "oidc_email_missing"},
        {"{\"email_verified\":false}", "oidc_email_unverified"},
        {"{\"email_verified\":null}", "oidc_email_unverified"},
        {"{\"email_verified\":\"false\"}", "oidc_email_unverified"},
        {"{\"email_verified\":\"true\"}", ""},
        /* Microsoft's own word counts for Microsoft alone. */
        {"{\"email_verified\":null,\"xms_edov\":true}", "oidc_email_unverified"},
        {"{\"iss\":\"https://login.microsoftonline.com/x/v2.0\",\"email_verified\":null,\"xms_"
         "edov\":true}",
         ""},
        {"{\"iss\":\"https://login.microsoftonline.com/x/v2.0\",\"email_verified\":null}",
         "oidc_email_unverified"},
        /* Google's accounts of nobody in particular. */
        {"{\"iss\":\"https://accounts.google.com\"}", "oidc_email_domain"},
        {"{\"iss\":\"https://accounts.google.com\",\"hd\":\"other.example\"}", "oidc_email_domain"},
        {"{\"iss\":\"https://accounts.google.com\",\"hd\":\"acme.example\"}", ""},
    };
    struct ctx *c = *state;
    struct id_token_person who;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *code = code_of(c, with(rows[i].changes), &who);

        if (!text_is(code, rows[i].code))
            fail_msg("%s: \"%s\" instead of \"%s\"", rows[i].changes, code, rows[i].code);
    }
}

static void at_hash_fits_its_token(void **state)
{
    struct ctx *c = *state;
    struct id_token_person who;
    json_t *claims = good_claims();

    json_object_set_new(claims, "at_hash", json_string(jwt_half_hash(c->mem, "RS256", TOKEN)));
    assert_string_equal(code_of(c, claims, &who), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_good_one_names_a_person, setup, teardown),
        cmocka_unit_test_setup_teardown(each_claim_is_checked, setup, teardown),
        cmocka_unit_test_setup_teardown(at_hash_fits_its_token, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
