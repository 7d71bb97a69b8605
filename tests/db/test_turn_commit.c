/*
 * The connection breaks while a turn's transaction is being committed, and the commit goes through
 * all the same, later: nobody is asked twice, and nothing is paid twice.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "chat.h"
#include "flow/purse.h"
#include "lib/proxy.h"

#include <cmocka.h>

static struct proxy *proxy; /* between the worker and the database */

static int setup(void **state)
{
    struct chat *f;

    chat_setup(state);
    f = *state;
    proxy = proxy_new();
    ctx_end(f->in.c);
    pg_use(PG_WORKER, proxy_address(f->in.mem, proxy, PG_WORKER));
    f->in.c = pg_ctx(PG_WORKER, f->in.at.tenant_id);
    return 0;
}

static int teardown(void **state)
{
    struct chat *f = *state;

    pg_do(f->in.super, "DROP TRIGGER IF EXISTS slow_step ON step");
    chat_teardown(state);
    pg_use(PG_WORKER, NULL);
    proxy_free(proxy);
    return 0;
}

static void *run_in_thread(void *arg)
{
    chat_run(arg);
    return NULL;
}

/* From now on the commit of a step of this kind takes a second. */
static void commit_slowly(struct chat *f, const char *kind)
{
    pg_do(f->in.super, "CREATE OR REPLACE FUNCTION slow_step() RETURNS trigger LANGUAGE plpgsql AS "
                       "$$ BEGIN PERFORM pg_sleep(1); RETURN NULL; END $$");
    pg_do(f->in.super,
          "CREATE CONSTRAINT TRIGGER slow_step AFTER INSERT ON step DEFERRABLE INITIALLY DEFERRED"
          " FOR EACH ROW WHEN (NEW.kind = '%s' AND NEW.tenant_id = '%s')"
          " EXECUTE FUNCTION slow_step()",
          kind, f->in.at.tenant_id);
}

/* Cuts all connections once a commit sleeps. */
static void cut_in_the_commit(struct chat *f)
{
    while (pg_count(f->in.super,
                    "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
                    " AND datname = current_database()") == 0)
        ;
    proxy_cut(proxy);
}

static void paid_once(struct chat *f, const char *kind)
{
    const struct tiny_step steps[] = {CALLS("UTC"), SAYS("Late."), SAYS("Never asked.")};
    pthread_t thread;

    purse_start(f->in.c->db);
    chat_model(f, steps, COUNT_OF(steps));
    chat_ask(f, "What time is it?");
    commit_slowly(f, kind);
    pthread_create(&thread, NULL, run_in_thread, f);
    cut_in_the_commit(f);
    pthread_join(thread, NULL);
    assert_string_equal(chat_get(f, "text", "message WHERE author = 'employee'"), "Late.");
    assert_int_equal(tiny_requests(f->model), 2);
    assert_string_equal(chat_get(f, "count(*)", "usage"), "2");
    assert_string_equal(chat_get(f, "count(*)", "call_open"), "0");
    /* 100 tokens at 2.50 and 10 at 10.00 dollars a million, twice. */
    assert_string_equal(chat_get(f, "sum(cost_micros)", "usage"), "700");
    assert_string_equal(chat_get(f, "max(spent_micros) || ' ' || min(spent_micros)", "cap_period"),
                        "700 700");
    purse_stop();
}

static void of_a_step(void **state)
{
    paid_once(*state, "calls");
}

static void of_what_tools_said(void **state)
{
    paid_once(*state, "results");
}

static void of_the_answer(void **state)
{
    paid_once(*state, "answer");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(of_a_step, setup, teardown),
        cmocka_unit_test_setup_teardown(of_what_tools_said, setup, teardown),
        cmocka_unit_test_setup_teardown(of_the_answer, setup, teardown),
    };

    return cmocka_run_group_tests(tests, chat_start, chat_stop);
}
