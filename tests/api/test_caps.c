/*
 * Caps over the API: seen by managers, set by admins, for what there is, and each change in the
 * audit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/id.h"
#include "call.h"

#include <cmocka.h>

static int64_t micros_of(const json_t *item, const char *key)
{
    return json_integer_value(json_object_get(item, key));
}

static struct reply change(struct arena *mem, const char *token, const char *id, const char *body)
{
    return call(mem, &(struct call){.method = PATCH,
                                    .path = text_printf(mem, "/api/v1/caps/%s", id),
                                    .token = token,
                                    .body = bytes_of(body)});
}

static const char *new_cap(struct arena *mem, const char *scope, const char *id, const char *period)
{
    return text_printf(
        mem, "{\"scope\":\"%s\",\"scope_id\":\"%s\",\"period\":\"%s\",\"limit_micros\":5000000}",
        scope, id, period);
}

static void a_company_begins_with_two(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct reply r = get(mem, o.manager, "/api/v1/caps");

    expect(&r, 200, NULL);
    assert_int_equal(count_of(&r), 2);
    assert_string_equal(json_str(item_of(&r, 0), "period"), "day");
    assert_int_equal(micros_of(item_of(&r, 0), "limit_micros"), 10000000);
    assert_int_equal(micros_of(item_of(&r, 1), "limit_micros"), 100000000);
    assert_int_equal(micros_of(item_of(&r, 1), "percent"), 0);
    r = get(mem, o.member, "/api/v1/caps");
    expect(&r, 403, "not_permitted");
}

/* What is set aside and what a crash has used up are told apart; both leave less to spend. */
static void what_is_held_and_lost_is_shown(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    PGconn *super = pg_open(PG_SUPER);
    struct reply r;

    pg_do(super,
          "INSERT INTO cap_period (tenant_id, cap_id, starts, spent_micros, leased_micros,"
          " lost_micros) SELECT tenant_id, id, cap_starts(period), 6000000, 500000, 4000000 FROM"
          " cap WHERE tenant_id = '%s' AND period = 'day'",
          o.at.tenant_id);
    r = get(mem, o.manager, "/api/v1/caps");
    assert_int_equal(micros_of(item_of(&r, 0), "held_micros"), 500000);
    assert_int_equal(micros_of(item_of(&r, 0), "lost_micros"), 4000000);
    assert_int_equal(micros_of(item_of(&r, 0), "percent"), 60);
    assert_true(json_is_true(json_object_get(item_of(&r, 0), "reached")));
    PQfinish(super);
}

static void an_admin_changes_a_limit(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem), other = office_new(mem);
    struct reply r = get(mem, o.admin, "/api/v1/caps");
    const char *id = json_str(item_of(&r, 0), "id");

    r = change(mem, o.manager, id, "{\"limit_micros\":1}");
    expect(&r, 403, "not_permitted");
    r = change(mem, other.admin, id, "{\"limit_micros\":1}");
    expect(&r, 404, "not_found");
    r = change(mem, o.admin, id, "{\"limit_micros\":-1}");
    expect(&r, 400, "out_of_range");
    r = change(mem, o.admin, id, "{\"limit_micros\":2500000}");
    expect(&r, 200, NULL);
    assert_int_equal(micros_of(r.json, "limit_micros"), 2500000);
    r = get(mem, o.manager, "/api/v1/audit?action=cap.changed");
    assert_int_equal(count_of(&r), 1);
    /* It can be changed, not removed. */
    r = call(mem, &(struct call){.method = DELETE,
                                 .path = text_printf(mem, "/api/v1/caps/%s", id),
                                 .token = o.admin});
    expect(&r, 409, "cap_of_company");
}

