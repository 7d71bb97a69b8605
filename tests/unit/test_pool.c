/* The pool of models against servers that fail in every way: who is asked, how often, and what the person sees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <string.h>

#include "flow/pool.h"
#include "tiny_server.h"

#define KEY "sk-test-0123456789abcdef"

#define HEAD(status, type) "HTTP/1.1 " status "\r\nContent-Type: " type "\r\nConnection: close\r\n"
#define JSON_HEAD HEAD("200 OK", "application/json") "\r\n"
#define SSE_HEAD HEAD("200 OK", "text/event-stream") "\r\n"
#define CHUNK(text, finish)                                                                        \
    "data: {\"model\":\"real\",\"choices\":[{\"delta\":{\"content\":\"" text "\"},\"finish_reason\":" finish "}]}\n\n"
#define USAGE "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":50,\"completion_tokens\":7}}\n\n"
#define DONE "data: [DONE]\n\n"
#define WHOLE(text) JSON_HEAD "{\"choices\":[{\"message\":{\"content\":\"" text "\"},\"finish_reason\":\"stop\"}]}"

static const struct tiny_step whole = {WHOLE(" Hello. \\n"), 0, TINY_CLOSE};
static const struct tiny_step streamed = {SSE_HEAD CHUNK("Hel", "null") CHUNK("lo.", "\"stop\"") USAGE DONE, 0,
                                          TINY_CLOSE};
static const struct tiny_step torn = {SSE_HEAD CHUNK("Half an ans", "null"), 0, TINY_CLOSE};
static const struct tiny_step broken = {HEAD("500 No", "text/plain") "\r\noops", 0, TINY_CLOSE};
static const struct tiny_step hangs = {NULL, 0, TINY_HANG};

/* What the person's side saw. */
struct seen {
    struct buf text;
    int deltas, restarts;
    bool gone;
};

static void on_delta(void *arg, struct bytes piece)
{
    struct seen *s = arg;

    assert_true(text_utf8(piece));
    buf_add(&s->text, piece.data, piece.len);
    s->deltas++;
}

static void on_restart(void *arg)
{
    struct seen *s = arg;

    s->text.len = 0;
    s->restarts++;
}

static bool is_gone(void *arg)
{
    const struct seen *s = arg;

    return s->gone;
}

struct bench {
    struct ctx *c;
    struct tiny *servers[POOL_CANDIDATES_MAX];
    struct pool_route route;
    struct seen seen;
    struct pool_sink sink;
    struct pool_outcome out;
};

static int setup(void **state)
{
    struct ctx *c = ctx_new(MIB(16), NULL);
    struct bench *b = arena_take(c->mem, sizeof(*b));

    b->c = c;
    b->seen.text = buf_new(c->mem, KIB(64));
    b->sink = (struct pool_sink){.delta = on_delta, .restart = on_restart, .cancelled = is_gone, .arg = &b->seen};
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;

    for (size_t i = 0; i < COUNT_OF(b->servers); i++)
        if (b->servers[i] != NULL)
            tiny_stop(b->servers[i]);
    ctx_end(b->c);
    return 0;
}

/* Adds a candidate in OpenAI's format with a server of its own. */
static void serve(struct bench *b, const struct tiny_step *steps, size_t count)
{
    size_t i = b->route.count++;

    b->servers[i] = tiny_start(steps, count);
    b->route.candidates[i] = (struct pool_candidate){.llm = llm_find("openai"),
                                                     .account = {.base_url = tiny_url(b->servers[i]), .key = KEY},
                                                     .model = "asked",
                                                     .purpose = i == 0 ? "primary" : "fallback"};
}

static void add_starter(struct bench *b)
{
    b->route.candidates[b->route.count++] =
        (struct pool_candidate){.llm = llm_find("starter"), .model = "starter", .purpose = "local"};
}

static const struct llm_message talk[] = {{LLM_PERSON, "Hello there"}};

