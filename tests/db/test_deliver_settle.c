/* Delivery after a crash in the middle of sending: what the thread says decides, and time does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/outbound.h"
#include "flow/deliver.h"
#include "office.h"

#include <cmocka.h>

/* A part left in `sending`: what reading the thread says decides. */
static void each_way_to_settle(void **state)
{
    static const struct tiny_step posted = POSTED;
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
        struct office o = office_open(steps, 2, 1);

        office_crash(&o);
        ok(o.c, deliver_job(o.c, &o.job));
        assert_string_equal(office_left(&o), rows[i].left);
        assert_int_equal(tiny_requests(o.slack), rows[i].requests);
        assert_non_null(strstr(tiny_request(o.slack, 0), "/conversations.replies"));
        office_close(&o);
    }
}

/* Found on the second page: recorded under the id it was found with, and not posted again. */
static void found_means_sent(void **state)
{
    static struct tiny_step steps[2];
    struct office o = office_open(steps, 2, 1);
    struct outbound *parts;
    size_t count;

    (void)state;
    ok(o.c, outbound_list(o.c, o.job.id, &parts, &count));
    ok(o.c, db_commit(o.c));

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
    office_crash(&o);
    ok(o.c, deliver_job(o.c, &o.job));
    assert_string_equal(office_left(&o), "sent, job done");
    assert_int_equal(tiny_requests(o.slack), 2);
    assert_non_null(strstr(tiny_request(o.slack, 1), "cursor=next%3D"));
    ok(o.c, outbound_list(o.c, o.job.id, &parts, &count));
    assert_string_equal(parts[0].provider_id, "C1:77.8");
    office_close(&o);
}

/* A request may still be on its way: nothing is asked before that time is over. */
static void a_fresh_crash_waits(void **state)
{
    static const struct stmt q_fresh = {
        "test_fresh", "UPDATE outbound SET state = 'sending', attempts = 1, started_at = "
                      "clock_timestamp() WHERE job_id = $1"};
    static const struct tiny_step steps[] = {{NULL, 0, TINY_CLOSE}};
    struct office o = office_open(steps, 1, 1);

    (void)state;
    office_exec(&o, &q_fresh);
    ok(o.c, deliver_job(o.c, &o.job));
    assert_string_equal(office_left(&o), "sending, job ready later");
    assert_int_equal(tiny_requests(o.slack), 0);
    office_close(&o);
}

/* After a day no more is tried: what was not sent is refused, what nobody knows is a person's. */
static void after_a_day_it_ends(void **state)
{
    static const struct tiny_step busy[] = {
        {"HTTP/1.1 503 Oh\r\nContent-Length: 0\r\n\r\n", 0, TINY_KEEP}};
    static const struct tiny_step limited[] = {
        {"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", 0, TINY_KEEP}};
    struct office unknown = office_open(busy, 1, 2), late;

    (void)state;
    office_crash(&unknown);
    office_make_old(&unknown);
    ok(unknown.c, deliver_job(unknown.c, &unknown.job));
    assert_string_equal(office_left(&unknown),
                        "needs_human http_503, refused earlier_part_failed, job done");
    office_close(&unknown);

    late = office_open(limited, 1, 1);
    office_make_old(&late);
    ok(late.c, deliver_job(late.c, &late.job));
    assert_string_equal(office_left(&late), "refused ratelimited, job done");
    office_close(&late);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_way_to_settle),
        cmocka_unit_test(found_means_sent),
        cmocka_unit_test(a_fresh_crash_waits),
        cmocka_unit_test(after_a_day_it_ends),
    };

    return cmocka_run_group_tests_name("deliver_settle", tests, office_start, office_end);
}
