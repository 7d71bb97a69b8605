/*
 * Shapes: every fault of a body is refused with its field named, and what comes out is as declared.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/shape.h"

#include <cmocka.h>

struct thing {
    const char *id, *name, *note, *secret, *mood;
    int64_t count, big;
    bool on;
    double part;
};

static const struct field fields[] = {
    FIELD(struct thing, id, READ_ONLY, 36, NULL),
    FIELD(struct thing, name, REQUIRED, 8, "Its name"),
    FIELD(struct thing, note, NULLABLE, 0, NULL),
    FIELD(struct thing, secret, WRITE_ONLY, 100, NULL),
    FIELD_OF(struct thing, mood, 0, "calm very_calm", NULL),
    FIELD(struct thing, count, 0, 100, NULL),
    FIELD(struct thing, big, 0, 0, NULL),
    FIELD(struct thing, on, 0, 0, NULL),
    FIELD(struct thing, part, 0, 2, NULL),
};
static const struct shape thing_shape = SHAPE("Thing", struct thing, fields);

static int setup(void **state)
{
    *state = ctx_new(MIB(8), NULL);
    return 0;
}

static int teardown(void **state)
{
    ctx_end(*state);
    return 0;
}

static void good_bodies(void **state)
{
    struct ctx *c = *state;
    struct thing t;

    assert_int_equal(
        shape_read(c, &thing_shape,
                   BYTES(" {\"name\":\"\xc3\xa4\\u00e4\\n\\t\",\"note\":null,\"count\":100,"
                         "\"big\":-9223372036854775808,\"on\":true,\"part\":1,"
                         "\"mood\":\"very_calm\",\"secret\":\"s\"} "),
                   &t),
        OK);
    assert_string_equal(t.name, "\xc3\xa4\xc3\xa4\n\t");
    assert_null(t.note);
    assert_null(t.id);
    assert_string_equal(t.secret, "s");
    assert_string_equal(t.mood, "very_calm");
    assert_int_equal(t.count, 100);
    assert_true(t.big == INT64_MIN);
    assert_true(t.on);
    assert_true(t.part > 0.99 && t.part < 1.01);

    memset(&t, 0xff, sizeof(t));
    assert_int_equal(shape_read(c, &thing_shape, BYTES("{\"name\":\"12345678\"}"), &t), OK);
    assert_null(t.secret);
    assert_int_equal(t.count, 0);
    assert_false(t.on);
}

#define NAMED "{\"name\":\"a\","

static void every_fault_names_its_field(void **state)
{
    static const struct {
        const char *json, *code, *field;
    } rows[] = {
        {"", "json_missing", NULL},
        {" ", "json_malformed", NULL},
        {"{", "json_malformed", NULL},
        {"{\"name\":\"a\"} x", "json_malformed", NULL},
        {"{'name':'a'}", "json_malformed", NULL},
        {"{\"name\":\"a\",}", "json_malformed", NULL},
        {"{\"name\":\"a\",\"name\":\"a\"}", "json_malformed", NULL},
        {"{\"name\":\"\xff\"}", "json_malformed", NULL},
        {"{\"name\":\"\xed\xa0\x80\"}", "json_malformed", NULL},
        {"{\"name\":\"\\ud800\"}", "json_malformed", NULL},
        {"{\"name\":\"a\\u0000b\"}", "json_malformed", NULL},
        {"{\"na\\u0000me\":\"a\"}", "json_malformed", NULL},
        {"{\"name\":\"a\nb\"}", "json_malformed", NULL},
        {NAMED "\"big\":9223372036854775808}", "json_malformed", NULL},
        {NAMED "\"big\":1e999}", "json_malformed", NULL},
        {NAMED "\"big\":NaN}", "json_malformed", NULL},
        {"[]", "json_not_object", NULL},
        {"[{\"name\":\"a\"}]", "json_not_object", NULL},
        {NAMED "\"colour\":1}", "unknown_field", "colour"},
        {NAMED "\"Name\":\"a\"}", "unknown_field", "Name"},
        {NAMED "\"\":\"a\"}", "unknown_field", ""},
        {"{}", "missing", "name"},
        {"{\"count\":1}", "missing", "name"},
        {"{\"name\":null}", "wrong_type", "name"},
        {"{\"name\":\"\"}", "missing", "name"},
        {"{\"name\":\" \\t\\n\"}", "missing", "name"},
        {"{\"name\":1}", "wrong_type", "name"},
        {"{\"name\":[\"a\"]}", "wrong_type", "name"},
        {"{\"name\":{}}", "wrong_type", "name"},
        {"{\"name\":true}", "wrong_type", "name"},
        {"{\"name\":\"123456789\"}", "too_long", "name"},
        {"{\"name\":\"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\"}", "too_long", "name"},
        {"{\"name\":\"a\\u0001\"}", "bad_text", "name"},
        {"{\"name\":\"a\\u001b[0m\"}", "bad_text", "name"},
        {"{\"name\":\"a\x7f\"}", "bad_text", "name"},
        {NAMED "\"id\":\"x\"}", "read_only", "id"},
        {NAMED "\"id\":null}", "read_only", "id"},
        {NAMED "\"mood\":\"wild\"}", "not_a_choice", "mood"},
        {NAMED "\"mood\":\"\"}", "not_a_choice", "mood"},
        {NAMED "\"mood\":\"cal\"}", "not_a_choice", "mood"},
        {NAMED "\"mood\":\"calm very_calm\"}", "not_a_choice", "mood"},
        {NAMED "\"mood\":1}", "wrong_type", "mood"},
        {NAMED "\"count\":\"1\"}", "wrong_type", "count"},
        {NAMED "\"count\":1.0}", "wrong_type", "count"},
        {NAMED "\"count\":101}", "out_of_range", "count"},
        {NAMED "\"count\":-1}", "out_of_range", "count"},
        {NAMED "\"count\":9223372036854775807}", "out_of_range", "count"},
        {NAMED "\"on\":1}", "wrong_type", "on"},
        {NAMED "\"on\":\"true\"}", "wrong_type", "on"},
        {NAMED "\"part\":\"1\"}", "wrong_type", "part"},
        {NAMED "\"part\":2.5}", "out_of_range", "part"},
        {NAMED "\"part\":-0.1}", "out_of_range", "part"},
    };
    struct ctx *c = *state;
    struct thing t;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        ctx_forgive(c);
        if (shape_read(c, &thing_shape, bytes_of(rows[i].json), &t) != E_INVALID)
            fail_msg("accepted: %s", rows[i].json);
        if (!text_is(c->fault.code, rows[i].code) || !text_is(c->fault.field, rows[i].field))
            fail_msg("%s: %s in %s", rows[i].json, c->fault.code,
                     c->fault.field == NULL ? "no field" : c->fault.field);
        assert_true(text_utf8(bytes_of(c->fault.detail)));
    }
}

/* The name of an unknown field comes from outside, and what is said about it stays UTF-8. */
static void a_long_unknown_name_is_not_torn(void **state)
{
    struct ctx *c = *state;
    struct thing t;

    for (size_t pad = 90; pad < 105; pad++) {
        struct buf json = buf_new(c->mem, KIB(4));

        buf_text(&json, "{\"");
        for (size_t i = 0; i < pad; i++)
            buf_char(&json, 'x');
        buf_text(&json, "\xf0\x9f\x98\x80\xf0\x9f\x98\x80 end\":1}");
        ctx_forgive(c);
        assert_int_equal(shape_read(c, &thing_shape, buf_bytes(&json), &t), E_INVALID);
        assert_string_equal(c->fault.code, "unknown_field");
        assert_true(text_utf8(bytes_of(c->fault.detail)));
        assert_true(text_utf8(bytes_of(c->fault.field)));
    }
}