static rc_t ask(struct bench *b, bool stream)
{
    struct llm_ask question = {.system = "Be kind.", .name = "Mara", .messages = talk, .count = 1, .max_tokens = 100,
                               .stream = stream};

    return pool_ask(b->c, &b->route, &question, &b->sink, &b->out);
}

static void expect_try(const struct bench *b, size_t i, const char *code, int status)
{
    assert_true(i < b->out.try_count);
    assert_string_equal(b->out.tries[i].code, code);
    assert_int_equal(b->out.tries[i].status, status);
    assert_non_null(b->out.tries[i].detail);
}

static void first_one_answers(void **state)
{
    struct bench *b = *state;

    serve(b, &whole, 1);
    serve(b, &whole, 1);
    assert_int_equal(ask(b, false), OK);
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

static void stream_is_handed_on(void **state)
{
    struct bench *b = *state;

    serve(b, &streamed, 1);
    assert_int_equal(ask(b, true), OK);
    assert_string_equal(b->out.answer.text, "Hello.");
    assert_string_equal(buf_str(&b->seen.text), "Hello.");
    assert_string_equal(b->out.answer.model, "real");
    assert_int_equal(b->seen.restarts, 0);
    assert_true(b->out.answer.counted);
    assert_int_equal(b->out.answer.input_tokens, 50);
    assert_int_equal(b->out.answer.output_tokens, 7);
    assert_non_null(strstr(tiny_request(b->servers[0], 0), "Authorization: Bearer " KEY));
}

static void server_error_is_tried_once_more(void **state)
{
    static const struct tiny_step steps[] = {{"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", 0, TINY_KEEP},
                                             {WHOLE("Hello."), 0, TINY_CLOSE}};
    struct bench *b = *state;

    serve(b, steps, 2);
    assert_int_equal(ask(b, false), OK);
    assert_int_equal(b->out.try_count, 1);
    expect_try(b, 0, "llm_broken", 500);
    assert_int_equal(b->c->fault.rc, OK);
}

static void no_more_than_two_tries_each(void **state)
{
    struct bench *b = *state;

    serve(b, &broken, 1);
    serve(b, &broken, 1);
    assert_int_equal(ask(b, true), E_UPSTREAM);
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
        {JSON_HEAD "{\"choices\":[{\"message\":{\"content\":null},\"finish_reason\":\"content_filter\"}]}",
         "llm_refused", 200},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tiny_step step = {rows[i].answer, 0, TINY_CLOSE};
        void *fresh;

        setup(&fresh);

        struct bench *b = fresh;

        print_message("# %s\n", rows[i].answer);
        serve(b, &step, 1);
        serve(b, &whole, 1);
        assert_int_equal(ask(b, false), OK);
        assert_int_equal(b->out.candidate, 1);
        assert_int_equal(b->out.try_count, 1);
        assert_int_equal(tiny_requests(b->servers[0]), 1);
        expect_try(b, 0, rows[i].code, rows[i].status);
        teardown(&fresh);
    }
}

static void short_retry_after_is_kept(void **state)
{
    static const struct tiny_step steps[] = {
        {HEAD("429 Slow", "text/plain") "Retry-After: 0\r\n\r\n", 0, TINY_CLOSE}, {WHOLE("Hello."), 0, TINY_CLOSE}};
    struct bench *b = *state;

    serve(b, steps, 2);
    assert_int_equal(ask(b, false), OK);
    assert_int_equal(b->out.try_count, 1);
    expect_try(b, 0, "llm_rate_limited", 429);
}

