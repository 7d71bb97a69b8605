/*
 * The pool of models against servers that fail in every way: who is asked, how often, and what is
 * told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <string.h>

#include "flow/breaker.h"
#include "pool_bench.h"

static void first_one_answers(void **state)
{
    struct bench *b = *state;

    bench_serve(b, &bench_whole, 1);
    bench_serve(b, &bench_whole, 1);
    assert_int_equal(bench_ask(b, false), OK);
    assert_string_equal(b->out.answer.text, "Hello.");
    assert_string_equal(b->out.answer.model, "asked");
    assert_int_equal(b->out.candidate, 0);
    assert_int_equal(b->out.try_count, 0);
    assert_int_equal(b->seen.deltas, 0);
    assert_int_equal(tiny_requests(b->servers[1]), 0);
    /* No figures came: ours stand in for them, and are marked. */
    assert_false(b->out.answer.counted);
    assert_true(b->out.answer.input_tokens > 0 && b->out.answer.output_tokens >= 2);
}

static void server_error_is_tried_once_more(void **state)
{
    static const struct tiny_step steps[] = {
        {"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", 0, TINY_KEEP},
        {WHOLE("Hello."), 0, TINY_CLOSE}};
    struct bench *b = *state;

    bench_serve(b, steps, 2);
    assert_int_equal(bench_ask(b, false), OK);
    assert_int_equal(b->out.try_count, 1);
    bench_expect(b, 0, "llm_broken", 500);
    assert_int_equal(b->c->fault.rc, OK);
}

static void no_more_than_two_tries_each(void **state)
{
    struct bench *b = *state;

    bench_serve(b, &bench_broken, 1);
    bench_serve(b, &bench_broken, 1);
    assert_int_equal(bench_ask(b, true), E_UPSTREAM);
    assert_string_equal(b->c->fault.code, "llm_all_failed");
    assert_int_equal(b->out.try_count, 4);
    assert_int_equal(tiny_requests(b->servers[0]), 2);
    assert_int_equal(tiny_requests(b->servers[1]), 2);
    assert_string_equal(b->out.tries[3].purpose, "fallback");
    assert_string_equal(b->out.tries[3].provider, "openai");
    assert_string_equal(b->out.tries[3].model, "asked");
}

/* Faults that a second try would not mend: one request, and on to the next candidate. */
static void some_faults_are_final(void **state)
{
    static const struct {
        const char *answer, *code;
        int status;
    } rows[] = {
        {HEAD("400 No", "text/plain") "\r\n", "llm_bad_request", 400},
        {HEAD("401 No", "text/plain") "\r\n", "llm_key_refused", 401},
        {HEAD("404 No", "text/plain") "\r\n", "llm_model_unknown", 404},
        {HEAD("429 No", "text/plain") "\r\n", "llm_rate_limited", 429},
        {HEAD("429 No", "text/plain") "Retry-After: 30\r\n\r\n", "llm_rate_limited", 429},
        {HEAD("503 No", "text/plain") "Retry-After: 30\r\n\r\n", "llm_overloaded", 503},
        {JSON_HEAD "{malformed json: <<<chaos>>>", "llm_broken", 200},
        {WHOLE(""), "llm_empty", 200},
        {WHOLE(" \\n"), "llm_empty", 200},
        {JSON_HEAD
         "{\"choices\":[{\"message\":{\"content\":null},\"finish_reason\":\"content_filter\"}]}",
         "llm_refused", 200},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tiny_step step = {rows[i].answer, 0, TINY_CLOSE};
        void *fresh;

        bench_setup(&fresh);

        struct bench *b = fresh;

        print_message("# %s\n", rows[i].answer);
        bench_serve(b, &step, 1);
        bench_serve(b, &bench_whole, 1);
        assert_int_equal(bench_ask(b, false), OK);
        assert_int_equal(b->out.candidate, 1);
        assert_int_equal(b->out.try_count, 1);
        assert_int_equal(tiny_requests(b->servers[0]), 1);
        bench_expect(b, 0, rows[i].code, rows[i].status);
        bench_teardown(&fresh);
    }
}

