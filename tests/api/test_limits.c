/*
 * Limits at the routes: who is refused, by which limit, and that nobody else is; and that a message
 * which a limit refused is kept, counted, and answered for once a minute. By this process's own
 * buckets, which are slow here, so that no test waits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/id.h"
#include "base/metric.h"
#include "core/limit.h"
#include "slack.h"

#include <cmocka.h>

static int setup(void **state)
{
    static const enum conf all[] = {CONF_limit_address,  CONF_limit_reads,   CONF_limit_writes,
                                    CONF_limit_messages, CONF_limit_channel, CONF_limit_employee};

    for (size_t i = 0; i < COUNT_OF(all); i++)
        conf_set(all[i], "0");
    limit_start(NULL);
    return api_setup(state);
}

static int teardown(void **state)
{
    limit_stop();
    return api_teardown(state);
}

static const char *header_of(const struct reply *r, const char *name)
{
    for (int i = 0; i < r->res.header_count; i++)
        if (strcmp(r->res.headers[i].name, name) == 0)
            return r->res.headers[i].value;
    return NULL;
}

/* Asks until it is refused; gives how often it was not. */
static int until_refused(struct arena *mem, const char *token, const char *path, struct reply *last)
{
    int taken = -1;

    do {
        *last = get(mem, token, path);
        taken++;
    } while (last->status == 200 && taken < 100);
    return taken;
}

static void a_company_that_asks_too_often_is_told_how_long_to_wait(void **state)
{
    struct arena *mem = *state;
    struct office one = office_new(mem), two = office_new(mem);
    struct reply r;
    const char *wait;

    conf_set(CONF_limit_reads, "12"); /* 3 at once */
    assert_int_equal(until_refused(mem, one.viewer, "/api/v1/employees", &r), 3);
    expect(&r, 429, "limit_reached");
    assert_string_equal(text_of(&r, "limit"), "api_reads");
    wait = header_of(&r, "retry-after");
    assert_non_null(wait);
    assert_in_range(strtol(wait, NULL, 10), 1, 5);
    assert_int_equal(number_of(&r, "wait_s"), strtol(wait, NULL, 10));
    /* Her colleagues share it, other companies do not, and writing is counted apart. */
    r = get(mem, one.admin, "/api/v1/employees");
    expect(&r, 429, "limit_reached");
    r = get(mem, two.viewer, "/api/v1/employees");
    expect(&r, 200, NULL);
    r = post(mem, one.member,
             text_printf(mem, "/api/v1/employees/%s/conversations", one.at.employee_id), "{}");
    expect(&r, 201, NULL);
}

static void writing_has_a_limit_of_its_own(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    const char *path = text_printf(mem, "/api/v1/employees/%s/conversations", o.at.employee_id);
    struct reply r;

    conf_set(CONF_limit_writes, "6"); /* 2 at once */
    for (int i = 0; i < 3; i++)
        r = post(mem, o.member, path, "{}");
    expect(&r, 429, "limit_reached");
    assert_string_equal(text_of(&r, "limit"), "api_writes");
    r = get(mem, o.member, "/api/v1/employees");
    expect(&r, 200, NULL);
}

/* One key that runs wild leaves the other, and people, alone. */
static void a_key_has_a_limit_of_its_own(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct call asks[2];
    struct reply r;

    conf_set(CONF_limit_key, "8"); /* 2 at once */
    for (int i = 0; i < 2; i++) {
        r = post(mem, o.admin, "/api/v1/api-keys",
                 "{\"name\":\"Export\",\"scopes\":\"employees:read\"}");
        expect(&r, 201, NULL);
        asks[i] = (struct call){
            .path = "/api/v1/employees",
            .bare = true,
            .headers = {{"authorization", text_printf(mem, "Bearer %s", text_of(&r, "secret"))}}};
    }
    for (int i = 0; i < 3; i++)
        r = call(mem, &asks[0]);
    expect(&r, 429, "limit_reached");
    assert_string_equal(text_of(&r, "limit"), "api_key");
    r = call(mem, &asks[1]);
    expect(&r, 200, NULL);
    r = get(mem, o.admin, "/api/v1/employees");
    expect(&r, 200, NULL);
}