static void further_caps_are_for_what_there_is(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem), other = office_new(mem);
    struct reply r = post(mem, o.admin, "/api/v1/caps",
                          new_cap(mem, "employee", o.at.employee_id, "month"));
    const char *id = text_of(&r, "id");

    expect(&r, 201, NULL);
    assert_string_equal(json_str(r.json, "name"), "Mara");
    r = post(mem, o.admin, "/api/v1/caps", new_cap(mem, "employee", o.at.employee_id, "month"));
    expect(&r, 409, "cap_exists");
    r = post(mem, o.admin, "/api/v1/caps", new_cap(mem, "employee", o.at.employee_id, "day"));
    expect(&r, 201, NULL);
    r = post(mem, o.admin, "/api/v1/caps", new_cap(mem, "conversation", o.conversation_id, "ever"));
    expect(&r, 201, NULL);
    assert_string_equal(json_str(r.json, "name"), "Mara");
    r = post(mem, o.admin, "/api/v1/caps", new_cap(mem, "key", id_new(mem), "day"));
    expect(&r, 404, "scope_unknown");
    r = post(mem, o.admin, "/api/v1/caps", new_cap(mem, "employee", other.at.employee_id, "day"));
    expect(&r, 404, "scope_unknown");
    r = post(mem, o.admin, "/api/v1/caps", new_cap(mem, "employee", "nobody", "day"));
    expect(&r, 400, "not_an_id");
    r = post(mem, o.admin, "/api/v1/caps", new_cap(mem, "tenant", o.at.tenant_id, "ever"));
    expect(&r, 400, "not_a_choice");
    r = call(mem, &(struct call){.method = DELETE,
                                 .path = text_printf(mem, "/api/v1/caps/%s", id),
                                 .token = o.admin});
    expect(&r, 204, NULL);
    r = get(mem, o.admin, "/api/v1/caps");
    assert_int_equal(count_of(&r), 4);
}

static void call_of(PGconn *super, const struct office *o, const char *day, const char *model,
                    int cost)
{
    pg_do(super,
          "INSERT INTO usage (tenant_id, id, employee_id, provider, model, input_tokens,"
          " cached_tokens, output_tokens, counted, cost_micros, created_at)"
          " VALUES ('%s', gen_random_uuid(), '%s', 'openai', '%s', 100, 0, 10, true, %d,"
          " now() - interval '%s')",
          o->at.tenant_id, o->at.employee_id, model, cost, day);
}

/* Removed and added again it counts the same: nobody gets a month's money twice. */
static void a_new_cap_counts_what_its_period_has_cost(void **state)
{
    static const struct {
        const char *period;
        int64_t spent;
    } expected[] = {{"day", 4000000}, {"ever", 5000000}};
    struct arena *mem = *state;
    struct office o = office_new(mem), other = office_new(mem);
    PGconn *super = pg_open(PG_SUPER), *worker = pg_open(PG_WORKER);

    call_of(super, &o, "0 days", "gpt-4o", 3000000);
    pg_do(worker, "SET app.tenant_id = '%s'", o.at.tenant_id);
    pg_do(worker, "SELECT usage_roll(100)");
    call_of(super, &o, "0 days", "gpt-4o", 1000000);
    call_of(super, &o, "40 days", "gpt-4o", 1000000);
    call_of(super, &other, "0 days", "gpt-4o", 7000000);
    pg_do(super, "UPDATE usage SET conversation_id = '%s' WHERE tenant_id = '%s'",
          o.conversation_id, o.at.tenant_id);
    for (size_t i = 0; i < 2 * COUNT_OF(expected); i++) {
        const bool whole = i % 2 == 0;
        const char *period = expected[i / 2].period;
        struct reply r = post(mem, o.admin, "/api/v1/caps",
                              whole ? new_cap(mem, "employee", o.at.employee_id, period)
                                    : new_cap(mem, "conversation", o.conversation_id, period));

        expect(&r, 201, NULL);
        assert_int_equal(micros_of(r.json, "spent_micros"), expected[i / 2].spent);
    }
    assert_int_equal(pg_count(super,
                              "SELECT count(*) FROM cap_period WHERE tenant_id = '%s' AND"
                              " spent_micros IN (4000000, 5000000)",
                              o.at.tenant_id),
                     4);
    PQfinish(worker);
    PQfinish(super);
}

