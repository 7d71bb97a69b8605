/*
 * Signed tokens and the keys they are checked with: the examples of the RFCs, every algorithm that
 * is accepted, and what attackers have tried elsewhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/shape.h"
#include "io/crypto.h"
#include "io/crypto_jwt.h"
#include "jwt_made.h"

#include <cmocka.h>

static int setup(void **state)
{
    crypto_start();
    *state = ctx_new(MIB(64), NULL);
    return 0;
}

static int teardown(void **state)
{
    ctx_end(*state);
    return 0;
}

/* Published: RFC 7515 A.2 and A.3, RFC 7520 4.1, RFC 8037 A.4. */
static const struct vector {
    const char *alg, *kid, *jwk, *text, *signature;
} vectors[] = {
    {"RS256", NULL,
     "{\"kty\":\"RSA\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw"
     "-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0"
     "LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5Zw"
     "Kh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\","
     "\"e\":\"AQAB\"}",
     "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLm"
     "NvbS9pc19yb290Ijp0cnVlfQ",
     "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5"
     "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb"
     "1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QO"
     "YEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"},
    {"ES256", NULL,
     "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
     "\"y\":"
     "\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}",
     "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLm"
     "NvbS9pc19yb290Ijp0cnVlfQ",
     "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"},
    {"RS256", "bilbo.baggins@hobbiton.example",
     "{\"kty\":\"RSA\",\"kid\":\"bilbo.baggins@hobbiton.example\",\"use\":\"sig\",\"n\":"
     "\"n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJ"
     "mSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-"
     "OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFA"
     "KwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw\",\"e\":\"AQAB\"}",
     "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9."
     "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250"
     "byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hl"
     "cmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4",
     "MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xugl"
     "II7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x"
     "8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE"
     "_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg"},
    {"EdDSA", NULL,
     "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
     "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
     "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"},
};

static void the_published_examples_fit(void **state)
{
    struct ctx *c = *state;

    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        const struct vector *v = &vectors[i];
        struct jwt token = {.alg = v->alg, .kid = v->kid, .head_and_claims = bytes_of(v->text)};
        const char *set = text_printf(c->mem, "{\"keys\":[%s]}", v->jwk);
        char *wrong = text_dup(c->mem, v->text);

        assert_int_equal(text_unbase64url(c->mem, bytes_of(v->signature), &token.signature), OK);
        assert_int_equal(jwt_verify(c, &token, bytes_of(set)), OK);
        wrong[strlen(wrong) - 3] ^= 1;
        token.head_and_claims = bytes_of(wrong);
        assert_int_equal(jwt_verify(c, &token, bytes_of(set)), E_FORBIDDEN);
        assert_string_equal(c->fault.code, "oidc_token_signature");
        ctx_forgive(c);
    }
}

static const char *const algs[] = {"RS256", "PS256", "ES256", "EdDSA"};

/* Reads and verifies; the code of what is wrong, or "". */
static const char *code_of(struct ctx *c, const char *token, const char *set)
{
    struct jwt jwt;
    rc_t rc = jwt_read(c, bytes_of(token), &jwt);
    const char *code;

    if (rc == OK)
        rc = jwt_verify(c, &jwt, bytes_of(set));
    code = rc == OK ? "" : c->fault.code;
    ctx_forgive(c);
    return code;
}

static void each_algorithm_there_and_back(void **state)
{
    struct ctx *c = *state;

    for (size_t i = 0; i < COUNT_OF(algs); i++) {
        struct made_key *key = key_make(c, algs[i], "one"), *other = key_make(c, algs[i], "one");
        const char *token = token_make(c, key, "{\"sub\":\"ann\"}");
        struct jwt jwt;

        assert_string_equal(code_of(c, token, key_set(c, key)), "");
        assert_int_equal(jwt_read(c, bytes_of(token), &jwt), OK);
        assert_string_equal(json_str(jwt.claims, "sub"), "ann");
        assert_string_equal(code_of(c, token, key_set(c, other)), "oidc_token_signature");
        assert_string_equal(code_of(c, token, key_set(c, key_make(c, algs[i], "two"))),
                            "oidc_token_key");
    }
}

