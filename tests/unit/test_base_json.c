/*
 * JSON: the quick reader takes what is usual, reads it as jansson does, and takes nothing that
 * jansson refuses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"
#include "base/shape.h"

#include <cmocka.h>

#define LEVELS 32

/* What both say of this text; in memory of its own length, so that a read past it is seen. */
static json_t *read_both(const char *text, size_t len)
{
    char *exact = malloc(len > 0 ? len : 1);
    json_t *quick, *slow;

    assert_non_null(exact);
    memcpy(exact, text, len);
    quick = json_read((struct bytes){exact, len}, LEVELS);
    slow = json_loadb(exact, len, JSON_REJECT_DUPLICATES, NULL);
    free(exact);
    if (quick != NULL && !json_equal(quick, slow))
        fail_msg("read differently: %.*s", (int)len, text);
    json_decref(slow);
    return quick;
}

static void usual_texts_are_taken(void **state)
{
    static const char *const texts[] = {
        "{}",
        " [ ] ",
        "\t{ \"a\" : 1 ,\r\n \"b\":[1,2 , 3] }\n",
        "{\"\":\"\",\"long enough for eight at once\":\"and this as well, \\\"so\\\" it is\"}",
        "[0,-0,-1,123456789012345678,-999999999999999999]",
        "[0.0,-0.5,1e5,1E+5,1e-5,12.5e3,1e-400,0.1234567890123456789,2.2250738585072014e-308]",
        "[true,false,null,{\"a\":{\"b\":[[],{}]}}]",
        "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\",\"\\u0041\\u00e4\\u20AC\\uD83D\\uDE00\"]",
        "[\"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80\",\"\x7f\",\"seven b\xc3\xa4 and more of it\"]",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        json_t *root = read_both(texts[i], strlen(texts[i]));

        if (root == NULL)
            fail_msg("not taken: %s", texts[i]);
        json_decref(root);
    }
}

static void what_jansson_refuses_is_not_taken(void **state)
{
    static const char *const texts[] = {
        "",
        " ",
        "{",
        "[",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{\"a\" 1}",
        "{a:1}",
        "{\"a\":1}}",
        "[1]]",
        "[1] 2",
        "{\"a\":1,\"a\":1}",
        "[01]",
        "[-]",
        "[-01]",
        "[1.]",
        "[.5]",
        "[1e]",
        "[1e+]",
        "[+1]",
        "[0x1]",
        "[1e999]",
        "[99999999999999999999]",
        "[NaN]",
        "[Infinity]",
        "[tru]",
        "[truex]",
        "[nul",
        "['a']",
        "[\"a]",
        "[\"a\n\"]",
        "[\"a\x01"
        "12345678\"]",
        "[\"\\x\"]",
        "[\"\\u12\"]",
        "[\"\\u12g4\"]",
        "[\"\\ud800\"]",
        "[\"\\ud800\\u0041\"]",
        "[\"\\udc00\"]",
        "[\"\\u0000\"]",
        "[\"\\",
        "[\"\\u",
        "[\"\xff\"]",
        "[\"\xc3\"]",
        "[\"\xc3\\u00a4\"]",
        "[\"\xc0\xaf\"]",
        "[\"\xed\xa0\x80\"]",
        "[\"\xf4\x90\x80\x80\"]",
        "[\"\xe2\x82\"]",
        "{\"\xff\":1}",
        "\xef\xbb\xbf{}",
        "[1]\x0b",
        "// no\n[1]",
        "1",
        "\"a\"",
        "true",
        "[\"plain first \xff\"]",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (read_both(texts[i], strlen(texts[i])) != NULL)
            fail_msg("taken: %s", texts[i]);
    assert_null(read_both("[\"a\0b\"]", 7));
    assert_null(read_both("[1]\0", 4));
}

/* Each beginning of a text that is taken, and each text with one byte of it changed. */
static void broken_texts_are_read_alike(void **state)
{
    static const char whole[] =
        "{\"model\":\"m\",\"n\":[-1.5e3,0],\"t\":\"a\\u00e4\\n\xc3\xa4 and on\","
        "\"u\":{\"b\":true,\"c\":null}}";
    static const char odd[] = "\"\\,:{}[]0.eu -\x80\xff\x01";
    char text[sizeof(whole)];

    (void)state;
    for (size_t len = 0; len < sizeof(whole) - 1; len++)
        assert_null(read_both(whole, len));
    for (size_t at = 0; at < sizeof(whole) - 1; at++)
        for (size_t i = 0; i < sizeof(odd); i++) {
            memcpy(text, whole, sizeof(whole));
            text[at] = odd[i];
            json_decref(read_both(text, sizeof(whole) - 1));
        }
}

static void levels_are_bounded(void **state)
{
    char text[2 * (LEVELS + 1) + 1];
    json_t *root;

    (void)state;
    memset(text, '[', LEVELS + 1);
    memset(text + LEVELS + 1, ']', LEVELS + 1);
    assert_null(json_read((struct bytes){text, sizeof(text) - 1}, LEVELS));
    root = read_both(text + 1, (size_t)2 * LEVELS);
    assert_non_null(root);
    json_decref(root);
}

/* Jansson judges what the quick reader leaves. */
static void rare_texts_are_read_all_the_same(void **state)
{
    struct ctx *c = ctx_new(MIB(1), NULL);
    json_t *root;

    (void)state;
    assert_int_equal(json_parse(c, BYTES("{\"\\u0061\":9223372036854775807}"), &root), OK);
    assert_true(json_integer_value(json_object_get(root, "a")) == INT64_MAX);
    assert_int_equal(json_parse(c, BYTES("[1,\n]"), &root), E_INVALID);
    assert_string_equal(c->fault.detail, "The body is not valid JSON: line 2, column 1.");
    ctx_end(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_texts_are_taken),
        cmocka_unit_test(what_jansson_refuses_is_not_taken),
        cmocka_unit_test(broken_texts_are_read_alike),
        cmocka_unit_test(levels_are_bounded),
        cmocka_unit_test(rare_texts_are_read_all_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