/* The plan goes before the settings, and what the host says of one company before its plan. */
static void plans_and_the_host_say_otherwise(void **state)
{
    struct arena *mem = *state;
    struct office trial = office_new(mem), own = office_new(mem), usual = office_new(mem);
    PGconn *super = pg_open(PG_SUPER);
    struct reply r;

    conf_set(CONF_limit_reads, "12"); /* 3 at once */
    pg_do(super, "INSERT INTO plan VALUES ('tiny', 99, 'x') ON CONFLICT DO NOTHING");
    pg_do(super,
          "INSERT INTO plan_limit VALUES ('tiny', 'api_reads', 4) ON CONFLICT DO NOTHING"); /* 1 */
    pg_do(super, "UPDATE tenant SET plan = 'tiny' WHERE tenant_id IN ('%s', '%s')",
          trial.at.tenant_id, own.at.tenant_id);
    pg_do(super, "INSERT INTO tenant_limit VALUES ('%s', 'api_reads', 20)", own.at.tenant_id);
    assert_int_equal(until_refused(mem, trial.viewer, "/api/v1/employees", &r), 1);
    assert_int_equal(until_refused(mem, own.viewer, "/api/v1/employees", &r), 5);
    assert_int_equal(until_refused(mem, usual.viewer, "/api/v1/employees", &r), 3);
    PQfinish(super);
}

/* Before anybody is looked up: it is the same with and without a session. */
static void an_address_is_refused_before_the_look_up(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct call flood = {.path = "/api/v1/me", .remote = "2001:db8::1"},
                neighbour = {.path = "/api/v1/me", .remote = "2001:db8::2", .token = o.admin},
                other = {.path = "/api/v1/me", .remote = "2001:db8:0:1::1", .token = o.admin};
    struct call watch = {.path = "/healthz", .remote = "2001:db8::1"};
    struct reply r;

    conf_set(CONF_limit_address, "9"); /* 3 at once */
    for (int i = 0; i < 3; i++) {
        r = call(mem, &flood);
        expect(&r, 401, "unauthenticated");
    }
    r = call(mem, &flood);
    expect(&r, 429, "limit_reached");
    assert_string_equal(text_of(&r, "limit"), "address");
    r = call(mem, &neighbour);
    expect(&r, 429, "limit_reached");
    r = call(mem, &other);
    expect(&r, 200, NULL);
    for (int i = 0; i < 10; i++) {
        r = call(mem, &watch);
        expect(&r, 200, NULL);
    }
}

static void messages_in_the_portal_are_refused_and_not_kept(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    PGconn *super = pg_open(PG_SUPER);
    const char *path = text_printf(mem, "/api/v1/conversations/%s/messages", o.conversation_id);
    struct reply r;

    conf_set(CONF_limit_employee, "6"); /* 2 at once */
    for (int i = 0; i < 3; i++)
        r = post(mem, o.member, path,
                 text_printf(mem, "{\"text\":\"hello\",\"key\":\"%s\"}", id_new(mem)));
    expect(&r, 429, "limit_reached");
    assert_string_equal(text_of(&r, "limit"), "employee_messages");
    assert_int_equal(
        pg_count(super, "SELECT count(*) FROM message WHERE tenant_id = '%s'", o.at.tenant_id), 2);
    PQfinish(super);
}

static int64_t count(const struct workspace *w, const char *what)
{
    return pg_count(w->super, "SELECT count(*) FROM %s AND t.tenant_id = '%s'", what,
                    w->at.tenant_id);
}

/* A message in one conversation of its own (a direct message), number n. */
static const char *direct(struct workspace *w, int n)
{
    return slack_envelope(
        w, text_printf(w->mem,
                       "{\"type\":\"message\",\"user\":\"U1\",\"channel\":\"D1\",\"channel_type\":"
                       "\"im\",\"ts\":\"1700000000.%06d\",\"text\":\"number %d\"}",
                       n, n));
}

static void flood(struct workspace *w, int first, int count_of_them)
{
    for (int i = first; i < first + count_of_them; i++) {
        struct reply r = slack_deliver(w, direct(w, i));

        expect(&r, 200, NULL);
    }
}

