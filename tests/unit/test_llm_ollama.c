/* Ollama's own format: what we ask, and every kind of answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <string.h>

#include "llm_reading.h"

extern const struct llm llm_ollama;

static const char good[] =
    "{\"model\":\"llama3.2\",\"created_at\":\"2023-12-12T14:13:43.416799Z\",\"message\":{\"role\":"
    "\"assistant\","
    "\"content\":\"Hello! How are you "
    "today?\"},\"done_reason\":\"stop\",\"done\":true,\"total_duration\":5191566416,"
    "\"load_duration\":2154458,\"prompt_eval_count\":26,\"prompt_eval_duration\":383809000,\"eval_"
    "count\":298,"
    "\"eval_duration\":4799921000}";

#define LINE(text)                                                                      \
    "{\"model\":\"llama3.2\",\"created_at\":\"x\",\"message\":{\"role\":\"assistant\"," \
    "\"content\":\"" text "\"},\"done\":false}\n"
#define LAST(reason)                                                                        \
    "{\"model\":\"llama3.2\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done_" \
    "reason\":\"" reason "\",\"done\":true,\"prompt_eval_count\":26,\"eval_count\":2}\n"

static const char flow[] = LINE("Hel") LINE("lo") LAST("stop");

static void whole_answers(void **state)
{
    static const struct llm_whole rows[] = {
        {"recorded", 200, good, NULL, "Hello! How are you today?", "llama3.2", LLM_STOP_END, 26, 0,
         298},
        {"prompt from the cache", 200,
         "{\"message\":{\"content\":\"x\"},\"done\":true,\"eval_count\":3}", NULL, "x", NULL,
         LLM_STOP_END, 0, 0, 3},
        {"limit", 200, "{\"message\":{\"content\":\"x\"},\"done\":true,\"done_reason\":\"length\"}",
         NULL, "x", NULL, LLM_STOP_LENGTH, 0, 0, 0},
        {"thinking is not shown", 200,
         "{\"message\":{\"content\":\"x\",\"thinking\":\"hm\"},\"done\":true}", NULL, "x", NULL,
         LLM_STOP_END, 0, 0, 0},
        {"model unknown", 404, "{\"error\":\"model 'x' not found\"}",
         WHOLE_FAULT("llm_model_unknown")},
        {"server error", 500, "{\"error\":\"llama runner process has terminated\"}",
         WHOLE_FAULT("llm_broken")},
        {"busy", 503,
         "{\"error\":\"server busy, please try again.  maximum pending requests exceeded\"}",
         WHOLE_FAULT("llm_overloaded")},
        {"error with status 200", 200, "{\"error\":\"model requires more system memory\"}",
         WHOLE_FAULT("llm_broken")},
        {"key refused", 401, "{\"error\":\"unauthorized\"}", WHOLE_FAULT("llm_key_refused")},
    };

    (void)state;
    llm_check_wholes(&llm_ollama, rows, COUNT_OF(rows));
}

static void streams(void **state)
{
    static const struct llm_flow rows[] = {
        {"recorded", flow, NULL, "Hello", "llama3.2", LLM_STOP_END, 26, 0, 2, false},
        {"last line without its end", LINE("a") "{\"message\":{\"content\":\"b\"},\"done\":true}",
         NULL, "ab", "llama3.2", LLM_STOP_END, 0, 0, 0, false},
        {"limit", LINE("a") LAST("length"), NULL, "a", "llama3.2", LLM_STOP_LENGTH, 26, 0, 2,
         false},
        {"torn", LINE("a"), NULL, "a", "llama3.2", LLM_STOP_END, 0, 0, 0, true},
        {"done must be true", "{\"message\":{\"content\":\"a\"},\"done\":\"yes\"}\n", NULL, "a",
         NULL, LLM_STOP_END, 0, 0, 0, true},
        {"nothing", "", NULL, "", NULL, LLM_STOP_END, 0, 0, 0, true},
        {"error within",
         LINE("a") "{\"error\":\"an error was encountered while running the model\"}\n",
         FLOW_FAULT("llm_broken")},
        {"half a line", LINE("a") "{\"mess", FLOW_FAULT("llm_broken")},
        {"not JSON", "data: {}\n", FLOW_FAULT("llm_broken")},
        {"wrong type", "{\"message\":{\"content\":7}}\n", FLOW_FAULT("llm_broken")},
        {"figures of a wrong type",
         "{\"message\":{\"content\":\"a\"},\"done\":true,\"eval_count\":true}\n",
         FLOW_FAULT("llm_broken")},
    };

    (void)state;
    llm_check_flows(&llm_ollama, rows, COUNT_OF(rows));
}

static void nonsense_and_beginnings(void **state)
{
    (void)state;
    llm_check_nonsense(&llm_ollama);
    llm_check_truncated(&llm_ollama, good, flow);
}

static void question(void **state)
{
    static const struct llm_message talk[] = {LLM_SAYS(LLM_PERSON, "Hi")};
    struct ctx *c = ctx_new(MIB(8), NULL);
    struct llm_account account = {.key = NULL};
    struct llm_ask ask = {
        .model = "llama3.2", .system = "Be kind.", .messages = talk, .count = 1, .max_tokens = 500};
    struct http_ask http;

    (void)state;
    assert_int_equal(llm_ollama.ask(c, &account, &ask, &http), OK);
    assert_string_equal(http.url, "http://127.0.0.1:11434/api/chat");
    assert_string_equal(
        http.body.data,
        "{\"model\":\"llama3.2\",\"messages\":[{\"role\":\"system\",\"content\":\"Be kind.\"},"
        "{\"role\":\"user\",\"content\":\"Hi\"}],\"stream\":false,\"options\":{\"num_predict\":500,"
        "\"num_ctx\":4096}}");
    assert_int_equal(http.header_count, 1);

    /* A long persona widens the window, so that it is not dropped in silence. */
    char *longer = arena_take(c->mem, 40001);

    for (size_t i = 0; i < 40000; i++)
        longer[i] = i % 5 == 4 ? ' ' : 'a';
    ask.system = longer;
    account = (struct llm_account){.base_url = "http://10.0.0.1:11434/api/", .key = "k"};
    assert_int_equal(llm_ollama.ask(c, &account, &ask, &http), OK);
    assert_string_equal(http.url, "http://10.0.0.1:11434/api/chat");
    assert_non_null(strstr(http.body.data, "\"num_ctx\":16384}"));
    assert_string_equal(http.headers[1].value, "Bearer k");
    ctx_end(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_answers),
        cmocka_unit_test(streams),
        cmocka_unit_test(nonsense_and_beginnings),
        cmocka_unit_test(question),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
