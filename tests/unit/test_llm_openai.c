/* OpenAI's format: what we ask, and every kind of answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <string.h>

#include "llm_reading.h"

extern const struct llm llm_openai;

static const char good[] =
    "{\"id\":\"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT\",\"object\":\"chat.completion\",\"created\":"
    "1741569952,"
    "\"model\":\"gpt-4.1-2025-04-14\",\"choices\":[{\"index\":0,\"message\":{\"role\":"
    "\"assistant\","
    "\"content\":\"Hello! How can I help?\",\"refusal\":null,\"annotations\":[]},\"logprobs\":null,"
    "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1200,\"completion_tokens\":10,"
    "\"total_tokens\":1210,"
    "\"prompt_tokens_details\":{\"cached_tokens\":1024,\"audio_tokens\":0},\"completion_tokens_"
    "details\":"
    "{\"reasoning_tokens\":0}},\"service_tier\":\"default\"}";

#define CHUNK(delta, finish)                                                                       \
    "data: "                                                                                       \
    "{\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"model\":\"gpt-4o-mini\",\"choices\":[{" \
    "\"index\":0,"                                                                                 \
    "\"delta\":" delta ",\"finish_reason\":" finish "}],\"usage\":null}\n\n"
#define USAGE                                                                                      \
    "data: "                                                                                       \
    "{\"id\":\"c1\",\"model\":\"gpt-4o-mini\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,"      \
    "\"completion_tokens\":2,\"total_tokens\":11,\"prompt_tokens_details\":{\"cached_tokens\":4}}" \
    "}\n\n"

static const char flow[] = CHUNK("{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}",
                                 "null") CHUNK("{\"content\":\"Hel\"}", "null")
    CHUNK("{\"content\":\"lo\"}", "null") CHUNK("{}", "\"stop\"") USAGE "data: [DONE]\n\n";

static void whole_answers(void **state)
{
    static const struct llm_whole rows[] = {
        {"recorded", 200, good, NULL, "Hello! How can I help?", "gpt-4.1-2025-04-14", LLM_STOP_END,
         1200, 1024, 10},
        {"least that counts", 200, "{\"choices\":[{\"message\":{\"content\":\"x\"}}]}", NULL, "x",
         NULL, LLM_STOP_END, 0, 0, 0},
        {"cut by the limit", 200,
         "{\"choices\":[{\"message\":{\"content\":\"half a\"},\"finish_reason\":\"length\"}],"
         "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}",
         NULL, "half a", NULL, LLM_STOP_LENGTH, 3, 0, 2},
        {"refusal", 200,
         "{\"choices\":[{\"message\":{\"content\":null,\"refusal\":\"I can't help with that.\"},"
         "\"finish_reason\":\"stop\"}]}",
         NULL, "I can't help with that.", NULL, LLM_STOP_REFUSED, 0, 0, 0},
        {"a list of parts", 200,
         "{\"choices\":[{\"message\":{\"content\":[{\"type\":\"thinking\",\"thinking\":[{\"type\":"
         "\"text\",\"text\":\"hm\"}]},{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\","
         "\"text\":\"b\"}]},\"finish_reason\":\"stop\"}]}",
         NULL, "ab", NULL, LLM_STOP_END, 0, 0, 0},
        {"a list of texts", 200,
         "{\"choices\":[{\"message\":{\"content\":[\"a\"]},\"finish_reason\":\"stop\"}]}",
         WHOLE_FAULT("llm_broken")},
        {"filtered", 200,
         "{\"choices\":[{\"message\":{\"content\":\"\"},\"finish_reason\":\"content_filter\"}]}",
         NULL, "", NULL, LLM_STOP_FILTERED, 0, 0, 0},
        {"half a tool call", 200,
         "{\"choices\":[{\"message\":{\"content\":null,\"tool_calls\":[{\"id\":\"x\"}]},\"finish_"
         "reason\":"
         "\"tool_calls\"}]}",
         WHOLE_FAULT("llm_broken")},
        {"more cached than read", 200,
         "{\"choices\":[{\"message\":{\"content\":\"x\"}}],\"usage\":{\"prompt_tokens\":5,"
         "\"completion_tokens\":1,"
         "\"prompt_tokens_details\":{\"cached_tokens\":50}}}",
         NULL, "x", NULL, LLM_STOP_END, 5, 5, 1},
        {"key refused", 401,
         "{\"error\":{\"message\":\"Incorrect API key provided: "
         "sk-12***34.\",\"type\":\"invalid_request_error\","
         "\"param\":null,\"code\":\"invalid_api_key\"}}",
         WHOLE_FAULT("llm_key_refused")},
        {"not allowed", 403, "{\"error\":{\"message\":\"Country not supported\"}}",
         WHOLE_FAULT("llm_key_refused")},
        {"model unknown", 404,
         "{\"error\":{\"message\":\"The model `x` does not exist\",\"code\":\"model_not_found\"}}",
         WHOLE_FAULT("llm_model_unknown")},
        {"wrong address", 404, "404 page not found", WHOLE_FAULT("llm_model_unknown")},
        {"too long", 400,
         "{\"error\":{\"message\":\"This model's maximum context length is 8192 tokens.\","
         "\"code\":\"context_length_exceeded\"}}",
         WHOLE_FAULT("llm_too_long")},
        {"longer than a small server's context", 400,
         "{\"error\":{\"message\":\"the request exceeds the available context size\"}}",
         WHOLE_FAULT("llm_too_long")},
        {"bad request", 400, "{\"error\":{\"message\":\"Unsupported parameter\"}}",
         WHOLE_FAULT("llm_bad_request")},
        {"slow down", 429,
         "{\"error\":{\"message\":\"Rate limit reached\",\"code\":\"rate_limit_exceeded\"}}",
         WHOLE_FAULT("llm_rate_limited")},
        {"no credit", 429,
         "{\"error\":{\"message\":\"You exceeded your quota\",\"code\":\"insufficient_quota\"}}",
         WHOLE_FAULT("llm_no_credit")},
        {"server error", 500, "{\"error\":{\"message\":\"Oops\",\"type\":\"server_error\"}}",
         WHOLE_FAULT("llm_broken")},
        {"gateway", 502, "<html>Bad gateway</html>", WHOLE_FAULT("llm_broken")},
        {"overloaded", 503, "{\"error\":{\"message\":\"The engine is overloaded\"}}",
         WHOLE_FAULT("llm_overloaded")},
        {"redirect", 302, "", WHOLE_FAULT("llm_broken")},
        {"error with status 200", 200,
         "{\"error\":{\"message\":\"Provider returned error\",\"code\":429}}",
         WHOLE_FAULT("llm_rate_limited")},
        {"vLLM's older errors", 400,
         "{\"object\":\"error\",\"message\":\"maximum context length is 4096\"}",
         WHOLE_FAULT("llm_too_long")},
        {"error as text", 400, "{\"error\":\"just a line\"}", WHOLE_FAULT("llm_bad_request")},
        {"error as list", 422, "{\"error\":[1,2]}", WHOLE_FAULT("llm_bad_request")},
    };

    (void)state;
    llm_check_wholes(&llm_openai, rows, COUNT_OF(rows));
}

static void streams(void **state)
{
    static const struct llm_flow rows[] = {
        {"recorded", flow, NULL, "Hello", "gpt-4o-mini", LLM_STOP_END, 9, 4, 2, false},
        {"without [DONE]", CHUNK("{\"content\":\"a\"}", "null") CHUNK("{}", "\"stop\""), NULL, "a",
         "gpt-4o-mini", LLM_STOP_END, 0, 0, 0, false},
        {"without finish_reason", CHUNK("{\"content\":\"a\"}", "null") "data: [DONE]\n\n", NULL,
         "a", "gpt-4o-mini", LLM_STOP_END, 0, 0, 0, false},
        {"torn", CHUNK("{\"content\":\"a\"}", "null"), NULL, "a", "gpt-4o-mini", LLM_STOP_END, 0, 0,
         0, true},
        {"nothing", "", NULL, "", NULL, LLM_STOP_END, 0, 0, 0, true},
        {"not a stream", "{\"choices\":[{\"message\":{\"content\":\"x\"}}]}", NULL, "", NULL,
         LLM_STOP_END, 0, 0, 0, true},
        {"a list of parts",
         CHUNK("{\"content\":[{\"type\":\"thinking\",\"thinking\":[]}]}", "null")
             CHUNK("{\"content\":\"a\"}", "\"stop\""),
         NULL, "a", "gpt-4o-mini", LLM_STOP_END, 0, 0, 0, false},
        {"limit", CHUNK("{\"content\":\"a\"}", "\"length\""), NULL, "a", "gpt-4o-mini",
         LLM_STOP_LENGTH, 0, 0, 0, false},
        {"refusal", CHUNK("{\"refusal\":\"No.\"}", "null") CHUNK("{}", "\"stop\""), NULL, "No.",
         "gpt-4o-mini", LLM_STOP_REFUSED, 0, 0, 0, false},
        {"running figures",
         "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":{\"prompt_tokens\":5,"
         "\"completion_tokens\":1}}\n\n"
         "data: {\"choices\":[{\"delta\":{\"content\":\"b\"},\"finish_reason\":\"stop\"}],"
         "\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}\n\n",
         NULL, "ab", NULL, LLM_STOP_END, 5, 0, 2, false},
        {"comments", ": OPENROUTER PROCESSING\n\n" CHUNK("{\"content\":\"a\"}", "\"stop\""), NULL,
         "a", "gpt-4o-mini", LLM_STOP_END, 0, 0, 0, false},
        {"error within",
         CHUNK("{\"content\":\"a\"}", "null") "data: {\"error\":{\"message\":\"overloaded\"}}\n\n",
         FLOW_FAULT("llm_overloaded")},
        {"error with number", "data: {\"error\":{\"message\":\"x\",\"code\":429}}\n\n",
         FLOW_FAULT("llm_rate_limited")},
        {"error event", "event: error\ndata: {\"message\":\"it broke\"}\n\n",
         FLOW_FAULT("llm_broken")},
        {"null error",
         "data: "
         "{\"error\":null,\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}"
         "\n\n",
         NULL, "a", NULL, LLM_STOP_END, 0, 0, 0, false},
        {"not JSON", "data: {malformed\n\n", FLOW_FAULT("llm_broken")},
        {"wrong type", "data: {\"choices\":[{\"delta\":{\"content\":7}}]}\n\n",
         FLOW_FAULT("llm_broken")},
        {"choice no object", "data: {\"choices\":[7]}\n\n", FLOW_FAULT("llm_broken")},
        {"bad UTF-8", "data: {\"choices\":[{\"delta\":{\"content\":\"\xff\"}}]}\n\n",
         FLOW_FAULT("llm_broken")},
    };

    (void)state;
    llm_check_flows(&llm_openai, rows, COUNT_OF(rows));
}

static void nonsense_and_beginnings(void **state)
{
    (void)state;
    llm_check_nonsense(&llm_openai);
    llm_check_truncated(&llm_openai, good, flow);
}

static void too_much_text(void **state)
{
    struct ctx *c = ctx_new(MIB(32), NULL);
    struct llm_stream s = llm_stream_new(c->mem);
    char *many = arena_take(c->mem, KIB(4) + 1);
    rc_t rc = OK;

    (void)state;
    memset(many, 'x', KIB(4));

    struct bytes data = bytes_of(
        text_printf(c->mem, "{\"choices\":[{\"delta\":{\"content\":\"%s\"}}]}", many));

    for (int i = 0; i < 65 && rc == OK; i++)
        rc = llm_openai.event(c, BYTES(""), data, &s);
    assert_int_equal(rc, E_UPSTREAM);
    assert_string_equal(c->fault.code, "llm_broken");
    assert_int_equal(s.text.len, LLM_TEXT_MAX);
    ctx_end(c);
}

static const struct llm_message talk[] = {
    LLM_SAYS(LLM_PERSON, "Hi"), LLM_SAYS(LLM_EMPLOYEE, "Hello!"), LLM_SAYS(LLM_PERSON, "  "),
    LLM_SAYS(LLM_PERSON, "Gr\xc3\xbc\xc3\x9f\"e\n")};

static void question(void **state)
{
    struct ctx *c = ctx_new(MIB(1), NULL);
    struct llm_account account = {.key = "sk-1"};
    struct llm_ask ask = {.model = "gpt-4o-mini",
                          .system = "Be kind.",
                          .messages = talk,
                          .count = COUNT_OF(talk),
                          .max_tokens = 500,
                          .stream = true};
    struct http_ask http;

    (void)state;
    assert_int_equal(llm_openai.ask(c, &account, &ask, &http), OK);
    assert_string_equal(http.url, "https://api.openai.com/v1/chat/completions");
    assert_string_equal(http.method, "POST");
    assert_string_equal(
        http.body.data,
        "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"system\",\"content\":\"Be kind.\"},"
        "{\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"assistant\",\"content\":\"Hello!\"},"
        "{\"role\":\"user\",\"content\":\"Gr\xc3\xbc\xc3\x9f\\\"e\\n\"}],\"max_completion_tokens\":"
        "500,"
        "\"stream\":true,\"stream_options\":{\"include_usage\":true}}");
    assert_int_equal(http.header_count, 2);
    assert_string_equal(http.headers[1].value, "Bearer sk-1");

    account = (struct llm_account){.base_url = "http://127.0.0.1:8000"};
    ask.stream = false;
    assert_int_equal(llm_openai.ask(c, &account, &ask, &http), OK);
    assert_int_equal(http.header_count, 1);
    assert_non_null(strstr(http.body.data, "\"max_tokens\":500,\"stream\":false}"));
    ctx_end(c);
}

static void addresses(void **state)
{
    static const char *const rows[][2] = {
        {NULL, "https://api.openai.com/v1/chat/completions"},
        {" ", "https://api.openai.com/v1/chat/completions"},
        {"http://127.0.0.1:8000", "http://127.0.0.1:8000/v1/chat/completions"},
        {"http://127.0.0.1:8000/", "http://127.0.0.1:8000/v1/chat/completions"},
        {"http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1/chat/completions"},
        {"http://127.0.0.1:8000/v1//", "http://127.0.0.1:8000/v1/chat/completions"},
        {"https://x.openai.azure.com/openai/v1/",
         "https://x.openai.azure.com/openai/v1/chat/completions"},
        {"https://gateway.example/v1beta/openai",
         "https://gateway.example/v1beta/openai/chat/completions"},
    };
    struct ctx *c = ctx_new(MIB(1), NULL);
    struct llm_ask ask = {.model = "m", .messages = talk, .count = 1, .max_tokens = 1};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct llm_account account = {.base_url = rows[i][0]};
        struct http_ask http;

        assert_int_equal(llm_openai.ask(c, &account, &ask, &http), OK);
        assert_string_equal(http.url, rows[i][1]);
    }
    ctx_end(c);
}

static void what_cannot_be_asked(void **state)
{
    static const struct llm_message bad[] = {LLM_SAYS(LLM_PERSON, "\xff")},
                                    blank[] = {LLM_SAYS(LLM_PERSON, " "),
                                               LLM_SAYS(LLM_PERSON, NULL)};
    struct ctx *c = ctx_new(MIB(1), NULL);
    struct llm_account account = {.key = "k"};
    struct llm_ask ask = {.model = "m", .messages = bad, .count = 1, .max_tokens = 1};
    struct http_ask http;

    (void)state;
    assert_int_equal(llm_openai.ask(c, &account, &ask, &http), E_INVALID);
    assert_string_equal(c->fault.code, "llm_bad_text");
    ctx_forgive(c);
    ask.messages = blank;
    ask.count = 2;
    assert_int_equal(llm_openai.ask(c, &account, &ask, &http), E_INVALID);
    assert_string_equal(c->fault.code, "llm_no_message");
    ctx_forgive(c);
    ask.model = "\xff";
    assert_int_equal(llm_openai.ask(c, &account, &ask, &http), E_INVALID);
    ctx_end(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_answers),
        cmocka_unit_test(streams),
        cmocka_unit_test(nonsense_and_beginnings),
        cmocka_unit_test(too_much_text),
        cmocka_unit_test(question),
        cmocka_unit_test(addresses),
        cmocka_unit_test(what_cannot_be_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
