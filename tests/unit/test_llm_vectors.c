/* Embeddings: what OpenAI's and Ollama's APIs are asked, and every kind of answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <string.h>

#include "llm/ollama.h"
#include "llm/openai.h"
#include "llm/vectors.h"

static const char *const two[] = {"Grüße", "say \"hi\""};

static void asked(void **state)
{
    static const struct {
        const struct llm *llm;
        struct llm_account account;
        int64_t dimensions;
        const char *url, *header, *body;
    } rows[] = {
        {&openai_vectors,
         {.key = "k"},
         0,
         "https://api.openai.com/v1/embeddings",
         "Bearer k",
         "{\"encoding_format\":\"base64\",\"input\":[\"Grüße\",\"say \\\"hi\\\"\"],\"model\":"
         "\"m m\"}"},
        {&openai_vectors,
         {.key = "k", .base_url = "http://127.0.0.1:8000"},
         256,
         "http://127.0.0.1:8000/v1/embeddings",
         "Bearer k",
         "{\"dimensions\":256,\"encoding_format\":\"float\",\"input\":[\"Grüße\",\"say "
         "\\\"hi\\\"\"],\"model\":\"m m\"}"},
        {&openai_vectors,
         {.key = "k", .base_url = "https://x.openai.azure.com", .api_version = "2024-10-21"},
         0,
         "https://x.openai.azure.com/openai/deployments/m%20m/embeddings?api-version=2024-10-21",
         "k",
         "{\"encoding_format\":\"base64\",\"input\":[\"Grüße\",\"say \\\"hi\\\"\"],\"model\":"
         "\"m m\"}"},
        {&ollama_vectors,
         {.key = NULL},
         64,
         "http://127.0.0.1:11434/api/embed",
         NULL,
         "{\"dimensions\":64,\"input\":[\"Grüße\",\"say \\\"hi\\\"\"],\"model\":\"m m\","
         "\"truncate\":false}"},
        {&ollama_vectors,
         {.key = "k", .base_url = "https://gate.example/ollama"},
         0,
         "https://gate.example/ollama/api/embed",
         "Bearer k",
         "{\"input\":[\"Grüße\",\"say \\\"hi\\\"\"],\"model\":\"m m\",\"truncate\":false}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ctx *c = ctx_new(MIB(1), NULL);
        struct llm_ask ask = {
            .model = "m m", .texts = two, .text_count = 2, .dimensions = rows[i].dimensions};
        struct http_ask http;
        json_t *said, *want = json_loads(rows[i].body, 0, NULL);

        assert_int_equal(llm_check(c, &ask), OK);
        assert_int_equal(rows[i].llm->ask(c, &rows[i].account, &ask, &http), OK);
        assert_string_equal(http.url, rows[i].url);
        assert_int_equal(http.header_count, rows[i].header == NULL ? 1 : 2);
        if (rows[i].header != NULL)
            assert_string_equal(http.headers[1].value, rows[i].header);
        said = json_loadb(http.body.data, http.body.len, 0, NULL);
        if (!json_equal(said, want))
            fail_msg("row %zu: %.*s", i, (int)http.body.len, http.body.data);
        json_decref(said);
        json_decref(want);
        ctx_end(c);
    }
}

/* Little-endian floats in base64: 1.5 and -2; and one with both signs of the alphabet. */
#define B64 "AADAPwAAAMA="
#define SIGNS "++//vwAAgD8="

