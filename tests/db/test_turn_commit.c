/*
 * The connection breaks while a turn's transaction is being committed, and the commit goes through
 * all the same, later: nobody is asked twice, and nothing is paid twice.
 */
#include <pthread.h>
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
#include "lib/proxy.h"
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
    struct proxy *proxy;
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
    f->proxy = proxy_new();
    pg_use(PG_WORKER, proxy_address(f->mem, f->proxy, PG_WORKER));
    f->c = pg_ctx(PG_WORKER, f->at.tenant_id);
    f->conversation_id = id_new(f->mem);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    pg_do(f->super, "DROP TRIGGER IF EXISTS slow_step ON step");
    tiny_stop(f->model);
    pg_do(f->super, "UPDATE job SET state = 'done', lease_until = NULL WHERE tenant_id = '%s'",
          f->at.tenant_id);
    ctx_end(f->c);
    pg_use(PG_WORKER, NULL);
    proxy_free(f->proxy);
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

static void *run_in_thread(void *arg)
{
    run(arg);
    return NULL;
}

/* From now on the commit of a step of this kind takes a second. */
static void commit_slowly(struct fixture *f, const char *kind)
{
    pg_do(f->super, "CREATE OR REPLACE FUNCTION slow_step() RETURNS trigger LANGUAGE plpgsql AS "
                    "$$ BEGIN PERFORM pg_sleep(1); RETURN NULL; END $$");
    pg_do(f->super,
          "CREATE CONSTRAINT TRIGGER slow_step AFTER INSERT ON step DEFERRABLE INITIALLY DEFERRED"
          " FOR EACH ROW WHEN (NEW.kind = '%s' AND NEW.tenant_id = '%s')"
          " EXECUTE FUNCTION slow_step()",
          kind, f->at.tenant_id);
}

/* Cuts all connections once a commit sleeps. */
static void cut_in_the_commit(struct fixture *f)
{
    while (pg_count(f->super, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
                              " AND datname = current_database()") == 0)
        ;
    proxy_cut(f->proxy);
}

static void paid_once(struct fixture *f, const char *kind)
{
    const struct tiny_step steps[] = {CALLS("UTC"), SAYS("Late."), SAYS("Never asked.")};
    pthread_t thread;

    purse_start(f->c->db);
    model_says(f, steps, COUNT_OF(steps));
    ask(f, "What time is it?");
    commit_slowly(f, kind);
    pthread_create(&thread, NULL, run_in_thread, f);
    cut_in_the_commit(f);
    pthread_join(thread, NULL);
    assert_string_equal(get(f, "text", "message WHERE author = 'employee'"), "Late.");
    assert_int_equal(tiny_requests(f->model), 2);
    assert_string_equal(get(f, "count(*)", "usage"), "2");
    assert_string_equal(get(f, "count(*)", "call_open"), "0");
    /* 100 tokens at 2.50 and 10 at 10.00 dollars a million, twice. */
    assert_string_equal(get(f, "sum(cost_micros)", "usage"), "700");
    assert_string_equal(get(f, "max(spent_micros) || ' ' || min(spent_micros)", "cap_period"),
                        "700 700");
    purse_stop();
}

static void of_a_step(void **state)
{
    paid_once(*state, "calls");
}

static void of_the_answer(void **state)
{
    paid_once(*state, "answer");
}

static int start(void **state)
{
    int rc;

    live_start(NULL);
    http_start();
    rc = pg_start(state);
    conf_set(CONF_breaker_seconds, "0");
    return rc;
}

static int stop(void **state)
{
    live_stop();
    http_stop();
    return pg_stop(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(of_a_step, setup, teardown),
        cmocka_unit_test_setup_teardown(of_the_answer, setup, teardown),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