/* A program takes what its provider calls complete: without a word, cut off, with blanks around. */
static void what_is_complete_is_handed_on_as_it_is(void **state)
{
#define ENDED(text, reason, usage)                                                            \
    JSON_HEAD "{\"choices\":[{\"message\":{\"content\":" text "},\"finish_reason\":\"" reason \
              "\"}]" usage "}"
#define FIGURES ",\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":4}"
    static const struct {
        const char *answer, *text;
        enum llm_stop stop;
    } rows[] = {
        {ENDED("null", "length", ""), "", LLM_STOP_LENGTH},
        {ENDED("\"\"", "content_filter", ""), "", LLM_STOP_FILTERED},
        {ENDED("\"\"", "stop", FIGURES), "", LLM_STOP_END},
        {ENDED("\"\\n x \"", "stop", ""), "\n x ", LLM_STOP_END},
        {ENDED("\"\"", "stop", ""), NULL, LLM_STOP_END}, /* nothing says that it did anything */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tiny_step step = {rows[i].answer, 0, TINY_CLOSE};
        void *fresh;

        bench_setup(&fresh);

        struct bench *b = fresh;

        print_message("# %s\n", rows[i].answer);
        b->sink.as_it_is = true;
        bench_serve(b, &step, 1);
        bench_serve(b, &bench_whole, 1);
        assert_int_equal(bench_ask(b, false), OK);
        assert_int_equal(b->out.candidate, rows[i].text == NULL);
        if (rows[i].text != NULL)
            assert_string_equal(b->out.answer.text, rows[i].text);
        assert_int_equal(b->out.answer.stop, rows[i].stop);
        bench_teardown(&fresh);
    }
#undef ENDED
#undef FIGURES
}

static void short_retry_after_is_kept(void **state)
{
    static const struct tiny_step steps[] = {
        {HEAD("429 Slow", "text/plain") "Retry-After: 0\r\n\r\n", 0, TINY_CLOSE},
        {WHOLE("Hello."), 0, TINY_CLOSE}};
    struct bench *b = *state;

    bench_serve(b, steps, 2);
    assert_int_equal(bench_ask(b, false), OK);
    assert_int_equal(b->out.try_count, 1);
    bench_expect(b, 0, "llm_rate_limited", 429);
}

static void key_is_never_told(void **state)
{
    static const struct tiny_step steps[] = {
        {HEAD("401 No",
              "application/json") "\r\n{\"error\":{\"message\":\"Incorrect API key: " BENCH_KEY
                                  ", really " BENCH_KEY "!\"}}",
         0, TINY_CLOSE}};
    struct bench *b = *state;

    bench_serve(b, steps, 1);
    assert_int_equal(bench_ask(b, false), E_UPSTREAM);
    bench_expect(b, 0, "llm_key_refused", 401);
    assert_non_null(strstr(b->out.tries[0].detail, "Incorrect API key: [key], really [key]!"));
    assert_null(strstr(b->out.tries[0].detail, "0123456789"));
    assert_null(strstr(b->c->fault.detail, "0123456789"));
}

static void detail_is_one_short_line(void **state)
{
    struct bench *b = *state;
    char *many = arena_take(b->c->mem, 3001);
    struct tiny_step step = {NULL, 0, TINY_CLOSE};

    memset(many, 'x', 3000);
    memcpy(many, "a\\nb\\tc", 7);
    many[7] = ' ';
    step.bytes = text_printf(
        b->c->mem, HEAD("400 No", "application/json") "\r\n{\"error\":{\"message\":\"%s\"}}", many);
    bench_serve(b, &step, 1);
    assert_int_equal(bench_ask(b, false), E_UPSTREAM);
    assert_true(strlen(b->out.tries[0].detail) <= 300);
    assert_null(strchr(b->out.tries[0].detail, '\n'));
    assert_null(strchr(b->out.tries[0].detail, '\t'));
}

/* Even with one deadline for all, the one behind gets its share of the time. */
static void the_next_one_has_time_left(void **state)
{
    struct bench *b = *state;

    b->route.limits = (struct pool_limits){.turn_ms = 6000};
    bench_serve(b, &bench_hangs, 1);
    bench_serve(b, &bench_whole, 1);
    assert_int_equal(bench_ask(b, false), OK);
    assert_int_equal(b->out.candidate, 1);
    bench_expect(b, 0, "http_timeout", 0);
}

