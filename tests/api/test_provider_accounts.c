/*
 * Accounts at providers through the API: who may, what is never answered, the test that a request
 * waits for, and the models of employees. What the worker finds is written here as it does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "call.h"
#include "core/account_book.h"
#include "core/tenant_key.h"

#include <cmocka.h>

#define PATH "/api/v1/provider-accounts"
#define KEY "sk-live-0123456789abcdef"
#define ADD "{\"provider\":\"openai\",\"name\":\"Main\",\"key\":\"" KEY "\"}"

static struct office office_with_key(struct arena *mem)
{
    struct office o = office_new(mem);
    struct ctx *c = pg_ctx(PG_WORKER, o.at.tenant_id);

    conf_set(CONF_master_key, "a master key that is longer than 32 bytes");
    ok(c, tenant_key_make(c));
    ok(c, db_commit(c));
    ctx_end(c);
    return o;
}

static struct reply change(struct arena *mem, const char *token, enum method method,
                           const char *path, const char *body)
{
    return call(mem, &(struct call){
                         .method = method, .path = path, .token = token, .body = bytes_of(body)});
}

static int64_t entries(const struct office *o, const char *action)
{
    PGconn *super = pg_open(PG_SUPER);
    int64_t count = pg_count(super,
                             "SELECT count(*) FROM audit WHERE tenant_id = '%s' AND action = '%s'"
                             " AND body NOT LIKE '%%0123456789%%'",
                             o->at.tenant_id, action);

    PQfinish(super);
    return count;
}

/* The worker's end of the test that is under way. */
static void found(struct arena *mem, const struct office *o, const char *id, const char *code)
{
    struct ctx *c = pg_ctx(PG_WORKER, o->at.tenant_id);
    PGconn *super = pg_open(PG_SUPER);
    const char *test_id = pg_get(mem, super, "SELECT test_id FROM provider_account WHERE id = '%s'",
                                 id);

    ok(c, account_test_end(c, test_id, code, "it said so", "gpt-5 gpt-5-mini"));
    ok(c, db_commit(c));
    ctx_end(c);
    PQfinish(super);
}

static void only_admins_and_managers(void **state)
{
    struct arena *mem = *state;
    struct office o = office_with_key(mem);
    struct reply r = get(mem, o.member, PATH);

    expect(&r, 403, "not_permitted");
    r = get(mem, o.manager, PATH);
    expect(&r, 200, NULL);
    assert_int_equal(count_of(&r), 0);
    r = post(mem, o.manager, PATH, ADD);
    expect(&r, 403, "not_permitted");
    r = post(mem, o.admin, PATH, ADD);
    expect(&r, 201, NULL);
}

static void from_adding_to_removing(void **state)
{
    struct arena *mem = *state;
    struct office o = office_with_key(mem);
    struct reply r = post(mem, o.admin, PATH, ADD);
    const char *id, *path;

    expect(&r, 201, NULL);
    id = text_of(&r, "id");
    path = text_printf(mem, PATH "/%s", id);
    assert_string_equal(text_of(&r, "state"), "testing");
    assert_string_equal(text_of(&r, "hint"), "cdef");
    assert_null(strstr(r.body, "0123456789"));
    found(mem, &o, id, NULL);
    r = get(mem, o.manager, path);
    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "state"), "ok");
    assert_string_equal(text_of(&r, "models_found"), "gpt-5 gpt-5-mini");
    assert_null(strstr(r.body, "0123456789"));

    /* A name changes nothing about it, an address everything. */
    r = change(mem, o.admin, PATCH, path, "{\"name\":\"Renamed\"}");
    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "state"), "ok");
    r = change(mem, o.admin, PATCH, path, "{\"base_url\":\"https://models.example.com\"}");
    expect(&r, 400, "missing");
    assert_string_equal(text_of(&r, "field"), "key");
    r = change(mem, o.admin, PATCH, path,
               "{\"base_url\":\"https://models.example.com\",\"key\":\"its-own-key-0123456789\"}");
    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "state"), "testing");
    found(mem, &o, id, "account_address");
    r = change(mem, o.admin, PATCH, path, "{\"turned\":\"off\"}");
    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "state"), "off");
    assert_string_equal(text_of(&r, "fault"), "account_address");
    assert_non_null(strstr(text_of(&r, "fault_text"), "Nothing answers at this address."));

    r = change(mem, o.admin, DELETE, path, "");
    expect(&r, 204, NULL);
    r = get(mem, o.admin, path);
    expect(&r, 404, "not_found");
    assert_int_equal(entries(&o, "provider_account.added"), 1);
    assert_int_equal(entries(&o, "provider_account.changed"), 3);
    assert_int_equal(entries(&o, "provider_account.removed"), 1);
}

static void what_is_wrong_is_refused(void **state)
{
    static const char *const bodies[] = {
        "{\"provider\":\"openai\"}",
        "{\"name\":\"x\"}",
        "{\"provider\":\"starter\",\"name\":\"x\"}",
        "{\"provider\":\"openai\",\"name\":\"x\",\"api\":\"other\"}",
        "{\"provider\":\"openai\",\"name\":\"x\",\"base_url\":\"http://models.example.com\"}",
        "{\"provider\":\"openai\",\"name\":\"x\",\"key\":\"a\\u0000b\"}",
        "{\"provider\":\"openai\",\"name\":\"x\",\"key\":\"a\\r\\nX-Other: b\"}"};
    struct arena *mem = *state;
    struct office o = office_with_key(mem);

    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        struct reply r = post(mem, o.admin, PATH, bodies[i]);

        if (r.status != 400)
            fail_msg("%s: %d", bodies[i], r.status);
    }
}

