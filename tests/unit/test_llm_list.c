/*
 * Which models an account offers: what is asked at which address, and what is read of the answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <string.h>

#include "llm/llm.h"

static const char *header(const struct http_ask *http, const char *name)
{
    for (int i = 0; i < http->header_count; i++)
        if (strcmp(http->headers[i].name, name) == 0)
            return http->headers[i].value;
    return NULL;
}

static void addresses(void **state)
{
    static const struct {
        const char *provider;
        struct llm_account account;
        const char *url, *header, *value;
    } rows[] = {
        {"openai", {.key = "k"}, "https://api.openai.com/v1/models", "Authorization", "Bearer k"},
        {"openai",
         {.key = "k", .api = LLM_API_RESPONSES},
         "https://api.openai.com/v1/models",
         "Authorization",
         "Bearer k"},
        {"openai",
         {.base_url = "http://127.0.0.1:8000"},
         "http://127.0.0.1:8000/v1/models",
         "Authorization",
         NULL},
        {"openai",
         {.base_url = "https://openrouter.ai/api/v1/", .key = "k"},
         "https://openrouter.ai/api/v1/models",
         "Authorization",
         "Bearer k"},
        {"openai",
         {.base_url = "https://x.openai.azure.com", .key = "k"},
         "https://x.openai.azure.com/openai/v1/models",
         "api-key",
         "k"},
        {"openai",
         {.base_url = "https://x.openai.azure.com", .key = "k", .api_version = "2024-10-21"},
         "https://x.openai.azure.com/openai/models?api-version=2024-10-21",
         "api-key",
         "k"},
        {"anthropic",
         {.key = "k"},
         "https://api.anthropic.com/v1/models?limit=1000",
         "x-api-key",
         "k"},
        {"anthropic",
         {.base_url = "https://gate.example/anthropic?x=1", .key = "k"},
         "https://gate.example/anthropic/v1/models?x=1&limit=1000",
         "anthropic-version",
         "2023-06-01"},
        {"ollama",
         {.base_url = "https://ollama.example", .key = "k"},
         "https://ollama.example/api/tags",
         "Authorization",
         "Bearer k"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ctx *c = ctx_new(MIB(1), NULL);
        const struct llm *llm = llm_speaking(llm_find(rows[i].provider), &rows[i].account);
        struct http_ask http;

        assert_int_equal(llm->list(c, &rows[i].account, &http), OK);
        assert_string_equal(http.method, "GET");
        assert_string_equal(http.url, rows[i].url);
        if (rows[i].value == NULL)
            assert_null(header(&http, rows[i].header));
        else
            assert_string_equal(header(&http, rows[i].header), rows[i].value);
        ctx_end(c);
    }
}

#define AZURE "https://x.openai.azure.com"

static void answers(void **state)
{
    static const struct {
        const char *provider, *base_url;
        int status;
        const char *body, *names, *code;
    } rows[] = {
        {"openai", NULL, 200,
         "{\"object\":\"list\",\"data\":[{\"id\":\"gpt-5\",\"object\":\"model\"},{\"id\":\"o3\"}]}",
         "gpt-5 o3", NULL},
        /* Some servers in OpenAI's manner send the list alone, or none at all. */
        {"openai", NULL, 200, "[{\"id\":\"a/b\"}]", "a/b", NULL},
        {"openai", NULL, 200, "{\"object\":\"list\",\"data\":null}", "", NULL},
        {"openai", NULL, 200,
         "{\"data\":[{\"id\":\"two words\"},{\"id\":7},{},{\"id\":\"\"},3,{\"id\":\"x\"}]}", "x",
         NULL},
        {"openai", AZURE, 200, "{\"data\":[{\"id\":\"gpt-5\"}]}", "", NULL},
        {"anthropic", NULL, 200,
         "{\"data\":[{\"type\":\"model\",\"id\":\"claude-x\",\"display_name\":\"X\"}],"
         "\"has_more\":false}",
         "claude-x", NULL},
        {"ollama", NULL, 200, "{\"models\":[{\"name\":\"llama3:8b\",\"model\":\"llama3:8b\"}]}",
         "llama3:8b", NULL},
        {"openai", NULL, 200, "{}", NULL, "llm_broken"},
        {"openai", NULL, 200, "{\"models\":[]}", NULL, "llm_broken"},
        {"openai", NULL, 200, "[\"gpt-5\"]", NULL, "llm_broken"},
        {"openai", NULL, 200, "{\"data\":[{\"name\":\"gpt-5\"}]}", NULL, "llm_broken"},
        {"openai", NULL, 200, "<!doctype html><title>Welcome</title>", NULL, "llm_broken"},
        {"openai", NULL, 200, "{\"data\":{\"id\":\"x\"}}", NULL, "llm_broken"},
        {"openai", NULL, 401, "{\"error\":{\"message\":\"Incorrect API key\"}}", NULL,
         "llm_key_refused"},
        {"anthropic", NULL, 401,
         "{\"type\":\"error\",\"error\":{\"type\":\"authentication_error\",\"message\":\"no\"}}",
         NULL, "llm_key_refused"},
        {"openai", NULL, 404, "<h1>Not found</h1>", NULL, "llm_model_unknown"},
        {"openai", NULL, 200, "{\"error\":{\"code\":\"invalid_api_key\"}}", NULL,
         "llm_key_refused"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ctx *c = ctx_new(MIB(1), NULL);
        const struct llm_account account = {.base_url = rows[i].base_url};
        const struct http_answer http = {.status = rows[i].status, .body = bytes_of(rows[i].body)};
        const char *names;
        rc_t rc = llm_find(rows[i].provider)->listed(c, &account, &http, &names);

        if (rows[i].code == NULL) {
            if (rc != OK || strcmp(names, rows[i].names) != 0)
                fail_msg("%s: %s", rows[i].body, rc == OK ? names : c->fault.detail);
        } else {
            assert_int_equal(rc, E_UPSTREAM);
            assert_string_equal(c->fault.code, rows[i].code);
        }
        ctx_end(c);
    }
}

/* Whole names only, however long the list. */
static void a_long_list_is_cut_between_names(void **state)
{
    struct ctx *c = ctx_new(MIB(4), NULL);
    struct buf b = buf_new(c->mem, MIB(1));
    const struct llm_account account = {.key = "k"};
    const char *names, *last;

    (void)state;
    buf_text(&b, "{\"data\":[");
    for (int i = 0; i < 6000; i++)
        buf_printf(&b, "%s{\"id\":\"model-%04d\"}", i == 0 ? "" : ",", i);
    buf_text(&b, "]}");

    const struct http_answer http = {.status = 200, .body = buf_bytes(&b)};

    assert_int_equal(llm_find("openai")->listed(c, &account, &http, &names), OK);
    assert_true(strlen(names) <= LLM_NAMES_MAX && strlen(names) > LLM_NAMES_MAX - 20);
    last = strrchr(names, ' ');
    assert_int_equal(strlen(last), strlen(" model-0000"));
    ctx_end(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(answers),
        cmocka_unit_test(a_long_list_is_cut_between_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
