/* The published Fernet format, judged by the vectors that its authors publish. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "io/crypto.h"
#include "io/crypto_fernet.h"

#include <cmocka.h>

#define VECTORS "/usr/lib/python3/dist-packages/cryptography_vectors/fernet/"

static json_t *vectors(const char *name)
{
    char path[200];
    json_error_t why;

    snprintf(path, sizeof(path), VECTORS "%s.json", name);

    json_t *list = json_load_file(path, 0, &why);

    if (list == NULL)
        fail_msg("%s: %s", path, why.text);
    assert_true(json_array_size(list) > 0);
    return list;
}

static const char *str(const json_t *row, const char *name)
{
    const char *text = json_string_value(json_object_get(row, name));

    assert_non_null(text);
    return text;
}

/* "1985-10-26T01:20:01-07:00" as seconds UTC. */
static int64_t moment(const char *text)
{
    struct tm parts = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
    int hours = 0, minutes = 0;

    assert_non_null(rest);
    assert_int_equal(sscanf(rest, "%d:%d", &hours, &minutes), 2);
    return (int64_t)timegm(&parts) - hours * 3600 - (hours < 0 ? -minutes : minutes) * 60;
}

static void generates_what_is_published(void **state)
{
    struct ctx *c = ctx_new(MIB(16), NULL);
    json_t *list = vectors("generate"), *row, *byte;
    size_t i, k;

    (void)state;
    json_array_foreach(list, i, row)
    {
        unsigned char iv[16];
        char *token;

        json_array_foreach(json_object_get(row, "iv"), k, byte)
        {
            iv[k] = (unsigned char)json_integer_value(byte);
        }
        assert_int_equal(fernet_seal(c, str(row, "secret"), moment(str(row, "now")), iv,
                                     bytes_of(str(row, "src")), &token),
                         OK);
        assert_string_equal(token, str(row, "token"));
    }
    json_decref(list);
    ctx_end(c);
}

static void verifies_what_is_published(void **state)
{
    struct ctx *c = ctx_new(MIB(16), NULL);
    json_t *list = vectors("verify"), *row;
    struct bytes plain;
    size_t i;

    (void)state;
    json_array_foreach(list, i, row)
    {
        assert_int_equal(fernet_open(c, str(row, "secret"), moment(str(row, "now")),
                                     json_integer_value(json_object_get(row, "ttl_sec")),
                                     str(row, "token"), &plain),
                         OK);
        assert_true(bytes_is(plain, str(row, "src")));
    }
    json_decref(list);
    ctx_end(c);
}

static void refuses_what_is_invalid(void **state)
{
    struct ctx *c = ctx_new(MIB(16), NULL);
    json_t *list = vectors("invalid"), *row;
    struct bytes plain;
    size_t i;

    (void)state;
    json_array_foreach(list, i, row)
    {
        rc_t rc = fernet_open(c, str(row, "secret"), moment(str(row, "now")),
                              json_integer_value(json_object_get(row, "ttl_sec")),
                              str(row, "token"), &plain);

        if (rc != E_INVALID)
            fail_msg("accepted: %s", str(row, "desc"));
        ctx_forgive(c);
    }
    json_decref(list);
    ctx_end(c);
}

static void there_and_back(void **state)
{
    static const char secret[] = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
    struct ctx *c = ctx_new(MIB(16), NULL);
    char text[70] = "";
    struct bytes plain;
    char *token;

    (void)state;
    for (size_t len = 0; len < sizeof(text) - 1; len++) {
        assert_int_equal(fernet_seal(c, secret, 1000, NULL, bytes_of(text), &token), OK);
        assert_int_equal(fernet_open(c, secret, 1000, 0, token, &plain), OK);
        assert_true(bytes_is(plain, text));
        text[len] = (char)('a' + len % 26);
    }
    ctx_end(c);
}

static void each_changed_character_is_noticed(void **state)
{
    static const char secret[] = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
    struct ctx *c = ctx_new(MIB(16), NULL);
    struct bytes plain;
    char *token;

    (void)state;
    assert_int_equal(fernet_seal(c, secret, 1000, NULL, BYTES("a key of somebody"), &token), OK);
    for (size_t i = 0; token[i] != '\0'; i++) {
        char before = token[i];

        token[i] = before == 'A' ? 'B' : 'A';
        assert_int_equal(fernet_open(c, secret, 1000, 0, token, &plain), E_INVALID);
        ctx_forgive(c);
        token[i] = before;
    }
    assert_int_equal(fernet_open(c, "short", 1000, 0, token, &plain), E_INVALID);
    assert_string_equal(c->fault.code, "fernet_key");
    ctx_end(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generates_what_is_published),
        cmocka_unit_test(verifies_what_is_published),
        cmocka_unit_test(refuses_what_is_invalid),
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(each_changed_character_is_noticed),
    };

    crypto_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
