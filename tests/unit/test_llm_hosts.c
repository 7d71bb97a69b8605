/* What is said to whom: addresses, keys and words for each server in OpenAI's manner, and model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <string.h>

#include "llm_asks.h"
#include "llm_reading.h"
#include "llm_recorded.h"

static const double half = 0.5;
static const char *const stop_texts[] = {"END"};
static const struct llm_message hello[] = {LLM_SAYS(LLM_PERSON, "Hi")};

#define AZURE "https://x.openai.azure.com"

static void addresses(void **state)
{
    static const struct {
        struct llm_account account;
        const char *url;
        bool api_key; /* the key goes in Azure's header */
    } rows[] = {
        {{.base_url = AZURE, .api_version = "2024-10-21"},
         AZURE "/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21",
         true},
        {{.base_url = AZURE "/", .api_version = "2025-04-01-preview"},
         AZURE "/openai/deployments/my%20gpt/chat/completions?api-version=2025-04-01-preview",
         true},
        {{.base_url = AZURE "/openai", .api_version = "2024-10-21"},
         AZURE "/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21",
         true},
        {{.base_url = AZURE "?api-version=2024-06-01"},
         AZURE "/openai/deployments/my%20gpt/chat/completions?api-version=2024-06-01",
         true},
        {{.base_url = AZURE "/openai/deployments/other"},
         AZURE "/openai/deployments/other/chat/completions?api-version=2024-10-21",
         true},
        {{.base_url = AZURE "/openai/deployments/other/?api-version=2024-06-01"},
         AZURE "/openai/deployments/other/chat/completions?api-version=2024-06-01",
         true},
        {{.base_url = AZURE}, AZURE "/openai/v1/chat/completions", true},
        {{.base_url = AZURE "/openai"}, AZURE "/openai/v1/chat/completions", true},
        {{.base_url = AZURE "/openai/v1/"}, AZURE "/openai/v1/chat/completions", true},
        {{.base_url = AZURE "/openai/v1?api-version=preview"},
         AZURE "/openai/v1/chat/completions?api-version=preview",
         true},
        {{.base_url = AZURE, .api = LLM_API_RESPONSES}, AZURE "/openai/v1/responses", true},
        {{.base_url = AZURE, .api = LLM_API_RESPONSES, .api_version = "2025-04-01-preview"},
         AZURE "/openai/responses?api-version=2025-04-01-preview",
         true},
        {{.base_url = "https://gate.example/azure", .api_version = "2024-10-21"},
         "https://gate.example/azure/openai/deployments/my%20gpt/chat/"
         "completions?api-version=2024-10-21",
         true},
        {{.base_url = "https://evil.example/x.openai.azure.com"},
         "https://evil.example/x.openai.azure.com/chat/completions",
         false},
        {{.base_url = "https://openrouter.ai/api/v1"},
         "https://openrouter.ai/api/v1/chat/completions",
         false},
        {{.base_url = "http://127.0.0.1:11434/v1"},
         "http://127.0.0.1:11434/v1/chat/completions",
         false},
        {{.base_url = "http://127.0.0.1:1234?tenant=a"},
         "http://127.0.0.1:1234/v1/chat/completions?tenant=a",
         false},
        {{.api = LLM_API_RESPONSES}, "https://api.openai.com/v1/responses", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ctx *c = ctx_new(MIB(1), NULL);
        struct llm_account account = rows[i].account;
        struct llm_ask ask = {.model = "my gpt", .messages = hello, .count = 1, .max_tokens = 5};
        struct http_ask http;

        account.key = "sk-1";
        assert_int_equal(llm_speaking(llm_find("openai"), &account)->ask(c, &account, &ask, &http),
                         OK);
        assert_string_equal(http.url, rows[i].url);
        assert_int_equal(http.header_count, 2);
        assert_string_equal(http.headers[1].name, rows[i].api_key ? "api-key" : "Authorization");
        assert_string_equal(http.headers[1].value, rows[i].api_key ? "sk-1" : "Bearer sk-1");
        ctx_end(c);
    }
}

/* What stands in the body, and what does not; "" stands for anything that is always there. */
struct words {
    const char *provider, *base_url, *model;
    enum llm_effort effort;
    const char *with, *without;
};

