/*
 * Delivery against a real database and a Slack that says what each test tells it: what is committed
 * when, who may write it down, and what each reply leads to.
 */
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"
#include "core/connection.h"
#include "flow/deliver.h"
#include "office.h"

#include <cmocka.h>

static void parts_go_out_in_order(void **state)
{
    static const struct tiny_step steps[] = {POSTED};
    struct office o = office_open(steps, 1, 3);

    (void)state;
    ok(o.c, deliver_job(o.c, &o.job));
    assert_string_equal(office_left(&o), "sent, sent, sent, job done");
    assert_int_equal(tiny_requests(o.slack), 3);
    assert_non_null(strstr(tiny_request(o.slack, 0), "Bearer xoxb-delivery"));
    for (size_t i = 0; i < 3; i++)
        assert_non_null(strstr(tiny_request(o.slack, i), text_printf(o.c->mem, "part %zu", i)));
    office_close(&o);
}

/* What one reply to the first part leads to. */
static void each_reply(void **state)
{
    static const struct {
        struct tiny_step step;
        const char *left;
    } rows[] = {
        {SAYS("{\"ok\":false,\"error\":\"is_archived\"}"),
         "refused is_archived, refused earlier_part_failed, job done"},
        {{"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", 0, TINY_KEEP},
         "pending ratelimited, pending, job ready later"},
        {{"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", 0, TINY_KEEP},
         "sending, pending, job ready later"},
        {{NULL, 0, TINY_CLOSE}, "sending, pending, job ready later"},
        {{NULL, 0, TINY_RESET}, "sending, pending, job ready later"},
        {{NULL, 0, TINY_HANG}, "sending, pending, job ready later"},
        {{TINY_OK("application/json", "39", "{\"ok\":tr"), 0, TINY_CLOSE},
         "sending, pending, job ready later"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct office o = office_open(&rows[i].step, 1, 2);

        ok(o.c, deliver_job(o.c, &o.job));
        assert_string_equal(office_left(&o), rows[i].left);
        assert_int_equal(tiny_requests(o.slack), 1);
        office_close(&o);
    }
}

/* Nobody listens: certainly not sent, so it waits and needs no settling. */
static void a_slack_that_is_away(void **state)
{
    static const struct tiny_step steps[] = {{NULL, 0, TINY_CLOSE}};
    struct office o = office_open(steps, 1, 1);

    (void)state;
    conf_set(CONF_slack_api, "http://127.0.0.1:1");
    ok(o.c, deliver_job(o.c, &o.job));
    assert_string_equal(office_left(&o), "pending http_connect, job ready later");
    office_close(&o);
}

/* Takes the job away from its holder, as another worker does when the lease is over. */
static void take_over(struct office *o, struct job *theirs)
{
    static const struct stmt q_expire = {
        "test_expire",
        "UPDATE job SET lease_until = clock_timestamp() - interval '1 s' WHERE id = $1"};
    bool claimed;

    office_exec(o, &q_expire);
    ok(o->c, job_claim(o->c, o->job.id, theirs, &claimed));
    assert_true(claimed);
    ok(o->c, db_commit(o->c));
}

static void who_lost_the_job_sends_nothing(void **state)
{
    static const struct tiny_step steps[] = {POSTED};
    struct office o = office_open(steps, 1, 1);
    struct job theirs;

    (void)state;
    take_over(&o, &theirs);
    assert_int_equal(deliver_job(o.c, &o.job), E_CONFLICT);
    assert_string_equal(o.c->fault.code, "job_lost");
    db_rollback(o.c);
    ctx_forgive(o.c);
    assert_string_equal(office_left(&o), "pending, job running");
    assert_int_equal(tiny_requests(o.slack), 0);
    ok(o.c, deliver_job(o.c, &theirs));
    assert_string_equal(office_left(&o), "sent, job done");
    office_close(&o);
}

struct holder {
    const struct office *office;
    sem_t locked;
};

/*
 * Holds the row of the part until somebody has waited for it for longer than half the time limit:
 * to him it is as if his machine had stood still.
 */
static void *hold_row(void *arg)
{
    static const struct stmt q_lock = {"test_lock",
                                       "SELECT 1 FROM outbound WHERE job_id = $1 FOR UPDATE"};
    static const struct stmt q_waits = {"test_waits", "SELECT 1 FROM pg_locks WHERE NOT granted"};
    struct holder *h = arg;
    struct ctx *c = ctx_new(MIB(16), office_pool);
    struct db_rows rows = {.count = 0};

    c->tenant_id = h->office->c->tenant_id;
    ok(c, db_exec(c, &q_lock, ARGS(A(h->office->job.id)), NULL));
    sem_post(&h->locked);
    while (rows.count == 0) {
        usleep(5000);
        ok(c, db_rows(c, &q_waits, NO_ARGS, &rows));
    }
    usleep(2100 * 1000);
    db_rollback(c);
    ctx_end(c);
    return NULL;
}

static void a_pause_before_the_call_sends_nothing(void **state)
{
    static const struct tiny_step steps[] = {POSTED};
    struct office o = office_open(steps, 1, 1);
    struct holder holder = {.office = &o};
    pthread_t thread;

    (void)state;
    sem_init(&holder.locked, 0, 0);
    assert_int_equal(pthread_create(&thread, NULL, hold_row, &holder), 0);
    sem_wait(&holder.locked);
    ok(o.c, deliver_job(o.c, &o.job));
    pthread_join(thread, NULL);
    sem_destroy(&holder.locked);
    assert_string_equal(office_left(&o), "pending paused, job ready later");
    assert_int_equal(tiny_requests(o.slack), 0);
    office_close(&o);
}

/* A refused token marks the connection, a post that goes through takes the mark away. */
static void the_connection_shows_it(void **state)
{
    static const struct tiny_step refused[] = {SAYS("{\"ok\":false,\"error\":\"token_revoked\"}")};
    struct office o = office_open(refused, 1, 1);
    struct connection connection;

    (void)state;
    ok(o.c, deliver_job(o.c, &o.job));
    assert_string_equal(office_left(&o), "refused token_revoked, job done");
    ok(o.c, connection_get(o.c, o.connection_id, &connection));
    assert_string_equal(connection.state, "broken");
    assert_string_equal(connection.fault, "token_revoked");
    office_close(&o);
}

static void an_answer_of_no_parts_is_done(void **state)
{
    static const struct tiny_step steps[] = {{NULL, 0, TINY_CLOSE}};
    struct office o = office_open(steps, 1, 0);

    (void)state;
    ok(o.c, deliver_job(o.c, &o.job));
    assert_string_equal(office_left(&o), "job done");
    office_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_go_out_in_order),
        cmocka_unit_test(each_reply),
        cmocka_unit_test(a_slack_that_is_away),
        cmocka_unit_test(who_lost_the_job_sends_nothing),
        cmocka_unit_test(a_pause_before_the_call_sends_nothing),
        cmocka_unit_test(the_connection_shows_it),
        cmocka_unit_test(an_answer_of_no_parts_is_done),
    };

    return cmocka_run_group_tests_name("deliver", tests, office_start, office_end);
}
