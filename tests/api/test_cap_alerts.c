/*
 * What is told of caps: in the portal until it is seen, in the channel that was chosen, and again
 * once a raised limit is reached.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/id.h"
#include "call.h"
#include "flow/runner.h"

#include <cmocka.h>

/* As the worker of this company. */
static PGconn *worker_of(const struct office *o)
{
    PGconn *worker = pg_open(PG_WORKER);

    pg_do(worker, "SET app.tenant_id = '%s'", o->at.tenant_id);
    return worker;
}

/* A call that cost so much, out of all caps of the company. */
static void spend(struct arena *mem, const struct office *o, int micros)
{
    PGconn *worker = worker_of(o);
    const char *holder = id_new(mem);

    pg_do(worker, "SELECT FROM cap_take('%s', NULL, NULL, NULL, NULL, %d, 60)", holder, micros);
    pg_do(worker,
          "SELECT cap_settle('%s', array_agg(cap_id), array_agg(starts), %d) FROM cap_period",
          holder, micros);
    PQfinish(worker);
}

static void refuse(const struct office *o)
{
    PGconn *worker = worker_of(o);

    pg_do(worker, "SELECT cap_refused(id) FROM cap WHERE period = 'day' AND scope = 'tenant'");
    PQfinish(worker);
}

/* The worker's next job of this kind. */
static void work(struct arena *mem, const char *tenant_id, const char *kind)
{
    PGconn *super = pg_open(PG_SUPER);
    const struct job_hint hint = {
        tenant_id, pg_get(mem, super,
                          "SELECT id FROM job WHERE tenant_id = '%s' AND kind = '%s' AND state = "
                          "'ready' ORDER BY number LIMIT 1",
                          tenant_id, kind)};

    assert_non_null(hint.job_id);
    runner_run(pg_pool(PG_WORKER), &hint, arena_take(mem, sizeof(struct run)));
    PQfinish(super);
}

static int64_t unread(struct arena *mem, const char *token)
{
    struct reply r = get(mem, token, "/api/v1/cap-alerts");
    int64_t count = 0;

    expect(&r, 200, NULL);
    for (size_t i = 0; i < count_of(&r); i++)
        count += json_is_true(json_object_get(item_of(&r, i), "unread"));
    return count;
}

static struct reply put(struct arena *mem, const char *token, const char *path, const char *body)
{
    return call(
        mem, &(struct call){.method = PUT, .path = path, .token = token, .body = bytes_of(body)});
}

static const char *of_id(struct arena *mem, const char *id)
{
    return text_printf(mem, "{\"id\":\"%s\"}", id);
}

/* Each person has seen them or not, whatever others have. */
static void alerts_are_unread_until_they_are_seen(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem), other = office_new(mem);
    const char *newest;
    struct reply r;

    spend(mem, &o, 8500000); /* of ten dollars a day: half and nearly used */
    assert_int_equal(unread(mem, o.admin), 2);
    assert_int_equal(unread(mem, other.admin), 0);
    r = get(mem, o.admin, "/api/v1/cap-alerts");
    newest = json_str(item_of(&r, 0), "id");
    r = put(mem, other.admin, "/api/v1/cap-alerts/seen", of_id(mem, newest));
    expect(&r, 404, "not_found");
    r = put(mem, o.admin, "/api/v1/cap-alerts/seen", of_id(mem, "x"));
    expect(&r, 400, "not_an_id");
    r = put(mem, o.admin, "/api/v1/cap-alerts/seen", of_id(mem, newest));
    expect(&r, 204, NULL);
    assert_int_equal(unread(mem, o.admin), 0);
    assert_int_equal(unread(mem, o.manager), 2);
    refuse(&o);
    assert_int_equal(unread(mem, o.admin), 1);
    r = get(mem, o.member, "/api/v1/cap-alerts");
    expect(&r, 403, "not_permitted");
}

static bool day_reached(struct arena *mem, const struct office *o)
{
    struct reply r = get(mem, o->manager, "/api/v1/caps");

    return json_is_true(json_object_get(item_of(&r, 0), "reached"));
}

static int64_t told(PGconn *super, const struct office *o, int percent)
{
    return pg_count(super, "SELECT count(*) FROM cap_alert WHERE tenant_id = '%s' AND percent = %d",
                    o->at.tenant_id, percent);
}

/*
 * A call that was refused means reached, though something is left, until the limit is raised or no
 * call was refused for an hour.
 */
static void a_raised_limit_is_told_of_again(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    PGconn *super = pg_open(PG_SUPER);

    spend(mem, &o, 9000000);
    assert_false(day_reached(mem, &o));
    refuse(&o);
    refuse(&o);
    assert_true(day_reached(mem, &o));
    assert_int_equal(told(super, &o, 100), 1);
    pg_do(super,
          "UPDATE cap_period SET refused_at = refused_at - interval '61 minutes'"
          " WHERE tenant_id = '%s'",
          o.at.tenant_id);
    assert_false(day_reached(mem, &o));
    refuse(&o);
    assert_true(day_reached(mem, &o));
    assert_int_equal(told(super, &o, 100), 1);
    pg_do(super, "UPDATE cap SET limit_micros = 20000000 WHERE tenant_id = '%s' AND period = 'day'",
          o.at.tenant_id);
    assert_false(day_reached(mem, &o));
    spend(mem, &o, 11000000);
    assert_true(day_reached(mem, &o));
    assert_int_equal(told(super, &o, 100), 2);
    assert_int_equal(told(super, &o, 50), 2);
    PQfinish(super);
}