static void the_order_is_theirs(void **state)
{
    struct arena *mem = *state;
    struct office o = office_with_key(mem);
    struct reply first = post(mem, o.admin, PATH, ADD), second = post(mem, o.admin, PATH, ADD);
    const char *a = text_of(&first, "id"), *b = text_of(&second, "id");
    struct reply r = change(mem, o.admin, PUT, PATH "/order",
                            text_printf(mem, "{\"ids\":\"%s %s\"}", b, a));

    expect(&r, 204, NULL);
    r = get(mem, o.admin, PATH);
    assert_string_equal(json_str(item_of(&r, 0), "id"), b);
    assert_string_equal(json_str(item_of(&r, 1), "id"), a);
    r = change(mem, o.admin, PUT, PATH "/order", text_printf(mem, "{\"ids\":\"%s\"}", b));
    expect(&r, 409, "order_changed");
    assert_int_equal(entries(&o, "provider_account.ordered"), 1);
}

/* The request waits for what the worker finds, and joins a test that is under way already. */
static void a_test_is_waited_for(void **state)
{
    struct arena *mem = *state;
    struct office o = office_with_key(mem);
    struct reply made = post(mem, o.admin, PATH, ADD), r, parked;
    const char *id = text_of(&made, "id"), *path = text_printf(mem, PATH "/%s/test", id);
    PGconn *super = pg_open(PG_SUPER);

    parked = post(mem, o.admin, path, "");
    assert_int_equal(parked.status, 0);
    assert_int_equal(pg_count(super,
                              "SELECT count(*) FROM job WHERE tenant_id = '%s' AND kind ="
                              " 'account_test'",
                              o.at.tenant_id),
                     1);
    r = wake(mem, &parked, WAKE_LOOK, (struct bytes){"", 0});
    assert_int_equal(r.status, 0);
    found(mem, &o, id, "account_key");
    r = wake(mem, &parked, WAKE_NEWS, BYTES("{}"));
    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "state"), "broken");
    assert_string_equal(text_of(&r, "fault_detail"), "it said so");

    parked = post(mem, o.admin, path, "");
    assert_int_equal(parked.status, 0);
    r = wake(mem, &parked, WAKE_DEADLINE, (struct bytes){"", 0});
    expect(&r, 503, "not_tested");
    /* Removed while somebody waited. */
    r = change(mem, o.admin, DELETE, text_printf(mem, PATH "/%s", id), "");
    expect(&r, 204, NULL);
    r = wake(mem, &parked, WAKE_LOOK, (struct bytes){"", 0});
    expect(&r, 404, "not_found");
    PQfinish(super);
}

static void models_of_employees(void **state)
{
    struct arena *mem = *state;
    struct office o = office_with_key(mem);
    const char *path = text_printf(mem, "/api/v1/employees/%s/models", o.at.employee_id);
    struct reply r = get(mem, o.manager, "/api/v1/employee-models");

    expect(&r, 200, NULL);
    assert_int_equal(count_of(&r), 1);
    assert_string_equal(json_str(item_of(&r, 0), "primary_model"), "starter");
    assert_null(json_str(item_of(&r, 0), "fallback_model"));
    r = change(mem, o.admin, PATCH, path,
               "{\"primary_provider\":\"openai\",\"primary_model\":\" gpt-5 \","
               "\"fallback_provider\":\"anthropic\",\"fallback_model\":\"claude-haiku-4-5\"}");
    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "primary_model"), "gpt-5");
    assert_string_equal(text_of(&r, "fallback_model"), "claude-haiku-4-5");
    /* What is not named stays, and what is empty goes. */
    r = change(mem, o.admin, PATCH, path,
               "{\"fallback_provider\":\"\",\"fallback_model\":\"\","
               "\"local_provider\":\"starter\",\"local_model\":\"starter\"}");
    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "primary_model"), "gpt-5");
    assert_true(json_is_null(json_object_get(r.json, "fallback_provider")));
    assert_string_equal(text_of(&r, "local_model"), "starter");
    assert_int_equal(entries(&o, "employee.models_changed"), 2);

    r = change(mem, o.admin, PATCH, path, "{\"primary_provider\":\"\",\"primary_model\":\"\"}");
    expect(&r, 400, "missing");
    r = change(mem, o.admin, PATCH, path, "{\"primary_provider\":\"openai\"}");
    expect(&r, 400, "missing");
    assert_string_equal(text_of(&r, "field"), "primary_model");
    r = change(mem, o.admin, PATCH, path, "{\"local_provider\":\"x\",\"local_model\":\"y\"}");
    expect(&r, 400, "not_a_choice");
    r = change(mem, o.admin, PATCH, path, "{\"local_provider\":\"auto\",\"local_model\":\"y\"}");
    expect(&r, 400, "not_a_choice");
    r = change(mem, o.admin, PATCH, path,
               "{\"primary_provider\":\"auto\",\"primary_model\":\"auto\"}");
    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "primary_provider"), "auto");
    r = change(mem, o.manager, PATCH, path, "{}");
    expect(&r, 403, "not_permitted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_admins_and_managers, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(from_adding_to_removing, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_refused, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(the_order_is_theirs, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(a_test_is_waited_for, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(models_of_employees, api_setup, api_teardown),
    };

    return cmocka_run_group_tests(tests, api_start, api_stop);
}
