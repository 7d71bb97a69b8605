/* Text and bytes: UTF-8 in every wrong form, cutting, numbers, hex, base64url, growing buffers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#include <cmocka.h>
#include <jansson.h>

static int setup(void **state)
{
    *state = arena_new(MIB(4));
    return 0;
}

static int teardown(void **state)
{
    arena_free(*state);
    return 0;
}

/* Exactly len bytes behind which ASan sees every step too far. */
static bool utf8_exact(const char *data, size_t len)
{
    char *copy = malloc(len == 0 ? 1 : len);

    memcpy(copy, data, len);

    bool good = text_utf8((struct bytes){copy, len});

    free(copy);
    return good;
}

#define ROW(text, good)              \
    {                                \
        text, sizeof(text) - 1, good \
    }

static void utf8_table(void **state)
{
    static const struct {
        const char *data;
        size_t len;
        bool good;
    } rows[] = {
        ROW("", true),
        ROW("plain", true),
        ROW("\x7f", true),
        ROW("\xc2\x80", true),         /* U+0080, least of two bytes */
        ROW("\xdf\xbf", true),         /* U+07FF */
        ROW("\xe0\xa0\x80", true),     /* U+0800, least of three */
        ROW("\xed\x9f\xbf", true),     /* U+D7FF, last before the surrogates */
        ROW("\xee\x80\x80", true),     /* U+E000, first behind them */
        ROW("\xef\xbf\xbf", true),     /* U+FFFF */
        ROW("\xf0\x90\x80\x80", true), /* U+10000, least of four */
        ROW("\xf4\x8f\xbf\xbf", true), /* U+10FFFF, the last of all */
        ROW("\0", false),              /* NUL */
        ROW("a\0b", false),            /* NUL inside */
        ROW("\x80", false),            /* continuation alone */
        ROW("\xbf", false),            /* the same, last one */
        ROW("a\x80", false),           /* continuation behind ASCII */
        ROW("\xc2", false),            /* torn: one of two */
        ROW("\xe2\x82", false),        /* torn: two of three */
        ROW("\xf0\x9f\x98", false),    /* torn: three of four */
        ROW("\xc2"
            "a",
            false), /* second byte is none */
        ROW("\xe2\x82"
            "a",
            false), /* third byte is none */
        ROW("\xf0\x9f\x98"
            "a",
            false), /* fourth byte is none */
        ROW("\xe2"
            "a\x82",
            false),                             /* second of three is none */
        ROW("\xc0\x80", false),                 /* overlong NUL */
        ROW("\xc0\xaf", false),                 /* overlong slash */
        ROW("\xc1\xbf", false),                 /* overlong, most of two bytes */
        ROW("\xe0\x80\xaf", false),             /* overlong slash, three bytes */
        ROW("\xe0\x9f\xbf", false),             /* overlong, most of three bytes */
        ROW("\xf0\x80\x80\xaf", false),         /* overlong slash, four bytes */
        ROW("\xf0\x8f\xbf\xbf", false),         /* overlong, most of four bytes */
        ROW("\xed\xa0\x80", false),             /* U+D800, first surrogate */
        ROW("\xed\xbf\xbf", false),             /* U+DFFF, last surrogate */
        ROW("\xed\xa0\xbd\xed\xb8\x80", false), /* a pair of surrogates (CESU-8) */
        ROW("\xf4\x90\x80\x80", false),         /* U+110000, past the end */
        ROW("\xf5\x80\x80\x80", false),         /* no such first byte */
        ROW("\xf8\x88\x80\x80\x80", false),     /* five bytes */
        ROW("\xfc\x84\x80\x80\x80\x80", false), /* six bytes */
        ROW("\xfe", false),
        ROW("\xff", false),
        ROW("good \xe2\x82\xac bad \xe9", false), /* Latin-1 at the end */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (utf8_exact(rows[i].data, rows[i].len) != rows[i].good)
            fail_msg("row %zu", i);
}

static void cutting_keeps_characters_whole(void **state)
{
    static const char text[] = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z"; /* 1 + 2 + 3 + 4 + 1 */
    static const size_t want[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};

    (void)state;
    for (size_t max = 0; max < COUNT_OF(want); max++)
        assert_int_equal(text_cut(text, sizeof(text) - 1, max), want[max]);
}

static void cleaning_makes_any_bytes_text(void **state)
{
    static const struct {
        const char *in;
        size_t max;
        const char *out;
    } rows[] = {
        {"as it is \xe2\x82\xac", 100, "as it is \xe2\x82\xac"},
        {"\xe2\x82\xac\xe2\x82\xac", 4, "\xe2\x82\xac"},
        {"Latin-1: \xe4!", 100, "Latin-1: ?!"},
        {"torn \xf0\x9f", 100, "torn ??"},
        {"", 10, ""},
        {"abc", 0, ""},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_string_equal(text_clean(*state, rows[i].in, rows[i].max), rows[i].out);
}

static void whole_numbers(void **state)
{
    static const struct {
        const char *text;
        rc_t rc;
        int64_t n;
    } rows[] = {
        {"0", OK, 0},
        {"-0", OK, 0},
        {"007", OK, 7},
        {"-42", OK, -42},
        {"9223372036854775807", OK, INT64_MAX},
        {"-9223372036854775808", OK, INT64_MIN},
        {"9223372036854775808", E_INVALID, 0},
        {"-9223372036854775809", E_INVALID, 0},
        {"99999999999999999999999", E_INVALID, 0},
        {"", E_INVALID, 0},
        {"-", E_INVALID, 0},
        {"--1", E_INVALID, 0},
        {"+1", E_INVALID, 0},
        {" 1", E_INVALID, 0},
        {"1 ", E_INVALID, 0},
        {"- 1", E_INVALID, 0},
        {"1x", E_INVALID, 0},
        {"0x10", E_INVALID, 0},
        {"1.5", E_INVALID, 0},
        {"1e3", E_INVALID, 0},
        {NULL, E_INVALID, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t n = 0;

        assert_int_equal(text_int(rows[i].text, &n), rows[i].rc);
        assert_int_equal(n, rows[i].n);
    }
}

static void hex_there_and_back(void **state)
{
    static const char *const wrong[] = {"0", "0g", "zz", "0 ", "-1", "abc"};
    struct bytes all, out;
    char data[256];

    for (int i = 0; i < 256; i++)
        data[i] = (char)i;
    all = (struct bytes){data, 256};

    char *hex = text_hex(*state, all);

    assert_int_equal(strlen(hex), 512);
    assert_int_equal(text_unhex(*state, bytes_of(hex), &out), OK);
    assert_true(bytes_eq(out, all));
    assert_int_equal(text_unhex(*state, BYTES("DEADbeef"), &out), OK);
    assert_true(bytes_is(out, "\xde\xad\xbe\xef"));
    assert_int_equal(text_unhex(*state, BYTES(""), &out), OK);
    assert_int_equal(out.len, 0);
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_int_equal(text_unhex(*state, bytes_of(wrong[i]), &out), E_INVALID);
}

/* RFC 4648 section 10 without its padding, and the two signs in which the URL alphabet differs. */
static void base64url_there_and_back(void **state)
{
    static const struct {
        const char *plain, *text;
    } rows[] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff", "-_8"}};
    /* a lone digit, bits left over, the other alphabet, padding, blanks, not ASCII */
    static const char *const wrong[] = {"A",   "Zm9vA", "Zh",  "Zm9",  "-_9",
                                        "+/8", "Zg==",  "Z g", "Zg\n", "\xc3\xa4"};
    struct bytes out;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_string_equal(text_base64url(*state, bytes_of(rows[i].plain)), rows[i].text);
        assert_int_equal(text_unbase64url(*state, bytes_of(rows[i].text), &out), OK);
        assert_true(bytes_is(out, rows[i].plain));
    }
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        if (text_unbase64url(*state, bytes_of(wrong[i]), &out) != E_INVALID)
            fail_msg("%s was read", wrong[i]);
    assert_int_equal(text_unbase64url(*state, BYTES("Zm\0v"), &out), E_INVALID);
}

static void buffers_grow_up_to_their_limit(void **state)
{
    struct buf b = buf_new(*state, 1000);

    assert_string_equal(buf_str(&b), "");
    for (int i = 0; i < 100; i++)
        buf_printf(&b, "%08d,", i);
    assert_int_equal(b.len, 900);
    assert_false(b.over);
    assert_memory_equal(buf_str(&b), "00000000,00000001,", 18);
    buf_add(&b, "", 0);
    for (int i = 0; i < 100; i++)
        buf_char(&b, '.');
    assert_int_equal(b.len, 1000);
    assert_false(b.over);
    buf_char(&b, '!');
    assert_true(b.over);
    assert_int_equal(strlen(buf_str(&b)), 1000);
    buf_text(&b, "");
    assert_true(b.over);
}

static void small_helpers(void **state)
{
    struct arena *mem = *state;

    assert_true(text_is("a", "a"));
    assert_false(text_is("a", "b"));
    assert_false(text_is("a", NULL));
    assert_false(text_is(NULL, "a"));
    assert_true(text_is(NULL, NULL));
    assert_true(text_blank(NULL));
    assert_true(text_blank(" \t\r\n\f\v"));
    assert_false(text_blank(" x "));
    assert_true(text_starts("konstruct", "kon"));
    assert_false(text_starts("ko", "kon"));
    assert_string_equal(text_trim(mem, " \t two words\r\n"), "two words");
    assert_string_equal(text_trim(mem, "   "), "");
    assert_null(text_dup(mem, NULL));
    assert_string_equal(text_copy(mem, "longer", 4), "long");
    assert_true(text_same_secret(BYTES("secret"), BYTES("secret")));
    assert_false(text_same_secret(BYTES("secret"), BYTES("secreT")));
    assert_false(text_same_secret(BYTES("Secret"), BYTES("secret")));
    assert_false(text_same_secret(BYTES("secret"), BYTES("secret ")));
    assert_true(text_same_secret(BYTES(""), BYTES("")));
    assert_int_equal(bytes_of(NULL).len, 0);
    assert_true(bytes_eq(bytes_of(NULL), BYTES("")));
    assert_false(bytes_is(BYTES("a"), "ab"));
}

/* What is put inside of a JSON string is read as the same text, and is as long as was said. */
static void json_strings(void **state)
{
    struct arena *mem = arena_new(MIB(1));
    struct buf text = buf_new(mem, KIB(4)), out = buf_new(mem, KIB(4));

    (void)state;
    for (int byte = 1; byte < 0x80; byte++)
        buf_char(&text, (char)byte);
    buf_text(&text, "gr\xc3\xbc\xc3\x9f \xe2\x80\xa8 \xf0\x9f\x98\x80");
    buf_char(&out, '"');
    buf_json(&out, buf_bytes(&text));
    buf_char(&out, '"');

    json_t *read = json_loadb(out.data, out.len, JSON_DECODE_ANY, NULL);

    assert_non_null(read);
    assert_string_equal(json_string_value(read), buf_str(&text));
    assert_int_equal(out.len, buf_json_len(buf_bytes(&text)) + 2);
    assert_int_equal(buf_json_len(BYTES("\0")), 6);
    json_decref(read);
    arena_free(mem);
}

/* Texts are looked at eight bytes at a time: an odd byte is found wherever it stands. */
static void odd_bytes_are_found_at_each_place(void **state)
{
    static const char odd[] = "\"\\\x01\x1f\n";
    struct arena *mem = arena_new(MIB(4));
    char text[28];

    (void)state;
    for (size_t len = 1; len < sizeof(text); len++)
        for (size_t at = 0; at < len; at++) {
            for (size_t i = 0; i < sizeof(odd) - 1; i++) {
                struct buf out = buf_new(mem, KIB(1));
                json_t *read;

                memset(text, 'a', len);
                text[at] = odd[i];
                buf_char(&out, '"');
                buf_json(&out, (struct bytes){text, len});
                buf_char(&out, '"');
                assert_int_equal(out.len, buf_json_len((struct bytes){text, len}) + 2);
                read = json_loadb(out.data, out.len, JSON_DECODE_ANY, NULL);
                assert_non_null(read);
                assert_int_equal(json_string_length(read), len);
                assert_memory_equal(json_string_value(read), text, len);
                json_decref(read);
                assert_true(text_utf8((struct bytes){text, len}));
            }
            text[at] = '\0';
            assert_false(text_utf8((struct bytes){text, len}));
            text[at] = '\x80';
            assert_false(text_utf8((struct bytes){text, len}));
        }
    arena_free(mem);
}

static void numbers_are_written_whole(void **state)
{
    static const struct {
        int64_t number;
        const char *text;
    } rows[] = {{0, "0"},
                {-7, "-7"},
                {1234567890, "1234567890"},
                {INT64_MAX, "9223372036854775807"},
                {INT64_MIN, "-9223372036854775808"}};
    struct arena *mem = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buf b = buf_new(mem, 100);

        buf_number(&b, rows[i].number);
        assert_string_equal(buf_str(&b), rows[i].text);
    }
}

static void printed_texts_have_any_length(void **state)
{
    struct arena *mem = *state;
    char word[300];

    for (size_t len = 0; len < sizeof(word); len++) {
        memset(word, 'a', len);
        word[len] = '\0';
        assert_string_equal(text_printf(mem, "%s", word), word);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_strings),
        cmocka_unit_test(utf8_table),
        cmocka_unit_test(cutting_keeps_characters_whole),
        cmocka_unit_test(cleaning_makes_any_bytes_text),
        cmocka_unit_test(whole_numbers),
        cmocka_unit_test(hex_there_and_back),
        cmocka_unit_test(base64url_there_and_back),
        cmocka_unit_test(buffers_grow_up_to_their_limit),
        cmocka_unit_test(small_helpers),
        cmocka_unit_test(odd_bytes_are_found_at_each_place),
        cmocka_unit_test(numbers_are_written_whole),
        cmocka_unit_test(printed_texts_have_any_length),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
