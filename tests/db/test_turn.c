/*
 * Turns as the worker runs them, with the built-in brain: answered once, kept when they can't be
 * recorded, buried with a sentence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "chat.h"

#include <cmocka.h>

static void answered_once(void **state)
{
    struct chat *f = *state;

    chat_ask(f, "Hello!");
    chat_run(f);
    chat_run(f);
    chat_answered(f, "1", "answered");
    assert_string_equal(chat_get(f, "state", "job WHERE kind = 'turn'"), "done");
    assert_string_equal(chat_get(f, "count(*)", "usage"), "1");
    assert_string_equal(chat_get(f, "count(*)", "step"), "1");
    assert_string_equal(chat_get(f, "count(*)", "audit WHERE action = 'turn.answered'"), "1");
}

/*
 * What was thought and paid is kept when it can't be recorded; the next attempt says it and asks
 * nobody.
 */
static void a_kept_step_is_replayed(void **state)
{
    struct chat *f = *state;

    chat_ask(f, "Hello!");
    chat_refuse_answers(f);
    chat_run(f);
    assert_string_equal(chat_get(f, "state", "job WHERE kind = 'turn'"), "ready");
    assert_string_equal(chat_get(f, "count(*)", "step"), "1");
    assert_string_equal(chat_get(f, "count(*)", "usage"), "1");
    chat_allow_answers(f);
    pg_do(f->in.super,
          "UPDATE step SET result = jsonb_set(result::jsonb, '{text}', '\"The kept words.\"')::text"
          " WHERE tenant_id = '%s'",
          f->in.at.tenant_id);
    pg_do(f->in.super, "UPDATE job SET run_at = now() WHERE tenant_id = '%s'", f->in.at.tenant_id);
    chat_run(f);
    chat_answered(f, "1", "answered");
    assert_string_equal(chat_get(f, "text", "message WHERE author = 'employee'"),
                        "The kept words.");
    assert_string_equal(chat_get(f, "count(*)", "usage"), "1");
    assert_string_equal(chat_get(f, "state", "job WHERE kind = 'turn'"), "done");
}

/* A job that three workers died with is never run again, and its sender is told the truth, once. */
static void poison_is_buried(void **state)
{
    struct chat *f = *state;

    chat_ask(f, "Hello!");
    pg_do(f->in.super, "UPDATE job SET deaths = 3 WHERE tenant_id = '%s'", f->in.at.tenant_id);
    chat_run(f);
    chat_run(f);
    chat_answered(f, "1", "failed");
    assert_string_equal(chat_get(f, "state", "job WHERE kind = 'turn'"), "dead");
    assert_string_equal(chat_get(f, "count(*)", "usage"), "0");
    assert_string_equal(chat_get(f, "count(*)", "audit WHERE action = 'job.dead'"), "1");
}

/* Of a suspended tenant nothing is answered, and nothing is lost. */
static void held_while_suspended(void **state)
{
    struct chat *f = *state;

    pg_do(f->in.super,
          "UPDATE tenant SET suspended_at = now(), suspended_why = 'x' WHERE tenant_id = '%s'",
          f->in.at.tenant_id);
    chat_ask(f, "Hello!");
    chat_run(f);
    assert_string_equal(chat_get(f, "count(*)", "usage"), "0");
    assert_string_equal(chat_get(f, "count(*)", "job WHERE state = 'ready' AND run_at > now()"),
                        "1");
    assert_string_equal(chat_get(f, "errors + deaths", "job WHERE kind = 'turn'"), "0");
    pg_do(f->in.super,
          "UPDATE tenant SET suspended_at = NULL, suspended_why = NULL WHERE tenant_id = '%s'",
          f->in.at.tenant_id);
    pg_do(f->in.super, "UPDATE job SET run_at = now() WHERE tenant_id = '%s'", f->in.at.tenant_id);
    chat_run(f);
    chat_answered(f, "1", "answered");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHAT_TEST(answered_once),
        CHAT_TEST(held_while_suspended),
        CHAT_TEST(a_kept_step_is_replayed),
        CHAT_TEST(poison_is_buried),
    };

    return cmocka_run_group_tests(tests, chat_start, chat_stop);
}