/* However it is grouped, the sums are those of the ledger, and of one's own alone. */
static void sums_are_the_ledgers(void **state)
{
    static const char *const by[] = {"day", "employee", "model"};
    static const size_t groups[] = {2, 1, 2};
    struct arena *mem = *state;
    struct office o = office_new(mem), other = office_new(mem);
    PGconn *super = pg_open(PG_SUPER);

    call_of(super, &o, "0 days", "gpt-4o", 1000);
    call_of(super, &o, "0 days", "gpt-4o-mini", 10);
    call_of(super, &o, "3 days", "gpt-4o", 500);
    call_of(super, &o, "40 days", "gpt-4o", 9999);
    call_of(super, &other, "0 days", "gpt-4o", 7777);
    for (size_t i = 0; i < COUNT_OF(by); i++) {
        struct reply r = get(mem, o.manager, text_printf(mem, "/api/v1/usage?by=%s", by[i]));
        int64_t cost = 0, calls = 0;

        expect(&r, 200, NULL);
        assert_int_equal(count_of(&r), groups[i]);
        for (size_t k = 0; k < groups[i]; k++) {
            cost += micros_of(item_of(&r, k), "cost_micros");
            calls += micros_of(item_of(&r, k), "calls");
        }
        assert_int_equal(cost, 1510);
        assert_int_equal(calls, 3);
    }

    struct reply r = get(mem, o.manager, "/api/v1/usage?by=day&limit=1");

    /* The newest day first, then the one before it. */
    assert_int_equal(micros_of(item_of(&r, 0), "cost_micros"), 1010);
    r = get(mem, o.manager,
            text_printf(mem, "/api/v1/usage?by=day&limit=1&after=%s", text_of(&r, "next")));
    assert_int_equal(micros_of(item_of(&r, 0), "cost_micros"), 500);
    r = get(mem, o.manager, "/api/v1/usage?by=day&from=1");
    assert_int_equal(count_of(&r), 3);
    r = get(mem, o.manager, "/api/v1/usage?by=employee");
    assert_string_equal(json_str(item_of(&r, 0), "name"), "Mara");
    r = get(mem, o.manager, "/api/v1/usage");
    expect(&r, 400, "missing");
    r = get(mem, o.member, "/api/v1/usage?by=day");
    expect(&r, 403, "not_permitted");
    PQfinish(super);
}

static struct reply send(struct arena *mem, enum method method, const char *token, const char *path,
                         const char *body)
{
    return call(mem, &(struct call){
                         .method = method, .path = path, .token = token, .body = bytes_of(body)});
}

/* Made, named, joined, capped and removed by admins; seen by all; each change in the audit. */
static void teams_have_employees_and_caps(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem), other = office_new(mem);
    const char *path = text_printf(mem, "/api/v1/employees/%s/team", o.at.employee_id), *id;
    struct reply r = post(mem, o.manager, "/api/v1/teams", "{\"name\":\"Front office\"}");

    expect(&r, 403, "not_permitted");
    r = post(mem, o.admin, "/api/v1/teams", "{\"name\":\"Front office\"}");
    expect(&r, 201, NULL);
    id = text_of(&r, "id");
    r = post(mem, o.admin, "/api/v1/teams", "{\"name\":\"front OFFICE\"}");
    expect(&r, 409, "team_exists");
    r = send(mem, PUT, o.admin, path, text_printf(mem, "{\"team_id\":\"%s\"}", id));
    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "team_id"), id);
    r = get(mem, o.viewer, "/api/v1/teams");
    assert_int_equal(micros_of(item_of(&r, 0), "employees"), 1);
    r = post(mem, o.admin, "/api/v1/caps", new_cap(mem, "team", id, "month"));
    expect(&r, 201, NULL);
    assert_string_equal(text_of(&r, "name"), "Front office");
    r = send(mem, PATCH, o.admin, text_printf(mem, "/api/v1/teams/%s", id), "{\"name\":\"Desk\"}");
    expect(&r, 200, NULL);

    /* Nobody else's. */
    r = send(mem, PUT, other.admin,
             text_printf(mem, "/api/v1/employees/%s/team", other.at.employee_id),
             text_printf(mem, "{\"team_id\":\"%s\"}", id));
    expect(&r, 404, "team_unknown");
    r = post(mem, other.admin, "/api/v1/caps", new_cap(mem, "team", id, "day"));
    expect(&r, 404, "scope_unknown");
    r = get(mem, other.admin, "/api/v1/teams");
    assert_int_equal(count_of(&r), 0);

    r = send(mem, PUT, o.admin, path, "{\"team_id\":\"x\"}");
    expect(&r, 400, "not_an_id");
    r = send(mem, DELETE, o.admin, text_printf(mem, "/api/v1/teams/%s", id), "");
    expect(&r, 204, NULL);
    r = get(mem, o.admin, "/api/v1/caps");
    assert_int_equal(count_of(&r), 2);
    r = get(mem, o.admin, text_printf(mem, "/api/v1/employees/%s", o.at.employee_id));
    assert_true(json_is_null(json_object_get(r.json, "team_id")));
    r = get(mem, o.manager, "/api/v1/audit?action=team.removed");
    assert_int_equal(count_of(&r), 1);
    r = get(mem, o.manager, "/api/v1/audit?action=employee.team");
    assert_int_equal(count_of(&r), 1);
}