static void no_time_is_left_for_the_last(void **state)
{
    struct bench *b = *state;

    b->route.limits = (struct pool_limits){.turn_ms = 900};
    bench_serve(b, &bench_whole, 1);
    bench_serve(b, &bench_whole, 1);
    assert_int_equal(bench_ask(b, false), E_UPSTREAM);
    assert_string_equal(b->c->fault.code, "llm_all_failed");
    assert_int_equal(tiny_requests(b->servers[0]), 0);
}

static void nobody_waits_any_more(void **state)
{
    struct bench *b = *state;

    b->seen.gone = true;
    bench_serve(b, &bench_hangs, 1);
    bench_serve(b, &bench_whole, 1);
    assert_int_equal(bench_ask(b, false), E_TIMEOUT);
    assert_string_equal(b->c->fault.code, "llm_cancelled");
    assert_int_equal(tiny_requests(b->servers[1]), 0);
}

static void nobody_listens(void **state)
{
    struct bench *b = *state;

    bench_serve(b, &bench_whole, 1);
    b->route.candidates[0].account.base_url = text_dup(b->c->mem, tiny_url(b->servers[0]));
    tiny_stop(b->servers[0]);
    b->servers[0] = NULL;
    bench_add_starter(b);
    assert_int_equal(bench_ask(b, true), OK);
    assert_int_equal(b->out.try_count, 2);
    bench_expect(b, 0, "http_connect", 0);
    bench_expect(b, 1, "http_connect", 0);
    assert_int_equal(b->out.tries[0].input_tokens, 0);
}

static void account_is_not_usable(void **state)
{
    static const struct {
        struct llm_account account;
        const char *code;
    } rows[] = {
        {{.key = NULL}, "llm_no_key"},
        {{.base_url = " ", .key = ""}, "llm_no_key"},
        {{.base_url = "gopher://127.0.0.1", .key = BENCH_KEY}, "http_url"},
        {{.base_url = "http://127.0.0.1:1", .key = "a\r\nX-Evil: b"}, "http_header"},
    };
    struct bench *b = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        b->route.count = 0;
        b->route.candidates[b->route.count++] = (struct pool_candidate){.llm = llm_find("openai"),
                                                                        .account = rows[i].account,
                                                                        .model = "m",
                                                                        .purpose = "primary"};
        bench_add_starter(b);
        assert_int_equal(bench_ask(b, false), OK);
        assert_int_equal(b->out.try_count, 1);
        bench_expect(b, 0, rows[i].code, 0);
    }
}

static void what_cannot_be_asked(void **state)
{
    static const struct llm_message bad[] = {LLM_SAYS(LLM_PERSON, "\xff")},
                                    none[] = {LLM_SAYS(LLM_EMPLOYEE, "x"),
                                              LLM_SAYS(LLM_PERSON, " ")};
    struct bench *b = *state;
    char *huge = arena_take(b->c->mem, POOL_ASK_MAX + 2);
    struct llm_ask question = {.messages = bad, .count = 1, .max_tokens = 1};

    bench_add_starter(b);
    assert_int_equal(bench_pool(b->c, &b->route, &question, NULL, &b->out), E_INVALID);
    assert_string_equal(b->c->fault.code, "llm_bad_text");

    ctx_forgive(b->c);
    question.messages = none;
    question.count = 2;
    assert_int_equal(bench_pool(b->c, &b->route, &question, NULL, &b->out), E_INVALID);
    assert_string_equal(b->c->fault.code, "llm_no_message");

    ctx_forgive(b->c);
    memset(huge, 'x', POOL_ASK_MAX + 1);
    question.messages = bench_talk;
    question.count = 1;
    question.system = huge;
    assert_int_equal(bench_pool(b->c, &b->route, &question, NULL, &b->out), E_LIMIT);
    assert_string_equal(b->c->fault.code, "llm_ask_too_long");

    ctx_forgive(b->c);
    question.system = NULL;
    assert_int_equal(bench_pool(b->c, &b->route, &question, NULL, &b->out), OK);

    b->route.count = 0;
    assert_int_equal(bench_pool(b->c, &b->route, &question, NULL, &b->out), E_UPSTREAM);
    assert_string_equal(b->c->fault.code, "llm_all_failed");
}

