/*
 * Turns in which a model wants something done: each step is kept and paid once, whatever happens in
 * between, and none goes on for ever.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/id.h"
#include "flow/live.h"
#include "flow/purse.h"
#include "flow/routing.h"
#include "flow/runner.h"
#include "flow/say.h"
#include "io/http.h"
#include "lib/pg.h"
#include "unit/tiny_server.h"

#include <cmocka.h>

#define EVENTS(events) \
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n" events
#define CHUNK(delta, finish)                                                                       \
    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":0,\"model\":\"gpt-4o\"," \
    "\"choices\":[{\"index\":0,\"delta\":" delta ",\"finish_reason\":" finish "}]}\n\n"
#define USAGE                                                                                      \
    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":0,\"model\":\"gpt-4o\"," \
    "\"choices\":[],\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":10,\"total_tokens\":"   \
    "110}}"                                                                                        \
    "\n\ndata: [DONE]\n\n"
#define CALLS(zone)                                                                                \
    {                                                                                              \
        EVENTS(CHUNK("{\"role\":\"assistant\",\"content\":\"Let me look.\",\"tool_calls\":[{"      \
                     "\"index\":0,\"id\":\"call_1\",\"type\":\"function\",\"function\":{\"name\":" \
                     "\"date_and_time\",\"arguments\":\"{\\\"zone\\\":\\\"" zone "\\\"}\"}}]}",    \
                     "null") CHUNK("{}", "\"tool_calls\"") USAGE),                                 \
            0, TINY_CLOSE                                                                          \
    }
#define SAYS(text)                                                                \
    {                                                                             \
        EVENTS(CHUNK("{\"role\":\"assistant\",\"content\":\"" text "\"}", "null") \
                   CHUNK("{}", "\"stop\"") USAGE),                                \
            0, TINY_CLOSE                                                         \
    }

struct fixture {
    struct arena *mem;
    PGconn *super;
    struct place at;
    struct ctx *c;
    const char *conversation_id, *job_id;
    struct tiny *model;
};

static void ok(struct ctx *c, rc_t rc)
{
    if (rc != OK)
        fail_msg("%s: %s", c->fault.code, c->fault.detail);
}

static void ask(struct fixture *f, const char *text)
{
    const struct conversation v = {
        .id = f->conversation_id, .employee_id = f->at.employee_id, .channel = "portal"};
    const struct say say = {.conversation_id = f->conversation_id,
                            .key = id_new(f->mem),
                            .author = "ann",
                            .name = "Ann",
                            .text = text};
    struct said said;

    ok(f->c, conversation_open(f->c, &v));
    ok(f->c, say_add(f->c, &say, &said));
    ok(f->c, db_commit(f->c));
    f->job_id = text_dup(f->mem, said.job_id);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->mem = arena_new(MIB(16));
    f->super = pg_open(PG_SUPER);
    f->at = place_new(f->mem);
    f->c = pg_ctx(PG_WORKER, f->at.tenant_id);
    f->conversation_id = id_new(f->mem);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    pg_do(f->super, "DROP TRIGGER IF EXISTS no_tool_answers ON message");
    tiny_stop(f->model);
    pg_do(f->super, "UPDATE job SET state = 'done', lease_until = NULL WHERE tenant_id = '%s'",
          f->at.tenant_id);
    ctx_end(f->c);
    PQfinish(f->super);
    arena_free(f->mem);
    free(f);
    return 0;
}

static void run(struct fixture *f)
{
    const struct job_hint hint = {f->at.tenant_id, f->job_id};
    struct run run = {.tokens = 0};

    runner_run(f->c->db, &hint, &run);
}

static void model_says(struct fixture *f, const struct tiny_step *steps, size_t count)
{
    f->model = tiny_start(steps, count);
    conf_set(CONF_openai_url, tiny_url(f->model));
    routing_book_forget();
    pg_do(f->super,
          "UPDATE employee SET primary_provider = 'openai', primary_model = 'gpt-4o'"
          " WHERE tenant_id = '%s'",
          f->at.tenant_id);
}

static const char *get(struct fixture *f, const char *what, const char *table)
{
    return pg_get(f->mem, f->super, "SELECT %s FROM %s %s tenant_id = '%s'", what, table,
                  strstr(table, " WHERE ") != NULL ? "AND" : "WHERE", f->at.tenant_id);
}

/* The employee's messages: how many, and the words of the last. */
static void assert_answer(struct fixture *f, const char *count, const char *outcome)
{
    assert_string_equal(get(f, "count(*) FILTER (WHERE author = 'employee')", "message"), count);
    assert_string_equal(get(f, "max(outcome)", "message"), outcome);
}