static void words(void **state)
{
    static const struct words rows[] = {
        {"openai", NULL, "gpt-4o", LLM_EFFORT_LOW, "\"temperature\":0.5", "reasoning_effort"},
        {"openai", NULL, "gpt-4o", LLM_EFFORT_LOW, "\"max_completion_tokens\":5000",
         "\"max_tokens\""},
        {"openai", NULL, "o3", LLM_EFFORT_HIGH, "\"reasoning_effort\":\"high\"", "temperature"},
        {"openai", NULL, "o4-mini", LLM_EFFORT_NONE, "\"reasoning_effort\":\"low\"", "temperature"},
        {"openai", NULL, "gpt-5-mini", LLM_EFFORT_NONE, "\"reasoning_effort\":\"minimal\"",
         "top_p"},
        {"openai", NULL, "gpt-5.1", LLM_EFFORT_NONE, "\"reasoning_effort\":\"none\"", "top_p"},
        {"openai", NULL, "gpt-5-chat-latest", LLM_EFFORT_USUAL, "temperature", "reasoning"},
        {"openai", AZURE, "my-deployment", LLM_EFFORT_LOW, "\"max_completion_tokens\"",
         "\"max_tokens\""},
        {"openai", "https://openrouter.ai/api/v1", "openai/o3", LLM_EFFORT_LOW,
         "\"reasoning\":{\"effort\":\"low\"}", "temperature"},
        {"openai", "http://127.0.0.1:8000", "Qwen/Qwen3-8B", LLM_EFFORT_LOW,
         "\"reasoning_effort\":\"low\"", "max_completion_tokens"},
        {"openai", "http://127.0.0.1:8000", "Qwen/Qwen3-8B", LLM_EFFORT_USUAL,
         "\"max_tokens\":5000", "prompt_cache_key"},
        {"anthropic", NULL, "claude-sonnet-4-5-20250929", LLM_EFFORT_LOW,
         "\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1250}", "temperature"},
        {"anthropic", NULL, "claude-sonnet-4-20250514", LLM_EFFORT_USUAL, "\"temperature\":0.5",
         "thinking"},
        {"anthropic", NULL, "claude-3-7-sonnet-latest", LLM_EFFORT_HIGH, "\"budget_tokens\":3750",
         "output_config"},
        {"anthropic", NULL, "claude-opus-4-6", LLM_EFFORT_HIGH,
         "\"output_config\":{\"effort\":\"high\"}", "budget_tokens"},
        {"anthropic", NULL, "claude-opus-4-6", LLM_EFFORT_NONE, "\"temperature\":0.5", "thinking"},
        {"anthropic", NULL, "claude-opus-4-7", LLM_EFFORT_NONE, "\"messages\"", "temperature"},
        {"anthropic", NULL, "claude-opus-5", LLM_EFFORT_LOW, "\"thinking\":{\"type\":\"adaptive\"}",
         "temperature"},
        {"anthropic", NULL, "somebody-elses", LLM_EFFORT_LOW, "adaptive", "temperature"},
        {"ollama", NULL, "gpt-oss:20b", LLM_EFFORT_HIGH, "\"think\":\"high\"", "\"think\":true"},
        {"ollama", NULL, "gpt-oss:20b", LLM_EFFORT_NONE, "\"think\":false", "\"think\":true"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ctx *c = ctx_new(MIB(1), NULL);
        struct llm_account account = {.base_url = rows[i].base_url, .key = "k"};
        struct llm_ask ask = {.model = rows[i].model,
                              .messages = hello,
                              .count = 1,
                              .max_tokens = 5000,
                              .temperature = &half,
                              .effort = rows[i].effort};
        struct http_ask http;

        assert_int_equal(llm_find(rows[i].provider)->ask(c, &account, &ask, &http), OK);
        if (strstr(http.body.data, rows[i].with) == NULL ||
            strstr(http.body.data, rows[i].without) != NULL)
            print_error("%s: %s\n", rows[i].model, http.body.data);
        assert_non_null(strstr(http.body.data, rows[i].with));
        assert_null(strstr(http.body.data, rows[i].without));
        ctx_end(c);
    }
}

/* Too little room for thinking, and Anthropic's upper end of the temperature. */
static void edges(void **state)
{
    static const double hot = 1.5;
    struct ctx *c = ctx_new(MIB(1), NULL);
    struct llm_account account = {.key = "k"};
    struct llm_ask ask = {.model = "claude-haiku-4-5",
                          .messages = hello,
                          .count = 1,
                          .max_tokens = 1200,
                          .temperature = &hot,
                          .effort = LLM_EFFORT_LOW};
    struct http_ask http;

    (void)state;
    assert_int_equal(llm_find("anthropic")->ask(c, &account, &ask, &http), OK);
    assert_null(strstr(http.body.data, "thinking"));
    assert_non_null(strstr(http.body.data, "\"temperature\":1.0"));
    ctx_end(c);
}

static void what_they_cannot(void **state)
{
    static const char *const blank[] = {"\n"};
    static const struct {
        const char *provider, *model;
        const char *const *stops;
        enum llm_api api;
    } rows[] = {{"openai", "o3", stop_texts, LLM_API_USUAL},
                {"openai", "gpt-5", stop_texts, LLM_API_USUAL},
                {"openai", "gpt-4.1", stop_texts, LLM_API_RESPONSES},
                {"anthropic", "claude-haiku-4-5", blank, LLM_API_USUAL}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ctx *c = ctx_new(MIB(1), NULL);
        struct llm_account account = {.key = "k", .api = rows[i].api};
        struct llm_ask ask = {.model = rows[i].model,
                              .messages = hello,
                              .count = 1,
                              .max_tokens = 5,
                              .stops = rows[i].stops,
                              .stop_count = 1};
        struct http_ask http;

        assert_int_equal(
            llm_speaking(llm_find(rows[i].provider), &account)->ask(c, &account, &ask, &http),
            E_INVALID);
        assert_string_equal(c->fault.code, "llm_cannot");
        ctx_end(c);
    }
}

/* A gateway's fault says whom it asked. */
static void gateways_name_whom_they_asked(void **state)
{
    static const char path[] = "llm/openai/openrouter_error_200.json";
    struct ctx *c = ctx_new(MIB(4), NULL);
    struct llm_answer answer;

    (void)state;
    assert_int_equal(
        recorded_read(c, llm_find("openai"), path, recorded_file(c, path), 200, 1, &answer),
        E_UPSTREAM);
    assert_string_equal(c->fault.code, "llm_rate_limited");
    assert_non_null(
        strstr(c->fault.detail, "Provider returned error (Anthropic: anthropic/claude"));
    ctx_end(c);
}

static void responses_read_no_nonsense(void **state)
{
    (void)state;
    llm_check_nonsense(recorded_api("responses"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(words),
        cmocka_unit_test(edges),
        cmocka_unit_test(what_they_cannot),
        cmocka_unit_test(gateways_name_whom_they_asked),
        cmocka_unit_test(responses_read_no_nonsense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