/* The largest question that is taken goes through every brain's memory. */
static void largest_question(void **state)
{
    static const char *const names[] = {"openai", "anthropic", "ollama", "starter"};
    static const struct tiny_step deaf = {HEAD("400 No", "text/plain") "\r\n", 0, TINY_CLOSE};
    struct bench *b = *state;
    char *half = arena_take(b->c->mem, POOL_ASK_MAX / 2 + 1);
    struct llm_message long_talk[] = {LLM_SAYS(LLM_PERSON, half), LLM_SAYS(LLM_PERSON, "x")};
    const char *facts[] = {half};
    struct llm_ask question = {.messages = long_talk, .count = 2, .max_tokens = 1};

    for (size_t i = 0; i < POOL_ASK_MAX / 2 - 2; i++)
        half[i] = i % 2 == 0 ? '"' : '\n';
    bench_serve(b, &deaf, 1);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        bool starter = text_is(names[i], "starter");

        if (starter)
            for (size_t k = 0; k < POOL_ASK_MAX / 2 - 2; k++)
                half[k] = k % 4 == 3 ? ' ' : (char)('a' + k % 26);
        question.facts = facts;
        question.fact_count = 1;
        b->route.candidates[0].llm = llm_find(names[i]);
        ctx_forgive(b->c);
        assert_int_equal(bench_pool(b->c, &b->route, &question, NULL, &b->out),
                         starter ? OK : E_UPSTREAM);
    }
}

/* One that keeps failing is left alone; the last one never is, because nobody else is left. */
static void a_sick_model_rests(void **state)
{
    struct bench *b = *state;

    breaker_reset();
    bench_serve(b, &bench_broken, 1);
    bench_serve(b, &bench_whole, 1);
    b->route.pause_ms = 60000;
    for (int i = 0; i < 4; i++)
        assert_int_equal(bench_ask(b, false), OK);
    assert_int_equal(tiny_requests(b->servers[0]), BREAKER_FAILURES);
    assert_int_equal(b->out.try_count, 1);
    bench_expect(b, 0, "llm_circuit_open", 0);
    b->route.count = 1;
    assert_int_equal(bench_ask(b, false), E_UPSTREAM);
    assert_int_equal(tiny_requests(b->servers[0]), BREAKER_FAILURES + 2);
}

/* Whoever says for how long he takes no more is not asked meanwhile. */
static void who_wants_to_be_left_alone_is(void **state)
{
    static const struct tiny_step busy = {HEAD("429 No", "text/plain") "Retry-After: 30\r\n\r\n", 0,
                                          TINY_CLOSE};
    struct bench *b = *state;

    breaker_reset();
    bench_serve(b, &busy, 1);
    bench_serve(b, &bench_whole, 1);
    b->route.pause_ms = 1;
    for (int i = 0; i < 3; i++)
        assert_int_equal(bench_ask(b, false), OK);
    assert_int_equal(tiny_requests(b->servers[0]), 1);
    bench_expect(b, 0, "llm_circuit_open", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(first_one_answers),
        BENCH_TEST(server_error_is_tried_once_more),
        BENCH_TEST(no_more_than_two_tries_each),
        cmocka_unit_test(some_faults_are_final),
        cmocka_unit_test(what_is_complete_is_handed_on_as_it_is),
        BENCH_TEST(short_retry_after_is_kept),
        BENCH_TEST(who_wants_to_be_left_alone_is),
        BENCH_TEST(key_is_never_told),
        BENCH_TEST(detail_is_one_short_line),
        BENCH_TEST(the_next_one_has_time_left),
        BENCH_TEST(no_time_is_left_for_the_last),
        BENCH_TEST(nobody_waits_any_more),
        BENCH_TEST(nobody_listens),
        BENCH_TEST(account_is_not_usable),
        BENCH_TEST(what_cannot_be_asked),
        BENCH_TEST(largest_question),
        BENCH_TEST(a_sick_model_rests),
    };

    return bench_run(tests, COUNT_OF(tests));
}
