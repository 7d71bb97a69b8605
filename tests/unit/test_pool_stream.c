/*
 * Streams through the pool of models: what the person sees when they break, and when they do not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <string.h>

#include "flow/pool_try.h"
#include "pool_bench.h"

static void stream_is_handed_on(void **state)
{
    struct bench *b = *state;

    bench_serve(b, &bench_streamed, 1);
    assert_int_equal(bench_ask(b, true), OK);
    assert_string_equal(b->out.answer.text, "Hello.");
    assert_string_equal(buf_str(&b->seen.text), "Hello.");
    assert_string_equal(b->out.answer.model, "real");
    assert_int_equal(b->seen.restarts, 0);
    assert_true(b->out.answer.counted);
    assert_int_equal(b->out.answer.input_tokens, 50);
    assert_int_equal(b->out.answer.output_tokens, 7);
    assert_non_null(strstr(tiny_request(b->servers[0], 0), "Authorization: Bearer " BENCH_KEY));
}

/*
 * That a model answers is known before its first word; one that breaks off then is replaced, and
 * nothing has to be taken back. A fault is no beginning.
 */
static void a_beginning_without_a_word(void **state)
{
    static const struct tiny_step role = {
        SSE_HEAD "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
        0, TINY_CLOSE};
    static const struct tiny_step fault = {
        SSE_HEAD "data: {\"error\":{\"message\":\"Overloaded\",\"type\":\"overloaded\"}}\n\n", 0,
        TINY_CLOSE};
    struct bench *b = *state;

    bench_serve(b, &fault, 1);
    bench_serve(b, &role, 1);
    bench_serve(b, &bench_streamed, 1);
    assert_int_equal(bench_ask(b, true), OK);
    assert_int_equal(b->out.candidate, 2);
    assert_int_equal(b->seen.began, 2);
    assert_int_equal(b->seen.restarts, 0);
    assert_string_equal(buf_str(&b->seen.text), "Hello.");
}

static void torn_stream_starts_anew_elsewhere(void **state)
{
    struct bench *b = *state;

    bench_serve(b, &bench_torn, 1);
    bench_serve(b, &bench_streamed, 1);
    assert_int_equal(bench_ask(b, true), OK);
    assert_int_equal(b->out.candidate, 1);
    assert_int_equal(b->seen.restarts, 1);
    assert_string_equal(buf_str(&b->seen.text), "Hello.");
    assert_int_equal(tiny_requests(b->servers[0]), 1);
    bench_expect(b, 0, "llm_torn", 200);
    /* The provider may bill what it sent. */
    assert_true(b->out.tries[0].input_tokens > 0 && b->out.tries[0].output_tokens > 0);
    assert_false(b->out.tries[0].counted);
}

static void torn_stream_of_the_last_one_is_tried_again(void **state)
{
    static const struct tiny_step steps[] = {
        {SSE_HEAD CHUNK("Half an ans", "null"), 0, TINY_RESET},
        {SSE_HEAD CHUNK("Hello.", "\"stop\"") DONE, 0, TINY_CLOSE}};
    struct bench *b = *state;

    bench_serve(b, steps, 2);
    assert_int_equal(bench_ask(b, true), OK);
    assert_int_equal(b->out.try_count, 1);
    assert_string_equal(b->out.answer.text, "Hello.");
    assert_string_equal(buf_str(&b->seen.text), "Hello.");
}

static void stream_that_errs_within(void **state)
{
    static const struct tiny_step step = {
        SSE_HEAD CHUNK(
            "Half",
            "null") "data: {\"error\":{\"message\":\"Overloaded\",\"type\":\"overloaded\"}}\n\n",
        0, TINY_CLOSE};
    struct bench *b = *state;

    bench_serve(b, &step, 1);
    bench_add_starter(b);
    assert_int_equal(bench_ask(b, true), OK);
    assert_int_equal(b->out.candidate, 1);
    assert_int_equal(b->seen.restarts, 1);
    bench_expect(b, 0, "llm_overloaded", 200);
}

/* The text was complete: that the line broke behind it must not cost a second answer. */
static void break_behind_the_end_is_no_fault(void **state)
{
    static const struct tiny_step step = {
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 9999\r\n\r\n" CHUNK(
            "Hello.", "\"stop\""),
        0, TINY_CLOSE};
    struct bench *b = *state;

    bench_serve(b, &step, 1);
    assert_int_equal(bench_ask(b, true), OK);
    assert_string_equal(b->out.answer.text, "Hello.");
    assert_int_equal(b->out.try_count, 0);
    assert_false(b->out.answer.counted);
    assert_int_equal(b->c->fault.rc, OK);
}