static const char *nested(struct ctx *c, int depth, const char *open, const char *close)
{
    struct buf b = buf_new(c->mem, MIB(2));

    for (int i = 0; i < depth; i++)
        buf_text(&b, open);
    for (int i = 0; i < depth; i++)
        buf_text(&b, close);
    return buf_str(&b);
}

static void depth_is_bounded(void **state)
{
    struct ctx *c = *state;
    json_t *v;

    ctx_forgive(c);
    assert_int_equal(json_parse(c, bytes_of(nested(c, 32, "[", "]")), &v), OK);
    assert_int_equal(json_parse(c, bytes_of(nested(c, 33, "[", "]")), &v), E_INVALID);
    assert_string_equal(c->fault.code, "json_too_deep");
    ctx_forgive(c);
    assert_int_equal(json_parse(c, bytes_of(nested(c, 100000, "[", "")), &v), E_INVALID);
    assert_string_equal(c->fault.code, "json_too_deep");
    ctx_forgive(c);
    assert_int_equal(json_parse(c, bytes_of(nested(c, 16, "[{\"a\":", "")), &v), E_INVALID);
    assert_string_equal(c->fault.code, "json_malformed");
    ctx_forgive(c);
    /* Brackets in a text are no depth, and an escaped quote does not end it. */
    assert_int_equal(
        json_parse(c, bytes_of(text_printf(c->mem, "[\"\\\"%s\\\\\"]", nested(c, 500, "[", "{"))),
                   &v),
        OK);
    assert_int_equal(json_array_size(v), 1);
}