/* The ledger call by call, by filters, page by page, and of nobody else. */
static void calls_are_told_one_by_one(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem), other = office_new(mem);
    PGconn *super = pg_open(PG_SUPER);
    struct reply r;

    call_of(super, &o, "0 days", "gpt-4o", 3);
    call_of(super, &o, "1 days", "o3", 2);
    call_of(super, &o, "40 days", "gpt-4o", 1);
    call_of(super, &other, "0 days", "gpt-4o", 7777);
    pg_do(super,
          "UPDATE usage SET tries = '[{},{}]', first_ms = 120, ended = 'cancelled' WHERE tenant_id"
          " = '%s' AND model = 'o3'",
          o.at.tenant_id);
    r = get(mem, o.manager, "/api/v1/usage/calls?limit=2");
    expect(&r, 200, NULL);
    assert_int_equal(count_of(&r), 2);
    assert_int_equal(micros_of(item_of(&r, 0), "cost_micros"), 3);
    assert_string_equal(json_str(item_of(&r, 0), "employee"), "Mara");
    assert_int_equal(micros_of(item_of(&r, 1), "tries"), 2);
    assert_int_equal(micros_of(item_of(&r, 1), "first_ms"), 120);
    assert_string_equal(json_str(item_of(&r, 1), "ended"), "cancelled");
    r = get(mem, o.manager,
            text_printf(mem, "/api/v1/usage/calls?limit=2&after=%s", text_of(&r, "next")));
    assert_int_equal(count_of(&r), 1);
    assert_int_equal(micros_of(item_of(&r, 0), "cost_micros"), 1);
    r = get(mem, o.manager,
            text_printf(mem, "/api/v1/usage/calls?model=gpt-4o&outcome=answered&employee_id=%s",
                        o.at.employee_id));
    assert_int_equal(count_of(&r), 2);
    r = get(mem, o.manager,
            text_printf(mem, "/api/v1/usage/calls?employee_id=%s", other.at.employee_id));
    assert_int_equal(count_of(&r), 0);
    r = get(mem, o.manager, "/api/v1/usage/calls?key_id=1");
    expect(&r, 400, "not_an_id");
    r = get(mem, o.member, "/api/v1/usage/calls");
    expect(&r, 403, "not_permitted");
    PQfinish(super);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_company_begins_with_two, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(an_admin_changes_a_limit, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(further_caps_are_for_what_there_is, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(what_is_held_and_lost_is_shown, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(a_new_cap_counts_what_its_period_has_cost, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(sums_are_the_ledgers, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(teams_have_employees_and_caps, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(calls_are_told_one_by_one, api_setup, api_teardown),
    };

    return cmocka_run_group_tests(tests, api_start, api_stop);
}