static const char *connect(struct arena *mem, PGconn *super, const struct office *o)
{
    const char *id = id_new(mem);

    pg_do(super,
          "INSERT INTO connection (tenant_id, id, channel, install, shown_name, employee_id, "
          "bot_token, signing_secret) VALUES ('%s', '%s', 'slack', '%s', 'Fern', '%s', 'x', 'x')",
          o->at.tenant_id, id, id, o->at.employee_id);
    return id;
}

/* Beside the audit's own place, which stays as it is. */
static void caps_are_told_of_in_the_channel(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem), other = office_new(mem);
    PGconn *super = pg_open(PG_SUPER);
    const char *body = text_printf(mem, "{\"connection_id\":\"%s\",\"place\":\"C024BE91L\"}",
                                   connect(mem, super, &o));
    struct reply r = put(mem, o.manager, "/api/v1/cap-alerts/place", body);

    expect(&r, 403, "not_permitted");
    r = put(mem, other.admin, "/api/v1/cap-alerts/place", body);
    expect(&r, 404, "not_found");
    r = put(mem, o.admin, "/api/v1/cap-alerts/place", body);
    expect(&r, 200, NULL);
    work(mem, o.at.tenant_id, "cap_post");
    r = get(mem, o.manager, "/api/v1/cap-alerts/place");
    assert_string_equal(text_of(&r, "state"), "waiting");
    r = get(mem, o.manager, "/api/v1/audit/place");
    assert_string_equal(text_of(&r, "state"), "none");

    spend(mem, &o, 6000000);
    work(mem, o.at.tenant_id, "cap_alert");
    assert_int_equal(pg_count(super,
                              "SELECT count(*) FROM outbound WHERE tenant_id = '%s' AND reply_to ="
                              " 'C024BE91L' AND text LIKE"
                              " '%%has used 6.00 of the 10.00 dollars that models may cost today.'",
                              o.at.tenant_id),
                     1);
    r = get(mem, o.manager, "/api/v1/audit?action=cap.reached");
    assert_int_equal(count_of(&r), 1);
    r = call(mem, &(struct call){
                      .method = DELETE, .path = "/api/v1/cap-alerts/place", .token = o.admin});
    expect(&r, 204, NULL);
    r = get(mem, o.admin, "/api/v1/audit?action=cap.place_removed");
    assert_int_equal(count_of(&r), 1);
    PQfinish(super);
}

static int64_t jobs_left(PGconn *super, const struct office *o)
{
    return pg_count(super,
                    "SELECT count(*) FROM job WHERE tenant_id = '%s' AND kind = 'cap_alert' AND"
                    " state = 'ready'",
                    o->at.tenant_id);
}

/* Each mail is about the alert that it was written for; of marks passed at once about the last. */
static void a_mail_is_about_its_own_cap(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    PGconn *super = pg_open(PG_SUPER);

    pg_do(super, "UPDATE person SET email_verified_at = now() WHERE id = '%s'", o.at.person_id);
    pg_do(super,
          "UPDATE cap SET limit_micros = 15000000 WHERE tenant_id = '%s' AND period ="
          " 'month'",
          o.at.tenant_id);
    spend(mem, &o, 8500000); /* of ten dollars a day, and of fifteen a month */
    assert_int_equal(jobs_left(super, &o), 3);
    for (int i = 0; i < 3; i++)
        work(mem, o.at.tenant_id, "cap_alert");
    assert_string_equal(
        pg_get(mem, super,
               "SELECT string_agg(c.period || ' ' || a.percent, ', ' ORDER BY a.percent) FROM mail"
               " m JOIN cap_alert a ON a.id = m.about_id JOIN cap c ON c.id = a.cap_id"
               " WHERE m.tenant_id = '%s'",
               o.at.tenant_id),
        "month 50, day 80");
    struct reply r = get(mem, o.manager, "/api/v1/audit?action=cap.reached");
    assert_int_equal(count_of(&r), 3);
    PQfinish(super);
}

/* Who removes the cap before it was told of has nothing left to hear. */
static void an_alert_goes_with_its_cap(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    PGconn *super = pg_open(PG_SUPER);

    spend(mem, &o, 8500000);
    pg_do(super, "DELETE FROM cap WHERE tenant_id = '%s' AND period = 'day'", o.at.tenant_id);
    work(mem, o.at.tenant_id, "cap_alert");
    work(mem, o.at.tenant_id, "cap_alert");
    assert_int_equal(jobs_left(super, &o), 0);
    assert_int_equal(pg_count(super,
                              "SELECT count(*) FROM job WHERE tenant_id = '%s' AND kind ="
                              " 'cap_alert' AND state = 'done' AND errors = 0",
                              o.at.tenant_id),
                     2);
    PQfinish(super);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(alerts_are_unread_until_they_are_seen, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(a_raised_limit_is_told_of_again, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(caps_are_told_of_in_the_channel, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(a_mail_is_about_its_own_cap, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(an_alert_goes_with_its_cap, api_setup, api_teardown),
    };

    return cmocka_run_group_tests(tests, api_start, api_stop);
}