/* "[", the value again and again, and "]": so many bytes. */
static struct bytes list_of(struct ctx *c, const char *value, size_t len)
{
    struct buf b = buf_new(c->mem, len + KIB(1));

    buf_char(&b, '[');
    while (b.len < len)
        buf_printf(&b, "%s%s", b.len > 1 ? "," : "", value);
    buf_char(&b, ']');
    return buf_bytes(&b);
}

/* Small values take a hundred times as much memory as bytes. */
static void memory_is_bounded(void **state)
{
    struct ctx *c = ctx_new(MIB(256), NULL);
    static const struct {
        const char *value;
        size_t len;
        bool fits;
    } rows[] = {
        {"{}", KIB(512), true},
        {"{}", MIB(1), false},
        {"[]", MIB(2), false},
        {"\"\"", MIB(2), false},
        {"{\"\\\"\":[]}", MIB(2), false},
        {"1", MIB(4), false},
        {"-0.012345678901", MIB(12), true},
        {"\"{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{\\\"[[[[[[[[[[[[[[[[[[[[[[[[[\"", MIB(4), true},
    };
    json_t *v;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        rc_t rc = json_parse(c, list_of(c, rows[i].value, rows[i].len), &v);

        if (rc != (rows[i].fits ? OK : E_INVALID))
            fail_msg("%s: %d", rows[i].value, rc);
        if (!rows[i].fits)
            assert_string_equal(c->fault.code, "json_too_many");
        ctx_forgive(c);
    }
    ctx_end(c);
}

static void json_out(void **state)
{
    struct ctx *c = *state;
    struct thing t = {.id = "7",
                      .name = "a \"b\" \\ \n \xe2\x82\xac",
                      .secret = "hidden",
                      .count = 3,
                      .big = INT64_MAX,
                      .on = true,
                      .part = 0.5};
    json_t *object = shape_json(&thing_shape, &t);
    const char *text = json_text(c->mem, object);

    assert_string_equal(
        text, "{\"id\":\"7\",\"name\":\"a \\\"b\\\" \\\\ \\n \xe2\x82\xac\",\"note\":null,"
              "\"mood\":null,\"count\":3,\"big\":9223372036854775807,\"on\":true,\"part\":0.5}");
    assert_string_equal(json_str(object, "id"), "7");
    assert_null(json_str(object, "count"));
    assert_null(json_str(object, "nothing"));
    assert_null(json_str(NULL, "id"));
    json_decref(object);
}

static void rows_from_the_database(void **state)
{
    static const struct {
        const char *field, *text;
        rc_t rc;
    } rows[] = {
        {"name", "text", OK},      {"count", "-12", OK},
        {"on", "t", OK},           {"part", "0.25", OK},
        {"note", NULL, OK},        {"big", "9223372036854775808", E_INTERNAL},
        {"count", "", E_INTERNAL}, {"count", "1.5", E_INTERNAL},
    };
    struct ctx *c = *state;
    struct thing t = {.id = NULL};

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        ctx_forgive(c);
        assert_int_equal(shape_set(c, shape_field(&thing_shape, rows[i].field), &t, rows[i].text),
                         rows[i].rc);
    }
    assert_string_equal(t.name, "text");
    assert_int_equal(t.count, -12);
    assert_true(t.on);
    assert_true(t.part > 0.24 && t.part < 0.26);
    assert_null(t.note);
    assert_null(shape_field(&thing_shape, "nothing"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_bodies),
        cmocka_unit_test(every_fault_names_its_field),
        cmocka_unit_test(a_long_unknown_name_is_not_torn),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(json_out),
        cmocka_unit_test(rows_from_the_database),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
