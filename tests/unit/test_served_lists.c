/* Embeddings and models as programs ask us for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/shape.h"
#include "llm/served_embed.h"
#include "llm/served_models.h"

static void reads(void **state)
{
    struct ctx *c = ctx_new(MIB(4), NULL);
    struct served_embed e;

    (void)state;
    assert_int_equal(
        served_embed_read(c, BYTES("{\"model\":\"m\",\"input\":\"Hi\",\"user\":\"u\"}"), &e), OK);
    assert_int_equal(e.count, 1);
    assert_string_equal(e.inputs[0], "Hi");
    assert_false(e.base64);
    assert_int_equal(e.dimensions, 0);
    assert_int_equal(served_embed_read(c,
                                       BYTES("{\"model\":\"m\",\"input\":[\"a\",\"b\"],\"encoding_"
                                             "format\":\"base64\",\"dimensions\":256}"),
                                       &e),
                     OK);
    assert_int_equal(e.count, 2);
    assert_string_equal(e.inputs[1], "b");
    assert_true(e.base64);
    assert_int_equal(e.dimensions, 256);
    ctx_end(c);
}

static void refuses(void **state)
{
    static const struct {
        const char *body, *code, *param;
    } rows[] = {
        {"{\"input\":\"x\"}", "missing_required_parameter", "model"},
        {"{\"model\":\"m\"}", "missing_required_parameter", "input"},
        {"{\"model\":\"m\",\"input\":\"\"}", "invalid_value", "input"},
        {"{\"model\":\"m\",\"input\":[]}", "invalid_value", "input"},
        {"{\"model\":\"m\",\"input\":[\"a\",\" \"]}", "invalid_value", "input[1]"},
        {"{\"model\":\"m\",\"input\":[1,2]}", "invalid_type", "input[0]"},
        {"{\"model\":\"m\",\"input\":[[1,2]]}", "invalid_type", "input[0]"},
        {"{\"model\":\"m\",\"input\":\"x\",\"dimensions\":0}", "invalid_value", "dimensions"},
        {"{\"model\":\"m\",\"input\":\"x\",\"encoding_format\":\"hex\"}", "invalid_value",
         "encoding_format"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ctx *c = ctx_new(MIB(1), NULL);
        struct served_embed e;

        assert_int_equal(served_embed_read(c, bytes_of(rows[i].body), &e), E_INVALID);
        assert_string_equal(c->fault.code, rows[i].code);
        assert_string_equal(c->fault.field, rows[i].param);
        ctx_end(c);
    }
}

static const float vectors[] = {0.1f, -1.0f, 3.4028235e38f, 1.17549435e-38f, 0.0f, 0.33333334f};

/* What is written is read as the same floats, to the last bit, and fits the room that was named. */
static void numbers(void **state)
{
    struct ctx *c = ctx_new(MIB(1), NULL);
    struct served_embed asked = {.count = 2};
    struct buf out = buf_new(c->mem, served_embed_room(&asked, 3));
    json_t *root, *data;

    (void)state;
    served_embed_write(&asked, "mini", vectors, 3, 7, &out);
    assert_false(out.over);
    assert_int_equal(json_parse(c, buf_bytes(&out), &root), OK);
    assert_string_equal(json_str(root, "object"), "list");
    assert_string_equal(json_str(root, "model"), "mini");
    data = json_object_get(root, "data");
    assert_int_equal(json_array_size(data), 2);
    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        const json_t *item = json_array_get(data, i / 3),
                     *v = json_array_get(json_object_get(item, "embedding"), i % 3);
        float read = (float)json_number_value(v);

        assert_int_equal(json_integer_value(json_object_get(item, "index")), i / 3);
        assert_memory_equal(&read, &vectors[i], sizeof(read));
    }
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(root, "usage"), "prompt_tokens")), 7);
    ctx_end(c);
}

/* RFC 4648 section 4 for every rest that a vector's bytes can leave: 4, 8 and 12 of them. */
static void base64(void **state)
{
    static const float one[] = {1.0f, -2.0f, 0.5f};
    static const char *const expected[] = {"\"AACAPw==\"", "\"AACAPwAAAMA=\"",
                                           "\"AACAPwAAAMAAAAA/\""};

    (void)state;
    for (size_t width = 1; width <= 3; width++) {
        struct ctx *c = ctx_new(MIB(1), NULL);
        struct served_embed asked = {.count = 1, .base64 = true};
        struct buf out = buf_new(c->mem, served_embed_room(&asked, width));

        served_embed_write(&asked, "mini", one, width, 1, &out);
        assert_non_null(strstr(buf_str(&out), expected[width - 1]));
        ctx_end(c);
    }
}

static void models(void **state)
{
    static const struct served_model list[] = {{"gpt-5", "openai", 1}, {"a\"b", "own", 0}};
    struct ctx *c = ctx_new(MIB(1), NULL);
    struct buf out = buf_new(c->mem, KIB(4)), none = buf_new(c->mem, KIB(4));

    (void)state;
    served_models_write(list, 2, &out);
    assert_string_equal(buf_str(&out),
                        "{\"object\":\"list\",\"data\":[{\"id\":\"gpt-5\",\"object\":\"model\","
                        "\"created\":1,\"owned_by\":\"openai\"},{\"id\":\"a\\\"b\",\"object\":"
                        "\"model\",\"created\":0,\"owned_by\":\"own\"}]}");
    served_models_write(NULL, 0, &none);
    assert_string_equal(buf_str(&none), "{\"object\":\"list\",\"data\":[]}");
    ctx_end(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),  cmocka_unit_test(refuses), cmocka_unit_test(numbers),
        cmocka_unit_test(base64), cmocka_unit_test(models),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
