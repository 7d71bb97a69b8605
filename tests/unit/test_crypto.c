/* Sealed secrets: only the right key opens them, only where they belong, and only unchanged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/conf.h"
#include "base/log.h"
#include "io/crypto.h"

#include <cmocka.h>

#define KEY "a secret of the settings, longer than 32"

static const struct seal_place place = {"tenant-1", "connection", "bot_token", "row-1"};
static unsigned char public_key[32], private_key[32];

static int setup(void **state)
{
    crypto_start();
    crypto_key_pair(public_key, private_key);
    *state = ctx_new(MIB(64), NULL);
    return 0;
}

static int teardown(void **state)
{
    ctx_end(*state);
    return 0;
}

static rc_t open_at(struct ctx *c, struct seal_place where, const char *token, struct bytes *out)
{
    ctx_forgive(c);
    return token != NULL && (token[0] == 'g' && token[1] == 'Q')
               ? seal_open_tenant(c, public_key, private_key, where, token, out)
               : seal_open_key(c, KEY, where, token, out);
}

/* Both kinds of token: sealed to a tenant, and with a key of our own. */
static void each_kind(struct ctx *c, const char *plain, const char *tokens[2])
{
    tokens[0] = seal_to_tenant(c, public_key, 7, place, bytes_of(plain));
    tokens[1] = seal_with_key(c, KEY, place, bytes_of(plain));
    assert_memory_equal(tokens[0], "gQ", 2);
    assert_in_range(tokens[1][1], 'g', 'v'); /* the second half of 0x82, and some of its key id */
}

static void there_and_back(void **state)
{
    static const char *const plains[] = {"", "x", "xoxb-123456789-abcdef", "\xe2\x82\xac"};
    struct ctx *c = *state;
    const char *tokens[2], *again[2];
    struct bytes out;

    for (size_t i = 0; i < COUNT_OF(plains); i++) {
        each_kind(c, plains[i], tokens);
        each_kind(c, plains[i], again);
        for (size_t k = 0; k < 2; k++) {
            assert_int_equal(open_at(c, place, tokens[k], &out), OK);
            assert_true(bytes_is(out, plains[i]));
            assert_string_not_equal(tokens[k], again[k]);
            if (strlen(plains[i]) > 4)
                assert_null(strstr(tokens[k], plains[i]));
        }
    }
}

static void opened_secrets_are_masked(void **state)
{
    struct ctx *c = *state;
    struct bytes out;
    const char *token = seal_with_key(c, KEY, place, BYTES("only-seen-when-opened"));

    assert_string_equal(log_mask(c->mem, "only-seen-when-opened"), "only-seen-when-opened");
    assert_int_equal(open_at(c, place, token, &out), OK);
    assert_string_equal(log_mask(c->mem, "only-seen-when-opened"), "[secret]");
}

static void moved_tokens_do_not_open(void **state)
{
    static const struct seal_place elsewhere[] = {
        {"tenant-2", "connection", "bot_token", "row-1"},
        {"tenant-1", "connections", "bot_token", "row-1"},
        {"tenant-1", "connection", "signing_secret", "row-1"},
        {"tenant-1", "connection", "bot_token", "row-2"},
        {"tenant-1", "connection", "bot_token", ""},
        {"tenant-1connection", "", "bot_token", "row-1"},
        {"tenant-1", "connectionbot_token", "", "row-1"},
        {"tenant-1", "connection", "bot_token5:row-1", ""},
    };
    struct ctx *c = *state;
    const char *tokens[2];
    struct bytes out;

    each_kind(c, "secret", tokens);
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < COUNT_OF(elsewhere); i++) {
            assert_int_equal(open_at(c, elsewhere[i], tokens[k], &out), E_INVALID);
            assert_string_equal(c->fault.code, "seal_broken");
        }
}

static void each_changed_bit_is_found(void **state)
{
    struct ctx *c = *state;
    const char *tokens[2];
    struct bytes raw, out;

    each_kind(c, "secret", tokens);
    for (size_t k = 0; k < 2; k++) {
        assert_int_equal(text_unbase64url(c->mem, bytes_of(tokens[k]), &raw), OK);
        for (size_t bit = 0; bit < raw.len * 8; bit++) {
            struct ctx *scratch = ctx_new(KIB(64), NULL);
            char *copy = text_copy(scratch->mem, raw.data, raw.len);

            copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << (bit % 8)));

            const char *token = text_base64url(scratch->mem, (struct bytes){copy, raw.len});
            rc_t rc = k == 0
                          ? seal_open_tenant(scratch, public_key, private_key, place, token, &out)
                          : seal_open_key(scratch, KEY, place, token, &out);

            if (rc != E_INVALID)
                fail_msg("kind %zu opened with bit %zu changed", k, bit);
            ctx_end(scratch);
        }
    }
}

