/*
 * Delivery against a real database and a Slack that says what each test tells it: what is committed
 * when, who may write it down, and what happens after a crash at each point.
 */
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/id.h"
#include "core/connection.h"
#include "core/employee.h"
#include "core/outbound.h"
#include "core/tenant.h"
#include "core/tenant_key.h"
#include "flow/deliver.h"
#include "io/db.h"
#include "io/http.h"
#include "unit/tiny_server.h"

#include <cmocka.h>

#define SELF "U0BOT"
/* An answer that ends with its connection. */
#define SAYS(body)                                                         \
    {                                                                      \
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" body, 0, TINY_CLOSE \
    }
#define POSTED_BODY "{\"ok\":true,\"channel\":\"C1\",\"ts\":\"10.6\"}"

static struct db_pool *pool;

/* A tenant with a connected Slack and a claimed job. */
struct office {
    struct ctx *c;
    struct job job;
    const char *connection_id;
    struct tiny *slack;
};

static int start(void **state)
{
    (void)state;
    if (getenv("KONSTRUCT_DB_WORKER") == NULL)
        return -1;
    setenv("KONSTRUCT_MASTER_KEY", "master-key-of-the-delivery-tests-4e1b", 1);
    if (conf_load(0) != OK)
        return -1;
    conf_set(CONF_channel_seconds, "1");
    crypto_start();
    http_start();
    pool = db_pool_new(getenv("KONSTRUCT_DB_WORKER"), 4);
    return 0;
}

static int end(void **state)
{
    (void)state;
    db_pool_free(pool);
    http_stop();
    return 0;
}

static void good(struct ctx *c, rc_t rc)
{
    if (rc != OK)
        fprintf(stderr, "%s: %s\n", c->fault.code, c->fault.detail);
    assert_int_equal(rc, OK);
}

static void connect_slack(struct office *o)
{
    struct employee mara;
    struct connection made = {.id = id_new(o->c->mem),
                              .channel = "slack",
                              .install = text_printf(o->c->mem, "T%s", id_new(o->c->mem)),
                              .self = SELF,
                              .signing_secret = "sealed"};
    char *sealed;

    good(o->c, employee_find(o->c, NULL, &mara));
    made.employee_id = mara.id;
    good(o->c, secret_seal(o->c, connection_token_place(o->c->tenant_id, made.id),
                           BYTES("xoxb-delivery"), &sealed));
    made.bot_token = sealed;
    good(o->c, connection_add(o->c, &made));
    o->connection_id = made.id;
}

static void claim(struct office *o)
{
    bool claimed;

    good(o->c, job_claim(o->c, o->job.id, &o->job, &claimed));
    assert_true(claimed);
    good(o->c, db_commit(o->c));
}

/* An office whose Slack answers with these steps, and an answer of so many parts to deliver. */
static struct office open_office(const struct tiny_step *steps, size_t count, int parts)
{
    struct office o = {.c = ctx_new(MIB(16), pool), .slack = tiny_start(steps, count)};

    conf_set(CONF_slack_api, tiny_url(o.slack));
    good(o.c, tenant_add(o.c, id_new(o.c->mem), "Delivery"));
    good(o.c, tenant_key_make(o.c));
    connect_slack(&o);
    o.job.id = id_new(o.c->mem);
    good(o.c, job_add(o.c, o.job.id, "turn", id_new(o.c->mem), id_new(o.c->mem)));
    good(o.c, db_commit(o.c));
    claim(&o);
    for (int i = 0; i < parts; i++)
        good(o.c, outbound_add(o.c, &o.job, i, o.connection_id, "C1:10.5",
                               text_printf(o.c->mem, "part %d", i)));
    good(o.c, db_commit(o.c));
    return o;
}

static void close_office(struct office *o)
{
    tiny_stop(o->slack);
    ctx_end(o->c);
}

/* "state fault" of each part, and the job's state, as one line. */
static const char *left_behind(struct office *o)
{
    static const struct stmt q_job = {
        "test_job", "SELECT state, (run_at > clock_timestamp())::text FROM job WHERE id = $1"};
    struct buf line = buf_new(o->c->mem, KIB(4));
    struct outbound *parts;
    struct db_rows rows;
    size_t count;

    good(o->c, outbound_list(o->c, o->job.id, &parts, &count));
    for (size_t i = 0; i < count; i++)
        buf_printf(&line, "%s%s%s, ", parts[i].state, parts[i].fault == NULL ? "" : " ",
                   parts[i].fault == NULL ? "" : parts[i].fault);
    good(o->c, db_rows(o->c, &q_job, ARGS(A(o->job.id)), &rows));
    buf_printf(&line, "job %s%s", db_text(&rows, 0, 0),
               text_is(db_text(&rows, 0, 1), "true") ? " later" : "");
    good(o->c, db_commit(o->c));
    return buf_str(&line);
}

static void exec(struct office *o, const struct stmt *q)
{
    good(o->c, db_exec(o->c, q, ARGS(A(o->job.id)), NULL));
    good(o->c, db_commit(o->c));
}

/*
 * As if the worker had died in the middle of sending, so long ago that nothing is on its way any
 * more.
 */
static void crash_in_sending(struct office *o)
{
    static const struct stmt q_sending = {
        "test_sending", "UPDATE outbound SET state = 'sending', attempts = 1, started_at = "
                        "clock_timestamp() - interval '1 hour' WHERE job_id = $1 AND part_no = 0"};

    exec(o, &q_sending);
}

static void make_old(struct office *o)
{
    static const struct stmt q_old = {
        "test_old", "UPDATE job SET created_at = created_at - interval '25 hours' WHERE id = $1"};

    exec(o, &q_old);
    o->job.waited_ms += 25LL * 3600 * 1000;
}

static void parts_go_out_in_order(void **state)
{
    static const struct tiny_step steps[] = {SAYS(POSTED_BODY)};
    struct office o = open_office(steps, 1, 3);

    (void)state;
    good(o.c, deliver_job(o.c, &o.job));
    assert_string_equal(left_behind(&o), "sent, sent, sent, job done");
    assert_int_equal(tiny_requests(o.slack), 3);
    assert_non_null(strstr(tiny_request(o.slack, 0), "Bearer xoxb-delivery"));
    for (size_t i = 0; i < 3; i++)
        assert_non_null(strstr(tiny_request(o.slack, i), text_printf(o.c->mem, "part %zu", i)));
    close_office(&o);
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
        struct office o = open_office(&rows[i].step, 1, 2);

        good(o.c, deliver_job(o.c, &o.job));
        assert_string_equal(left_behind(&o), rows[i].left);
        assert_int_equal(tiny_requests(o.slack), 1);
        close_office(&o);
    }
}