/* The model asks what time it is, is told, and answers with that. */
static void a_tool_is_run_and_its_result_goes_back(void **state)
{
    const struct tiny_step steps[] = {CALLS("europe/berlin"), SAYS("It is that late.")};
    struct fixture *f = *state;

    model_says(f, steps, COUNT_OF(steps));
    ask(f, "What time is it in Berlin?");
    run(f);
    assert_answer(f, "1", "answered");
    assert_string_equal(get(f, "text", "message WHERE author = 'employee'"), "It is that late.");
    assert_int_equal(tiny_requests(f->model), 2);
    assert_non_null(strstr(tiny_request(f->model, 0), "\"tools\":[{"));
    assert_non_null(strstr(tiny_request(f->model, 1), "in Europe/Berlin ("));
    assert_non_null(strstr(tiny_request(f->model, 1), "\"tool_call_id\":\"call_1\""));
    assert_string_equal(get(f, "string_agg(kind, ' ' ORDER BY step_no)", "step"), "calls answer");
    assert_string_equal(get(f, "count(*)", "usage WHERE input_tokens = 100"), "2");
    assert_string_equal(get(f, "count(*)", "call_open"), "0");
    assert_string_equal(get(f, "count(*)", "audit WHERE action = 'tool.called'"), "1");
}

#define EVENT(name, data) "event: " name "\ndata: {\"type\":\"" name "\"," data "}\n\n"
#define MESSAGE                                                                    \
    EVENT("message_start",                                                         \
          "\"message\":{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\"," \
          "\"model\":\"claude-haiku-4-5\",\"content\":[],\"stop_reason\":null,"    \
          "\"usage\":{\"input_tokens\":100,\"output_tokens\":1}}")
#define BLOCK(index, start, delta)                                               \
    EVENT("content_block_start", "\"index\":" index ",\"content_block\":" start) \
    delta EVENT("content_block_stop", "\"index\":" index)
#define DELTA(index, delta) EVENT("content_block_delta", "\"index\":" index ",\"delta\":" delta)
#define MESSAGE_END(reason)                                                              \
    EVENT("message_delta",                                                               \
          "\"delta\":{\"stop_reason\":\"" reason "\"},\"usage\":{\"output_tokens\":10}") \
    EVENT("message_stop", "\"x\":0")

/* Signed thinking goes back unchanged, in its place before the call, also from a kept step. */
static void thinking_goes_back_as_it_was(void **state)
{
    static const char thinking[] =
        "{\"type\":\"thinking\",\"thinking\":\"Which \xe2\x80\x9cnow\xe2\x80\x9d?\","
        "\"signature\":\"c2lnbmVk\"}";
    const struct tiny_step steps[] = {
        {EVENTS(MESSAGE BLOCK(
             "0", "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}",
             DELTA("0", "{\"type\":\"thinking_delta\",\"thinking\":"
                        "\"Which \xe2\x80\x9cnow\xe2\x80\x9d?\"}")
                 DELTA("0", "{\"type\":\"signature_delta\",\"signature\":\"c2lnbmVk\"}"))
                    BLOCK("1",
                          "{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"date_and_time\","
                          "\"input\":{}}",
                          DELTA("1", "{\"type\":\"input_json_delta\","
                                     "\"partial_json\":\"{\\\"zone\\\":\\\"UTC\\\"}\"}"))
                        MESSAGE_END("tool_use")),
         0, TINY_CLOSE},
        {EVENTS(MESSAGE BLOCK("0", "{\"type\":\"text\",\"text\":\"\"}",
                              DELTA("0", "{\"type\":\"text_delta\",\"text\":\"Now.\"}"))
                    MESSAGE_END("end_turn")),
         0, TINY_CLOSE}};
    struct fixture *f = *state;
    const char *second, *block;

    model_says(f, steps, COUNT_OF(steps));
    conf_set(CONF_anthropic_url, tiny_url(f->model));
    conf_set(CONF_anthropic_key, "a-key-of-nobody");
    routing_book_forget();
    pg_do(f->super,
          "UPDATE employee SET primary_provider = 'anthropic', primary_model = 'claude-haiku-4-5'"
          " WHERE tenant_id = '%s'",
          f->at.tenant_id);
    ask(f, "What time is it?");
    run(f);
    assert_answer(f, "1", "answered");
    assert_string_equal(get(f, "text", "message WHERE author = 'employee'"), "Now.");
    second = tiny_request(f->model, 1);
    block = strstr(second, thinking);
    assert_non_null(block);
    assert_true(strstr(second, "\"tool_use\"") > block);
}

/* What a tool can't do the model is told, and the turn goes on. */
static void a_wrong_call_is_told_to_the_model(void **state)
{
    const struct tiny_step steps[] = {CALLS("Mars/Olympus"), SAYS("I can't know.")};
    struct fixture *f = *state;

    model_says(f, steps, COUNT_OF(steps));
    ask(f, "What time is it on Mars?");
    run(f);
    assert_answer(f, "1", "answered");
    assert_non_null(strstr(tiny_request(f->model, 1), "There is no time zone Mars/Olympus."));
}

/* No words about time: no tool is offered, and none is paid for. */
static void tools_are_offered_where_they_are_wanted(void **state)
{
    const struct tiny_step steps[] = {SAYS("Hello.")};
    struct fixture *f = *state;

    model_says(f, steps, COUNT_OF(steps));
    ask(f, "Hello!");
    run(f);
    assert_answer(f, "1", "answered");
    assert_null(strstr(tiny_request(f->model, 0), "\"tools\""));
}