static void key_is_never_told(void **state)
{
    static const struct tiny_step steps[] = {
        {HEAD("401 No", "application/json") "\r\n{\"error\":{\"message\":\"Incorrect API key: " KEY
                                            ", really " KEY "!\"}}",
         0, TINY_CLOSE}};
    struct bench *b = *state;

    serve(b, steps, 1);
    assert_int_equal(ask(b, false), E_UPSTREAM);
    expect_try(b, 0, "llm_key_refused", 401);
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
    step.bytes = text_printf(b->c->mem, HEAD("400 No", "application/json") "\r\n{\"error\":{\"message\":\"%s\"}}", many);
    serve(b, &step, 1);
    assert_int_equal(ask(b, false), E_UPSTREAM);
    assert_true(strlen(b->out.tries[0].detail) <= 300);
    assert_null(strchr(b->out.tries[0].detail, '\n'));
    assert_null(strchr(b->out.tries[0].detail, '\t'));
}

static void torn_stream_starts_anew_elsewhere(void **state)
{
    struct bench *b = *state;

    serve(b, &torn, 1);
    serve(b, &streamed, 1);
    assert_int_equal(ask(b, true), OK);
    assert_int_equal(b->out.candidate, 1);
    assert_int_equal(b->seen.restarts, 1);
    assert_string_equal(buf_str(&b->seen.text), "Hello.");
    assert_int_equal(tiny_requests(b->servers[0]), 1);
    expect_try(b, 0, "llm_torn", 200);
    /* The provider may bill what it sent. */
    assert_true(b->out.tries[0].input_tokens > 0 && b->out.tries[0].output_tokens > 0);
    assert_false(b->out.tries[0].counted);
}

static void torn_stream_of_the_last_one_is_tried_again(void **state)
{
    static const struct tiny_step steps[] = {{SSE_HEAD CHUNK("Half an ans", "null"), 0, TINY_RESET},
                                             {SSE_HEAD CHUNK("Hello.", "\"stop\"") DONE, 0, TINY_CLOSE}};
    struct bench *b = *state;

    serve(b, steps, 2);
    assert_int_equal(ask(b, true), OK);
    assert_int_equal(b->out.try_count, 1);
    assert_string_equal(b->out.answer.text, "Hello.");
    assert_string_equal(buf_str(&b->seen.text), "Hello.");
}

static void stream_that_errs_within(void **state)
{
    static const struct tiny_step step = {
        SSE_HEAD CHUNK("Half", "null") "data: {\"error\":{\"message\":\"Overloaded\",\"type\":\"overloaded\"}}\n\n", 0,
        TINY_CLOSE};
    struct bench *b = *state;

    serve(b, &step, 1);
    add_starter(b);
    assert_int_equal(ask(b, true), OK);
    assert_int_equal(b->out.candidate, 1);
    assert_int_equal(b->seen.restarts, 1);
    expect_try(b, 0, "llm_overloaded", 200);
}

/* The text was complete: that the line broke behind it must not cost a second answer. */
static void break_behind_the_end_is_no_fault(void **state)
{
    static const struct tiny_step step = {
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 9999\r\n\r\n" CHUNK("Hello.", "\"stop\""),
        0, TINY_CLOSE};
    struct bench *b = *state;

    serve(b, &step, 1);
    assert_int_equal(ask(b, true), OK);
    assert_string_equal(b->out.answer.text, "Hello.");
    assert_int_equal(b->out.try_count, 0);
    assert_false(b->out.answer.counted);
    assert_int_equal(b->c->fault.rc, OK);
}

static void malformed_stream(void **state)
{
    static const struct tiny_step step = {JSON_HEAD "{malformed json: <<<chaos>>>", 0, TINY_CLOSE};
    struct bench *b = *state;

    serve(b, &step, 1);
    add_starter(b);
    assert_int_equal(ask(b, true), OK);
    expect_try(b, 0, "llm_torn", 200);
    assert_int_equal(b->seen.restarts, 0);
    assert_string_equal(buf_str(&b->seen.text), b->out.answer.text);
}

