/* The pool and tool calls: whole ones come through, half ones and unasked ones do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <string.h>

#include "pool_bench.h"

#define CALL(index, id, arguments)      \
    "{\"index\":" index ",\"id\":\"" id \
    "\",\"type\":\"function\",\"function\":{\"name\":\"look\",\"arguments\":\"" arguments "\"}}"
#define CALLS CALL("0", "call_a", "{\\\"x\\\":1}") "," CALL("1", "call_b", "{}")

static const struct tiny_step whole_calls = {
    HEAD("200 OK", "application/json") "x-request-id: req_7\r\n\r\n"
                                       "{\"id\":\"c1\",\"choices\":[{\"message\":{\"content\":null,"
                                       "\"tool_calls\":[" CALLS
                                       "]},\"finish_reason\":\"tool_calls\"}],\"usage\":{\"prompt_"
                                       "tokens\":50,\"completion_tokens\":20,"
                                       "\"prompt_tokens_details\":{\"cached_tokens\":10,\"cache_"
                                       "write_tokens\":30}}}",
    0, TINY_CLOSE};
static const struct tiny_step streamed_calls = {
    HEAD("200 OK", "text/event-stream") "x-request-id: req_7\r\n\r\n"
                                        "data: {\"id\":\"c1\",\"choices\":[{\"delta\":{\"tool_"
                                        "calls\":[" CALLS "]},\"finish_reason\":null}]}\n\n" CHUNK(
                                            "", "\"tool_calls\"") "data: "
                                                                  "{\"choices\":[],\"usage\":{"
                                                                  "\"prompt_tokens\":50,"
                                                                  "\"completion_tokens\":20,"
                                                                  "\"prompt_tokens_details\":{"
                                                                  "\"cached_tokens\":10,\"cache_"
                                                                  "write_tokens\":30}}}\n\n"
                                                                  "data: [DONE]\n\n",
    0, TINY_CLOSE};
static const struct tiny_step text_and_call = {
    JSON_HEAD "{\"choices\":[{\"message\":{\"content\":\"I would look.\",\"tool_calls\":[" CALL(
        "0", "call_a", "{}") "]},\"finish_reason\":\"tool_calls\"}]}",
    0, TINY_CLOSE};
static const struct tiny_step only_half = {
    JSON_HEAD "{\"choices\":[{\"message\":{\"content\":null,\"tool_calls\":[" CALL(
        "0", "call_a", "{\\\"x\\\":") "]},\"finish_reason\":\"length\"}]}",
    0, TINY_CLOSE};
static const struct tiny_step text_and_half = {
    JSON_HEAD "{\"choices\":[{\"message\":{\"content\":\"I would look.\",\"tool_calls\":[" CALL(
        "0", "call_a", "{}") "," CALL("1", "call_b",
                                      "{\\\"x\\\":") "]},\"finish_reason\":\"tool_calls\"}]}",
    0, TINY_CLOSE};
static const struct tiny_step streamed_text_and_half = {
    SSE_HEAD
    "data: {\"choices\":[{\"delta\":{\"content\":\"I would look.\"}}]}\n\n"
    "data: {\"choices\":[{\"delta\":{\"tool_calls\":[" CALL(
        "0", "call_a", "{\\\"x\\\":") "]},\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n",
    0, TINY_CLOSE};
static const struct tiny_step torn_calls = {
    SSE_HEAD "data: {\"choices\":[{\"delta\":{\"tool_calls\":[" CALLS "]}}]}\n\n", 0, TINY_CLOSE};

static const struct llm_tool tools[] = {{.name = "look", .schema = "{\"type\":\"object\"}"}};

static rc_t ask(struct bench *b, size_t tool_count, bool stream)
{
    struct llm_ask question = {.system = "Be kind.",
                               .name = "Mara",
                               .messages = bench_talk,
                               .count = 1,
                               .max_tokens = 100,
                               .tools = tools,
                               .tool_count = tool_count,
                               .stream = stream};

    return bench_pool(b->c, &b->route, &question, &b->sink, &b->out);
}

static void calls_come_through(void **state)
{
    struct bench *b = *state;

    bench_serve(b, &whole_calls, 1);
    bench_serve(b, &streamed_calls, 1);
    for (int stream = 0; stream < 2; stream++) {
        const struct llm_answer *a = &b->out.answer;

        if (stream)
            b->route.candidates[0] = b->route.candidates[1];
        assert_int_equal(ask(b, 1, stream), OK);
        assert_int_equal(b->out.try_count, 0);
        assert_string_equal(a->text, "");
        assert_int_equal(a->stop, LLM_STOP_CALLS);
        assert_int_equal(a->call_count, 2);
        assert_string_equal(a->parts[0].call_id, "call_a");
        assert_string_equal(a->parts[0].arguments, "{\"x\":1}");
        assert_string_equal(a->parts[1].tool, "look");
        assert_string_equal(a->id, "c1");
        assert_string_equal(a->request_id, "req_7");
        assert_int_equal(a->input_tokens, 50);
        assert_int_equal(a->cached_tokens, 10);
        assert_int_equal(a->cache_write_tokens, 30);
    }
}

/* A server may call itself anything; in an index of the ledger a name of some KiB has no room. */
static void a_long_name_of_a_model_is_cut(void **state)
{
    struct bench *b = *state;
    struct buf name = buf_new(b->c->mem, KIB(256));
    struct tiny_step step = {.then = TINY_CLOSE};

    buf_char(&name, 'm');
    while (name.len < KIB(100))
        buf_text(&name, "\xc3\xa4");
    step.bytes = text_printf(b->c->mem,
                             JSON_HEAD "{\"model\":\"%s\",\"choices\":[{\"message\":{\"content\":"
                                       "\"Yes.\"},\"finish_reason\":\"stop\"}]}",
                             buf_str(&name));
    bench_serve(b, &step, 1);
    assert_int_equal(ask(b, 0, false), OK);
    assert_string_equal(b->out.answer.text, "Yes.");
    assert_int_equal(strlen(b->out.answer.model), LLM_MODEL_MAX - 1);
    assert_true(text_utf8(bytes_of(b->out.answer.model)));
}