/*
 * The answer could not be recorded, and the job runs again: nobody is asked again. Then the last
 * step is lost as well, as by a crash before it was kept: only that one is asked again.
 */
static void steps_are_replayed(void **state)
{
    const struct tiny_step steps[] = {CALLS("Europe/Berlin"), SAYS("Late."), SAYS("Still late.")};
    struct fixture *f = *state;

    model_says(f, steps, COUNT_OF(steps));
    ask(f, "What time is it in Berlin?");
    pg_do(f->super, "CREATE OR REPLACE FUNCTION no_answers() RETURNS trigger LANGUAGE plpgsql AS "
                    "$$ BEGIN RAISE EXCEPTION 'not now'; END $$");
    pg_do(f->super,
          "CREATE TRIGGER no_tool_answers BEFORE INSERT ON message FOR EACH ROW "
          "WHEN (NEW.author = 'employee' AND NEW.tenant_id = '%s') EXECUTE FUNCTION no_answers()",
          f->at.tenant_id);
    for (int i = 0; i < 2; i++) {
        run(f);
        assert_string_equal(get(f, "state", "job WHERE kind = 'turn'"), "ready");
        assert_int_equal(tiny_requests(f->model), 2);
        assert_string_equal(get(f, "count(*)", "step"), "2");
        assert_string_equal(get(f, "count(*)", "usage"), "2");
        pg_do(f->super, "UPDATE job SET run_at = now() WHERE tenant_id = '%s'", f->at.tenant_id);
    }
    pg_do(f->super, "DROP TRIGGER no_tool_answers ON message");
    pg_do(f->super, "DELETE FROM step WHERE tenant_id = '%s' AND kind = 'answer'", f->at.tenant_id);
    pg_do(f->super, "DELETE FROM usage WHERE tenant_id = '%s' AND step_no = 2", f->at.tenant_id);
    run(f);
    assert_answer(f, "1", "answered");
    assert_string_equal(get(f, "text", "message WHERE author = 'employee'"), "Still late.");
    assert_int_equal(tiny_requests(f->model), 3);
    assert_non_null(strstr(tiny_request(f->model, 2), "in Europe/Berlin ("));
    assert_string_equal(get(f, "count(*)", "usage"), "2");
}

/* The same call again and again ends in a true sentence; all that was asked is paid. */
static void a_loop_is_broken(void **state)
{
    const struct tiny_step steps[] = {CALLS("UTC")};
    struct fixture *f = *state;

    model_says(f, steps, COUNT_OF(steps));
    ask(f, "What time is it?");
    run(f);
    assert_answer(f, "1", "failed");
    assert_non_null(
        strstr(get(f, "text", "message WHERE author = 'employee'"), "going round in circles"));
    assert_int_equal(tiny_requests(f->model), 3);
    assert_string_equal(get(f, "count(*)", "usage"), "3");
    assert_string_equal(get(f, "count(*)", "call_open"), "0");
}

/* Other calls each time end, too; the last time the model is told to make do with what it has. */
static void steps_are_counted(void **state)
{
    const struct tiny_step steps[] = {
        CALLS("UTC"),         CALLS("Europe/Paris"), CALLS("Europe/Rome"),
        CALLS("Europe/Oslo"), CALLS("Europe/Paris"), CALLS("Europe/Madrid"),
        CALLS("Asia/Tokyo"),  CALLS("Asia/Seoul"),   SAYS("Never said.")};
    struct fixture *f = *state;

    model_says(f, steps, COUNT_OF(steps));
    ask(f, "What time is it everywhere?");
    run(f);
    assert_answer(f, "1", "failed");
    assert_non_null(
        strstr(get(f, "text", "message WHERE author = 'employee'"), "more steps than I may take"));
    assert_int_equal(tiny_requests(f->model), 8);
    assert_null(strstr(tiny_request(f->model, 6), "\"tool_choice\":\"none\""));
    assert_non_null(strstr(tiny_request(f->model, 7), "\"tool_choice\":\"none\""));
    assert_string_equal(get(f, "count(*)", "usage"), "8");
}

static int start(void **state)
{
    int rc;

    live_start(NULL);
    http_start();
    rc = pg_start(state);
    conf_set(CONF_breaker_seconds, "0");
    purse_start(pg_pool(PG_WORKER));
    return rc;
}

static int stop(void **state)
{
    purse_stop();
    live_stop();
    http_stop();
    return pg_stop(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_tool_is_run_and_its_result_goes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(thinking_goes_back_as_it_was, setup, teardown),
        cmocka_unit_test_setup_teardown(a_wrong_call_is_told_to_the_model, setup, teardown),
        cmocka_unit_test_setup_teardown(tools_are_offered_where_they_are_wanted, setup, teardown),
        cmocka_unit_test_setup_teardown(steps_are_replayed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_loop_is_broken, setup, teardown),
        cmocka_unit_test_setup_teardown(steps_are_counted, setup, teardown),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
