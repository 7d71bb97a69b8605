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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_company_begins_with_two, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(an_admin_changes_a_limit, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(further_caps_are_for_what_there_is, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(sums_are_the_ledgers, api_setup, api_teardown),
    };

    return cmocka_run_group_tests(tests, api_start, api_stop);
}