/* A signature cut short or made longer, and one of the right length that is all zeros. */
static void no_other_signature_fits(void **state)
{
    struct ctx *c = *state;

    for (size_t i = 0; i < COUNT_OF(algs); i++) {
        struct made_key *key = key_make(c, algs[i], "one");
        const char *token = token_make(c, key, "{}"), *set = key_set(c, key);
        size_t head = (size_t)(strrchr(token, '.') - token) + 1, len = strlen(token);
        char *zeros = text_dup(c->mem, token);

        const char *const wrong[] = {zeros, text_copy(c->mem, token, head),
                                     text_copy(c->mem, token, len - 4),
                                     text_printf(c->mem, "%sAAAA", token)};

        memset(zeros + head, 'A', len - head);
        assert_string_equal(code_of(c, zeros, set), "oidc_token_signature");
        for (size_t k = 0; k < COUNT_OF(wrong); k++)
            assert_string_not_equal(code_of(c, wrong[k], set), "");
    }
}

/* One who has only the public key, or none at all, makes no token. */
static void only_signatures_with_private_keys_count(void **state)
{
    static const char *const heads[] = {
        "{\"alg\":\"none\"}",  "{\"alg\":\"None\"}",   "{\"alg\":\"HS256\",\"kid\":\"one\"}",
        "{\"alg\":\"RS1\"}",   "{\"alg\":\"ES256K\"}", "{\"alg\":\"rs256\"}",
        "{\"alg\":\"RS512\"}", "{\"alg\":7}",          "{}"};
    struct ctx *c = *state;
    struct made_key *key = key_make(c, "RS256", "one");
    const char *set = key_set(c, key);

    for (size_t i = 0; i < COUNT_OF(heads); i++)
        assert_string_equal(code_of(c, token_signed(c, key, heads[i], "{}"), set),
                            "oidc_token_algorithm");
    assert_string_equal(code_of(c, "eyJhbGciOiJub25lIn0.e30.", set), "oidc_token_algorithm");

    /* The public key as the secret of a hash. */
    const char *text = text_printf(
        c->mem, "%s.e30", text_base64url(c->mem, BYTES("{\"alg\":\"HS256\",\"kid\":\"one\"}")));
    unsigned char mac[32];

    crypto_hmac_sha256(bytes_of(set), bytes_of(text), mac);
    text = text_printf(c->mem, "%s.%s", text,
                       text_base64url(c->mem, (struct bytes){(const char *)mac, sizeof(mac)}));
    assert_string_equal(code_of(c, text, set), "oidc_token_algorithm");
}

/* The head says what it is signed with, but the key must agree. */
static void a_key_serves_its_own_purpose(void **state)
{
    struct ctx *c = *state;
    struct made_key *rsa = key_make(c, "RS256", "one");
    const char *token = token_make(c, rsa, "{}");
    static const char *const unfit[] = {",\"use\":\"enc\"", ",\"alg\":\"PS256\"",
                                        ",\"alg\":\"RSA-OAEP\""};
    static const char *const fit[] = {",\"use\":\"sig\"", ",\"alg\":\"RS256\"",
                                      ",\"x5t\":\"x\",\"key_ops\":[\"verify\"]"};

    for (size_t i = 0; i < COUNT_OF(unfit); i++)
        assert_string_equal(
            code_of(c, token, text_printf(c->mem, "{\"keys\":[%s]}", key_jwk(c, rsa, unfit[i]))),
            "oidc_token_key");
    for (size_t i = 0; i < COUNT_OF(fit); i++)
        assert_string_equal(
            code_of(c, token, text_printf(c->mem, "{\"keys\":[%s]}", key_jwk(c, rsa, fit[i]))), "");
    /* A key of the token's own choosing in its head is nobody's. */
    assert_string_equal(
        code_of(c,
                token_signed(c, rsa,
                             text_printf(c->mem, "{\"alg\":\"RS256\",\"kid\":\"one\",\"jwk\":%s}",
                                         key_jwk(c, rsa, "")),
                             "{}"),
                key_set(c, key_make(c, "RS256", "one"))),
        "oidc_token_signature");
}