static void malformed_stream(void **state)
{
    static const struct tiny_step step = {JSON_HEAD "{malformed json: <<<chaos>>>", 0, TINY_CLOSE};
    struct bench *b = *state;

    bench_serve(b, &step, 1);
    bench_add_starter(b);
    assert_int_equal(bench_ask(b, true), OK);
    bench_expect(b, 0, "llm_broken", 200);
    assert_int_equal(b->seen.restarts, 0);
    assert_string_equal(buf_str(&b->seen.text), b->out.answer.text);
}

static void one_that_hangs_loses_its_turn(void **state)
{
    struct bench *b = *state;

    b->route.limits = (struct pool_limits){.first_ms = 150, .total_ms = 60000};
    bench_serve(b, &bench_hangs, 1);
    bench_serve(b, &bench_streamed, 1);
    assert_int_equal(bench_ask(b, true), OK);
    assert_int_equal(b->out.candidate, 1);
    assert_int_equal(b->out.try_count, 1);
    bench_expect(b, 0, "http_timeout", 0);
}

/* Silence that a try of this model is given, before the first piece and between two. */
static void silence(struct bench *b, const char *model, enum llm_effort effort, int64_t first_ms,
                    int64_t idle_ms)
{
    const struct pool_limits limits = {.first_ms = 150, .idle_ms = 100, .total_ms = 60000};
    const struct llm_ask ask = {
        .messages = bench_talk, .count = 1, .max_tokens = 100, .stream = true, .effort = effort};
    struct pool_candidate who = b->route.candidates[0];
    struct pool_failure f;
    struct pool_trial t;
    struct llm_answer out;
    bool call;

    who.model = model;
    assert_int_equal(pool_trial_begin(&t, b->c, &who, &limits, &ask, &b->sink, &call), OK);
    assert_true(call);
    assert_int_equal(t.request.first_ms, first_ms);
    assert_int_equal(t.request.idle_ms, idle_ms);
    assert_int_equal(t.request.total_ms, 60000);

    rc_t late = ctx_fail(t.c, E_TIMEOUT, "http_timeout", "it is over");

    assert_int_equal(pool_trial_end(&t, b->c, late, &out, &f), E_TIMEOUT);
}

/* It is silent while it thinks: that is no sign that it hangs. */
static void one_that_thinks_may_be_silent(void **state)
{
    struct bench *b = *state;

    bench_serve(b, &bench_streamed, 1);
    silence(b, "gpt-4o", LLM_EFFORT_USUAL, 150, 100);
    silence(b, "gpt-4o", LLM_EFFORT_NONE, 150, 100);
    silence(b, "gpt-5-mini", LLM_EFFORT_USUAL, 300000, 300000);
    silence(b, "claude-opus-4-5", LLM_EFFORT_HIGH, 300000, 300000);
}

/* What runs in our own process needs no time: the person gets a true answer even then. */
static void starter_needs_no_time(void **state)
{
    struct bench *b = *state;

    b->route.limits = (struct pool_limits){.turn_ms = 1};
    bench_serve(b, &bench_whole, 1);
    bench_add_starter(b);
    assert_int_equal(bench_ask(b, true), OK);
    assert_int_equal(b->out.candidate, 1);
    assert_string_equal(b->out.answer.model, "starter");
    assert_true(b->out.answer.counted);
    assert_true(b->seen.deltas > 1);
    assert_string_equal(buf_str(&b->seen.text), b->out.answer.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(stream_is_handed_on),
        BENCH_TEST(a_beginning_without_a_word),
        BENCH_TEST(torn_stream_starts_anew_elsewhere),
        BENCH_TEST(torn_stream_of_the_last_one_is_tried_again),
        BENCH_TEST(stream_that_errs_within),
        BENCH_TEST(break_behind_the_end_is_no_fault),
        BENCH_TEST(malformed_stream),
        BENCH_TEST(one_that_hangs_loses_its_turn),
        BENCH_TEST(one_that_thinks_may_be_silent),
        BENCH_TEST(starter_needs_no_time),
    };

    return bench_run(tests, COUNT_OF(tests));
}