static void one_that_hangs_loses_its_turn(void **state)
{
    struct bench *b = *state;

    b->route.limits = (struct pool_limits){.first_ms = 150, .total_ms = 60000};
    serve(b, &hangs, 1);
    serve(b, &streamed, 1);
    assert_int_equal(ask(b, true), OK);
    assert_int_equal(b->out.candidate, 1);
    assert_int_equal(b->out.try_count, 1);
    expect_try(b, 0, "http_timeout", 0);
}

/* Even with one deadline for all, the one behind gets its share of the time. */
static void the_next_one_has_time_left(void **state)
{
    struct bench *b = *state;

    b->route.limits = (struct pool_limits){.turn_ms = 6000};
    serve(b, &hangs, 1);
    serve(b, &whole, 1);
    assert_int_equal(ask(b, false), OK);
    assert_int_equal(b->out.candidate, 1);
    expect_try(b, 0, "http_timeout", 0);
}

static void no_time_is_left_for_the_last(void **state)
{
    struct bench *b = *state;

    b->route.limits = (struct pool_limits){.turn_ms = 900};
    serve(b, &whole, 1);
    serve(b, &whole, 1);
    assert_int_equal(ask(b, false), E_UPSTREAM);
    assert_string_equal(b->c->fault.code, "llm_all_failed");
    assert_int_equal(tiny_requests(b->servers[0]), 0);
}

/* What runs in our own process needs no time: the person gets a true answer even then. */
static void starter_needs_no_time(void **state)
{
    struct bench *b = *state;

    b->route.limits = (struct pool_limits){.turn_ms = 1};
    serve(b, &whole, 1);
    add_starter(b);
    assert_int_equal(ask(b, true), OK);
    assert_int_equal(b->out.candidate, 1);
    assert_string_equal(b->out.answer.model, "starter");
    assert_true(b->out.answer.counted);
    assert_true(b->seen.deltas > 1);
    assert_string_equal(buf_str(&b->seen.text), b->out.answer.text);
}

static void nobody_waits_any_more(void **state)
{
    struct bench *b = *state;

    b->seen.gone = true;
    serve(b, &hangs, 1);
    serve(b, &whole, 1);
    assert_int_equal(ask(b, false), E_TIMEOUT);
    assert_string_equal(b->c->fault.code, "llm_cancelled");
    assert_int_equal(tiny_requests(b->servers[1]), 0);
}

static void nobody_listens(void **state)
{
    struct bench *b = *state;

    serve(b, &whole, 1);
    b->route.candidates[0].account.base_url = text_dup(b->c->mem, tiny_url(b->servers[0]));
    tiny_stop(b->servers[0]);
    b->servers[0] = NULL;
    add_starter(b);
    assert_int_equal(ask(b, true), OK);
    assert_int_equal(b->out.try_count, 2);
    expect_try(b, 0, "http_connect", 0);
    expect_try(b, 1, "http_connect", 0);
    assert_int_equal(b->out.tries[0].input_tokens, 0);
}

static void account_is_not_usable(void **state)
{
    static const struct {
        struct llm_account account;
        const char *code;
    } rows[] = {
        {{NULL, NULL}, "llm_no_key"},
        {{" ", ""}, "llm_no_key"},
        {{"gopher://127.0.0.1", KEY}, "http_url"},
        {{"http://127.0.0.1:1", "a\r\nX-Evil: b"}, "http_header"},
    };
    struct bench *b = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        b->route.count = 0;
        b->route.candidates[b->route.count++] = (struct pool_candidate){
            .llm = llm_find("openai"), .account = rows[i].account, .model = "m", .purpose = "primary"};
        add_starter(b);
        assert_int_equal(ask(b, false), OK);
        assert_int_equal(b->out.try_count, 1);
        expect_try(b, 0, rows[i].code, 0);
    }
}

