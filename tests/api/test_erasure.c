/* The end of a company by the API: who may ask, what it takes, stopping it, and being gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/conf.h"
#include "base/id.h"
#include "call.h"
#include "flow/runner.h"

#include <cmocka.h>

#define PATH "/api/v1/erasure"
#define COMPANY "Fern & Field"
#define PASSWORD "correct horse battery"

struct company {
    const char *tenant_id, *email, *token;
};

static int start(void **state)
{
    if (api_start(state) != 0)
        return 1;
    conf_set(CONF_master_key, "a master key for tests, long enough to be one");
    return 0;
}

static struct company new_company(struct arena *mem)
{
    struct company made = {.email = text_printf(mem, "ann.%s@example.org", id_new(mem))};
    struct reply r = post(mem, NULL, "/api/v1/signup",
                          text_printf(mem,
                                      "{\"company\":\"" COMPANY "\",\"name\":\"Ann\",\"email\":"
                                      "\"%s\",\"password\":\"" PASSWORD "\"}",
                                      made.email));

    expect(&r, 201, NULL);
    made.token = r.token;
    made.tenant_id = text_of(&r, "tenant_id");
    return made;
}

static struct reply ask(struct arena *mem, const char *token, const char *company,
                        const char *password)
{
    return post(mem, token, PATH,
                text_printf(mem, "{\"company\":\"%s\",\"password\":\"%s\"}", company, password));
}

static struct reply stop_it(struct arena *mem, const char *token)
{
    return call(mem, &(struct call){.method = DELETE, .path = PATH, .token = token});
}

static void admins_only(void **state)
{
    struct office o = office_new(*state);
    const char *others[] = {o.manager, o.member, o.viewer};

    for (size_t i = 0; i < COUNT_OF(others); i++) {
        struct reply r = ask(*state, others[i], "x", "y");

        expect(&r, 403, "not_permitted");
        r = get(*state, others[i], PATH);
        expect(&r, 403, "not_permitted");
        r = stop_it(*state, others[i]);
        expect(&r, 403, "not_permitted");
    }
}

static void it_takes_the_name_and_the_password(void **state)
{
    PGconn *super = pg_open(PG_SUPER);
    struct company own = new_company(*state);
    struct reply r = get(*state, own.token, PATH);

    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "state"), "none");
    r = ask(*state, own.token, "Fern", PASSWORD);
    expect(&r, 400, "company_wrong");
    r = ask(*state, own.token, COMPANY, "not the right one");
    expect(&r, 400, "password_wrong");
    r = get(*state, own.token, PATH);
    assert_string_equal(text_of(&r, "state"), "none");

    pg_do(super, "UPDATE person SET email_verified_at = now() WHERE email = '%s'", own.email);
    r = ask(*state, own.token, COMPANY, PASSWORD);
    expect(&r, 202, NULL);
    assert_string_equal(text_of(&r, "state"), "waiting");
    assert_string_equal(text_of(&r, "by"), "Ann");
    assert_int_equal(number_of(&r, "due") - number_of(&r, "asked"), 7 * 86400);
    r = ask(*state, own.token, COMPANY, PASSWORD);
    expect(&r, 409, "erasure_waiting");

    r = stop_it(*state, own.token);
    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "state"), "none");
    r = stop_it(*state, own.token);
    expect(&r, 409, "erasure_not_waiting");
    assert_string_equal(pg_get(*state, super,
                               "SELECT string_agg(kind, ' ' ORDER BY created_at) FROM mail WHERE "
                               "tenant_id = '%s' AND kind LIKE 'erasure%%'",
                               own.tenant_id),
                        "erasure_asked erasure_stopped");
    assert_string_equal(pg_get(*state, super,
                               "SELECT string_agg(action, ' ' ORDER BY seq) FROM audit WHERE "
                               "tenant_id = '%s' AND action LIKE 'tenant.erasure%%'",
                               own.tenant_id),
                        "tenant.erasure_asked tenant.erasure_stopped");
    PQfinish(super);
}

static void run_it(struct arena *mem, PGconn *super, const char *tenant_id)
{
    struct job_hint hint = {
        tenant_id, pg_get(mem, super,
                          "UPDATE job SET run_at = now() WHERE tenant_id = '%s' AND kind = "
                          "'tenant_erase' RETURNING id",
                          tenant_id)};

    runner_run(pg_pool(PG_WORKER), &hint, arena_take(mem, sizeof(struct run)));
}

/* Whoever was in it is logged out, gets no further than anybody unknown, and may sign up again. */
static void the_erased_are_strangers(void **state)
{
    PGconn *super = pg_open(PG_SUPER);
    struct company own = new_company(*state);
    struct reply r = ask(*state, own.token, COMPANY, PASSWORD);
    const char *log_in = text_printf(*state, "{\"email\":\"%s\",\"password\":\"" PASSWORD "\"}",
                                     own.email);

    expect(&r, 202, NULL);
    pg_do(super, "UPDATE tenant_erasure SET due_at = now() WHERE tenant_id = '%s'", own.tenant_id);
    run_it(*state, super, own.tenant_id);
    r = get(*state, own.token, "/api/v1/me");
    expect(&r, 401, "unauthenticated");
    r = post(*state, NULL, "/api/v1/login", log_in);
    expect(&r, 401, "login_wrong");
    pg_do(super,
          "UPDATE tenant SET erasing_at = now() - interval '1 minute' WHERE tenant_id = '%s'",
          own.tenant_id);
    run_it(*state, super, own.tenant_id);
    assert_string_equal(
        pg_get(*state, super, "SELECT name FROM tenant WHERE tenant_id = '%s'", own.tenant_id),
        "erased");
    r = get(*state, own.token, "/api/v1/me");
    expect(&r, 401, "unauthenticated");
    r = post(*state, NULL, "/api/v1/login", log_in);
    expect(&r, 401, "login_wrong");
    r = post(*state, NULL, "/api/v1/signup",
             text_printf(
                 *state,
                 "{\"company\":\"Anew\",\"name\":\"Ann\",\"email\":\"%s\",\"password\":\"" PASSWORD
                 "\"}",
                 own.email));
    expect(&r, 201, NULL);
    PQfinish(super);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(admins_only, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(it_takes_the_name_and_the_password, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(the_erased_are_strangers, api_setup, api_teardown),
    };

    return cmocka_run_group_tests(tests, start, api_stop);
}
