/* The report of the proof of isolation, as a tenant's admin gets it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "call.h"
#include "core/proof.h"

#include <cmocka.h>

static void keep(int64_t made, bool proven, const char *report, const char *page)
{
    struct ctx *c = pg_ctx(PG_OWNER, NULL);
    const struct proof proof = {.made = made,
                                .proven = proven,
                                .postgresql = "15.1",
                                .tables = 20,
                                .routes = 30,
                                .holes = 215};

    if (proof_add(c, &proof, report, page) != OK)
        fail_msg("%s", c->fault.detail);
    ctx_end(c);
}

static void forget(void)
{
    PGconn *super = pg_open(PG_SUPER);

    pg_do(super, "DELETE FROM proof");
    PQfinish(super);
}

static const char *header_of(const struct reply *r, const char *name)
{
    for (int i = 0; i < r->res.header_count; i++)
        if (strcmp(r->res.headers[i].name, name) == 0)
            return r->res.headers[i].value;
    return NULL;
}

static void without_a_proof_it_says_so(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct reply r;

    forget();
    r = get(mem, o.admin, "/api/v1/isolation");
    expect(&r, 200, NULL);
    assert_int_equal(count_of(&r), 0);
    r = get(mem, o.admin, "/api/v1/isolation/report");
    expect(&r, 404, "no_proof");
}

static void the_latest_is_told_and_taken_away(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct reply r;

    forget();
    keep(1700000000, true, "{\"proven\":true}", "<p>new</p>");
    keep(1600000000, false, "{\"proven\":false}", "<p>old</p>");
    r = get(mem, o.admin, "/api/v1/isolation");
    expect(&r, 200, NULL);
    assert_int_equal(count_of(&r), 2);
    assert_int_equal(json_integer_value(json_object_get(item_of(&r, 0), "made")), 1700000000);
    assert_int_equal(json_integer_value(json_object_get(item_of(&r, 0), "holes")), 215);
    assert_true(json_is_true(json_object_get(item_of(&r, 0), "proven")));
    assert_true(json_is_false(json_object_get(item_of(&r, 1), "proven")));

    r = get(mem, o.admin, "/api/v1/isolation/report");
    assert_string_equal(r.body, "{\"proven\":true}");
    assert_string_equal(r.type, "application/json");
    assert_string_equal(header_of(&r, "content-disposition"),
                        "attachment; filename=\"isolation.json\"");
    r = get(mem, o.admin, "/api/v1/isolation/report?as=page");
    assert_string_equal(r.body, "<p>new</p>");
    assert_string_equal(r.type, "text/html; charset=utf-8");
    assert_string_equal(header_of(&r, "content-disposition"),
                        "attachment; filename=\"isolation.html\"");
    r = get(mem, o.admin, "/api/v1/isolation/report?as=pdf");
    expect(&r, 400, "not_a_choice");
    forget();
}

static void it_is_for_admins(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    const char *tokens[] = {o.viewer, o.member, o.manager};

    for (size_t i = 0; i < COUNT_OF(tokens); i++) {
        struct reply r = get(mem, tokens[i], "/api/v1/isolation");

        expect(&r, 403, "not_permitted");
        r = get(mem, tokens[i], "/api/v1/isolation/report");
        expect(&r, 403, "not_permitted");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_a_proof_it_says_so, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(the_latest_is_told_and_taken_away, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(it_is_for_admins, api_setup, api_teardown),
    };

    return cmocka_run_group_tests(tests, api_start, api_stop);
}