/* Nobody listens: certainly not sent, so it waits and needs no settling. */
static void a_slack_that_is_away(void **state)
{
    static const struct tiny_step steps[] = {{NULL, 0, TINY_CLOSE}};
    struct office o = open_office(steps, 1, 1);

    (void)state;
    conf_set(CONF_slack_api, "http://127.0.0.1:1");
    good(o.c, deliver_job(o.c, &o.job));
    assert_string_equal(left_behind(&o), "pending http_connect, job ready later");
    close_office(&o);
}

/* A part left in `sending`: what reading the thread says decides. */
static void each_way_to_settle(void **state)
{
    static const struct tiny_step posted = SAYS(POSTED_BODY);
    static const struct {
        struct tiny_step step;
        const char *left;
        size_t requests;
    } rows[] = {
        {SAYS("{\"ok\":true,\"messages\":[],\"has_more\":false}"), "sent, job done", 2},
        {SAYS("{\"ok\":true,\"messages\":[{\"user\":\"U0BOT\",\"ts\":\"1.2\"}]}"),
         "needs_human metadata_hidden, job done", 1},
        {SAYS("{\"ok\":false,\"error\":\"missing_scope\"}"), "needs_human missing_scope, job done",
         1},
        {{"HTTP/1.1 503 Oh\r\nContent-Length: 0\r\n\r\n", 0, TINY_CLOSE},
         "sending, job ready later",
         1},
        {{NULL, 0, TINY_HANG}, "sending, job ready later", 1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tiny_step steps[2] = {rows[i].step, posted};
        struct office o = open_office(steps, 2, 1);

        crash_in_sending(&o);
        good(o.c, deliver_job(o.c, &o.job));
        assert_string_equal(left_behind(&o), rows[i].left);
        assert_int_equal(tiny_requests(o.slack), rows[i].requests);
        assert_non_null(strstr(tiny_request(o.slack, 0), "/conversations.replies"));
        close_office(&o);
    }
}

/* Found on the second page: recorded under the id it was found with, and not posted again. */
static void found_means_sent(void **state)
{
    static struct tiny_step steps[2];
    struct office o = open_office(steps, 2, 1);
    struct outbound *parts;
    size_t count;

    (void)state;
    good(o.c, outbound_list(o.c, o.job.id, &parts, &count));
    good(o.c, db_commit(o.c));

    const char *first = "{\"ok\":true,\"messages\":[],\"has_more\":true,"
                        "\"response_metadata\":{\"next_cursor\":\"next=\"}}";
    const char *second = text_printf(
        o.c->mem,
        "{\"ok\":true,\"messages\":[{\"user\":\"U0BOT\",\"ts\":\"77.8\",\"metadata\":{\"event_"
        "type\":"
        "\"konstruct_answer\",\"event_payload\":{\"token\":\"%s\"}}}]}",
        parts[0].token);
    const char *const bodies[] = {first, second};

    for (size_t i = 0; i < 2; i++)
        steps[i] = (struct tiny_step){
            text_printf(o.c->mem, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
                        strlen(bodies[i]), bodies[i]),
            0, TINY_KEEP};
    crash_in_sending(&o);
    good(o.c, deliver_job(o.c, &o.job));
    assert_string_equal(left_behind(&o), "sent, job done");
    assert_int_equal(tiny_requests(o.slack), 2);
    assert_non_null(strstr(tiny_request(o.slack, 1), "cursor=next%3D"));
    good(o.c, outbound_list(o.c, o.job.id, &parts, &count));
    assert_string_equal(parts[0].provider_id, "C1:77.8");
    close_office(&o);
}

/* A request may still be on its way: nothing is asked before that time is over. */
static void a_fresh_crash_waits(void **state)
{
    static const struct stmt q_fresh = {
        "test_fresh", "UPDATE outbound SET state = 'sending', attempts = 1, started_at = "
                      "clock_timestamp() WHERE job_id = $1"};
    static const struct tiny_step steps[] = {{NULL, 0, TINY_CLOSE}};
    struct office o = open_office(steps, 1, 1);

    (void)state;
    exec(&o, &q_fresh);
    good(o.c, deliver_job(o.c, &o.job));
    assert_string_equal(left_behind(&o), "sending, job ready later");
    assert_int_equal(tiny_requests(o.slack), 0);
    close_office(&o);
}

/* After a day no more is tried: what was not sent is refused, what nobody knows is a person's. */
static void after_a_day_it_ends(void **state)
{
    static const struct tiny_step busy[] = {
        {"HTTP/1.1 503 Oh\r\nContent-Length: 0\r\n\r\n", 0, TINY_KEEP}};
    static const struct tiny_step limited[] = {
        {"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", 0, TINY_KEEP}};
    struct office unknown = open_office(busy, 1, 2), late;

    (void)state;
    crash_in_sending(&unknown);
    make_old(&unknown);
    good(unknown.c, deliver_job(unknown.c, &unknown.job));
    assert_string_equal(left_behind(&unknown),
                        "needs_human http_503, refused earlier_part_failed, job done");
    close_office(&unknown);

    late = open_office(limited, 1, 1);
    make_old(&late);
    good(late.c, deliver_job(late.c, &late.job));
    assert_string_equal(left_behind(&late), "refused ratelimited, job done");
    close_office(&late);
}

/* Takes the job away from its holder, as another worker does when the lease is over. */
static void take_over(struct office *o, struct job *theirs)
{
    static const struct stmt q_expire = {
        "test_expire",
        "UPDATE job SET lease_until = clock_timestamp() - interval '1 s' WHERE id = $1"};
    bool claimed;

    exec(o, &q_expire);
    good(o->c, job_claim(o->c, o->job.id, theirs, &claimed));
    assert_true(claimed);
    good(o->c, db_commit(o->c));
}

static void who_lost_the_job_sends_nothing(void **state)
{
    static const struct tiny_step steps[] = {SAYS(POSTED_BODY)};
    struct office o = open_office(steps, 1, 1);
    struct job theirs;

    (void)state;
    take_over(&o, &theirs);
    assert_int_equal(deliver_job(o.c, &o.job), E_CONFLICT);
    assert_string_equal(o.c->fault.code, "job_lost");
    db_rollback(o.c);
    ctx_forgive(o.c);
    assert_string_equal(left_behind(&o), "pending, job running");
    assert_int_equal(tiny_requests(o.slack), 0);
    good(o.c, deliver_job(o.c, &theirs));
    assert_string_equal(left_behind(&o), "sent, job done");
    close_office(&o);
}

struct holder {
    const struct office *office;
    sem_t locked;
};

/* Holds the row of the part for longer than half the time limit, as a stopped machine would. */
static void *hold_row(void *arg)
{
    static const struct stmt q_lock = {"test_lock",
                                       "SELECT 1 FROM outbound WHERE job_id = $1 FOR UPDATE"};
    struct holder *h = arg;
    struct ctx *c = ctx_new(MIB(1), pool);

    c->tenant_id = h->office->c->tenant_id;
    good(c, db_exec(c, &q_lock, ARGS(A(h->office->job.id)), NULL));
    sem_post(&h->locked);
    usleep(900 * 1000);
    db_rollback(c);
    ctx_end(c);
    return NULL;
}

static void a_pause_before_the_call_sends_nothing(void **state)
{
    static const struct tiny_step steps[] = {SAYS(POSTED_BODY)};
    struct office o = open_office(steps, 1, 1);
    struct holder holder = {.office = &o};
    pthread_t thread;

    (void)state;
    sem_init(&holder.locked, 0, 0);
    assert_int_equal(pthread_create(&thread, NULL, hold_row, &holder), 0);
    sem_wait(&holder.locked);
    good(o.c, deliver_job(o.c, &o.job));
    pthread_join(thread, NULL);
    sem_destroy(&holder.locked);
    assert_string_equal(left_behind(&o), "pending paused, job ready later");
    assert_int_equal(tiny_requests(o.slack), 0);
    close_office(&o);
}

/* A refused token marks the connection, a post that goes through takes the mark away. */
static void the_connection_shows_it(void **state)
{
    static const struct tiny_step refused[] = {SAYS("{\"ok\":false,\"error\":\"token_revoked\"}")};
    struct office o = open_office(refused, 1, 1);
    struct connection connection;

    (void)state;
    good(o.c, deliver_job(o.c, &o.job));
    assert_string_equal(left_behind(&o), "refused token_revoked, job done");
    good(o.c, connection_get(o.c, o.connection_id, &connection));
    assert_string_equal(connection.state, "broken");
    assert_string_equal(connection.fault, "token_revoked");
    close_office(&o);
}

static void an_answer_of_no_parts_is_done(void **state)
{
    static const struct tiny_step steps[] = {{NULL, 0, TINY_CLOSE}};
    struct office o = open_office(steps, 1, 0);

    (void)state;
    good(o.c, deliver_job(o.c, &o.job));
    assert_string_equal(left_behind(&o), "job done");
    close_office(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_go_out_in_order),
        cmocka_unit_test(each_reply),
        cmocka_unit_test(a_slack_that_is_away),
        cmocka_unit_test(each_way_to_settle),
        cmocka_unit_test(found_means_sent),
        cmocka_unit_test(a_fresh_crash_waits),
        cmocka_unit_test(after_a_day_it_ends),
        cmocka_unit_test(who_lost_the_job_sends_nothing),
        cmocka_unit_test(a_pause_before_the_call_sends_nothing),
        cmocka_unit_test(the_connection_shows_it),
        cmocka_unit_test(an_answer_of_no_parts_is_done),
    };

    return cmocka_run_group_tests_name("deliver", tests, start, end);
}