static void answers(void **state)
{
    static const struct {
        const char *about;
        const struct llm *llm;
        int status;
        const char *body, *code;
        size_t count, dimensions;
        double first, last;
        int64_t tokens;
    } rows[] = {
        {"numbers", &openai_vectors, 200,
         "{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,\"embedding\":[0.5,"
         "-1]},{\"object\":\"embedding\",\"index\":1,\"embedding\":[3,4e-1]}],\"model\":\"m\","
         "\"usage\":{\"prompt_tokens\":8,\"total_tokens\":8}}",
         NULL, 2, 2, 0.5, 0.4, 8},
        {"another order", &openai_vectors, 200,
         "{\"data\":[{\"index\":1,\"embedding\":[3,4]},{\"index\":0,\"embedding\":[1,2]}]}", NULL,
         2, 2, 1, 4, 0},
        {"no index", &openai_vectors, 200, "{\"data\":[{\"embedding\":[1]},{\"embedding\":[2]}]}",
         NULL, 2, 1, 1, 2, 0},
        {"base64", &openai_vectors, 200, "{\"data\":[{\"index\":0,\"embedding\":\"" B64 "\"}]}",
         NULL, 1, 2, 1.5, -2, 0},
        {"the whole alphabet", &openai_vectors, 200,
         "{\"data\":[{\"index\":0,\"embedding\":\"" SIGNS "\"}]}", NULL, 1, 2, -1.99951112, 1, 0},
        {"base64 of half a number", &openai_vectors, 200,
         "{\"data\":[{\"index\":0,\"embedding\":\"AADA\"}]}", "llm_broken", 0, 0, 0, 0, 0},
        {"no base64", &openai_vectors, 200, "{\"data\":[{\"index\":0,\"embedding\":\"!!!!\"}]}",
         "llm_broken", 0, 0, 0, 0, 0},
        {"base64 of a number that is none", &openai_vectors, 200,
         "{\"data\":[{\"index\":0,\"embedding\":\"AADAfw==\"}]}", "llm_broken", 0, 0, 0, 0, 0},
        {"twice the same", &openai_vectors, 200,
         "{\"data\":[{\"index\":0,\"embedding\":[1]},{\"index\":0,\"embedding\":[1]}]}",
         "llm_broken", 0, 0, 0, 0, 0},
        {"out of range", &openai_vectors, 200, "{\"data\":[{\"index\":7,\"embedding\":[1]}]}",
         "llm_broken", 0, 0, 0, 0, 0},
        {"two lengths", &openai_vectors, 200,
         "{\"data\":[{\"embedding\":[1]},{\"embedding\":[1,2]}]}", "llm_broken", 0, 0, 0, 0, 0},
        {"no number", &openai_vectors, 200, "{\"data\":[{\"embedding\":[1,null]}]}", "llm_broken",
         0, 0, 0, 0, 0},
        {"too large for a float", &openai_vectors, 200, "{\"data\":[{\"embedding\":[1e300]}]}",
         "llm_broken", 0, 0, 0, 0, 0},
        {"no vector", &openai_vectors, 200, "{\"data\":[{\"embedding\":[]}]}", "llm_broken", 0, 0,
         0, 0, 0},
        {"no object", &openai_vectors, 200, "{\"data\":[[1,2]]}", "llm_broken", 0, 0, 0, 0, 0},
        {"no data", &openai_vectors, 200, "{\"data\":[]}", "llm_broken", 0, 0, 0, 0, 0},
        {"a chat's answer", &openai_vectors, 200, "{\"choices\":[]}", "llm_broken", 0, 0, 0, 0, 0},
        {"refused", &openai_vectors, 400,
         "{\"error\":{\"message\":\"This model's maximum context length is 8192 tokens\"}}",
         "llm_too_long", 0, 0, 0, 0, 0},
        {"error with status 200", &openai_vectors, 200,
         "{\"error\":{\"message\":\"overloaded\",\"type\":\"overloaded\"}}", "llm_overloaded", 0, 0,
         0, 0, 0},
        {"ollama", &ollama_vectors, 200,
         "{\"model\":\"m\",\"embeddings\":[[0.25,2],[3,4]],\"total_duration\":14143917,"
         "\"prompt_eval_count\":8}",
         NULL, 2, 2, 0.25, 4, 8},
        {"ollama: too long", &ollama_vectors, 400,
         "{\"error\":\"the input length exceeds the context length\"}", "llm_too_long", 0, 0, 0, 0,
         0},
        {"ollama: no model", &ollama_vectors, 404, "{\"error\":\"model 'x' not found\"}",
         "llm_model_unknown", 0, 0, 0, 0, 0},
        {"ollama: no vectors", &ollama_vectors, 200, "{\"model\":\"m\"}", "llm_broken", 0, 0, 0, 0,
         0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ctx *c = ctx_new(MIB(4), NULL);
        struct http_answer http = {
            .status = rows[i].status, .body = bytes_of(rows[i].body), .retry_after_ms = -1};
        struct llm_answer a;
        rc_t rc = rows[i].llm->answer(c, &http, &a);

        if ((rc == OK) != (rows[i].code == NULL) || !text_is(c->fault.code, rows[i].code))
            fail_msg("%s: %s", rows[i].about, rc == OK ? "taken" : c->fault.detail);
        if (rc == OK) {
            assert_int_equal(a.vector_count, rows[i].count);
            assert_int_equal(a.dimensions, rows[i].dimensions);
            assert_float_equal(a.vectors[0], rows[i].first, 1e-6);
            assert_float_equal(a.vectors[a.vector_count * a.dimensions - 1], rows[i].last, 1e-6);
            assert_int_equal(a.input_tokens, rows[i].tokens);
            assert_int_equal(a.counted, rows[i].tokens > 0);
        }
        ctx_end(c);
    }
}

static void too_many_vectors(void **state)
{
    struct ctx *c = ctx_new(MIB(4), NULL);
    struct buf b = buf_new(c->mem, KIB(64));
    struct llm_answer a;

    (void)state;
    buf_text(&b, "{\"embeddings\":[[1]");
    for (size_t i = 0; i < LLM_TEXTS_MAX; i++)
        buf_text(&b, ",[1]");
    buf_text(&b, "]}");
    assert_int_equal(
        ollama_vectors.answer(c, &(struct http_answer){.status = 200, .body = buf_bytes(&b)}, &a),
        E_UPSTREAM);
    ctx_end(c);
}

static void what_cannot_be_asked(void **state)
{
    static const char *const bad[] = {"a", "\xff"}, *const empty[] = {""};
    static const char *const many[LLM_TEXTS_MAX + 1] = {NULL};
    static const struct {
        struct llm_ask ask;
        const char *code;
    } rows[] = {
        {{.model = "m", .texts = bad, .text_count = 2}, "llm_bad_text"},
        {{.model = "m", .texts = empty, .text_count = 1}, "llm_bad_text"},
        {{.model = "\xc0", .texts = two, .text_count = 2}, "llm_bad_text"},
        {{.model = "m", .texts = two, .text_count = 2, .dimensions = -1}, "llm_bad_dimensions"},
        {{.model = "m", .texts = two, .text_count = 2, .dimensions = LLM_DIMENSIONS_MAX + 1},
         "llm_bad_dimensions"},
        {{.model = "m", .texts = many, .text_count = LLM_TEXTS_MAX + 1}, "llm_too_many"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ctx *c = ctx_new(MIB(1), NULL);

        assert_int_not_equal(llm_check(c, &rows[i].ask), OK);
        assert_string_equal(c->fault.code, rows[i].code);
        ctx_end(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asked),
        cmocka_unit_test(answers),
        cmocka_unit_test(too_many_vectors),
        cmocka_unit_test(what_cannot_be_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