static void calls_that_nobody_offered(void **state)
{
    struct bench *b = *state;

    bench_serve(b, &text_and_call, 1);
    assert_int_equal(ask(b, 0, false), OK);
    assert_string_equal(b->out.answer.text, "I would look.");
    assert_int_equal(b->out.answer.call_count, 0);
    assert_int_equal(b->out.answer.part_count, 1);
    assert_int_equal(b->out.answer.stop, LLM_STOP_END);
}

static void half_a_call_is_none(void **state)
{
    struct bench *b = *state;

    bench_serve(b, &only_half, 1);
    bench_serve(b, &torn_calls, 1);
    assert_int_equal(ask(b, 1, false), E_UPSTREAM);
    bench_expect(b, 0, "llm_empty", 200);
    assert_non_null(strstr(b->out.tries[0].detail, "limit"));

    b->route.candidates[0] = b->route.candidates[1];
    b->route.count = 1;
    assert_int_equal(ask(b, 1, true), E_UPSTREAM);
    bench_expect(b, 0, "llm_torn", 200);
}

/* What was whole before it does not make an answer of it, and is counted. */
static void half_a_call_after_words(void **state)
{
    struct bench *b = *state;

    bench_serve(b, &text_and_half, 1);
    bench_serve(b, &streamed_text_and_half, 1);
    for (int stream = 0; stream < 2; stream++) {
        b->route.count = 1;
        b->route.candidates[0] = b->route.candidates[stream];
        assert_int_equal(ask(b, 1, stream), E_UPSTREAM);
        bench_expect(b, 0, "llm_broken", 200);
        assert_non_null(strstr(b->out.tries[0].detail, "arguments"));
    }
    assert_true(b->out.tries[0].output_tokens > 0);
}

/* Who can't do what is asked is passed over, and nothing is sent to it. */
static void who_cannot_is_passed_over(void **state)
{
    static const struct llm_part image = {.kind = LLM_IMAGE, .url = "https://example.com/a.png"};
    const struct llm_message shown = {.author = LLM_PERSON, .parts = &image, .part_count = 1};
    const struct llm_ask question = {.messages = &shown, .count = 1, .max_tokens = 100};
    struct bench *b = *state;

    bench_serve(b, &bench_whole, 1);
    bench_serve(b, &bench_whole, 1);
    b->route.candidates[0].llm = llm_find("ollama");
    assert_int_equal(bench_pool(b->c, &b->route, &question, &b->sink, &b->out), OK);
    assert_int_equal(b->out.candidate, 1);
    assert_int_equal(b->out.try_count, 1);
    bench_expect(b, 0, "llm_cannot", 0);
    assert_int_equal(tiny_requests(b->servers[0]), 0);
}

/* The account says which of OpenAI's two APIs is spoken. */
static void the_accounts_api(void **state)
{
    static const struct tiny_step step = {
        JSON_HEAD "{\"object\":\"response\",\"status\":\"completed\",\"output\":[{\"type\":"
                  "\"message\",\"content\":[{\"type\":\"output_text\",\"text\":\"Hello.\"}]}]}",
        0, TINY_CLOSE};
    struct bench *b = *state;

    bench_serve(b, &step, 1);
    b->route.candidates[0].account.api = LLM_API_RESPONSES;
    assert_int_equal(ask(b, 1, false), OK);
    assert_string_equal(b->out.answer.text, "Hello.");
}

static void bad_questions(void **state)
{
    static const struct llm_part result = {.kind = LLM_RESULT, .call_id = "a"};
    const struct llm_message orphan = {.author = LLM_PERSON, .parts = &result, .part_count = 1};
    const struct llm_ask question = {.messages = &orphan, .count = 1, .max_tokens = 100};
    struct bench *b = *state;

    bench_serve(b, &bench_whole, 1);
    assert_int_equal(bench_pool(b->c, &b->route, &question, &b->sink, &b->out), E_INVALID);
    assert_string_equal(b->c->fault.code, "llm_bad_order");
    assert_int_equal(tiny_requests(b->servers[0]), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(calls_come_through),        BENCH_TEST(a_long_name_of_a_model_is_cut),
        BENCH_TEST(calls_that_nobody_offered), BENCH_TEST(half_a_call_is_none),
        BENCH_TEST(half_a_call_after_words),   BENCH_TEST(who_cannot_is_passed_over),
        BENCH_TEST(the_accounts_api),          BENCH_TEST(bad_questions),
    };

    return bench_run(tests, COUNT_OF(tests));
}