static void what_cannot_be_asked(void **state)
{
    static const struct llm_message bad[] = {{LLM_PERSON, "\xff"}}, none[] = {{LLM_EMPLOYEE, "x"}, {LLM_PERSON, " "}};
    struct bench *b = *state;
    char *huge = arena_take(b->c->mem, POOL_ASK_MAX + 2);
    struct llm_ask question = {.messages = bad, .count = 1, .max_tokens = 1};

    add_starter(b);
    assert_int_equal(pool_ask(b->c, &b->route, &question, NULL, &b->out), E_INVALID);
    assert_string_equal(b->c->fault.code, "llm_bad_text");

    ctx_forgive(b->c);
    question.messages = none;
    question.count = 2;
    assert_int_equal(pool_ask(b->c, &b->route, &question, NULL, &b->out), E_INVALID);
    assert_string_equal(b->c->fault.code, "llm_no_message");

    ctx_forgive(b->c);
    memset(huge, 'x', POOL_ASK_MAX + 1);
    question.messages = talk;
    question.count = 1;
    question.system = huge;
    assert_int_equal(pool_ask(b->c, &b->route, &question, NULL, &b->out), E_LIMIT);
    assert_string_equal(b->c->fault.code, "llm_ask_too_long");

    ctx_forgive(b->c);
    question.system = NULL;
    assert_int_equal(pool_ask(b->c, &b->route, &question, NULL, &b->out), OK);

    b->route.count = 0;
    assert_int_equal(pool_ask(b->c, &b->route, &question, NULL, &b->out), E_UPSTREAM);
    assert_string_equal(b->c->fault.code, "llm_all_failed");
}

/* The largest question that is taken goes through every brain's memory. */
static void largest_question(void **state)
{
    static const char *const names[] = {"openai", "anthropic", "ollama", "starter"};
    static const struct tiny_step deaf = {HEAD("400 No", "text/plain") "\r\n", 0, TINY_CLOSE};
    struct bench *b = *state;
    char *half = arena_take(b->c->mem, POOL_ASK_MAX / 2 + 1);
    struct llm_message long_talk[] = {{LLM_PERSON, half}, {LLM_PERSON, "x"}};
    const char *facts[] = {half};
    struct llm_ask question = {.messages = long_talk, .count = 2, .max_tokens = 1};

    for (size_t i = 0; i < POOL_ASK_MAX / 2 - 2; i++)
        half[i] = i % 2 == 0 ? '"' : '\n';
    serve(b, &deaf, 1);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        bool starter = text_is(names[i], "starter");

        if (starter)
            for (size_t k = 0; k < POOL_ASK_MAX / 2 - 2; k++)
                half[k] = k % 4 == 3 ? ' ' : (char)('a' + k % 26);
        question.facts = facts;
        question.fact_count = 1;
        b->route.candidates[0].llm = llm_find(names[i]);
        ctx_forgive(b->c);
        assert_int_equal(pool_ask(b->c, &b->route, &question, NULL, &b->out), starter ? OK : E_UPSTREAM);
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(first_one_answers),
        CASE(stream_is_handed_on),
        CASE(server_error_is_tried_once_more),
        CASE(no_more_than_two_tries_each),
        cmocka_unit_test(some_faults_are_final),
        CASE(short_retry_after_is_kept),
        CASE(key_is_never_told),
        CASE(detail_is_one_short_line),
        CASE(torn_stream_starts_anew_elsewhere),
        CASE(torn_stream_of_the_last_one_is_tried_again),
        CASE(stream_that_errs_within),
        CASE(break_behind_the_end_is_no_fault),
        CASE(malformed_stream),
        CASE(one_that_hangs_loses_its_turn),
        CASE(the_next_one_has_time_left),
        CASE(no_time_is_left_for_the_last),
        CASE(starter_needs_no_time),
        CASE(nobody_waits_any_more),
        CASE(nobody_listens),
        CASE(account_is_not_usable),
        CASE(what_cannot_be_asked),
        CASE(largest_question),
    };
#undef CASE
    http_start();

    int failures = cmocka_run_group_tests(tests, NULL, NULL);

    http_stop();
    return failures;
}
