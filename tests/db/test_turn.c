/*
 * Turns as the worker runs them, with the built-in brain: answered once, kept when they can't be
 * recorded, buried with a sentence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "flow/live.h"
#include "flow/runner.h"
#include "flow/say.h"
#include "lib/pg.h"

#include <cmocka.h>

struct fixture {
    struct arena *mem;
    PGconn *super;
    struct place at;
    struct ctx *c;
    const char *conversation_id, *job_id;
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

    pg_do(f->super, "DROP TRIGGER IF EXISTS no_answers ON message");
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

static void answered_once(void **state)
{
    struct fixture *f = *state;

    ask(f, "Hello!");
    run(f);
    run(f);
    assert_answer(f, "1", "answered");
    assert_string_equal(get(f, "state", "job WHERE kind = 'turn'"), "done");
    assert_string_equal(get(f, "count(*)", "usage"), "1");
    assert_string_equal(get(f, "count(*)", "step"), "1");
    assert_string_equal(get(f, "count(*)", "audit WHERE action = 'turn.answered'"), "1");
}

/*
 * What was thought and paid is kept when it can't be recorded; the next attempt says it and asks
 * nobody.
 */
static void a_kept_step_is_replayed(void **state)
{
    struct fixture *f = *state;

    ask(f, "Hello!");
    pg_do(f->super, "CREATE OR REPLACE FUNCTION no_answers() RETURNS trigger LANGUAGE plpgsql AS "
                    "$$ BEGIN RAISE EXCEPTION 'not now'; END $$");
    pg_do(f->super,
          "CREATE TRIGGER no_answers BEFORE INSERT ON message FOR EACH ROW "
          "WHEN (NEW.author = 'employee' AND NEW.tenant_id = '%s') EXECUTE FUNCTION no_answers()",
          f->at.tenant_id);
    run(f);
    assert_string_equal(get(f, "state", "job WHERE kind = 'turn'"), "ready");
    assert_string_equal(get(f, "count(*)", "step"), "1");
    assert_string_equal(get(f, "count(*)", "usage"), "1");
    pg_do(f->super, "DROP TRIGGER no_answers ON message");
    pg_do(f->super,
          "UPDATE step SET result = jsonb_set(result::jsonb, '{text}', '\"The kept words.\"')::text"
          " WHERE tenant_id = '%s'",
          f->at.tenant_id);
    pg_do(f->super, "UPDATE job SET run_at = now() WHERE tenant_id = '%s'", f->at.tenant_id);
    run(f);
    assert_answer(f, "1", "answered");
    assert_string_equal(get(f, "text", "message WHERE author = 'employee'"), "The kept words.");
    assert_string_equal(get(f, "count(*)", "usage"), "1");
    assert_string_equal(get(f, "state", "job WHERE kind = 'turn'"), "done");
}

/* A job that three workers died with is never run again, and its sender is told the truth, once. */
static void poison_is_buried(void **state)
{
    struct fixture *f = *state;

    ask(f, "Hello!");
    pg_do(f->super, "UPDATE job SET deaths = 3 WHERE tenant_id = '%s'", f->at.tenant_id);
    run(f);
    run(f);
    assert_answer(f, "1", "failed");
    assert_string_equal(get(f, "state", "job WHERE kind = 'turn'"), "dead");
    assert_string_equal(get(f, "count(*)", "usage"), "0");
    assert_string_equal(get(f, "count(*)", "audit WHERE action = 'job.dead'"), "1");
}

static int start(void **state)
{
    live_start(NULL);
    return pg_start(state);
}

static int stop(void **state)
{
    live_stop();
    return pg_stop(state);
}

/* Of a suspended tenant nothing is answered, and nothing is lost. */
static void held_while_suspended(void **state)
{
    struct fixture *f = *state;

    pg_do(f->super,
          "UPDATE tenant SET suspended_at = now(), suspended_why = 'x' WHERE tenant_id = '%s'",
          f->at.tenant_id);
    ask(f, "Hello!");
    run(f);
    assert_string_equal(get(f, "count(*)", "usage"), "0");
    assert_string_equal(get(f, "count(*)", "job WHERE state = 'ready' AND run_at > now()"), "1");
    assert_string_equal(get(f, "errors + deaths", "job WHERE kind = 'turn'"), "0");
    pg_do(f->super,
          "UPDATE tenant SET suspended_at = NULL, suspended_why = NULL WHERE tenant_id = '%s'",
          f->at.tenant_id);
    pg_do(f->super, "UPDATE job SET run_at = now() WHERE tenant_id = '%s'", f->at.tenant_id);
    run(f);
    assert_answer(f, "1", "answered");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answered_once, setup, teardown),
        cmocka_unit_test_setup_teardown(held_while_suspended, setup, teardown),
        cmocka_unit_test_setup_teardown(a_kept_step_is_replayed, setup, teardown),
        cmocka_unit_test_setup_teardown(poison_is_buried, setup, teardown),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
