/* See chat.h. */
#include "chat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/id.h"
#include "flow/live.h"
#include "flow/routing.h"
#include "flow/runner.h"
#include "flow/say.h"
#include "io/http.h"

#include <cmocka.h>

int chat_start(void **state)
{
    int rc;

    live_start(NULL);
    http_start();
    rc = pg_start(state);
    conf_set(CONF_breaker_seconds, "0");
    return rc;
}

int chat_stop(void **state)
{
    live_stop();
    http_stop();
    return pg_stop(state);
}

int chat_setup(void **state)
{
    struct chat *f = calloc(1, sizeof(*f));

    fixture_open(&f->in);
    *state = f;
    return 0;
}

int chat_teardown(void **state)
{
    struct chat *f = *state;

    chat_allow_answers(f);
    if (f->model != NULL)
        tiny_stop(f->model);
    fixture_close(&f->in);
    free(f);
    return 0;
}

void chat_model(struct chat *f, const struct tiny_step *steps, size_t count)
{
    f->model = tiny_start(steps, count);
    conf_set(CONF_openai_url, tiny_url(f->model));
    routing_book_forget();
    pg_do(f->in.super,
          "UPDATE employee SET primary_provider = 'openai', primary_model = 'gpt-4o'"
          " WHERE tenant_id = '%s'",
          f->in.at.tenant_id);
}

void chat_ask(struct chat *f, const char *text)
{
    const struct say say = {.conversation_id = f->in.conversation_id,
                            .key = id_new(f->in.mem),
                            .author = "ann",
                            .name = "Ann",
                            .text = text};
    struct said said;

    fixture_conversation(&f->in);
    ok(f->in.c, say_add(f->in.c, &say, &said));
    ok(f->in.c, db_commit(f->in.c));
    f->job_id = text_dup(f->in.mem, said.job_id);
}

void chat_run(struct chat *f)
{
    const struct job_hint hint = {f->in.at.tenant_id, f->job_id};
    struct run run = {.tokens = 0};

    runner_run(f->in.c->db, &hint, &run);
}

void chat_refuse_answers(struct chat *f)
{
    pg_do(f->in.super,
          "CREATE OR REPLACE FUNCTION no_answers() RETURNS trigger LANGUAGE plpgsql AS "
          "$$ BEGIN RAISE EXCEPTION 'not now'; END $$");
    pg_do(f->in.super,
          "CREATE TRIGGER no_answers BEFORE INSERT ON message FOR EACH ROW "
          "WHEN (NEW.author = 'employee' AND NEW.tenant_id = '%s') EXECUTE FUNCTION no_answers()",
          f->in.at.tenant_id);
}

void chat_allow_answers(struct chat *f)
{
    pg_do(f->in.super, "DROP TRIGGER IF EXISTS no_answers ON message");
}

const char *chat_get(struct chat *f, const char *what, const char *table)
{
    return pg_get(f->in.mem, f->in.super, "SELECT %s FROM %s %s tenant_id = '%s'", what, table,
                  strstr(table, " WHERE ") != NULL ? "AND" : "WHERE", f->in.at.tenant_id);
}

void chat_answered(struct chat *f, const char *count, const char *outcome)
{
    assert_string_equal(chat_get(f, "count(*) FILTER (WHERE author = 'employee')", "message"),
                        count);
    assert_string_equal(chat_get(f, "max(outcome)", "message"), outcome);
}