static void weak_and_broken_keys_are_passed_over(void **state)
{
    static const char *const sets[] = {
        "{\"keys\":[]}", "{\"keys\":[{}]}", "{\"keys\":[1,null,\"x\",[]]}",
        "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\",\"kid\":\"one\"}]}",
        "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\",\"kid\":\"one\"}]}",
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAA\",\"y\":\"AAAA\"}]}",
        /* a point beside the curve */
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"
        "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHv"
        "RVEU\",\"y\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"}]}"};
    static const char *const broken[] = {"", "[]", "{}", "{\"keys\":{}}", "{\"keys\":[", "null"};
    struct ctx *c = *state;
    struct made_key *weak = key_make_bits(c, "RS256", "one", 1024);
    const char *token = token_make(c, weak, "{}");

    assert_string_equal(code_of(c, token, key_set(c, weak)), "oidc_token_key");
    for (size_t i = 0; i < COUNT_OF(sets); i++) {
        assert_string_equal(code_of(c, token, sets[i]), "oidc_token_key");
        assert_false(jwks_usable(c, bytes_of(sets[i])));
    }
    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        assert_string_equal(code_of(c, token, broken[i]), "oidc_keys");
        assert_false(jwks_usable(c, bytes_of(broken[i])));
    }
}

/* Without a name it is the only key or none: no key is just tried. */
static void a_token_without_a_name_has_no_choice(void **state)
{
    struct ctx *c = *state;
    struct made_key *one = key_make(c, "ES256", "one"), *two = key_make(c, "ES256", "two");
    const char *token = token_signed(c, one, "{\"alg\":\"ES256\"}", "{}");
    const char *both = text_printf(c->mem, "{\"keys\":[%s,%s]}", key_jwk(c, one, ""),
                                   key_jwk(c, two, ""));

    assert_string_equal(code_of(c, token, key_set(c, one)), "");
    assert_string_equal(code_of(c, token, both), "oidc_token_key");
}

static void what_is_no_token_is_refused(void **state)
{
    struct ctx *c = *state;
    struct made_key *key = key_make(c, "EdDSA", "one");
    const char *set = key_set(c, key), *good = token_make(c, key, "{}");
    char *huge = arena_take(c->mem, JWT_MAX + 2);
    const char *const bad[] = {"",
                               ".",
                               "..",
                               "a.b",
                               "a.b.c",
                               "e30.e30.",
                               text_printf(c->mem, "%s.", good),
                               text_printf(c->mem, " %s", good),
                               token_make(c, key, "[]"),
                               token_make(c, key, "{\"a\":1,\"a\":2}"),
                               token_make(c, key, "{\"a\":\"\xff\"}"),
                               token_signed(c, key, "{\"alg\":\"EdDSA\",\"crit\":[\"exp\"]}", "{}"),
                               token_signed(c, key, "{\"alg\":\"EdDSA\",\"b64\":false}", "{}"),
                               token_signed(c, key, "{\"alg\":\"EdDSA\",\"kid\":1}", "{}"),
                               huge};

    memset(huge, 'e', JWT_MAX + 1);
    huge[JWT_MAX + 1] = '\0';
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        const char *code = code_of(c, bad[i], set);

        if (!text_is(code, "oidc_token_malformed") && !text_is(code, "oidc_token_algorithm"))
            fail_msg("%s: %s", bad[i], code);
    }
    assert_string_equal(code_of(c, good, set), "");
}

/* at_hash of OpenID Connect Core A.3, and with the hash that belongs to Ed25519. */
static void half_hashes(void **state)
{
    struct ctx *c = *state;

    assert_string_equal(
        jwt_half_hash(c->mem, "RS256", "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
        "77QmUPtjPfzWtF2AnpK9RQ");
    assert_int_equal(strlen(jwt_half_hash(c->mem, "EdDSA", "x")), 43);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_published_examples_fit, setup, teardown),
        cmocka_unit_test_setup_teardown(each_algorithm_there_and_back, setup, teardown),
        cmocka_unit_test_setup_teardown(no_other_signature_fits, setup, teardown),
        cmocka_unit_test_setup_teardown(only_signatures_with_private_keys_count, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_serves_its_own_purpose, setup, teardown),
        cmocka_unit_test_setup_teardown(weak_and_broken_keys_are_passed_over, setup, teardown),
        cmocka_unit_test_setup_teardown(a_token_without_a_name_has_no_choice, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_token_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(half_hashes, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
