/* See office.h. */
#include "office.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/id.h"
#include "core/connection.h"
#include "core/employee.h"
#include "core/outbound.h"
#include "core/tenant.h"
#include "core/tenant_key.h"
#include "io/http.h"

#include <cmocka.h>

struct db_pool *office_pool;

int office_start(void **state)
{
    (void)state;
    if (getenv("KONSTRUCT_DB_WORKER") == NULL)
        return -1;
    setenv("KONSTRUCT_MASTER_KEY", "master-key-of-the-delivery-tests-4e1b", 1);
    if (conf_load(0) != OK)
        return -1;
    conf_set(CONF_channel_seconds, "4");
    crypto_start();
    http_start();
    office_pool = db_pool_new(getenv("KONSTRUCT_DB_WORKER"), 4);
    return 0;
}

int office_end(void **state)
{
    (void)state;
    db_pool_free(office_pool);
    http_stop();
    return 0;
}

static void connect_slack(struct office *o)
{
    struct employee mara;
    struct connection made = {.id = id_new(o->c->mem),
                              .channel = "slack",
                              .install = text_printf(o->c->mem, "T%s", id_new(o->c->mem)),
                              .self = "U0BOT",
                              .signing_secret = "sealed"};
    char *sealed;

    ok(o->c, employee_find(o->c, NULL, &mara));
    made.employee_id = mara.id;
    ok(o->c, secret_seal(o->c, connection_token_place(o->c->tenant_id, made.id),
                         BYTES("xoxb-delivery"), &sealed));
    made.bot_token = sealed;
    ok(o->c, connection_add(o->c, &made));
    o->connection_id = made.id;
}

static void claim(struct office *o)
{
    bool claimed;

    ok(o->c, job_claim(o->c, o->job.id, &o->job, &claimed));
    assert_true(claimed);
    ok(o->c, db_commit(o->c));
}

/* An office whose Slack answers with these steps, and an answer of so many parts to deliver. */
struct office office_open(const struct tiny_step *steps, size_t count, int parts)
{
    struct office o = {.c = ctx_new(MIB(16), office_pool), .slack = tiny_start(steps, count)};

    conf_set(CONF_slack_api, tiny_url(o.slack));
    ok(o.c, tenant_add(o.c, id_new(o.c->mem), "Delivery"));
    ok(o.c, tenant_key_make(o.c));
    connect_slack(&o);
    o.job.id = id_new(o.c->mem);
    ok(o.c, job_add(o.c, o.job.id, "turn", id_new(o.c->mem), id_new(o.c->mem)));
    ok(o.c, db_commit(o.c));
    claim(&o);
    for (int i = 0; i < parts; i++)
        ok(o.c, outbound_add(o.c, &o.job, i, o.connection_id, "C1:10.5",
                             text_printf(o.c->mem, "part %d", i)));
    ok(o.c, db_commit(o.c));
    return o;
}

void office_close(struct office *o)
{
    tiny_stop(o->slack);
    ctx_end(o->c);
}

/* "state fault" of each part, and the job's state, as one line. */
const char *office_left(struct office *o)
{
    static const struct stmt q_job = {
        "test_job", "SELECT state, (run_at > clock_timestamp())::text FROM job WHERE id = $1"};
    struct buf line = buf_new(o->c->mem, KIB(4));
    struct outbound *parts;
    struct db_rows rows;
    size_t count;

    ok(o->c, outbound_list(o->c, o->job.id, &parts, &count));
    for (size_t i = 0; i < count; i++)
        buf_printf(&line, "%s%s%s, ", parts[i].state, parts[i].fault == NULL ? "" : " ",
                   parts[i].fault == NULL ? "" : parts[i].fault);
    ok(o->c, db_rows(o->c, &q_job, ARGS(A(o->job.id)), &rows));
    buf_printf(&line, "job %s%s", db_text(&rows, 0, 0),
               text_is(db_text(&rows, 0, 1), "true") ? " later" : "");
    ok(o->c, db_commit(o->c));
    return buf_str(&line);
}

void office_exec(struct office *o, const struct stmt *q)
{
    ok(o->c, db_exec(o->c, q, ARGS(A(o->job.id)), NULL));
    ok(o->c, db_commit(o->c));
}

/*
 * As if the worker had died in the middle of sending, so long ago that nothing is on its way any
 * more.
 */
void office_crash(struct office *o)
{
    static const struct stmt q_sending = {
        "test_sending", "UPDATE outbound SET state = 'sending', attempts = 1, started_at = "
                        "clock_timestamp() - interval '1 hour' WHERE job_id = $1 AND part_no = 0"};

    office_exec(o, &q_sending);
}

void office_make_old(struct office *o)
{
    static const struct stmt q_old = {
        "test_old", "UPDATE job SET created_at = created_at - interval '25 hours' WHERE id = $1"};

    office_exec(o, &q_old);
    o->job.waited_ms += 25LL * 3600 * 1000;
}