static void a_flood_is_kept_counted_and_told_of_once_a_minute(void **state)
{
    struct workspace w = workspace_new(*state);
    uint64_t accepted = metric_get(METRIC_hook_accepted),
             refused = metric_get(METRIC_message_refused);

    conf_set(CONF_limit_channel, "12"); /* 3 at once */
    flood(&w, 0, 20);
    assert_int_equal(count(&w, "inbound AS t WHERE refused_by IS NULL"), 3);
    assert_int_equal(count(&w, "inbound AS t WHERE refused_by = 'channel_messages'"), 17);
    assert_int_equal(metric_get(METRIC_hook_accepted) - accepted, 3);
    assert_int_equal(metric_get(METRIC_message_refused) - refused, 17);
    /* A turn for each that was taken, and one that says so. */
    assert_int_equal(count(&w, "job AS t WHERE kind = 'turn'"), 4);
    assert_int_equal(count(&w, "job AS t JOIN inbound i ON i.id = t.subject_id WHERE i.refused_by "
                               "IS NOT NULL"),
                     1);
    /* Within the minute nothing more is said, afterwards once more. */
    pg_do(w.super,
          "UPDATE refusal_told SET told_at = told_at - interval '55 s' WHERE tenant_id = "
          "'%s'",
          w.at.tenant_id);
    flood(&w, 20, 2);
    assert_int_equal(count(&w, "job AS t WHERE kind = 'turn'"), 4);
    pg_do(w.super,
          "UPDATE refusal_told SET told_at = told_at - interval '10 s' WHERE tenant_id = "
          "'%s'",
          w.at.tenant_id);
    flood(&w, 22, 2);
    assert_int_equal(count(&w, "job AS t WHERE kind = 'turn'"), 5);
    assert_int_equal(count(&w, "inbound AS t WHERE refused_by IS NOT NULL"), 21);
    PQfinish(w.super);
}

/* Another conversation is told as well. */
static void each_conversation_is_told(void **state)
{
    struct workspace w = workspace_new(*state);

    conf_set(CONF_limit_channel, "4"); /* 1 at once */
    flood(&w, 0, 3);
    for (int i = 0; i < 2; i++) {
        struct reply r = slack_deliver(
            &w, slack_mention(&w, text_printf(w.mem, "1700000001.00000%d", i)));

        expect(&r, 200, NULL);
    }
    assert_int_equal(count(&w, "refusal_told AS t WHERE true"), 3);
    assert_int_equal(count(&w, "job AS t WHERE kind = 'turn'"), 4);
    PQfinish(w.super);
}

/*
 * What Slack sends again, and what people say to each other in threads that are not ours, costs
 * nothing; nor is it told that anything was refused.
 */
static void repeated_and_foreign_messages_count_for_nothing(void **state)
{
    static const char reply[] =
        "{\"type\":\"message\",\"user\":\"U1\",\"channel\":\"C1\",\"channel_type\":\"channel\","
        "\"ts\":\"1700000001.%06d\",\"thread_ts\":\"1700000000.000100\",\"text\":\"and?\"}";
    struct workspace w = workspace_new(*state);
    char event[400];

    conf_set(CONF_limit_channel, "12"); /* 3 at once */
    for (int i = 0; i < 10; i++) {
        struct reply r = slack_deliver(&w, direct(&w, 1));

        expect(&r, 200, NULL);
        snprintf(event, sizeof(event), reply, i);
        r = slack_deliver(&w, slack_envelope(&w, event));
        expect(&r, 200, NULL);
    }
    flood(&w, 2, 2);
    assert_int_equal(count(&w, "inbound AS t WHERE refused_by IS NULL"), 3);
    /* Now it is empty: one that was taken before is not refused when it comes again. */
    flood(&w, 0, 5);
    assert_int_equal(count(&w, "inbound AS t WHERE refused_by IS NULL"), 3);
    assert_int_equal(count(&w, "inbound AS t WHERE refused_by IS NOT NULL"), 2);
    for (int i = 10; i < 15; i++) {
        struct reply r;

        snprintf(event, sizeof(event), reply, i);
        r = slack_deliver(&w, slack_envelope(&w, event));
        expect(&r, 200, NULL);
    }
    assert_int_equal(count(&w, "inbound AS t WHERE true"), 5);
    PQfinish(w.super);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_company_that_asks_too_often_is_told_how_long_to_wait,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(writing_has_a_limit_of_its_own, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_has_a_limit_of_its_own, setup, teardown),
        cmocka_unit_test_setup_teardown(plans_and_the_host_say_otherwise, setup, teardown),
        cmocka_unit_test_setup_teardown(an_address_is_refused_before_the_look_up, setup, teardown),
        cmocka_unit_test_setup_teardown(messages_in_the_portal_are_refused_and_not_kept, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_flood_is_kept_counted_and_told_of_once_a_minute, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(each_conversation_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(repeated_and_foreign_messages_count_for_nothing, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, api_start, api_stop);
}