static void torn_and_foreign_tokens(void **state)
{
    static const char *const none[] = {NULL,          "",         "gQ",   "gg",
                                       "not a token", "gAAAAABh", "====", "\xff\xfe"};
    struct ctx *c = *state;
    const char *tokens[2];
    struct bytes out;

    each_kind(c, "secret", tokens);
    for (size_t k = 0; k < 2; k++)
        for (size_t len = 0; len < strlen(tokens[k]); len++) {
            const char *torn = text_copy(c->mem, tokens[k], len);

            ctx_forgive(c);
            assert_int_equal(k == 0
                                 ? seal_open_tenant(c, public_key, private_key, place, torn, &out)
                                 : seal_open_key(c, KEY, place, torn, &out),
                             E_INVALID);
        }
    for (size_t i = 0; i < COUNT_OF(none); i++) {
        ctx_forgive(c);
        assert_int_equal(seal_open_key(c, KEY, place, none[i], &out), E_INVALID);
        ctx_forgive(c);
        assert_int_equal(seal_open_tenant(c, public_key, private_key, place, none[i], &out),
                         E_INVALID);
        assert_int_equal(seal_key_id(c, none[i]), -1);
    }
    /* One kind is never taken for the other. */
    ctx_forgive(c);
    assert_int_equal(seal_open_key(c, KEY, place, tokens[0], &out), E_INVALID);
    ctx_forgive(c);
    assert_int_equal(seal_open_tenant(c, public_key, private_key, place, tokens[1], &out),
                     E_INVALID);
}

static void wrong_keys_do_not_open(void **state)
{
    unsigned char other_public[32], other_private[32];
    struct ctx *c = *state;
    const char *tokens[2];
    struct bytes out;

    crypto_key_pair(other_public, other_private);
    each_kind(c, "secret", tokens);
    ctx_forgive(c);
    assert_int_equal(seal_open_key(c, KEY "!", place, tokens[1], &out), E_INVALID);
    ctx_forgive(c);
    assert_int_equal(seal_open_tenant(c, other_public, other_private, place, tokens[0], &out),
                     E_INVALID);
    ctx_forgive(c);
    assert_int_equal(seal_open_tenant(c, public_key, other_private, place, tokens[0], &out),
                     E_INVALID);
}

static void the_key_id_stands_in_the_head(void **state)
{
    static const int64_t ids[] = {0, 1, 7, 255, 256, 65536, 2147483647};
    struct ctx *c = *state;

    for (size_t i = 0; i < COUNT_OF(ids); i++)
        assert_int_equal(seal_key_id(c, seal_to_tenant(c, public_key, ids[i], place, BYTES("x"))),
                         ids[i]);
    assert_int_equal(seal_key_id(c, seal_with_key(c, KEY, place, BYTES("x"))), seal_secret_id(KEY));
    assert_true(seal_secret_id(KEY) != seal_secret_id(KEY "!"));
}

/* RFC 4231, cases 1, 2 and 6, and SHA-256 of "abc" (FIPS 180). */
static void hashes_by_their_standards(void **state)
{
    static const char long_key[] =
        "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
        "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
        "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
        "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
        "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
        "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa";
    static const struct {
        struct bytes key, message;
        const char *hex;
    } rows[] = {
        {{"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b", 20},
         {"Hi There", 8},
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {{"Jefe", 4},
         {"what do ya want for nothing?", 28},
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {{long_key, 131},
         {"Test Using Larger Than Block-Size Key - Hash Key First", 54},
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    };
    struct ctx *c = *state;
    unsigned char out[32];

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        crypto_hmac_sha256(rows[i].key, rows[i].message, out);
        assert_string_equal(text_hex(c->mem, (struct bytes){(const char *)out, 32}), rows[i].hex);
    }
    crypto_sha256(BYTES("abc"), out);
    assert_string_equal(text_hex(c->mem, (struct bytes){(const char *)out, 32}),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void passwords(void **state)
{
    struct ctx *c = *state;
    char *hash, *again;

    conf_set(CONF_argon2_mib, "8");
    conf_set(CONF_argon2_passes, "1");
    assert_int_equal(password_hash(c, "correct horse battery", &hash), OK);
    assert_int_equal(password_hash(c, "correct horse battery", &again), OK);
    assert_memory_equal(hash, "$argon2id$v=19$m=8192,t=1,", 26);
    assert_string_not_equal(hash, again);
    assert_true(password_fits(hash, "correct horse battery"));
    assert_false(password_fits(hash, "correct horse batterz"));
    assert_false(password_fits(hash, ""));
    assert_false(password_fits("no hash", "correct horse battery"));
    assert_false(password_fits("", ""));
}

static void tokens_and_wiping(void **state)
{
    struct ctx *c = *state;
    char secret[] = "secret";
    struct bytes raw;
    const char *token = crypto_token(c->mem);

    assert_int_equal(strlen(token), 43);
    assert_int_equal(text_unbase64url(c->mem, bytes_of(token), &raw), OK);
    assert_int_equal(raw.len, 32);
    assert_string_not_equal(token, crypto_token(c->mem));
    crypto_wipe(secret, sizeof(secret));
    assert_memory_equal(secret, "\0\0\0\0\0\0", 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(opened_secrets_are_masked),
        cmocka_unit_test(moved_tokens_do_not_open),
        cmocka_unit_test(each_changed_bit_is_found),
        cmocka_unit_test(torn_and_foreign_tokens),
        cmocka_unit_test(wrong_keys_do_not_open),
        cmocka_unit_test(the_key_id_stands_in_the_head),
        cmocka_unit_test(hashes_by_their_standards),
        cmocka_unit_test(passwords),
        cmocka_unit_test(tokens_and_wiping),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
